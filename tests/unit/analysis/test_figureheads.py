"""Figureheads are taken out of history: held equal to the same counts in plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyser.analysis.audiences import figureheads
from analyser.analysis.audiences.figureheads import MEASURES


def measured(table, rows, people, other=()):
    """Measures by audience: `rows` are messages of audiences, `other` further mail of the same senders."""
    numbered = [{"audience": "a", "message": n, **row} for n, row in enumerate(rows)]
    mail = [{key: value for key, value in row.items() if key != "audience"} for row in numbered]
    mail += [{"message": len(rows) + n, **row} for n, row in enumerate(other)]
    members = [{"audience": name, "actor": actor} for name, actors in people.items() for actor in actors]
    spoken = table("spoken", numbered)
    senders = figureheads.ranked(spoken)
    answered = figureheads.answered_threads(spoken, senders)
    found = figureheads.figureheads(spoken, senders, answered, table("audience_people", members), table("mail", mail))
    by_audience = defaultdict(dict)
    for row in found.to_pyarrow().to_pylist():
        assert row["measure"] not in by_audience[row["audience"]]
        by_audience[row["audience"]][row["measure"]] = row["value"]
    return by_audience


@pytest.fixture
def measure(table):
    """Measures of one audience of `people` members; messages as (thread, sender) or (thread, sender, day)."""

    def measure(*rows, people=5, other=()):
        named = [dict(zip(("thread", "sender", "day"), row, strict=False)) for row in rows]
        written = [{"sender": sender, "day": day} for sender, day in other]
        return measured(table, named, {"a": range(people)}, written)["a"]

    return measure


# threads that live on


def test_nothing_lives_on_without_the_one_who_opens_everything(measure):
    found = measure(*((n, 0) for n in range(6)), *((n, sender) for n in range(6) for sender in (1, 2)))
    assert (found["answered_without_one"], found["answered_without_two"]) == (0, 0)


def test_of_equal_voices_each_begins_a_share(measure):
    rows = [(opener, opener) for opener in range(4)] + [(t, s) for t in range(4) for s in range(4) if s != t]
    found = measure(*rows, people=4)
    assert (found["answered_without_one"], found["answered_without_two"]) == (0.75, 0.5)
    assert found["key_player_index"] == 0.5


def test_where_nobody_answers_nothing_is_said_of_answers(measure):
    found = measure((0, 0), (1, 1), (2, 2), (3, 0), (3, 0))
    assert not {"answered_without_one", "answered_without_two"} & found.keys()
    assert found["key_player_index"] == pytest.approx(1 / 5)


def test_who_answers_only_the_figurehead_has_no_conversation_without_them(measure):
    # 1 begins and 0 answers: of the one who is left nobody was answered
    found = measure((0, 1), (0, 0), (1, 0), (1, 2), (2, 0), (3, 0), (4, 1), (4, 2))
    assert found["answered_without_one"] == pytest.approx(1 / 3)


def test_an_answer_to_oneself_is_no_answer(measure):
    found = measure((0, 1), (0, 1), (0, 0), (1, 0), (1, 2), (2, 0), (3, 0))
    assert found["answered_without_one"] == 0


def test_who_wrote_the_first_message_began_the_thread_whatever_the_order_of_rows(table):
    rows = [(7, 0, 1), (5, 0, 2), (6, 0, 0), (8, 1, 0), (9, 2, 0)]
    for order in (rows, rows[::-1]):
        named = [{"message": m, "thread": t, "sender": s} for m, t, s in order]
        assert measured(table, named, {"a": range(3)})["a"]["answered_without_one"] == 1


def test_equals_fall_by_number(measure):
    """Of two who wrote as much, the first by number is taken out: every run takes the same one."""
    rows = ((0, 1), (0, 2), (1, 1), (1, 2))
    assert measure(*rows)["answered_without_one"] == 0
    swapped = tuple((thread, 3 - sender) for thread, sender in rows)
    assert measure(*swapped)["answered_without_one"] == 0
    assert measure((0, 2), (0, 3), (1, 1))["answered_without_one"] == 1  # all wrote one: 1 goes


# key players


@pytest.mark.parametrize(
    ("sent", "people", "index"),
    [
        ((5, 5), 4, 1 / 4),  # one wrote exactly half
        ((5, 4, 2), 4, 2 / 4),  # one wrote less than half
        ((1,) * 6, 6, 3 / 6),
        ((9, 1), 10, 1 / 10),
        ((1, 1, 1), 1, 1.0),  # more writers than members: never above one
    ],
)
def test_key_players_wrote_half(sent, people, index, measure):
    rows = [(0, sender) for sender, mails in enumerate(sent) for _ in range(mails)]
    assert measure(*rows, people=people)["key_player_index"] == pytest.approx(index)


# weeks away


def test_a_week_away_with_mail_and_one_without(measure):
    rows = ((0, 0, 0), (1, 0, 1), (2, 1, 7), (3, 0, 21), (4, 0, 22))  # weeks 0, 1 and 3: the busiest in 0 and 3
    found = measure(*rows)
    assert (found["weeks_away"], found["alive_when_away"]) == (2, 0.5)
    assert measure(*rows, other=((0, 13),))["weeks_away"] == 1  # wrote elsewhere in week 1: was there
    assert measure(*rows, other=((0, 13),))["alive_when_away"] == 0
    assert measure(*rows, other=((0, 14),))["alive_when_away"] == 1  # in week 2
    assert measure(*rows, other=((1, 14),)) == found  # mail of others tells nothing


def test_who_is_never_away_leaves_no_share(measure):
    found = measure((0, 0, 0), (1, 0, 7), (2, 1, 8))
    assert found["weeks_away"] == 0
    assert "alive_when_away" not in found


def test_only_weeks_of_the_audiences_life_count(measure):
    found = measure((0, 0, 70), (1, 0, 76), (2, 1, 77), other=((0, 0), (0, 200)))
    assert (found["weeks_away"], found["alive_when_away"]) == (1, 1)


def test_a_week_is_monday_to_sunday(measure):
    assert measure((0, 0, 6), (1, 0, 6), (2, 1, 7))["weeks_away"] == 1
    assert measure((0, 0, 7), (1, 0, 7), (2, 1, 13))["weeks_away"] == 0


# all of it, against plain Python


def reference(rows, other, people):
    """Measures of one audience; rows are (thread, sender, day) in order of time."""
    sent = Counter(sender for _, sender, _ in rows)
    ranked = sorted(sent, key=lambda s: (-sent[s], s))
    threads = defaultdict(list)
    for thread, sender, _ in rows:
        threads[thread].append(sender)
    answered = [senders for senders in threads.values() if len(set(senders)) > 1]
    found = {}
    for name, gone in (("answered_without_one", ranked[:1]), ("answered_without_two", ranked[:2])):
        lives = [senders[0] not in gone and len(set(senders) - set(gone)) > 1 for senders in answered]
        if lives:
            found[name] = sum(lives) / len(lives)
    half, players = 0, 0
    while half < len(rows) / 2:
        half += sent[ranked[players]]
        players += 1
    found["key_player_index"] = min(1.0, players / people)
    alive = {day // 7 for *_, day in rows}
    there = {day // 7 for _, sender, day in rows if sender == ranked[0]}
    there |= {day // 7 for sender, day in other if sender == ranked[0]}
    away = set(range(min(alive), max(alive) + 1)) - there
    found["weeks_away"] = len(away)
    if away:
        found["alive_when_away"] = len(alive & away) / len(away)
    return found


HISTORY = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=16)
OTHER = st.lists(st.tuples(st.integers(0, 3), st.integers(-10, 50)), max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(HISTORY, min_size=1, max_size=3), other=OTHER, people=st.integers(1, 6))
def test_every_measure_equals_the_plain_count(histories, other, people, table):
    """Audiences side by side, each with senders of its own."""
    rows, expected = [], {}
    elsewhere = [{"sender": sender, "day": day} for sender, day in other]
    for number, history in enumerate(histories):
        shift = (
            10 * number
        )  # the first audience's senders write elsewhere too; those of others have numbers of their own
        ordered = sorted(history, key=lambda row: row[2])
        rows += [{"audience": str(number), "thread": t + shift, "sender": s + shift, "day": d} for t, s, d in ordered]
        expected[str(number)] = reference(ordered, [] if number else other, people)
    found = measured(table, rows, {name: range(people) for name in expected}, elsewhere)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values)
        assert found[name].keys() <= set(MEASURES)


def test_all_measures_are_named_and_floats(table):
    rows = [{"thread": 0, "sender": s, "day": d} for s, d in ((0, 0), (0, 1), (1, 8))]
    assert measured(table, rows, {"a": range(2)})["a"].keys() == set(MEASURES)
    found = measured(table, rows, {"a": range(2)})["a"]
    assert all(isinstance(value, float) for value in found.values())
