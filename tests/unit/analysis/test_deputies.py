"""Who could own a space beside its busiest writer: facts, by yes or no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from analyser.analysis.audiences.deputies import REASONS, deputies, writers

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)
MAIN, BOB, CAT, DAN = 1, 2, 3, 4
ROWS = pa.schema(
    [
        ("audience", pa.string()),
        ("message", pa.int64()),
        ("thread", pa.int64()),
        ("sender", pa.int32()),
        ("sent_at", pa.timestamp("us", tz="UTC")),
    ]
)


@pytest.fixture
def facts():
    """Facts of an audience from threads, each a week and the senders of its messages in turn."""

    def facts(*threads, elsewhere=(), audience="a"):
        rows, number = [], 0
        for week, senders in threads:
            first = number
            for sender in senders:
                at = MONDAY + timedelta(weeks=week, minutes=number)
                rows.append(dict(zip(ROWS.names, (audience, number, first, sender, at), strict=True)))
                number += 1
        own = ibis.memtable(pa.Table.from_pylist(rows, schema=ROWS))
        other = [{"sender": sender, "sent_at": MONDAY + timedelta(weeks=week, hours=3)} for week, sender in elsewhere]
        fields = ["sender", "sent_at"]
        mail = pa.Table.from_pylist(
            [{n: row[n] for n in fields} for row in rows] + other, schema=pa.schema([ROWS.field(n) for n in fields])
        )
        found = deputies(own, writers(own), ibis.memtable(mail)).to_pyarrow().to_pylist()
        return {row["sender"]: {name for name in REASONS if row[name]} for row in found}

    return facts


def test_who_answers_what_others_began_twice(facts):
    main = [(0, [MAIN, MAIN, MAIN]), (0, [MAIN, BOB]), (0, [MAIN, BOB]), (0, [MAIN, CAT])]
    assert facts(*main) == {BOB: {"answers_others"}}


def test_an_answer_to_oneself_is_none(facts):
    assert facts((0, [MAIN] * 9), (0, [BOB, BOB]), (0, [BOB, BOB])) == {}


def test_who_begins_what_others_answer(facts):
    assert facts((0, [MAIN] * 5), (0, [BOB, MAIN]), (0, [BOB, MAIN]), (0, [CAT, MAIN])) == {BOB: {"begins_threads"}}
    assert facts((0, [MAIN] * 5), (0, [BOB]), (0, [BOB])) == {}


def test_who_wrote_while_the_busiest_was_away(facts):
    threads = [(0, [MAIN] * 4), (1, [BOB]), (2, [MAIN, CAT])]
    assert facts(*threads) == {BOB: {"there_when_away"}}
    # in week 1 the busiest wrote, if to others
    assert facts(*threads, elsewhere=[(1, MAIN)]) == {}
    assert facts(*threads, elsewhere=[(1, CAT)]) == {BOB: {"there_when_away"}}


def test_the_busiest_is_no_second_and_nobody_else_writes(facts):
    assert facts((0, [MAIN, MAIN]), (1, [MAIN])) == {}


def test_several_reasons_come_together(facts):
    threads = [(0, [MAIN] * 9), (0, [MAIN, BOB]), (0, [MAIN, BOB, DAN]), (1, [BOB, DAN]), (2, [BOB, DAN])]
    assert facts(*threads) == {BOB: set(REASONS), DAN: {"answers_others", "there_when_away"}}
