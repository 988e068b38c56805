"""Rounds are threads in which several people pass a file, among themselves and in ordinary mail."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences.rounds import RoundsThresholds, people_of, rounds

ROUND = {"thread": 0, "with_attachments": 3, "attaching_senders": 2, "people": 3, "external": False}


@pytest.fixture
def found(table):
    def found(thread=None, mail=None, **limits):
        threads = table("threads", [ROUND | (thread or {})])
        rows = [{"message": n, "thread": 0, **(mail or {})} for n in range(3)]
        rows.append({"message": 3, "thread": 3})
        result = rounds(threads, table("mail", rows), RoundsThresholds(**limits))
        return sorted(result.to_pyarrow()["message"].to_pylist())

    return found


def test_a_round_is_all_messages_of_its_thread(found):
    assert found() == [0, 1, 2]


@pytest.mark.parametrize(
    ("thread", "limits"),
    [
        ({"with_attachments": 2}, {"attachments": 2}),
        ({"attaching_senders": 1}, {"senders": 1}),
        ({"people": 2}, {"min_people": 2}),
    ],
)
def test_less_is_no_round_unless_less_is_asked_for(found, thread, limits):
    assert found(thread) == []
    if limits != {"senders": 1}:
        assert found(thread, **limits) == [0, 1, 2]
    else:
        with pytest.raises(ValueError, match="greater than or equal to 2"):
            found(thread, **limits)


@pytest.mark.parametrize("thread", [{"external": True}])
def test_what_leaves_the_house_is_no_round(found, thread):
    assert found(thread) == []


@pytest.mark.parametrize("flag", ["automatic", "external", "sensitive"])
def test_only_ordinary_mail_counts(found, flag):
    assert found(mail={flag: True}) == []


@pytest.mark.parametrize(("most", "kept"), [(1, [4]), (2, [1, 4]), (3, [0, 1, 4]), (4, [0, 1, 4])])
def test_of_too_many_rounds_the_latest_are_compared(table, most, kept):
    threads = table("threads", [ROUND | {"thread": thread} for thread in (1, 0, 4)])
    mail = table("mail", [{"message": thread, "thread": thread} for thread in (0, 1, 4)])
    result = rounds(threads, mail, RoundsThresholds(max_threads=most)).to_pyarrow()
    assert sorted(result["thread"].to_pylist()) == kept


def test_people_of_a_round_are_on_any_of_its_messages_once(table):
    messages = table("mail", [{"message": 0, "thread": 0}, {"message": 1, "thread": 0}]).select("thread", "message")
    parts = table("parts", [{"message": m, "actor": a} for m, a in [(0, 1), (0, 2), (1, 1), (1, 3), (1, 9), (2, 4)]])
    people = table("people", [{"actor": actor} for actor in (1, 2, 3, 4)])
    rows = people_of(messages, parts, people).to_pyarrow().to_pylist()
    assert sorted((row["thread"], row["actor"]) for row in rows) == [(0, 1), (0, 2), (0, 3)]
