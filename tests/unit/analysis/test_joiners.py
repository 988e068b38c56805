"""Joiners are told by the directory or by the first message; explanations are what one sender repeats to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from analyser.analysis.audiences import joiners

HR, OLD = 0, 1
START = datetime(2025, 1, 6, tzinfo=UTC)
LIMITS = joiners.JoinersThresholds()
PEOPLE = range(40)


def name(actor):
    return {"actor": actor, "principal": f"{'anna' if actor == 5 else 'p'}.nr{actor}@contoso.example"}


def settled(actor, day):
    """Ordinary mail of somebody in the three weeks that follow; each has a subject of its own."""
    return [
        {"day": day + 7 * n, "sender": OLD, "stem": f"lunch {'xyz'[n] * (actor + 1)}", "to": (actor,), "people": 2}
        for n in range(3)
    ]


def welcome(actor, day, **row):
    return {"day": day, "sender": HR, "stem": "first days", "to": (actor,), "people": 2, **row}


@pytest.fixture
def told(posted, table):
    """Tables of these messages; `joined` holds days since the start by actor."""

    def told(*rows, joined=None, limits=LIMITS):
        mail, parts = posted("joiner_mail", [{"message": n, "is_reply": False, **row} for n, row in enumerate(rows)])
        days = {actor: date(2025, 1, 6) + timedelta(days=day) for actor, day in (joined or {}).items()}
        principals = table("principals", [{**name(a), "joined_on": days.get(a)} for a in PEOPLE])
        came = joiners.arrivals(mail, parts, principals, table("people", [name(a) for a in PEOPLE]), START, limits)
        return joiners.explanations(mail, parts, came, START, limits), principals

    return told


def new(rows, message):
    (found,) = [row["new"] for row in rows.to_pyarrow().to_pylist() if row["message"] == message]
    return found


@pytest.mark.parametrize(
    ("day", "joined", "expected"),
    [(50, 50, True), (50, 8, True), (50, 7, False), (50, 64, True), (50, 65, False), (1, 1, True)],
    ids=["first day", "six weeks", "longer", "two weeks before", "earlier", "also in the first weeks"],
)
def test_the_directory_tells_who_is_new(told, day, joined, expected):
    rows, _ = told(welcome(2, day), joined={2: joined})
    assert new(rows, 0) is expected


@pytest.mark.parametrize(
    ("first", "day", "expected"),
    [(60, 60, True), (60, 102, True), (60, 103, False), (42, 42, True), (41, 50, False), (10, 41, None)],
    ids=["at once", "six weeks", "later", "first day that tells", "there from the beginning", "everybody looks new"],
)
def test_else_the_first_message_tells(told, first, day, expected):
    rows, _ = told(welcome(2, day), *settled(2, first))
    assert new(rows, 0) is expected


def test_who_appears_once_is_a_stranger(told):
    assert new(told(welcome(2, 60), *settled(2, 60)[:2])[0], 0) is False
    assert new(told(welcome(2, 60), *settled(2, 60))[0], 0) is True


@pytest.mark.parametrize(
    "change",
    [
        {"is_reply": True}, {"automatic": True}, {"external": True}, {"sensitive": True}, {"sender_inside": False},
        {"people": 9}, {"stem": None},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_is_no_explanation(told, change):
    rows, _ = told(welcome(2, 60, **change))
    assert rows.to_pyarrow().num_rows == 0


def test_a_forwarded_explanation_counts_like_one_written_anew(told):
    assert new(told(welcome(2, 60, answers=True), joined={2: 60})[0], 0) is True


def test_a_welcome_by_name_is_one_text(told):
    each = [welcome(actor, 60, stem="welcome anna") for actor in (5, 6, 7)]
    texts = joiners.templates(*told(*each, joined=dict.fromkeys((5, 6, 7), 60)), LIMITS).order_by("message")
    assert texts.to_pyarrow()["template"].to_pylist() == ["welcome", "welcome anna", "welcome anna"]


def test_names_are_taken_out_only_where_enough_joiners_are_written_to(told):
    each = [welcome(actor, 60) for actor in (2, 3, 4)]
    assert joiners.templates(*told(*each, joined={2: 60, 3: 60, 4: -900}), LIMITS).to_pyarrow().num_rows == 0


def test_a_list_that_was_addressed_before_says_nothing_of_its_members_of_today(table):
    mail = table("joiner_mail", [{"message": 0, "day": 1}, {"message": 1, "day": 60}])
    parts = table("parts", [{"message": 0, "actor": 2, "role": "member"}, {"message": 1, "actor": 2, "role": "to"}])
    principals, people = table("principals", [name(2)]), table("people", [name(2)])
    (row,) = joiners.arrivals(mail, parts, principals, people, START, LIMITS).to_pyarrow().to_pylist()
    assert row["seen"] == START + timedelta(days=60)


# who re-sends what


@pytest.fixture
def found(told):
    def found(*rows, joined=None, **limits):
        limits = LIMITS.model_copy(update=limits)
        explained, principals = told(*rows, joined=joined, limits=limits)
        strands = joiners.strands(joiners.templates(explained, principals, limits), principals, limits)
        people = joiners.members(strands, explained).to_pyarrow().to_pylist()
        measured = joiners.measures(strands, explained).to_pyarrow().to_pylist()
        messages = sorted(strands.to_pyarrow()["message"].to_pylist())
        return messages, {row["actor"]: row["role"] for row in people}, measured

    return found


INTAKE = [welcome(actor, 10 * actor) for actor in range(2, 6)]
JOINED = {actor: 10 * actor for actor in range(2, 6)}


def test_the_same_text_to_each_joiner_is_onboarding(found):
    other = {"day": 70, "sender": OLD, "stem": "lunch", "to": (3, 7), "people": 3}
    messages, people, (row,) = found(*INTAKE, other, joined=JOINED | {7: -900})
    assert messages == [0, 1, 2, 3]
    assert people == {HR: "core", 2: "peripheral", 3: "peripheral", 4: "peripheral", 5: "peripheral"}
    assert row["audience"] == "joiners p.nr0@contoso.example"
    assert (row["joiners"], row["new_share"]) == (4.0, 1.0)
    # at large, of six recipients five are new: one at the table joined long before
    assert row["lift"] == pytest.approx(1.0 / (5 / 6))


@pytest.mark.parametrize(("count", "expected"), [(3, 3), (2, 0)])
def test_two_joiners_are_no_habit(found, count, expected):
    assert len(found(*INTAKE[:count], joined=JOINED)[0]) == expected


@pytest.mark.parametrize(("old", "expected"), [(4, 8), (5, 0)])
def test_half_of_those_who_get_it_must_be_new(found, old, expected):
    others = [welcome(actor, 60) for actor in range(10, 10 + old)]
    joined = JOINED | dict.fromkeys(range(10, 20), -900)
    assert len(found(*INTAKE, *others, joined=joined)[0]) == expected


def test_in_the_first_weeks_nobody_is_judged_but_the_same_text_belongs_to_it(found):
    rows = [message for actor in range(2, 6) for message in settled(actor, 60)]
    messages, people, (row,) = found(welcome(20, 3), *[welcome(actor, 60) for actor in range(2, 6)], *rows)
    assert messages == [0, 1, 2, 3, 4]
    assert 20 in people
    assert row["new_share"] == 1.0


def test_two_texts_of_one_sender_are_one_audience(found):
    second = [{**row, "stem": "who is who"} for row in INTAKE]
    messages, _, measured = found(*INTAKE, *second, joined=JOINED)
    assert len(messages) == 8
    assert [row["joiners"] for row in measured] == [4.0]


@pytest.mark.parametrize(("again", "expected"), [(2, 6), (3, 0)])
def test_what_the_same_people_get_again_is_work(found, again, expected):
    rows = [*INTAKE, *[{**row, "day": row["day"] + 1} for row in INTAKE[:again]]]
    assert len(found(*rows, joined=JOINED)[0]) == expected
