"""Landings of Data Connect: what a file is, what becomes of its rows, and the samples of Microsoft's demo tenants."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyser.errors import SourceError
from analyser.sources.data_connect import DataConnectSource, landing
from analyser.sources.data_connect.landing import Dataset, dataset_of

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
MAIL = {"id", "internetMessageId", "SentDateTime", "toRecipients"}
USER = {"id", "mail", "displayName", "department", "accountEnabled"}


def open_landing(path: Path) -> DataConnectSource:
    return DataConnectSource("landing", path, batch_size=1000, earliest=EARLIEST)


def read(source: DataConnectSource):
    batches = [batch for mailbox in source.mailboxes() for batch in source.read(mailbox.name)]
    return pa.concat_tables([batch.messages for batch in batches]), [p for batch in batches for p in batch.problems]


def write(path: Path, *rows: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def mail(**changes: object) -> dict:
    person = {"emailAddress": {"address": "ann@x.example", "name": "Ann"}}
    return {"id": "1", "internetMessageId": "<1@x>", "sentDateTime": "2024-01-02T03:04:05Z", "from": person, **changes}


@pytest.mark.parametrize(
    ("name", "columns", "dataset"),
    [
        ("abc123", MAIL, Dataset.MESSAGES),
        ("BasicDataSet_v0.SentItem_v1/part-0", MAIL, Dataset.MESSAGES),
        ("email_2024-01-01_to_2024-02-01_json/0.json", {"sentDateTime", "toRecipients"}, Dataset.MESSAGES),
        ("teamschat_2024-01-01_to_2024-02-01_json/0.json", MAIL, Dataset.OTHER),
        ("calendar_2024/0.json", {"id", "subject", "attendees"}, Dataset.OTHER),
        ("BasicDataSet_v0.MailFolder_v0.json", {"id", "displayName", "totalItemCount"}, Dataset.OTHER),
        ("BasicDataSet_v0.OutlookMailActivity_v0/0", {"Id", "SignalType"}, Dataset.OTHER),
        ("user_2024/0.json", USER, Dataset.USERS),
        ("0.json", USER, Dataset.USERS),
        ("BasicDataSet_v0.User_v1.json", USER, Dataset.USERS),
        ("BasicDataSet_v0.Manager_v0/0.json", USER, Dataset.MANAGERS),
        ("BasicDataSet_v0.DirectReport_v0/0.json", USER, Dataset.REPORTS),
        ("0.json", {"id", "mail", "groupTypes"}, Dataset.GROUPS),
        ("BasicDataSet_v0.GroupMembers_v0/0", {"id", "displayName", "puser"}, Dataset.MEMBERS),
        ("BasicDataSet_v0.GroupOwners_v0/0", {"id", "displayName", "puser"}, Dataset.OTHER),
        ("0.json", {"id", "displayName", "pObjectId"}, Dataset.MEMBERS),
        ("metadata/job.json", {"jobId", "rows"}, Dataset.OTHER),
    ],
)
def test_a_dataset_is_known_by_its_name_or_columns(name, columns, dataset):
    assert dataset_of(name, columns) is dataset


def test_a_landing_without_a_dataset_says_what_is_missing(tmp_path):
    write(tmp_path / "metadata" / "job.json", {"jobId": 1})
    with pytest.raises(SourceError, match="no mail, people or groups") as caught:
        list(open_landing(tmp_path).mailboxes())
    assert "JSON Lines" in caught.value.fix


def test_the_date_is_taken_from_what_was_landed(tmp_path):
    write(
        tmp_path / "0.json",
        mail(sentDateTime=None, createdDateTime="2024-01-01T00:00:00Z", receivedDateTime="2024-01-05T00:00:00Z"),
        mail(sentDateTime=None, receivedDateTime="2024-01-05T00:00:00.1234567Z"),
        mail(sentDateTime="0001-01-01T00:00:00Z", receivedDateTime="2024-01-05T00:00:00Z"),
    )
    messages, problems = read(open_landing(tmp_path))
    assert [moment.day for moment in messages["sent_at"].to_pylist()] == [1, 5]
    assert [(problem.place, problem.reason) for problem in problems] == [("0.json: line 3", "absurd date")]


def test_the_sender_stands_in_for_a_missing_author(tmp_path):
    other = {"emailAddress": {"address": "Desk@x.example", "name": "Desk"}}
    write(tmp_path / "0.json", mail(sender=other), mail(**{"from": None}, sender=other), mail(**{"from": None}))
    messages, problems = read(open_landing(tmp_path))
    assert messages["sender"].to_pylist() == ["ann@x.example", "desk@x.example"]
    assert messages["sender_name"].to_pylist() == ["Ann", "Desk"]
    assert [problem.reason for problem in problems] == ["no sender"]


def test_spellings_may_change_within_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(landing, "_HEAD", 300)
    person = {"EmailAddress": {"Address": "bob@x.example", "Name": "Bob"}}
    other = {
        "InternetMessageId": "<2@x>",
        "SentDateTime": "2024-01-02T03:04:05Z",
        "From": person,
        "ToRecipients": [person],
    }
    write(tmp_path / "0.json", *([mail()] * 5), other)
    messages, problems = read(open_landing(tmp_path))
    assert problems == []
    assert messages["sender"].to_pylist() == ["ann@x.example"] * 5 + ["bob@x.example"]
    assert messages["recipients"].to_pylist()[-1][0]["address"] == "bob@x.example"


def test_bodies_are_named_in_the_log_and_never_read(tmp_path, caplog):
    write(tmp_path / "0.json", mail(Body={"content": "secret"}, attachments=[{"name": "secret.docx"}]))
    with caplog.at_level(logging.WARNING):
        messages, _ = read(open_landing(tmp_path))
    assert "attachments, body are landed too" in caplog.text
    assert "secret" not in repr(messages.to_pylist()) + caplog.text


def test_a_damaged_file_is_an_error_with_its_place(tmp_path):
    write(tmp_path / "0.json", mail())
    (tmp_path / "1.json.gz").write_bytes(b"\x1f\x8b\x08\0 no such thing")
    rows = pa.Table.from_pylist([mail()])
    pq.write_table(rows, tmp_path / "2.parquet")
    source = open_landing(tmp_path)
    names = [mailbox.name for mailbox in source.mailboxes()]
    assert names == ["0.json", "2.parquet"]  # what cannot be unpacked does not show what it is
    content = bytearray((tmp_path / "2.parquet").read_bytes())
    content[4:40] = b"x" * 36
    (tmp_path / "2.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"2\.parquet") as caught:
        list(source.read("2.parquet"))
    assert caught.value.fix


def people_files(folder: Path) -> None:
    write(
        folder / "user_v1" / "0.json",
        {"id": "u1", "mail": "Ann@x.example", "displayName": "Ann old", "department": "Sales", "accountEnabled": True},
        {
            "id": "u2",
            "mail": None,
            "userPrincipalName": "bob@x.example",
            "proxyAddresses": ["smtp:b@x.example", "SMTP:Bob@x.example", "X500:/o=X/cn=bob", "SPO:a@b"],
            "hireDate": "0001-01-01T00:00:00Z",
            "employeeHireDate": "2021-03-04T00:00:00Z",
        },
        {"id": "u3", "mail": "eve@y.example", "userPrincipalName": "eve_y.example#EXT#@x.example"},
        {"id": "u4", "mail": "blue@x.example", "displayName": "Conf Room Blue", "assignedLicenses": []},
        {"id": "u5", "mail": None, "displayName": "Without mail"},
    )
    write(folder / "user_v1" / "1.json", {"id": "u1", "mail": "Ann@x.example", "displayName": "Ann", "city": "Rome"})
    write(folder / "Manager_v0.json", {"id": "u9", "mail": "boss@x.example", "displayName": "Boss", "puser": "u2"})
    write(folder / "DirectReport_v0.json", {"id": "u1", "mail": "ann@x.example", "puser": "u2", "displayName": "Ann"})
    groups = [
        {"id": "g1", "mail": "team@x.example", "groupTypes": ["Unified"], "resourceProvisioningOptions": ["Team"]},
        {"id": "g2", "mail": "all@x.example", "groupTypes": [], "mailEnabled": True, "securityEnabled": False},
        {"id": "g3", "mail": "m@x.example", "groupTypes": ["Unified"], "displayName": "M"},
        {"id": "g4", "mail": "s@x.example", "groupTypes": [], "securityEnabled": True},
        {"id": "g5", "mail": None, "groupTypes": [], "mailEnabled": False},
        {"id": "g6", "mail": "gone@x.example", "groupTypes": [], "deletedDateTime": "2024-01-01T00:00:00Z"},
    ]
    write(folder / "GroupDetails_v0.json", *groups)
    members = [("u1", "g1"), ("g1", "g2"), ("u8", "g2"), ("u1", "g5"), ("u1", "unknown")]
    rows = [
        {"id": member, "displayName": "x", "userPrincipalName": f"{member}@x.example", "pObjectId": group}
        for member, group in members
    ]
    write(folder / "GroupMembers_v0.json", *rows)


def test_people_have_aliases_managers_and_kinds(tmp_path):
    people_files(tmp_path)
    found = open_landing(tmp_path).directory()
    people = {row["address"]: row for row in found.people.to_pylist()}
    assert list(people) == ["ann@x.example", "bob@x.example", "eve@y.example", "blue@x.example"]
    assert people["ann@x.example"]["display_name"] == "Ann"  # landed twice: the last row counts
    assert people["ann@x.example"]["manager"] == "bob@x.example"
    assert people["bob@x.example"]["manager"] == "boss@x.example"
    assert people["bob@x.example"]["aliases"] == ["b@x.example", "/o=x/cn=bob"]
    assert people["bob@x.example"]["joined_on"].isoformat() == "2021-03-04"
    assert [people[a]["kind"] for a in people] == [None, None, "external", "room"]
    assert not found.problems


def test_groups_have_kinds_and_members(tmp_path):
    people_files(tmp_path)
    found = open_landing(tmp_path).directory()
    kinds = {row["address"]: row["kind"] for row in found.groups.to_pylist()}
    assert kinds == {
        "team@x.example": "team",
        "all@x.example": "distribution_list",
        "m@x.example": "microsoft_365_group",
        "s@x.example": "security_group",
    }
    pairs = {(row["group"], row["member"]) for row in found.group_members.to_pylist()}
    assert pairs == {
        ("team@x.example", "ann@x.example"),
        ("all@x.example", "team@x.example"),
        ("all@x.example", "u8@x.example"),
    }


def test_a_directory_landed_as_parquet_is_the_same(tmp_path):
    people_files(tmp_path / "json")
    for path in sorted((tmp_path / "json").rglob("*.json")):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        place = tmp_path / "parquet" / path.relative_to(tmp_path / "json").with_suffix(".parquet")
        place.parent.mkdir(parents=True, exist_ok=True)
        names = list(dict.fromkeys(name for row in rows for name in row))
        texts = [
            {name: json.dumps(row[name]) if isinstance(row.get(name), list) else row.get(name) for name in names}
            for row in rows
        ]
        pq.write_table(pa.Table.from_pylist(texts), place)
    one, other = (open_landing(tmp_path / name).directory() for name in ("json", "parquet"))
    assert one.people.equals(other.people)
    assert one.groups.equals(other.groups)
    assert one.group_members.equals(other.group_members)


def test_broken_lines_of_a_directory_are_problems(tmp_path):
    path = write(tmp_path / "User_v1.json", {"id": "u1", "mail": "ann@x.example", "displayName": "Ann"})
    path.write_text(path.read_text() + "{broken\n")
    found = open_landing(tmp_path).directory()
    assert [(problem.place, problem.reason) for problem in found.problems] == [
        ("User_v1.json: line 2", "no JSON object")
    ]


# the samples of Microsoft's demo tenants


@pytest.fixture(scope="module")
def samples() -> Path:
    shared = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[4] / "shared"))
    found = shared / "contracts" / "samples" / "mgdc"
    if not found.is_dir():
        pytest.skip(f"no Data Connect samples in {found}: set ANALYSER_SHARED to the folder that holds contracts/")
    return found


@pytest.mark.corpus
def test_samples_of_v0_and_v1_agree_and_lose_no_row(samples):
    messages, problems = read(open_landing(samples))
    assert (messages.num_rows, problems) == (30, [])
    by_id: dict[str, list[dict]] = {}
    for row in messages.to_pylist():
        by_id.setdefault(row["internet_message_id"], []).append(row)
    same = ("sender", "subject", "conversation_id", "importance", "has_attachments")  # one copy was re-dated by a demo
    for copies in by_id.values():
        assert all([copy[name] for name in same] == [copies[0][name] for name in same] for copy in copies)
        assert len({frozenset(r["address"] for r in copy["recipients"]) for copy in copies}) == 1
    assert any(len(copies) > 1 for copies in by_id.values())


@pytest.mark.corpus
def test_sample_people_have_managers_and_rooms(samples):
    found = open_landing(samples).directory()
    people = found.people.to_pylist()
    assert [row["kind"] for row in people].count("room") == 4
    assert {row["manager"] for row in people if row["display_name"] in {"Lidia Holloway", "Johanna Lorenz"}} == {
        "leeg@m365x723843.onmicrosoft.com"
    }
    assert (found.groups.num_rows, found.problems) == (15, ())
