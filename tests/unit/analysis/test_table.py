"""What is said of an audience agrees with plain counting, and audiences do not mix."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.audiences import table as audiences

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
ANN, BOB, CAT, DAN = range(4)


@pytest.fixture(scope="session")
def described(table):
    """The rows of `audiences` by name; messages stand in thread 0 and audience x unless they say otherwise."""

    def run(*rows, members=(), answered=(), today=0, half_life=90.0):
        rows = [{"audience": "x", "thread": 0, **row} for row in rows]
        names = sorted({row["audience"] for row in rows} | {row["audience"] for row in members})
        number = {row["thread"] for row in rows} | set(answered)
        threads = [{"thread": t, "first_reply_hours": 2.0 if t in answered else None} for t in sorted(number)]
        found = audiences.describe(
            table("spoken", rows),
            table("audience_meta", [{"audience": name, "kind": "circle"} for name in names]),
            table("audience_people", members),
            table("threads", threads),
            MONDAY + timedelta(days=today),
            half_life,
        )
        result = {row["audience"]: row for row in found.to_pyarrow().to_pylist()}
        assert sorted(result) == names
        return result

    return run


@pytest.fixture(scope="session")
def of(described):
    """The same of a single audience."""
    return lambda *rows, **about: described(*rows, **about)["x"]


def test_messages_deliveries_senders_and_weeks_are_counted(of):
    found = of({"people": 4, "day": 2}, {"people": 1, "day": 6.9}, {"people": 0, "day": 7, "sender": BOB}, today=9)
    assert (found["messages"], found["deliveries"], found["senders"]) == (3, 3, 2)
    assert (found["weeks"], found["weeks_span"]) == (2, 2)
    assert found["first_sent"] == MONDAY + timedelta(days=2)
    assert found["last_sent"] == MONDAY + timedelta(days=7)


def test_the_span_counts_silent_weeks_too(of):
    found = of({"day": 6.9}, {"day": 21}, today=21)
    assert (found["weeks"], found["weeks_span"]) == (2, 4)


def test_recent_weight_halves_per_half_life(of):
    found = of({"people": 5, "day": 0}, {"people": 3, "day": 10}, {"people": 11, "day": 20}, today=20, half_life=10)
    assert found["recent_weight"] == pytest.approx(4 / 4 + 2 / 2 + 10)


def test_what_is_dated_after_the_end_weighs_no_more_than_new_mail(of):
    assert of({"people": 5, "day": 400}, today=20)["recent_weight"] == 4


def test_people_and_known_departments_of_the_members(of):
    members = [{"audience": "x", "actor": n, "department": d} for n, d in enumerate(["Sales", "Sales", "IT", None])]
    found = of({}, members=members)
    assert (found["people"], found["departments"]) == (4, 2)


def test_concentration_of_senders(described):
    senders = {"one": [ANN] * 4, "even": [ANN, BOB, CAT, DAN], "one of two": [ANN, ANN, ANN, BOB]}
    found = described(*({"audience": name, "sender": who} for name, all_ in senders.items() for who in all_))
    assert {name: row["hhi"] for name, row in found.items()} == {"one": 1, "even": 0.25, "one of two": 0.625}


def test_a_thread_counts_once_and_is_answered_or_not(of):
    found = of({"thread": 0}, {"thread": 0}, {"thread": 0}, {"thread": 1}, {"thread": 2}, answered=[0, 9])
    assert found["threads"] == 3
    assert found["reply_share"] == pytest.approx(1 / 3)


def test_the_five_commonest_stems_are_kept_in_order(of):
    stems = [*"ffeedccbbba", None, None, None, None]
    assert of(*({"stem": stem} for stem in stems))["stems"] == ["b", "c", "e", "f", "a"]


def test_without_stems_there_are_none(of):
    assert of({"stem": None})["stems"] is None


def test_five_silent_weeks_part_two_runs(described):
    """Each list of weeks is an audience of its own, named after its runs and the weeks of the longest of them."""
    lives = {
        (1, 1): [0, 0],
        (1, 5): [0, 1, 2, 4],
        (1, 6): [0, 5],
        (2, 1): [0, 6],
        (3, 3): [0, 1, 2, 20, 21, 40],
        (2, 7): [0, 30, 31, 36],
    }
    rows = [{"audience": str(life), "day": 7 * week} for life, weeks in lives.items() for week in reversed(weeks)]
    found = described(*rows, today=400)
    assert {name: str((row["runs"], row["run_weeks"])) for name, row in found.items()} == {n: n for n in found}


def test_the_pace_is_read_from_the_last_half_year(of):
    old = [{"day": 7 * week, "people": 9} for week in range(10)]
    found = of(*old, *({"day": 7 * (40 + 2 * n), "people": 3} for n in range(5)), today=600)
    assert (found["pace_weeks"], found["pace_active"], found["pace_messages"], found["pace_deliveries"]) == (
        26,
        5,
        5,
        10,
    )
    assert found["messages"] == 15


def test_of_the_pace_answers_are_what_does_not_begin_its_thread(of):
    old = [{"day": 0, "thread": 0}, {"day": 1, "thread": 0}]
    late = [{"day": 300, "thread": 2}, {"day": 301, "thread": 2}, {"day": 302, "thread": 4}, {"day": 303, "thread": 2}]
    found = of(*old, *late, today=600)
    assert (found["pace_messages"], found["pace_answers"]) == (4, 2)


def test_the_half_year_ends_with_the_last_message_and_leaves_its_first_instant_out(of):
    found = of({"day": 0}, {"day": 0.01}, {"day": 182}, today=182)
    assert (found["pace_messages"], found["pace_active"]) == (2, 2)


def test_the_pace_of_a_young_audience_is_over_its_own_weeks(of):
    found = of({"day": 4}, {"day": 7}, {"day": 21}, today=300)
    assert (found["pace_weeks"], found["pace_active"], found["pace_messages"]) == (4, 3, 3)


def test_active_weeks_never_outnumber_the_weeks(of):
    """Half a year that begins in the middle of a week touches 27 calendar weeks."""
    found = of(*({"day": 3 + 6.99 * week} for week in range(40)), today=300)
    assert (found["pace_weeks"], found["pace_active"]) == (26, 26)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "audience": st.sampled_from("xyz"),
            "day": st.integers(0, 500).map(float),
            "sender": st.sampled_from([ANN, BOB, CAT]),
            "people": st.integers(0, 6),
            "thread": st.integers(0, 5),
        }
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=8)
@given(rows=ROWS)
def test_plain_counting_agrees_and_audiences_do_not_mix(described, rows):
    for name, found in described(*rows, answered=[0, 1], today=500).items():
        own = [row for row in rows if row["audience"] == name]
        weeks = sorted({row["day"] // 7 for row in own})
        gaps = [later - earlier for earlier, later in itertools.pairwise(weeks)]
        shares = [n / len(own) for n in Counter(row["sender"] for row in own).values()]
        threads = {row["thread"] for row in own}
        assert found["messages"] == len(own)
        assert found["deliveries"] == sum(max(row["people"] - 1, 0) for row in own)
        assert found["weeks"] == len(weeks)
        assert found["weeks_span"] == weeks[-1] - weeks[0] + 1
        assert found["runs"] == 1 + sum(gap > 5 for gap in gaps)
        assert found["hhi"] == pytest.approx(sum(share**2 for share in shares))
        assert found["reply_share"] == pytest.approx(len(threads & {0, 1}) / len(threads))
        assert found["pace_active"] <= found["pace_weeks"] <= found["weeks_span"]
        assert found["recent_weight"] <= found["deliveries"]


def test_members_with_their_share_of_messages_sent_and_copied(table):
    spoken = table("audience_messages", [{"audience": "x", "message": n} for n in range(4)])
    members = [{"audience": "x", "actor": n, "role": "core" if n < BOB else "peripheral"} for n in (ANN, BOB, CAT)]
    on = [(0, ANN, "from"), (1, ANN, "from"), (2, ANN, "to"), (3, ANN, "member")]
    on += [(0, BOB, "cc"), (1, BOB, "bcc"), (2, BOB, "to"), (3, DAN, "to")]
    parts = table("audience_parts", [{"audience": "x", "message": m, "actor": a, "role": r} for m, a, r in on])
    found = audiences.describe_members(spoken, table("audience_people", members), parts).to_pyarrow().to_pylist()
    assert sorted((row["actor"], row["role"], row["share"], row["sent"]) for row in found) == [
        (ANN, "core", 1, 2),
        (BOB, "peripheral", 0.75, 0),
        (CAT, "peripheral", 0, 0),
    ]
    assert {row["actor"]: row["copied"] for row in found} == pytest.approx({ANN: 0, BOB: 2 / 3, CAT: 0})


def test_shares_are_of_the_messages_of_each_audience(table):
    names = [("x", 0), ("x", 1), ("y", 1), ("y", 2), ("y", 3)]
    spoken = table("audience_messages", [{"audience": a, "message": m} for a, m in names])
    members = table("audience_people", [{"audience": a, "actor": ANN} for a in "xy"])
    parts = table("audience_parts", [{"audience": a, "message": m, "actor": ANN} for a, m in names if m < 2])
    found = audiences.describe_members(spoken, members, parts).to_pyarrow().to_pylist()
    assert {row["audience"]: row["share"] for row in found} == {"x": 1, "y": pytest.approx(1 / 3)}
