"""Forums: anybody begins threads with many, on a list or by names; who broadcasts there is left out."""

from __future__ import annotations

from collections import defaultdict

import pytest

from analyser.analysis.audiences import forums

LIST = 90
WHO = [{"actor": n, "principal": f"p{n}@contoso.example", "department": f"D{n % 4}"} for n in range(40)]
PRINCIPALS = [*WHO, {"actor": LIST, "principal": "site@contoso.example", "kind": "list"}]
MANY = {"people": 30, "to": (LIST,), "recipient_set": "all"}
LIMITS = forums.ForumsThresholds()


@pytest.fixture
def begun(posted, table):
    def begun(*rows):
        mail, parts = posted("mail", [{"message": n, **row} for n, row in enumerate(rows)])
        found = forums.begun(mail, parts, table("principals", PRINCIPALS), LIMITS).to_pyarrow().to_pylist()
        return {row["thread"]: row["list"] for row in found}

    return begun


def test_threads_with_many_are_by_list_or_by_names(begun):
    assert begun(MANY, MANY | {"to": (1, 2, 3)}) == {0: "site@contoso.example", 1: None}


@pytest.mark.parametrize(
    "change",
    [
        {"automatic": True}, {"external": True}, {"sensitive": True}, {"sender_inside": False}, {"people": 24},
        {"thread": 7},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_begins_no_thread_with_many_inside(begun, change):
    assert begun(MANY | change) == {}


@pytest.mark.parametrize(("people", "listed", "found"), [(10, True, 1), (9, True, 0), (24, False, 0), (25, False, 1)])
def test_a_list_may_be_smaller_than_a_set_of_names(begun, people, listed, found):
    assert len(begun(MANY | {"people": people, "to_list": listed})) == found


def test_sets_of_names_that_differ_by_a_few_are_one(table):
    sets = {"a": range(30), "b": range(2, 32), "c": range(3, 36), "far": range(20, 50), "other": range(60, 90)}
    rows = [{"recipient_set": name, "actor": actor} for name, who in sets.items() for actor in who]
    members = table("set_members", rows)
    found = {row["recipient_set"]: row["forum"] for row in forums.same_names(members, LIMITS).to_pylist()}
    assert found == {"a": "a", "b": "a", "c": "a", "far": "far", "other": "other"}


def test_no_names_are_no_forums(table):
    assert forums.same_names(table("set_members", []), LIMITS).num_rows == 0


# threads and measures


@pytest.fixture
def told(table, engine):
    """Threads by audience, and its measures; a thread is (sender, messages, hours)."""

    def told(*threads, **limits):
        limits = LIMITS.model_copy(update=limits)
        rows = [{"thread": n, "sender": sender, "forum": "f"} for n, (sender, _, _) in enumerate(threads)]
        summary = [
            {
                "thread": n, "messages": messages, "day": 0, "last": hours,
                "first_reply_hours": hours if messages > 1 else None,
            }
            for n, (_, messages, hours) in enumerate(threads)
        ]  # fmt: skip
        known = table("forum_threads", summary)
        known = known.mutate(last_sent=known.first_sent + known.last.as_interval("h"))
        found = forums.threads_of(table("forum_rows", rows), known, limits)
        by_audience = defaultdict(set)
        for row in found.to_pyarrow().to_pylist():
            by_audience[row["audience"]].add(row["thread"])
        measured = forums.measures(found, known, table("principals", PRINCIPALS)).to_pyarrow().to_pylist()
        return dict(by_audience), measured

    return told


def test_one_off_senders_make_a_forum(told):
    threads, (row,) = told(*[(n, 1 + n % 3, 4) for n in range(12)])
    assert threads == {"forum f": set(range(12))}
    assert row == {
        "audience": "forum f", "starters": 12.0, "each": 1.0, "busiest": pytest.approx(1 / 12), "places": 4.0,
        "length": 2.0, "burst_hours": 4.0,
    }  # fmt: skip


def test_a_few_threads_are_no_forum(told):
    assert told(*[(n, 2, 4) for n in range(7)]) == ({}, [])
    assert len(told(*[(n, 2, 4) for n in range(7)], min_threads=7)[0]) == 1


@pytest.mark.parametrize(("answered", "kept"), [(0, 10), (2, 20), (1, 10)])
def test_who_writes_often_and_is_hardly_answered_broadcasts(told, answered, kept):
    loud = [(30, 1 + (n < answered), 1) for n in range(10)]
    threads, _ = told(*[(n, 2, 4) for n in range(10)], *loud)
    assert len(threads["forum f"]) == kept


def test_who_writes_now_and_then_may_stay_unanswered(told):
    assert len(told(*[(n, 2, 4) for n in range(8)], *[(30, 1, 0)] * 4)[0]["forum f"]) == 12


def test_a_forum_that_nobody_answers_has_no_bursts(told):
    assert told(*[(n, 1, 0) for n in range(8)])[1][0]["burst_hours"] == 0.0
