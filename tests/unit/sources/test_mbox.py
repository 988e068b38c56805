from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from analyser.errors import SourceError
from analyser.sources import mbox
from analyser.sources.framing import HEADER_LIMIT
from analyser.sources.mbox import MboxSource

if TYPE_CHECKING:
    from pathlib import Path

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LINE = "From x@example.com Mon Jan  1 00:00:00 2024\n"
HEAD = "Date: Mon, 1 Jan 2024 08:00:00 +0000\nFrom: ann@example.com\n"


def source(path: Path, batch_size: int = 100) -> MboxSource:
    return MboxSource("mail", path, batch_size=batch_size, earliest=EARLIEST)


def read(path: Path):
    opened = source(path)
    batches = [batch for mailbox in opened.mailboxes() for batch in opened.read(mailbox.name)]
    rows = [row for batch in batches for row in batch.messages.to_pylist()]
    return rows, [problem for batch in batches for problem in batch.problems]


def one(tmp_path: Path, header: str | bytes, body: str = "body\n"):
    """The row that a message with this header gives."""
    raw = header.encode() if isinstance(header, str) else header
    (tmp_path / "one").write_bytes(LINE.encode() + raw + b"\n" + body.encode())
    rows, problems = read(tmp_path / "one")
    assert (len(rows), problems) == (1, [])
    return rows[0]


def recipients(row) -> list[tuple[str, str]]:
    return [(recipient["role"], recipient["address"]) for recipient in row["recipients"]]


def test_a_whole_message(tmp_path):
    header = (
        "Message-ID:  <1@example.com>\nDate: Mon, 1 Jan 2024 08:00:00 +0100\n"
        'From: "Ann A." <Ann@Example.com>, b@example.com\nTo: B@example.com, "C, D" <c@example.com>\n'
        "Cc: d@example.com\nBcc: e@example.com\nSubject: =?utf-8?Q?Gr=C3=BC?=\n =?utf-8?Q?n?=  and   red\n"
        "In-Reply-To: <0@example.com> (of Monday)\nReferences: <a@example.com>\n <0@example.com>\n"
        "Importance: high\nList-Id: L <l.example.com>\nContent-Type: multipart/mixed\nAuto-Submitted: auto-generated\n"
    )
    row = one(tmp_path, header)
    assert row == {
        "internet_message_id": "<1@example.com>",
        "item_id": None,
        "folder": None,
        "sent_at": datetime(2024, 1, 1, 7, tzinfo=UTC),
        "sender": "ann@example.com",
        "sender_name": "Ann A.",
        "subject": "Grün and red",
        "conversation_id": None,
        "in_reply_to": "<0@example.com>",
        "references": ["<a@example.com>", "<0@example.com>"],
        "has_attachments": True,
        "importance": "high",
        "size": len(header) + 1 + len("body\n"),
        "is_automatic": True,
        "list_id": "l.example.com",
        "meeting": None,
        "recipients": [
            {"address": "b@example.com", "display_name": None, "role": "to"},
            {"address": "c@example.com", "display_name": "C, D", "role": "to"},
            {"address": "d@example.com", "display_name": None, "role": "cc"},
            {"address": "e@example.com", "display_name": None, "role": "bcc"},
        ],
        "unresolved_recipients": 0,
    }


def test_a_bare_message(tmp_path):
    row = one(tmp_path, HEAD, body="")
    assert [row[name] for name in ("internet_message_id", "subject", "size", "is_automatic", "has_attachments")] == [
        None
    ] * 5
    assert (row["recipients"], row["references"], row["unresolved_recipients"]) == ([], [], 0)
    assert one(tmp_path, HEAD + "Message-ID:\nSubject:\n")["subject"] == ""
    assert one(tmp_path, HEAD + "Content-Length: 77\n", body="")["size"] == 77


def test_fields_that_stand_twice(tmp_path):
    row = one(
        tmp_path,
        HEAD + "To: a@example.com, b@example.com\nSubject: first\nFrom: z@example.com\n"
        "To: B@example.com, c@example.com\nCc: a@example.com\nSubject: second\n",
    )
    assert recipients(row) == [
        ("to", "a@example.com"),
        ("to", "b@example.com"),
        ("to", "c@example.com"),
        ("cc", "a@example.com"),
    ]
    assert (row["subject"], row["sender"]) == ("first", "ann@example.com")


def test_encoded_words_keep_their_commas(tmp_path):
    row = one(tmp_path, HEAD + "To: =?utf-8?Q?Doe=2C_J?= <j@example.com>,\n =?utf-8?B?RG9lLCBL?= <k@example.com>\n")
    assert [(r["address"], r["display_name"]) for r in row["recipients"]] == [
        ("j@example.com", "Doe, J"),
        ("k@example.com", "Doe, K"),
    ]


def test_bytes_of_old_programs(tmp_path):
    header = HEAD.encode() + 'Subject: café\nTo: "Zoë" <z@example.com>\n'.encode("cp1252") + b"Cc: \0a@example.com\0\n"
    row = one(tmp_path, header)
    assert row["subject"] == "café"
    assert row["recipients"][0]["display_name"] == "Zoë"
    assert recipients(row) == [("to", "z@example.com"), ("cc", "a@example.com")]


def test_recipients_without_address_are_counted(tmp_path):
    row = one(tmp_path, HEAD + "To: Jane Doe, Bob Smith, c@example.com\nCc: Eve Jones\nBcc: undisclosed-recipients:;\n")
    assert (recipients(row), row["unresolved_recipients"]) == ([("to", "c@example.com")], 3)


def test_exchange_addresses(tmp_path):
    row = one(
        tmp_path,
        "Date: 1 Jan 2024 08:00:00 +0000\nFrom: Ann </O=CONTOSO/OU=NA/CN=RECIPIENTS/CN=ANN>\n"
        "To: IMCEAEX-_O=CONTOSO_OU=NA_CN=RECIPIENTS_CN=BOB@contoso.example\n",
    )
    assert row["sender"] == "/o=contoso/ou=na/cn=recipients/cn=ann"
    assert recipients(row) == [("to", "/o=contoso/ou=na/cn=recipients/cn=bob")]


def test_problems_name_place_and_reason(tmp_path):
    mails = [
        HEAD,
        "From: ann@example.com\n",
        "Date:\nFrom: ann@example.com\n",
        "Date: soon\nFrom: ann@example.com\n",
        "Date: 1 Jan 0102 00:00:00 +0000\nFrom: ann@example.com\n",
        "Date: 1 Jan 2094 00:00:00 +0000\nFrom: ann@example.com\n",
        "Date: 1 Jan 1994 00:00:00 +0000\nFrom: ann@example.com\n",
        "Date: 1 Jan 2024 00:00:00 +0000\n",
        "Date: 1 Jan 2024 00:00:00 +0000\nFrom: Nobody\n",
        f"{HEAD}X: {'x' * HEADER_LIMIT}\n",
        HEAD,
    ]
    texts = [f"{LINE}{mail}\nbody\n\n" for mail in mails]
    (tmp_path / "mail").write_text("".join(texts))
    rows, problems = read(tmp_path / "mail")
    assert len(rows) == 2
    assert [problem.reason for problem in problems] == [
        *("no date", "no date", "unreadable date", "absurd date", "absurd date", "absurd date"),
        *("no sender", "no sender", "header too long"),
    ]
    assert problems[0].place == f"mail: message 2 at byte {len(texts[0])}"
    assert problems[-1].place == f"mail: message 10 at byte {sum(map(len, texts[:9]))}"


def test_the_period_ends_two_days_from_now(tmp_path):
    year = datetime.now(UTC).year
    (tmp_path / "mail").write_text(f"{LINE}Date: 1 Jan {year + 1} 00:00:00 +0000\nFrom: a@example.com\n\n")
    rows, problems = read(tmp_path / "mail")
    near_the_new_year = (datetime(year + 1, 1, 1, tzinfo=UTC) - datetime.now(UTC)).days < 2
    assert (len(rows), len(problems)) == ((1, 0) if near_the_new_year else (0, 1))


def test_mailboxes_of_a_tree(tmp_path):
    root = tmp_path / "mail"
    for folder in ("a/inbox", "a/.Sent/cur", "a/.Sent/new", "a/.Sent/tmp", "archive"):
        (root / folder).mkdir(parents=True)
    for file in ("a/inbox/1.", "a/inbox/2.", "a/.Sent/cur/1.h", "a/.Sent/new/2.h", "a/.Sent/tmp/3.h", "top.eml"):
        (root / file).write_text(HEAD + "\nbody\n")
    (root / "archive" / "2001").write_text(f"{LINE}{HEAD}\n\n" * 2)
    (root / "archive" / "2002.gz").write_bytes(gzip.compress(f"{LINE}{HEAD}\n\n".encode()))
    (root / "archive" / "index.csv").write_text("address,name\n")
    (root / "archive" / "empty").write_text("")
    opened = source(root)
    found = {
        mailbox.name: sum(b.messages.num_rows for b in opened.read(mailbox.name)) for mailbox in opened.mailboxes()
    }
    assert found == {"a/.Sent": 2, "a/inbox": 2, "archive/2001": 2, "archive/2002.gz": 1, "mail/": 1}


def test_single_files(tmp_path):
    (tmp_path / "one.eml").write_text(f"{HEAD}\nbody\n")
    opened = source(tmp_path / "one.eml")
    (mailbox,) = opened.mailboxes()
    (batch,) = opened.read(mailbox.name)
    assert (mailbox.name, mailbox.expected, batch.progress) == ("one.eml", len(HEAD) + 6, len(HEAD) + 6)
    assert batch.messages["size"].to_pylist() == [len(HEAD) + 6]


def test_what_claims_to_be_mail_and_is_not_is_a_problem(tmp_path):
    (tmp_path / "a.eml").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "c.eml").write_text(f"{HEAD}\nbody")
    (tmp_path / "d.eml").write_text(f"{HEAD}X: {'x' * HEADER_LIMIT}\n")
    (tmp_path / "readme.txt").write_text("no mail\n")
    rows, problems = read(tmp_path)
    assert len(rows) == 1
    assert [(problem.place.split("/")[-1], problem.reason) for problem in problems] == [
        ("a.eml", "no message"),
        ("b.eml", "no message"),
        ("d.eml", "header too long"),
    ]


def test_a_file_that_cannot_be_unpacked_is_a_problem_and_the_others_are_read(tmp_path):
    packed = gzip.compress(f"{HEAD}\nbody\n".encode() * 50)
    (tmp_path / "1.eml.gz").write_bytes(packed[:20])
    (tmp_path / "2.eml").write_text(f"{HEAD}\nbody\n")
    rows, problems = read(tmp_path)
    assert len(rows) == 1
    assert [problem.reason for problem in problems] == ["file cannot be read (EOFError)"]


def test_a_packed_mbox_that_breaks_off_is_an_error_after_what_was_read(tmp_path):
    packed = gzip.compress(b"".join(f"{LINE}{HEAD}X: {os.urandom(60).hex()}\n\n\n".encode() for _ in range(900)))
    (tmp_path / "mail.gz").write_bytes(packed[: len(packed) * 2 // 3])
    opened = source(tmp_path, batch_size=100)
    (mailbox,) = opened.mailboxes()
    batches = opened.read(mailbox.name)
    read_rows = sum(next(batches).messages.num_rows for _ in range(2))
    with pytest.raises(SourceError, match="cannot be read on") as caught:
        list(batches)
    assert "mail.gz" in str(caught.value)
    assert read_rows == 200


def test_versions_follow_the_content(tmp_path):
    (tmp_path / "mail").write_text(f"{LINE}{HEAD}\n\n")
    (before,) = source(tmp_path).mailboxes()
    (tmp_path / "mail").write_text(f"{LINE}{HEAD}\n\n" * 2)
    (after,) = source(tmp_path).mailboxes()
    assert before.version != after.version
    assert before.name == after.name


def test_nothing_to_read_is_an_error(tmp_path):
    (tmp_path / "people.csv").write_text("address\n")
    for path in (tmp_path, tmp_path / "people.csv"):
        with pytest.raises(SourceError, match="no mail in"):
            list(source(path).mailboxes())


def test_linked_folders_are_not_followed(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "1.").write_text(f"{HEAD}\n")
    (tmp_path / "inbox" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [mailbox.name for mailbox in source(tmp_path).mailboxes()] == ["inbox"]


def test_batches_are_bounded_in_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(mbox, "_BATCH_BYTES", 4 * len(HEAD))
    (tmp_path / "mail").write_text(f"{LINE}{HEAD}\n\n" * 10)
    assert [batch.messages.num_rows for batch in source(tmp_path).read("mail")] == [4, 4, 2]


def test_a_book_of_addresses_does_not_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("analyser.sources.records._FORGET", 3)
    (tmp_path / "mail").write_text("".join(f"{LINE}{HEAD}To: {n}@example.com\n\n\n" for n in range(20)))
    tables = [batch.messages for batch in source(tmp_path, batch_size=5).read("mail")]
    rows = pa.concat_tables(tables).to_pylist()
    assert [recipients(row) for row in rows] == [[("to", f"{n}@example.com")] for n in range(20)]
