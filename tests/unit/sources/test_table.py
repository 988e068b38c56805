from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.errors import FormatError, SourceError
from analyser.sources import table
from analyser.sources.contract import RECORDS
from analyser.sources.table import TableSource

if TYPE_CHECKING:
    from pathlib import Path

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def source(folder: Path, batch_size: int = 1000) -> TableSource:
    return TableSource("export", folder, batch_size=batch_size, earliest=EARLIEST)


def read(folder: Path, batch_size: int = 1000):
    opened = source(folder, batch_size)
    batches = [batch for mailbox in opened.mailboxes() for batch in opened.read(mailbox.name)]
    problems = [(problem.place, problem.reason) for batch in batches for problem in batch.problems]
    return [row for batch in batches for row in batch.messages.to_pylist()], problems


def of_text(folder: Path, text: str | bytes, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "messages.csv").write_bytes(raw)
    return read(folder, **options)


def test_every_column(tmp_path):
    rows, problems = of_text(
        tmp_path,
        "message_id,sent_at,sender,to,cc,bcc,subject,conversation_id,in_reply_to,references,has_attachments,"
        "importance,size,is_automatic,list_id\n"
        '<1@x>,2024-01-01T12:00:00Z,"Ann <ANN@example.com>","b@example.com; ""Doe, C"" <c@example.com>;Nobody",'
        'd@example.com,e@example.com,"A  long\n subject",conv,<0@x>,<a@x>;<0@x>,Yes,High,123,0,<L.example.com>\n',
    )
    assert problems == []
    assert rows == [
        {
            "internet_message_id": "<1@x>",
            "item_id": None,
            "folder": None,
            "sent_at": NOON,
            "sender": "ann@example.com",
            "sender_name": "Ann",
            "subject": "A long subject",
            "conversation_id": "conv",
            "in_reply_to": "<0@x>",
            "references": ["<a@x>", "<0@x>"],
            "has_attachments": True,
            "importance": "high",
            "size": 123,
            "is_automatic": False,
            "list_id": "l.example.com",
            "meeting": None,
            "recipients": [
                {"address": "b@example.com", "display_name": None, "role": "to"},
                {"address": "c@example.com", "display_name": "Doe, C", "role": "to"},
                {"address": "d@example.com", "display_name": None, "role": "cc"},
                {"address": "e@example.com", "display_name": None, "role": "bcc"},
            ],
            "unresolved_recipients": 1,
        }
    ]


@pytest.mark.parametrize(
    "header",
    [
        "sent_at,sender,extra",
        "Sent-At,SENDER,x",
        " sent at , Sender ,x",
        '"sent_at","sender","x"',
        "sent_at,sender,sender",
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headers_as_they_are_written(tmp_path, header, mark, end, delimiter):
    lines = (header, "2024-01-01 12:00,ann@example.com,b")
    rows, problems = of_text(tmp_path, mark + end.join(lines).replace(",", delimiter))
    assert ([(row["sent_at"], row["sender"]) for row in rows], problems) == ([(NOON, "ann@example.com")], [])
    assert rows[0]["has_attachments"] is rows[0]["subject"] is None


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T12:00:00Z",
        "2024-01-01T13:00:00+01:00",
        "2024-01-01 12:00:00",
        "2024-01-01T12:00:00.000000",
        "2024-01-01 07:00:00.000-0500",
        "Mon, 1 Jan 2024 12:00:00 +0000",
    ],
)
def test_dates_as_they_are_written(tmp_path, text):
    assert of_text(tmp_path, f'sent_at,sender\n"{text}",a@example.com\n')[0][0]["sent_at"] == NOON


def test_bad_rows_are_problems_and_reading_goes_on(tmp_path):
    lines = [
        "sent_at,sender,subject",
        "2024-01-01,a@example.com,good",
        "soon,a@example.com,bad",
        "2024-01-01",
        "2024-01-01,,bad",
        ",a@example.com,bad",
        '2024-01-01,a@example.com,"good\nin two lines"',
        "2024-01-01,a@example.com,bad,bad",
        "0102-01-01,a@example.com,bad",
        "2024-01-01,a@example.com,good",
        "2024-01-01,a@example.com",
    ]
    expected = [
        ("messages.csv: row 3", "unreadable date"),
        ("messages.csv: row 4", "too few fields"),
        ("messages.csv: row 5", "no sender"),
        ("messages.csv: row 6", "no date"),
        ("messages.csv: row 8", "too many fields"),
        ("messages.csv: row 9", "absurd date"),
        ("messages.csv: row 11", "too few fields"),
    ]
    for size in (100, 2, 1):
        rows, problems = of_text(tmp_path, "\n".join(lines), batch_size=size)
        assert [row["subject"] for row in rows] == ["good", "good in two lines", "good"]
        assert problems == expected


@given(
    st.lists(st.sampled_from(["good", "short", "bad"]), max_size=40), st.integers(1, 9), st.sampled_from([60, 1 << 20])
)
def test_numbers_of_rows_are_right_however_the_file_is_cut(tmp_path_factory, kinds, size, block):
    folder = tmp_path_factory.mktemp("cut")
    line = {"good": "2024-01-01,a@example.com,{}", "short": "2024-01-01", "bad": "soon,a@example.com,{}"}
    before, table._BLOCK = table._BLOCK, block
    try:
        text = "\n".join(["sent_at,sender,subject", *(line[kind].format(n) for n, kind in enumerate(kinds, 2))])
        rows, problems = of_text(folder, text, batch_size=size)
    finally:
        table._BLOCK = before
    assert [row["subject"] for row in rows] == [str(n) for n, kind in enumerate(kinds, 2) if kind == "good"]
    assert [place for place, _ in problems] == [
        f"messages.csv: row {n}" for n, kind in enumerate(kinds, 2) if kind != "good"
    ]


def test_bytes_of_old_programs(tmp_path):
    text = "sent_at,sender,subject\n2024-01-01,a@example.com,café\n2024-01-01,a@example.com,plain\n"
    assert [row["subject"] for row in of_text(tmp_path, text.encode("cp1252"))[0]] == ["café", "plain"]


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "messages.csv").write_text("message_id,from,to\n")
    with pytest.raises(FormatError, match="no column sent_at, sender; found: message_id, from, to") as caught:
        list(source(tmp_path).read("messages.csv"))
    assert "sent_at" in caught.value.fix
    (tmp_path / "messages.csv").unlink()
    pq.write_table(pa.table({"sent_at": [1]}), tmp_path / "messages.parquet")
    with pytest.raises(FormatError, match="no column sender"):
        list(source(tmp_path).read("messages.parquet"))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n"])
def test_empty_files_are_no_tables(tmp_path, content):
    (tmp_path / "messages.csv").write_bytes(content)
    with pytest.raises(FormatError, match="no header line"):
        list(source(tmp_path).read("messages.csv"))


def test_a_table_without_rows_has_no_messages(tmp_path):
    assert of_text(tmp_path, "sent_at,sender\n") == ([], [])
    assert of_text(tmp_path, "sent_at,sender") == ([], [])


def test_damaged_files_are_errors(tmp_path):
    lines = "".join(f"2024-01-01,{n}@example.com,{hash(str(n))}\n" for n in range(5000))
    packed = gzip.compress(f"sent_at,sender,subject\n{lines}".encode())
    (tmp_path / "messages.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match=r"messages\.csv\.gz") as caught:
        list(source(tmp_path).read("messages.csv.gz"))
    assert caught.value.fix
    (tmp_path / "messages.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match=r"messages\.parquet"):
        list(source(tmp_path).mailboxes())


def test_parquet_keeps_its_types(tmp_path):
    columns = {
        "Sent_At": pa.array([NOON, None, NOON], pa.timestamp("ns", tz="Europe/Paris")),
        "sender": pa.array(["A@example.com", "b@example.com", None]).dictionary_encode(),
        "to": pa.array([["c@example.com", "D <d@example.com>"], None, []], pa.list_(pa.string())),
        "cc": pa.array(["e@example.com;f@example.com", "", None], pa.large_string()),
        "has_attachments": [True, False, None],
        "size": pa.array([1, 2, None], pa.int32()),
        "is_automatic": ["yes", "maybe", None],
        "body": ["x", "y", "z"],
    }
    pq.write_table(pa.table(columns), tmp_path / "messages.parquet")
    (row,), problems = read(tmp_path)
    assert [(r["role"], r["address"]) for r in row["recipients"]] == [
        ("to", "c@example.com"), ("to", "d@example.com"), ("cc", "e@example.com"), ("cc", "f@example.com"),
    ]  # fmt: skip
    assert (row["sent_at"], row["sender"], row["has_attachments"], row["size"], row["is_automatic"]) == (
        NOON, "a@example.com", True, 1, True,
    )  # fmt: skip
    assert problems == [("messages.parquet: row 3", "no date"), ("messages.parquet: row 4", "no sender")]


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("us", tz="UTC"), pa.date32()])
def test_parquet_times(tmp_path, kind):
    moment = date(2024, 1, 1) if kind == pa.date32() else NOON.replace(tzinfo=None)
    column = pa.array([moment], kind)
    pq.write_table(pa.table({"sent_at": column, "sender": ["a@example.com"]}), tmp_path / "messages.parquet")
    assert read(tmp_path)[0][0]["sent_at"] == (NOON.replace(hour=0) if kind == pa.date32() else NOON)


def test_many_files_in_the_order_of_their_names(tmp_path):
    text = "sent_at,sender\n2024-01-01,a@example.com\n"
    (tmp_path / "messages").mkdir()
    for name in ("messages-2.csv", "messages-1.csv", "messages/b.csv", "messages.txt"):
        (tmp_path / name).write_text(text)
    (tmp_path / "messages-3.csv.gz").write_bytes(gzip.compress(text.encode()))
    names = [mailbox.name for mailbox in source(tmp_path).mailboxes()]
    assert names == ["messages/b.csv", "messages-1.csv", "messages-2.csv", "messages-3.csv.gz"]
    assert len(read(tmp_path)[0]) == 4


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="neither messages nor people"):
        list(source(tmp_path).mailboxes())
    (tmp_path / "people.csv").write_text("address\na@example.com\n")
    assert list(source(tmp_path).mailboxes()) == []
    assert source(tmp_path).directory().people["address"].to_pylist() == ["a@example.com"]


def test_batches_have_the_schema_even_without_rows(tmp_path):
    (tmp_path / "messages.csv").write_text("sent_at,sender,to\nsoon,a@example.com,\n")
    (batch,) = source(tmp_path).read("messages.csv")
    assert batch.messages.schema.equals(RECORDS)
    assert batch.messages.num_rows == 0
