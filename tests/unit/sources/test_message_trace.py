"""Message traces: what columns are called, how dates are meant, and how deliveries become messages."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.errors import FormatError, SourceError
from analyser.sources import csv_columns
from analyser.sources.message_trace.files import COLUMNS, MessageTraceFiles

if TYPE_CHECKING:
    from pathlib import Path

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
HEADER = "Received,SenderAddress,RecipientAddress,Subject,Status,MessageId,Size"


def trace(folder: Path, *lines: str, header: str = HEADER, name: str = "trace.csv", **more):
    (folder / name).write_text("\n".join([header, *lines]))
    source = MessageTraceFiles("trace", folder, batch_size=more.pop("batch_size", 1000), earliest=EARLIEST, **more)
    batches = [batch for mailbox in source.mailboxes() for batch in source.read(mailbox.name)]
    rows = [row for batch in batches for row in batch.messages.to_pylist()]
    problems = [problem for batch in batches for problem in batch.problems]
    left_out: dict[str, int] = {}
    for batch in batches:
        for reason, count in batch.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    return rows, problems, left_out


def line(received="2024-01-02T03:04:05Z", to="bob@x.example", status="Delivered", **more: str) -> str:
    fields = {"sender": "ann@x.example", "subject": "Report", "id": "<1@x>", "size": "10", **more}
    return f"{received},{fields['sender']},{to},{fields['subject']},{status},{fields['id']},{fields['size']}"


def addresses(row: dict) -> list[str]:
    return [recipient["address"] for recipient in row["recipients"]]


def test_rows_of_a_message_become_one(tmp_path):
    rows, problems, left_out = trace(
        tmp_path,
        line("2024-01-02T03:04:07Z", size="30"),
        line(to="Eve@X.example", subject=""),
        line(to="bob@x.example"),
        line(to="team@x.example", status="Expanded"),
        line(to="late@x.example", status="Pending"),
        line(id="<2@x>"),
        line(sender="carl@x.example"),  # the same id by somebody else is another message
    )
    assert (problems, left_out) == ([], {})
    assert len(rows) == 3
    assert sorted(addresses(rows[0])) == ["bob@x.example", "eve@x.example", "late@x.example", "team@x.example"]
    assert rows[0]["sent_at"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert rows[0]["size"] == 30
    assert {recipient["role"] for row in rows for recipient in row["recipients"]} == {"to"}


def test_deliveries_that_did_not_arrive_are_left_out_and_counted(tmp_path):
    rows, problems, left_out = trace(
        tmp_path,
        line(to="a@x.example", status="Failed"),
        line(to="b@x.example", status="Quarantined"),
        line(to="c@x.example", status="FilteredAsSpam"),
        line(to="d@x.example", status="GettingStatus"),
        line("never", to="e@x.example", status="Failed", id="<2@x>"),  # whatever else is wrong with it
        line(sender="", id="<3@x>"),
        line(sender="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example", id="<4@x>"),
    )
    assert [addresses(row) for row in rows] == [["d@x.example"]]
    assert problems == []
    assert left_out == {
        "delivery that failed": 2,
        "delivery in quarantine": 1,
        "delivery taken for spam": 1,
        "report of the mail system": 2,
    }


def test_what_cannot_be_read_is_a_problem_with_its_row(tmp_path):
    rows, problems, _ = trace(
        tmp_path,
        line("soon"),
        line("", id="<2@x>"),
        line(sender="Nobody", id="<3@x>"),
        line(to="System.String[]", id="<4@x>"),
        line(to="", id="<5@x>"),
        line("1901-01-01", id="<6@x>"),
        "too,few",
    )
    assert rows == []
    assert [(problem.place, problem.reason) for problem in problems] == [
        ("trace.csv: row 2", "unreadable date"),
        ("trace.csv: row 3", "no date"),
        ("trace.csv: row 4", "no sender"),
        ("trace.csv: row 5", "no recipient"),
        ("trace.csv: row 6", "no recipient"),
        ("trace.csv: row 7", "absurd date"),
        ("trace.csv: row 8", "too few fields"),
    ]


def test_rows_without_an_id_are_told_apart_by_time_and_subject(tmp_path):
    rows, _, _ = trace(
        tmp_path,
        line(id=""),
        line(to="eve@x.example", id=""),
        line(id="", subject="Other"),
        line("2024-01-02T03:04:06Z", id=""),
    )
    assert [len(addresses(row)) for row in rows] == [2, 1, 1]
    assert {row["internet_message_id"] for row in rows} == {None}


@given(st.data())
def test_columns_may_stand_in_any_order_and_letter_case(tmp_path_factory, data):
    names = {meaning: data.draw(st.sampled_from(known)) for meaning, known in COLUMNS.items() if meaning != "event"}
    values = {
        "sent": "2024-01-02T03:04:05Z",
        "sender": "ann@x.example",
        "recipients": "bob@x.example",
        "status": "Delivered",
        "list": "",
        "subject": "Report",
        "size": "10",
        "message_id": "<1@x>",
    }
    order = data.draw(st.permutations(sorted(names)))
    styles = [str.upper, str.title, lambda name: f" {name[:3]}_{name[3:]} ", lambda name: f"{name[:4]}-{name[4:]}"]
    header = ",".join(data.draw(st.sampled_from(styles))(names[meaning]) for meaning in order)
    rows, problems, _ = trace(
        tmp_path_factory.mktemp("order"), ",".join(values[meaning] for meaning in order), header=header
    )
    assert problems == []
    assert [(addresses(row), row["subject"], row["size"]) for row in rows] == [(["bob@x.example"], "Report", 10)]


states = st.sampled_from(["Delivered", "Failed"])
deliveries = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("ab"), st.sampled_from("uvwxyz"), states), max_size=40
)


@given(deliveries, st.integers(0, 2**16), st.integers(1, 50))
def test_messages_do_not_depend_on_the_order_of_rows(tmp_path_factory, found, seed, batch_size):
    expected: dict[tuple[str, str], set[str]] = {}
    for number, sender, to, status in found:
        if status == "Delivered":
            expected.setdefault((f"<{number}@x>", f"{sender}@x.example"), set()).add(f"{to}@x.example")
    random.Random(seed).shuffle(found)
    lines = [
        line(f"2024-01-0{n + 1}T00:00:00Z", f"{to}@x.example", status, sender=f"{sender}@x.example", id=f"<{n}@x>")
        for n, sender, to, status in found
    ]
    rows, _, left_out = trace(tmp_path_factory.mktemp("order"), *lines, batch_size=batch_size)
    joined: dict[tuple[str, str], set[str]] = {}
    for row in rows:  # what batches part, the lake joins
        joined.setdefault((row["internet_message_id"], row["sender"]), set()).update(addresses(row))
    assert joined == expected
    assert sum(left_out.values()) == sum(status == "Failed" for *_, status in found)
    if batch_size >= len(found):
        assert len(rows) == len(expected)


MOMENT = datetime(2024, 3, 4, 17, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2024-03-04T17:06:07.1234567Z", "auto"),
        ("2024-03-04 17:06:07", "auto"),
        ("3/4/2024 5:06:07 PM", "auto"),
        ("03/04/2024 17:06:07", "month_first"),
        ("04.03.2024 17:06:07", "day_first"),
        ("4/03/2024 5:06:07 pm", "day_first"),
        ("4-3-2024, 17:06:07", "day_first"),
        ("Mon, 4 Mar 2024 18:06:07 +0100", "auto"),
    ],
)
def test_dates_as_they_are_exported(tmp_path, text, dates):
    text = f'"{text}"'
    rows, problems, _ = trace(tmp_path, line(text), dates=dates)
    assert problems == []
    assert rows[0]["sent_at"].replace(microsecond=0) == MOMENT


@pytest.mark.parametrize(("other", "expected"), [("13/03/2024 00:00", 3), ("03/13/2024 00:00", 4)])
def test_the_order_of_day_and_month_is_told_by_the_file(tmp_path, other, expected):
    rows, problems, _ = trace(tmp_path, line("04/03/2024 17:06"), line(other, id="<2@x>"))
    assert problems == []
    assert rows[0]["sent_at"].month == expected


def test_dates_that_may_mean_either_are_refused(tmp_path):
    with pytest.raises(FormatError, match="day or month") as caught:
        trace(tmp_path, line("04/03/2024 17:06"))
    assert "day_first" in caught.value.fix


@pytest.mark.parametrize("text", ["31/02/2024 00:00", "01/13/2024 00:00", "00/01/2024 00:00", "01/01/2024 25:00"])
def test_impossible_days_are_problems(tmp_path, text):
    _, problems, _ = trace(tmp_path, line(text), dates="day_first")
    assert [problem.reason for problem in problems] == ["unreadable date"]


@given(st.integers(0, 800_000_000), st.booleans())
def test_dates_of_figures_mean_what_was_written(tmp_path_factory, seconds, day_first):
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    text = f"{moment:%d/%m/%Y %I:%M:%S %p}" if day_first else f"{moment:%m/%d/%Y %H:%M:%S}"
    rows, _, _ = trace(tmp_path_factory.mktemp("dates"), line(text), dates="day_first" if day_first else "month_first")
    assert rows[0]["sent_at"] == moment


LOG = "date-time,source,event-id,message-id,recipient-address,recipient-status,related-recipient-address,sender-address"


def test_tracking_logs_tell_lists_and_their_members(tmp_path):
    start = "2024-01-02T03:04:05.678Z"
    rows, problems, left_out = trace(
        tmp_path,
        f"{start},STOREDRIVER,RECEIVE,<1@x>,team@x.example;bob@x.example,,,ann@x.example",
        f"{start},ROUTING,EXPAND,<1@x>,carl@x.example;dora@x.example,spam failed,team@x.example,ann@x.example",
        f"{start},SMTP,HAREDIRECT,<1@x>,carl@x.example,,,ann@x.example",
        f"{start},STOREDRIVER,DELIVER,<1@x>,carl@x.example;dora@x.example,,,ann@x.example",
        f"{start},SMTP,SEND,<1@x>,out@y.example,250 2.1.5 failed before,,ann@x.example",
        f"{start},DNS,FAIL,<1@x>,gone@y.example,550,,ann@x.example",
        header=f"#Software: Microsoft Exchange Server\n#Fields: {LOG}",
        name="MSGTRK2024010203-1.LOG",
    )
    assert problems == []
    assert left_out == {"step on the way": 2, "delivery that failed": 1}
    assert [sorted(addresses(row)) for row in rows] == [
        ["carl@x.example", "dora@x.example", "out@y.example", "team@x.example"]
    ]


def test_files_that_are_no_trace_are_passed_over(tmp_path):
    (tmp_path / "people.csv").write_text("address,department\nann@x.example,Sales\n")
    (tmp_path / "empty.csv").write_text("")
    rows, _, _ = trace(tmp_path, line())
    assert len(rows) == 1
    (tmp_path / "trace.csv").unlink()
    source = MessageTraceFiles("trace", tmp_path, batch_size=10, earliest=EARLIEST)
    with pytest.raises(SourceError, match="no message trace") as caught:
        list(source.mailboxes())
    assert "SenderAddress" in caught.value.fix


def test_a_quote_that_is_never_closed_ends_reading_with_the_file_named(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_columns, "_BLOCK", 4096)
    lines = [line(id=f"<{number}@x>", subject="x" * 100) for number in range(300)]
    lines[0] = lines[0].replace("xxx", '"xxx', 1)
    with pytest.raises(SourceError, match=r"trace\.csv"):
        trace(tmp_path, *lines)


def test_utf_16_is_read_in_pieces(tmp_path):
    lines = [line(to=f"p{number}@x.example", subject="Grüße ✓") for number in range(5000)]
    (tmp_path / "trace.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-16")
    source = MessageTraceFiles("trace", tmp_path, batch_size=10_000, earliest=EARLIEST)
    (mailbox,) = source.mailboxes()
    batches = list(source.read(mailbox.name))
    (row,) = [row for batch in batches for row in batch.messages.to_pylist()]
    assert (row["subject"], len(row["recipients"])) == ("Grüße ✓", 5000)
    assert batches[-1].progress == (tmp_path / "trace.csv").stat().st_size


def test_times_move_with_the_rows_and_not_with_the_clock(tmp_path):
    future = datetime.now(UTC) + timedelta(days=30)
    _, problems, _ = trace(tmp_path, line(future.isoformat()))
    assert [problem.reason for problem in problems] == ["absurd date"]
