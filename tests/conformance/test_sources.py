"""What every source owes to its callers, whatever it reads.

A source joins by a factory: a function that writes real files below a folder and returns a `Made`. Nothing else in
this file needs to change for a new one.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from analyser.config import DataConnectSource as DataConnectSettings
from analyser.config import DirectorySource as DirectorySettings
from analyser.config import EwsSource as EwsSettings
from analyser.config import GraphCloud
from analyser.config import GraphSource as GraphSettings
from analyser.config import MboxSource as MboxSettings
from analyser.config import MessageTraceSource as TraceSettings
from analyser.config import SampleSource as SampleSettings
from analyser.config import TableSource as TableSettings
from analyser.errors import SourceError
from analyser.sources.contract import (
    DIRECTORY_GROUP_MEMBERS,
    DIRECTORY_GROUPS,
    DIRECTORY_PEOPLE,
    RECORDS,
    Batch,
    Source,
)
from analyser.sources.registry import open_source
from ews_server import EwsServer
from ews_server import World as EwsWorld
from ews_server.schema import schema_folder
from graph_server import GraphServer, World
from graph_server.contract import contract_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
CANARY = "canarybird"
BATCH_SIZE = 7


@dataclass
class Made:
    """Settings of a source that has been written, and what it holds; None where only the source can know."""

    settings: object
    rows: int | None
    problems: int | None = 0
    people: int = 0
    left_out: int = 0
    missing: object | None = None  # settings of the same type that name a place which does not exist
    longest_state: int = 200
    opened: list[Source] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    def open(self, settings: object | None = None) -> Source:
        source = open_source(settings or self.settings, batch_size=BATCH_SIZE, earliest=EARLIEST)
        self.opened.append(source)
        return source

    def close(self) -> None:
        for source in self.opened:
            source.close()
        self.stop()


def message(number: int, *, sender: str = "Ann <Ann@Example.com>", date: str | None = None) -> str:
    moment = datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(hours=number)
    lines = [
        f"Message-ID: <{number}@example.com>",
        f"Date: {date or moment.strftime('%a, %d %b %Y %H:%M:%S +0000')}",
        f"From: {sender}",
        f"To: Bob@Example.com, Team: carl{number % 3}@example.com, Dora Doe;",
        "Cc: =?utf-8?Q?Doe=2C_Eve?= <eve@contoso.example>,\n\tEve@contoso.example",
        f"Subject: Report\n {number}",
        "Content-Type: multipart/mixed; boundary=x",
        "Precedence: bulk",
    ]
    return "\n".join(lines) + f"\n\n{CANARY} {number}\nFrom here on it is {CANARY}.\n\n{CANARY}@example.com\n"


def bad_messages() -> list[str]:
    return [message(90, date="Wed, 1 Jan 0102 00:00:00 +0000"), message(91, sender="Nobody at all")]


def mbox_text(count: int = 20) -> str:
    mails = [message(number) for number in range(count)]
    mails[3:3], mails[11:11] = bad_messages()[:1], bad_messages()[1:]
    return "".join(f"From x@example.com Mon Jan  1 00:00:00 2024\n{mail}\n" for mail in mails)


def mbox(path: Path, rows: int, problems: int) -> Made:
    absent = MboxSettings(name="mail", type="mbox", path=path.parent / "absent")
    return Made(MboxSettings(name="mail", type="mbox", path=path), rows, problems, missing=absent)


def mbox_file(folder: Path) -> Made:
    (folder / "mail").write_text(mbox_text(), newline="\n")
    return mbox(folder / "mail", 20, 2)


def mbox_file_with_crlf(folder: Path) -> Made:
    (folder / "mail.mbox").write_text(mbox_text(), newline="\r\n")
    return mbox(folder / "mail.mbox", 20, 2)


def packed_mbox_file(folder: Path) -> Made:
    (folder / "mail.gz").write_bytes(gzip.compress(mbox_text().encode()))
    return mbox(folder / "mail.gz", 20, 2)


def folder_of_mbox_files(folder: Path) -> Made:
    (folder / "mail" / "deep").mkdir(parents=True)
    (folder / "mail" / "one.mbox").write_text(mbox_text(9))
    (folder / "mail" / "deep" / "two").write_text(mbox_text(10))
    (folder / "mail" / "notes.txt").write_text("From here to there\n")
    return mbox(folder / "mail", 19, 4)


def maildir(folder: Path) -> Made:
    for name in ("cur", "new", "tmp"):
        (folder / "Maildir" / name).mkdir(parents=True)
    for number in range(10):
        (folder / "Maildir" / ("cur", "new")[number % 2] / f"17{number}.host:2,S").write_text(message(number))
    (folder / "Maildir" / "tmp" / "half").write_text(message(50))
    (folder / "Maildir" / "cur" / "180.host").write_text(bad_messages()[0])
    (folder / "Maildir" / "cur" / "181.host").write_bytes(b"\x00\x01 no message")
    return mbox(folder / "Maildir", 10, 2)


def tree_of_numbered_files(folder: Path) -> Made:
    for name in ("inbox", "sent"):
        (folder / "doe-j" / name).mkdir(parents=True)
        for number in range(8):
            (folder / "doe-j" / name / f"{number}.").write_text(message(number), newline="\r\n")
    return mbox(folder / "doe-j", 16, 0)


def folder_of_eml_files(folder: Path) -> Made:
    (folder / "eml").mkdir()
    for number in range(9):
        (folder / "eml" / f"{number}.eml").write_text("\ufeff" + message(number), encoding="utf-8")
    (folder / "eml" / "packed.eml.gz").write_bytes(gzip.compress(message(9).encode()))
    (folder / "eml" / "broken.eml").write_text(f"{CANARY}\n")
    return mbox(folder / "eml", 10, 1)


COLUMNS = "Message_ID,sent_at,SENDER,to,cc,bcc,subject,conversation_id,in_reply_to,has_attachments,body"


def table_lines(count: int) -> list[str]:
    moments = [datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(hours=number) for number in range(count)]
    return [
        f'<{number}@example.com>,{moment.isoformat()},Ann@Example.com,"Bob@Example.com; Dora Doe",'
        f'"""Doe, Eve"" <eve@contoso.example>",,Report {number},c{number % 4},,yes,{CANARY}'
        for number, moment in enumerate(moments)
    ]


def people_csv(folder: Path) -> None:
    (folder / "people.csv").write_text(
        "address,display_name,department,title,manager,kind,aliases\n"
        "Ann@example.com,Ann,Sales,Head,,person,a.nn@example.com;/O=X/CN=ANN\n"
        "bob@example.com,Bob,Sales,Clerk,a.nn@example.com,person,\n"
    )
    (folder / "groups.csv").write_text(
        "address,display_name,kind,last_activity\nteam@example.com,Team,team,2024-02-03\n"
    )
    (folder / "group_members.csv").write_text("group,member\nteam@example.com,A.nn@example.com\n")


def table(folder: Path, rows: int, problems: int) -> Made:
    people_csv(folder)
    absent = TableSettings(name="export", type="table", path=folder / "absent")
    return Made(TableSettings(name="export", type="table", path=folder), rows, problems, people=2, missing=absent)


def bad_lines() -> list[str]:
    return [
        "<x@example.com>,soon,ann@example.com,,,,,,,,",
        "<y@example.com>,2024-01-01T00:00:00Z",
        "<z@example.com>,2024-01-01T00:00:00Z,Nobody,,,,,,,,",
    ]


def table_of_csv(folder: Path) -> Made:
    lines = table_lines(20)
    lines[4:4] = bad_lines()
    (folder / "messages.csv").write_text("\ufeff" + "\n".join([COLUMNS, *lines, *bad_lines()]), encoding="utf-8")
    return table(folder, 20, 6)


def table_of_packed_csv(folder: Path) -> Made:
    for number, count in enumerate((5, 15)):
        text = "\n".join([COLUMNS, *bad_lines(), *table_lines(count)]) + "\n"
        (folder / f"messages-{number}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return table(folder, 20, 6)


def table_of_parquet(folder: Path) -> Made:
    text = "\n".join([COLUMNS, *table_lines(20)])
    rows = pacsv.read_csv(pa.py_buffer(text.encode()))
    rows = rows.append_column("references", pa.array([["<a@example.com>", "<b@example.com>"]] * 20))
    (folder / "messages").mkdir()
    pq.write_table(rows.slice(0, 12), folder / "messages" / "1.parquet", row_group_size=5)
    pq.write_table(rows.slice(12), folder / "messages" / "2.parquet")
    return table(folder, 20, 0)


def directory(path: Path, **more: Path) -> Made:
    absent = DirectorySettings(name="people", type="directory", path=path.parent / "absent.csv")
    return Made(DirectorySettings(name="people", type="directory", path=path, **more), 0, people=2, missing=absent)


def directory_of_csv(folder: Path) -> Made:
    people_csv(folder)
    groups = {"groups": folder / "groups.csv", "group_members": folder / "group_members.csv"}
    return directory(folder / "people.csv", **groups)


def directory_of_ldif(folder: Path) -> Made:
    (folder / "people.ldif").write_text(
        "version: 1\n\ndn: cn=Ann,dc=example\nobjectClass: user\ncn: Ann\nproxyAddresses: SMTP:Ann@example.com\n"
        "proxyAddresses: smtp:a.nn@example.com\n\ndn: cn=Bob,dc=example\nobjectClass: user\nmail: bob@example.com\n"
        "manager: CN=Ann, DC=example\n\ndn: cn=Team,dc=example\nobjectClass: group\nmail: team@example.com\n"
        "member: cn=Ann,dc=example\n"
    )
    return directory(folder / "people.ldif")


def pascal(value: object) -> object:
    """A row of v1 with the keys of v0."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:] if key != "puser" else key: pascal(inner) for key, inner in value.items()}
    return [pascal(inner) for inner in value] if isinstance(value, list) else value


def landed_row(number: int, **changes: object) -> dict[str, object]:
    def person(address: str, name: str | None = None) -> dict[str, object]:
        return {"emailAddress": {"name": name or address, "address": address}}

    moment = datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(hours=number)
    return {
        "id": f"AQ{number}",
        "internetMessageId": f"<{number}@example.com>",
        "sentDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "subject": f"Report\n {number}",
        "importance": "Normal",
        "conversationId": f"c{number % 4}",
        "hasAttachments": number % 2 == 0,
        "isDraft": False,
        "body": {"contentType": "html", "content": f"<p>{CANARY}</p>"},
        "attachments": [{"name": f"{CANARY}.docx", "size": 12}],
        "from": person("Ann@Example.com", "Ann"),
        "sender": person("Assistant@Example.com"),
        "toRecipients": [person("Bob@Example.com"), person(f"carl{number % 3}@example.com"), person("bob@example.com")],
        "ccRecipients": [person("/O=X/OU=First Group/CN=EVE", "Doe, Eve"), {"emailAddress": {"name": "Dora Doe"}}],
        "bccRecipients": None,
        "puser": "u1",
        "rowinformation": {"errorInformation": None, "isUserSummaryRow": False},
        **changes,
    }


def landed_people(folder: Path) -> None:
    ann = {"id": "u1", "mail": "Ann@example.com", "displayName": "Ann", "department": "Sales", "puser": "u1"}
    bob = {"id": "u2", "mail": "bob@example.com", "displayName": "Bob", "proxyAddresses": ["smtp:b.ob@example.com"]}
    members = [{"id": "u1", "displayName": "Ann", "pObjectId": "g1"}, {"id": "u2", "displayName": "B", "puser": "g1"}]
    team = {"id": "g1", "mail": "team@example.com", "groupTypes": ["Unified"], "mailEnabled": True}
    files = {"User_v1": [ann, bob], "Manager_v0": [ann | {"puser": "u2"}], "GroupDetails_v0": [team]}
    for name, rows in (files | {"GroupMembers_v0": members}).items():
        (folder / f"BasicDataSet_v0.{name}.json").write_text("\n".join(json.dumps(row) for row in rows))


def data_connect(folder: Path, rows: int, problems: int, left_out: int) -> Made:
    absent = DataConnectSettings(name="landing", type="data_connect", path=folder / "absent")
    settings = DataConnectSettings(name="landing", type="data_connect", path=folder)
    return Made(settings, rows, problems, people=2, left_out=left_out, missing=absent)


def landed_rows() -> list[str]:
    rows = [json.dumps(landed_row(number)) for number in range(18)]
    rows[2:2] = ['{"id": "AQ', "", "[1, 2]", json.dumps(landed_row(91, sentDateTime=None))]
    rows[9:9] = [json.dumps(landed_row(92, isDraft=True)), json.dumps({"rowinformation": {"isUserSummaryRow": True}})]
    rows += [json.dumps({"puser": "u3", "rowinformation": {"errorInformation": {"code": 1}, "isUserSummaryRow": True}})]
    return [*rows, json.dumps(landed_row(18, importance=2, isDraft="false")), rows[0] + rows[1]]


def data_connect_v1(folder: Path) -> Made:
    landed_people(folder)
    (folder / "mail").mkdir()
    (folder / "mail" / "part-0.json").write_text("\n".join(landed_rows()), encoding="utf-8-sig")
    (folder / "mail" / "part-1.json.gz").write_bytes(gzip.compress("\r\n".join(landed_rows()).encode()))
    (folder / "mail" / "_SUCCESS").write_text("")
    (folder / "mail" / "notes.txt").write_text(CANARY)
    return data_connect(folder, 38, 10, 4)


def data_connect_v0_and_v1(folder: Path) -> Made:
    landed_people(folder)
    rows = [landed_row(number) if number % 3 else pascal(landed_row(number)) for number in range(15)]
    lower = [json.loads(json.dumps(landed_row(number)).replace("Recipients", "recipients")) for number in range(15, 20)]
    (folder / "everything").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "lower.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in lower))
    return data_connect(folder, 20, 0, 0)


def data_connect_parquet(folder: Path) -> Made:
    landed_people(folder)
    rows = [landed_row(number) for number in range(12)]
    nested = pa.Table.from_pylist([{name: v for name, v in row.items() if name != "bccRecipients"} for row in rows])
    pq.write_table(nested, folder / "mail-1.parquet", row_group_size=5)
    texts = [
        {name: json.dumps(v, indent=1) if isinstance(v, (list, dict)) else v for name, v in row.items()}
        for row in (pascal(row) for row in rows)
    ]
    pq.write_table(pa.Table.from_pylist(texts), folder / "mail-2.parquet")
    return data_connect(folder, 24, 0, 0)


def message_trace(folder: Path, rows: int | None, problems: int | None, left_out: int) -> Made:
    absent = TraceSettings(name="trace", type="message_trace", path=folder / "absent")
    settings = TraceSettings(name="trace", type="message_trace", path=folder)
    return Made(settings, rows, problems, left_out=left_out, missing=absent)


def trace_from_powershell(folder: Path) -> Made:
    lines = [
        "#TYPE Selected.Microsoft.Exchange",
        "Index;Received;Status;SenderAddress;RecipientAddress;Subject;MessageId;Size",
    ]
    for number in range(14):  # two recipients each: seven rows hold three messages and a half
        moment = datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(days=number)
        bob = "Delivered" if number % 5 else "FilteredAsSpam"
        for who, status in (("Bob@Example.com", bob), ("eve@contoso.example", "Failed")):
            row = [str(number), f"{moment:%m/%d/%Y %I:%M:%S %p}", status, "Ann@Example.com", who, f"Report {number}"]
            lines.append(";".join(f'"{text}"' for text in [*row, f"<{number}@example.com>", "1200"]))
    lines[9:9] = ['"x";"soon";"Delivered";"Ann@Example.com";"Bob@Example.com";"";"<90@example.com>";""', '"too few"']
    (folder / "trace.csv").write_text("\r\n".join(lines), encoding="utf-16")
    return message_trace(folder, 11, 2, 17)


def report_of_a_historical_search(folder: Path) -> Made:
    lines = ["origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id"]
    for number in range(20):
        states = ("Bob@Example.com##Receive, Deliver", f"team{number % 3}@example.com##Receive, Expand")
        start = f"2024-01-{number + 1:02}T08:00:00.1234567Z,Ann@Example.com"
        shown = ";".join([*states, "x@example.com##Receive, Fail"])
        lines.append(f'{start},"{shown}",Report {number},9,<{number}@example.com>')
    lines.append('2024-01-02T08:00:00Z,Nobody,"Bob@Example.com##Receive, Deliver",,,')
    (folder / "Report.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode("utf-16-le")))
    return message_trace(folder, 20, 1, 20)


def tracking_logs(folder: Path) -> Made:
    (folder / "logs").mkdir()
    for server in range(2):
        lines = ["#Software: Microsoft Exchange Server", "#Log-type: Message Tracking Log"]
        names = (
            "date-time,event-id,message-id,recipient-address,related-recipient-address,message-subject,sender-address"
        )
        lines.append(f"#Fields: {names}")
        for number in range(10 * server, 10 * server + 10):
            start, end = f"2024-01-{number + 1:02}T08:00:00.123Z,", f'"Report, {number}",Ann@Example.com'
            lines += [
                f"{start}RECEIVE,<{number}@example.com>,team@example.com,,{end}",
                f"{start}EXPAND,<{number}@example.com>,Bob@Example.com;eve@contoso.example,team@example.com,{end}",
                f"{start}DELIVER,<{number}@example.com>,Bob@Example.com,,{end}",
                f"{start}FAIL,<{number}@example.com>,eve@contoso.example,,{end}",
                f"{start}DELIVER,<r{number}@example.com>,Ann@Example.com,,Undeliverable,<>",
                "#Software: Microsoft Exchange Server",
                f"{start}DELIVER,<p{number}@example.com>,HealthMailbox12ab@example.com,,,HealthMailbox12ab@example.com",
            ]
        lines += ["2024-01-01T08:00:00Z,DELIVER,<x@example.com>,System.String[],,S,Ann@Example.com"]
        (folder / "logs" / f"MSGTRK2024010{server}-1.LOG").write_text("\n".join(lines), encoding="utf-8-sig")
    (folder / "logs" / "other.log").write_text("a,b\n1,2\n")
    return message_trace(folder, None, None, 80)


def sample(folder: Path) -> Made:
    return Made(SampleSettings(name="sample", type="sample", people=60, weeks=12), None, None, people=60)


def graph(folder: Path) -> Made:
    if not contract_file().exists():
        pytest.skip("needs the contract of Graph: set ANALYSER_SHARED")
    world = World.generate(mailboxes=2, messages=60, seed=3)
    inbox = world.folder("user0@contoso.example", "inbox")
    inbox.messages[0].sender = None
    inbox.messages[1].sent = -(10**10)  # before 1995
    server = GraphServer(world, latency=0.0)
    server.__enter__()
    before = dict(os.environ)
    os.environ.update(server.environment)

    def stop() -> None:
        os.environ.clear()
        os.environ.update(before)
        violations = server.violations
        server.__exit__(None, None, None)
        assert not violations

    cloud = {"authority": server.authority, "graph": server.graph}
    settings = GraphSettings(
        name="tenant",
        type="graph",
        client_id=server.client_id,
        client_secret_env="ANALYSER_GRAPH_SECRET",  # noqa: S106  a name
        cloud=cloud,
    )
    nowhere = GraphCloud(authority="https://localhost:9/absent", graph="https://localhost:9")
    missing = settings.model_copy(update={"cloud": nowhere})
    rows = len(server.expected()) - 2
    return Made(settings, rows, problems=2, people=2, missing=missing, longest_state=40_000, stop=stop)


def ews(folder: Path) -> Made:
    if not schema_folder().exists():
        pytest.skip("needs the schema of EWS: set ANALYSER_SHARED")
    world = EwsWorld.generate(mailboxes=2, messages=60, seed=3)
    inbox = world.folder("user0@contoso.example", "inbox")
    inbox.messages[0].sender = None
    inbox.messages[1].sent = -(10**10)  # before 1995
    server = EwsServer(world, latency=0.0)
    server.__enter__()
    before = dict(os.environ)
    os.environ.update(server.environment)

    def stop() -> None:
        os.environ.clear()
        os.environ.update(before)
        violations = server.violations
        server.__exit__(None, None, None)
        assert not violations

    settings = EwsSettings(
        name="exchange",
        type="ews",
        endpoint=server.endpoint,
        username=server.username,
        password_env="ANALYSER_EWS_PASSWORD",  # noqa: S106  a name
        mailboxes=tuple(box.address for box in world.mailboxes),
    )
    missing = settings.model_copy(update={"mailboxes": "absent@contoso.example"})
    rows = len(server.expected()) - 2
    return Made(settings, rows, problems=2, missing=missing, longest_state=40_000, stop=stop)


def trace_of_a_tenant(folder: Path) -> Made:
    if not contract_file().exists():
        pytest.skip("needs the contract of Graph: set ANALYSER_SHARED")
    world = World.generate(mailboxes=2, messages=80, seed=3, now=int(time.time()))
    server = GraphServer(world, latency=0.0, trace_limit=100_000)
    server.__enter__()
    before = dict(os.environ)
    os.environ.update(server.environment)

    def stop() -> None:
        os.environ.clear()
        os.environ.update(before)
        violations = server.violations
        server.__exit__(None, None, None)
        assert not violations

    settings = TraceSettings(
        name="trace",
        type="message_trace",
        client_id=server.client_id,
        client_secret_env="ANALYSER_GRAPH_SECRET",  # noqa: S106  a name
        cloud={"authority": server.authority, "graph": server.graph},
        window_days=10,
    )
    nowhere = GraphCloud(authority="https://localhost:9/absent", graph="https://localhost:9")
    return Made(settings, None, None, missing=settings.model_copy(update={"cloud": nowhere}), stop=stop)


FACTORIES = [
    mbox_file,
    mbox_file_with_crlf,
    packed_mbox_file,
    folder_of_mbox_files,
    maildir,
    tree_of_numbered_files,
    folder_of_eml_files,
    table_of_csv,
    table_of_packed_csv,
    table_of_parquet,
    directory_of_csv,
    directory_of_ldif,
    data_connect_v1,
    data_connect_v0_and_v1,
    data_connect_parquet,
    trace_from_powershell,
    report_of_a_historical_search,
    tracking_logs,
    trace_of_a_tenant,
    sample,
    graph,
    ews,
]


@pytest.fixture(scope="module", params=FACTORIES, ids=lambda factory: factory.__name__)
def made(request, tmp_path_factory) -> Iterator[Made]:
    factory: Callable[[Path], Made] = request.param
    made = factory(tmp_path_factory.mktemp(factory.__name__))
    yield made
    made.close()


def read_all(source: Source) -> dict[str, list[Batch]]:
    return {mailbox.name: list(source.read(mailbox.name)) for mailbox in source.mailboxes()}


def joined(batches: list[Batch]) -> pa.Table:
    return pa.concat_tables([RECORDS.empty_table(), *(batch.messages for batch in batches)]).combine_chunks()


@pytest.fixture(scope="module")
def batches(made) -> dict[str, list[Batch]]:
    return read_all(made.open())


@pytest.fixture(scope="module")
def messages(batches) -> pa.Table:
    return joined([batch for of_mailbox in batches.values() for batch in of_mailbox])


def test_batches_have_the_schema_of_the_contract(batches):
    for of_mailbox in batches.values():
        for batch in of_mailbox:
            assert batch.messages.schema.equals(RECORDS)


def test_rows_and_problems_add_up_to_what_the_files_hold(made, batches, messages):
    problems = [problem for of_mailbox in batches.values() for batch in of_mailbox for problem in batch.problems]
    if made.rows is not None:
        assert (messages.num_rows, len(problems)) == (made.rows, made.problems)
        assert sum(count for bs in batches.values() for b in bs for count in b.left_out.values()) == made.left_out
    places = [(problem.mailbox, problem.place) for problem in problems]
    assert len(set(places)) == len(places)
    for problem in problems:
        assert problem.mailbox in batches
        assert problem.place
        assert 0 < len(problem.reason) < 80


def test_only_declared_columns_are_filled(made, messages):
    always = {"sent_at", "sender", "recipients", "references", "unresolved_recipients"}
    for name in set(RECORDS.names) - made.open().declaration.fields - always:
        assert messages[name].null_count == messages.num_rows, name
    for name in always:
        assert messages[name].null_count == 0, name


def test_messages_are_read_if_and_only_if_they_are_declared(made, messages):
    assert (messages.num_rows > 0) == ("messages" in made.open().declaration.provides)


def test_reading_twice_gives_the_same(made, batches):
    again = read_all(made.open())
    assert list(again) == list(batches)
    for name, of_mailbox in batches.items():
        assert joined(again[name]).equals(joined(of_mailbox))
        assert [batch.problems for batch in again[name]] == [batch.problems for batch in of_mailbox]


def test_reading_goes_on_from_every_state(made, batches):
    source = made.open()
    if not source.declaration.resumable:
        assert all(batch.state is None for of_mailbox in batches.values() for batch in of_mailbox)
        return
    for name, of_mailbox in list(batches.items())[:5]:
        whole = joined(of_mailbox)
        problems = [problem for batch in of_mailbox for problem in batch.problems]
        for cut in {0, 1, len(of_mailbox) // 2, len(of_mailbox) - 1}:
            if cut >= len(of_mailbox):
                continue
            before, state = of_mailbox[: cut + 1], of_mailbox[cut].state
            after = list(made.open().read(name, state=state))
            assert joined(before + after).equals(whole)
            assert [problem for batch in before + after for problem in batch.problems] == problems


def test_batches_are_no_larger_than_asked_for(made, batches):
    if made.open().declaration.type == "sample":
        pytest.skip("a generated organisation has its own batches")
    assert all(batch.messages.num_rows <= BATCH_SIZE for of_mailbox in batches.values() for batch in of_mailbox)


def test_progress_grows_to_what_was_expected(made, batches):
    for mailbox in made.open().mailboxes():
        steps = [batch.progress for batch in batches[mailbox.name]]
        assert steps == sorted(steps)
        if mailbox.expected is not None and steps:
            assert steps[-1] == mailbox.expected


def test_addresses_are_lower_case_and_stripped(messages):
    recipients = pc.struct_field(pc.list_flatten(messages["recipients"]), "address")
    for addresses in (messages["sender"], recipients):
        assert addresses.equals(pc.utf8_lower(pc.utf8_trim_whitespace(addresses)))
        # white space stands in X.500 addresses alone
        assert not pc.any(pc.match_substring_regex(addresses, r"[<>]|^$|^[^/].*\s")).as_py()


def test_an_address_stands_once_per_role(messages):
    for recipients in messages["recipients"].to_pylist():
        keys = [(recipient["role"], recipient["address"]) for recipient in recipients]
        assert len(set(keys)) == len(keys)
        assert {role for role, _ in keys} <= {"to", "cc", "bcc"}


def test_dates_lie_between_the_earliest_and_now(made, messages):
    if made.open().declaration.type == "sample":
        pytest.skip("a generated organisation has its own calendar")
    for moment in messages["sent_at"].to_pylist():
        assert EARLIEST <= moment <= datetime.now(UTC) + timedelta(days=2)


def test_no_word_of_a_body_is_anywhere(made, batches):
    everything = repr([(b.messages.to_pylist(), b.problems, b.state) for bs in batches.values() for b in bs])
    assert CANARY not in everything
    assert CANARY not in repr(list(made.open().mailboxes()))


def test_a_missing_place_is_an_error_that_says_what_to_do(made):
    if made.missing is None:
        pytest.skip("a generated organisation has no place")
    source = made.open(made.missing)
    with pytest.raises(SourceError, match="absent") as caught:
        list(source.mailboxes())
    assert caught.value.fix
    with pytest.raises(SourceError):
        list(source.read("anything"))


def test_an_unknown_mailbox_is_an_error(made):
    with pytest.raises(SourceError):
        list(made.open().read("no such mailbox"))


def test_mailboxes_change_their_version_only_with_their_content(made):
    first, second = list(made.open().mailboxes()), list(made.open().mailboxes())
    assert first == second
    assert len({mailbox.name for mailbox in first}) == len(first)


def test_the_directory_has_the_schemas_of_the_contract(made):
    source = made.open()
    found = source.directory()
    assert found.people.schema.equals(DIRECTORY_PEOPLE)
    assert found.groups.schema.equals(DIRECTORY_GROUPS)
    assert found.group_members.schema.equals(DIRECTORY_GROUP_MEMBERS)
    assert (found.people.num_rows >= made.people) if "people" in source.declaration.provides else not found.people
    assert set(found.group_members["group"].to_pylist()) <= set(found.groups["address"].to_pylist())


def test_states_are_small(made, batches):
    states = [batch.state for of_mailbox in batches.values() for batch in of_mailbox if batch.state is not None]
    for state in states:
        assert len(state) < made.longest_state
        json.loads(state)
