"""Decisions are long threads to all into which people are drawn."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences.decisions import DecisionsThresholds, decisions, seniors

SHAPE = {"thread": 0, "messages": 8, "people": 6, "external": False, "first_sent": 0.0, "last_sent": 3.0}
ALL = [1, 2, 3, 4, 5]
BOSS = 6


def exchange(people=ALL, *, boss_from=5, length=8, **changes):
    """A thread in which everyone answers everyone; the boss is on it from a message on."""
    rows = []
    for n in range(length):
        on = [*people, *([BOSS] if n >= boss_from else [])]
        sender = on[n % len(people)]
        rows.append(
            {"sender": sender, "to": [p for p in on if p != sender], "thread": 0, "answers": n > 0, "day": n / 2}
        )
    return [row | changes for row in rows]


@pytest.fixture
def found(posted, table, at):
    def found(rows=None, thread=None, links=(), **limits):
        shape = SHAPE | (thread or {})
        shape |= {name: at(shape[name]) for name in ("first_sent", "last_sent")}
        mail, parts = posted("mail", exchange() if rows is None else rows)
        result = decisions(
            table("threads", [shape]),
            mail,
            parts,
            table("parts", [{"message": n, "actor": 0} for n in links]).select("message"),
            table("people", [{"actor": BOSS}]).select("actor"),
            table("people", [{"actor": n} for n in range(1, 9)]),
            DecisionsThresholds(**limits),
        )
        return result.to_pyarrow().to_pylist()

    return found


def test_a_decision_and_what_is_measured_of_it(found):
    assert found() == [{"thread": 0, "reply_all": 1.0, "added": 1, "senior_late": 1}]


@pytest.mark.parametrize(
    ("edge", "beyond", "limits"),
    [
        ({"messages": 8}, {"messages": 7}, {"messages": 7}),
        ({"people": 5}, {"people": 4}, {"people": 4}),
        ({"people": 60}, {"people": 61}, {"max_people": 61}),
        ({"last_sent": 2.01}, {"last_sent": 2.0}, {"days": 1.9}),
        ({}, {"external": True}, None),
    ],
)
def test_the_shape_of_a_decision(edge, beyond, limits, found):
    assert found(thread=edge)
    assert not found(thread=beyond)
    if limits is not None:
        assert found(thread=beyond, **limits)


@pytest.mark.parametrize(("boss_from", "late"), [(2, 0), (3, 1), (7, 1)])
def test_late_is_when_a_third_is_over(boss_from, late, found):
    assert found(exchange(boss_from=boss_from))[0]["senior_late"] == late


def test_who_was_there_from_the_beginning_was_not_added(found):
    assert found(exchange(boss_from=0)) == []
    assert found(exchange(boss_from=0), added=0)[0]["senior_late"] == 0
    assert found(exchange(boss_from=8)) == []


def test_answers_to_one_are_no_answers_to_all(found):
    """Of seven answers as many go to all as the share says: four do not suffice, five do."""
    for alone, expected in ((3, False), (2, True)):
        rows = exchange()
        for n in range(1, 1 + alone):
            rows[n] = rows[n] | {"to": [rows[n - 1]["sender"]]}
        assert bool(found(rows)) == expected


def test_one_of_five_may_be_dropped_and_two_may_not(found):
    rows = exchange(boss_from=7)
    dropped = [row | {"to": row["to"][:-1]} if n % 2 and n < 7 else row for n, row in enumerate(rows)]
    assert found(dropped)[0]["reply_all"] == 1.0
    dropped = [row | {"to": row["to"][:-2]} if n % 2 and n < 7 else row for n, row in enumerate(rows)]
    assert found(dropped, reply_all=0.0)[0]["reply_all"] == pytest.approx(4 / 7, abs=1e-6)


def test_what_begins_anew_under_the_same_subject_is_no_answer(found):
    rows = [row | {"answers": n % 2 == 1} for n, row in enumerate(exchange())]
    assert found(rows) == []
    # headers may say what a subject does not
    assert found(rows, links=range(1, 8))[0]["reply_all"] == 1.0


@pytest.mark.parametrize("flag", ["external", "sensitive"])
def test_one_message_that_is_not_ordinary_closes_the_whole_thread(flag, found):
    rows = exchange(length=9)
    assert found(rows)
    assert not found([*rows[:8], rows[8] | {flag: True}])


def test_automatic_answers_do_not_make_a_thread_long(found):
    rows = exchange()
    assert not found([*rows[:7], rows[7] | {"automatic": True}])


def test_places_are_those_in_the_thread_not_in_its_mail(found, posted, table, at):
    """Two threads that alternate: each is numbered for itself."""
    first, second = exchange(), exchange(boss_from=8)
    rows = [
        row | {"thread": n % 2, "message": n} for n, pair in enumerate(zip(first, second, strict=True)) for row in pair
    ]
    rows = [row | {"message": n, "thread": n % 2} for n, row in enumerate(rows)]
    mail, parts = posted("mail", rows)
    shapes = [SHAPE | {"thread": n, "first_sent": at(0), "last_sent": at(3)} for n in (0, 1)]
    result = decisions(
        table("threads", shapes), mail, parts, table("parts", []).select("message"),
        table("people", [{"actor": BOSS}]).select("actor"), table("people", [{"actor": n} for n in range(1, 9)]),
        DecisionsThresholds(added=0),
    )  # fmt: skip
    rows = sorted(result.to_pyarrow().to_pylist(), key=lambda row: row["thread"])
    assert [(row["thread"], row["added"], row["senior_late"]) for row in rows] == [(0, 1, 1), (1, 0, 0)]


@pytest.mark.parametrize(
    ("title", "senior"),
    [
        ("Head of Sales", True), ("Managing Director", True), ("CFO", True), ("Abteilungsleiter", False),
        ("Leiter Einkauf", True), ("Headcount Analyst", False), ("Clerk", False), (None, False),
    ],
)  # fmt: skip
def test_a_title_may_say_who_is_senior(title, senior, table):
    rows = table("principals", [{"actor": 1, "principal": "ann@contoso.example", "title": title}])
    assert bool(seniors(rows, DecisionsThresholds()).to_pyarrow().num_rows) == senior
    assert seniors(rows, DecisionsThresholds(titles=())).to_pyarrow().num_rows == 0


def test_whoever_manages_others_is_senior_once(table):
    rows = [
        {"actor": 1, "principal": "ann@contoso.example", "title": "Head"},
        {"actor": 2, "principal": "bob@contoso.example", "manager": "ann@contoso.example"},
        {"actor": 3, "principal": "cid@contoso.example", "manager": "bob@contoso.example"},
    ]
    found = seniors(table("principals", rows), DecisionsThresholds()).to_pyarrow()["actor"].to_pylist()
    assert sorted(found) == [1, 2]
