"""Locked knowledge in words: every figure in its place, and none about too few people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.analysis.knowledge import Knowledge
from analyser.findings import locked

TOPIC = Knowledge(
    knowledge=1, audience="desk Finance: vat", department="Finance", terms=("vat on foreign invoice", "card limit"),
    outside_askers=40, inside_askers=6, inside_asks=9, departments_asking=6,
    asker_departments=("Sales", "Legal", "IT", "HR", "Research", "Board"), department_askers=(12, 9, 8, 6, 3, 2),
    asks=60, messages=130, weeks=20, weeks_span=26, answered_share=0.8, first_answer_hours=5.2, private_share=0.9,
    effective_answerers=1.64, answerers=3, reasked_share=0.6, silent_weeks=3, silent_asks=7,
    answered_share_when_silent=0.43, answered_share_else=0.85, first_answer_hours_when_silent=75.0,
    first_answer_hours_else=0.5, mailbox_share=0.1, repeated_share=0.9, hours_per_week=1.24, space="knowledge_page",
    locked=True,
)  # fmt: skip


def told(least=5, **change):
    return locked.story(replace(TOPIC, **change), least)


def test_the_whole_story():
    assert told() == (
        "40 people of 6 other departments (Sales 12, Legal 9, IT 8, HR 6, …) ask Finance about"
        " “vat on foreign invoice, card limit”: 60 times in 26 weeks."
        " So do 6 of its own people, 9 times."
        " 80% are answered, by 3 people, who count as 1.6 if all were equally busy, after 5 hours at the median;"
        " 90% of the answers reach the asker alone."
        " 60% of the questions are somebody's first, about what had been answered before."
        " Of 7 that came while the one who answers most was away, 43% were answered instead of 85%, after 3 days"
        " instead of 30 minutes."
        " It takes 1.2 hours a week."
        " A knowledge page would open it: the same questions return, so that an answer is written once."
    )


def test_a_topic_about_too_few_askers_has_no_figures():
    text = told(outside_askers=4)
    assert text == (
        "Finance is asked about “vat on foreign invoice, card limit”; figures not shown: fewer than 5 people."
    )
    assert told(outside_askers=5).startswith("5 people")


@pytest.mark.parametrize(("least", "shown"), [(3, "(Sales 12, Legal 9, IT 8, HR 6, …)"), (9, "(Sales 12, Legal 9, …)")])
def test_departments_with_too_few_askers_are_counted_and_not_named(least, shown):
    assert f"6 other departments {shown} ask" in told(least)


def test_one_department_whose_askers_are_too_few_is_not_named():
    text = told(departments_asking=1, asker_departments=("Sales",), department_askers=(4,))
    assert "40 people of 1 other department ask Finance" in text


@pytest.mark.parametrize(
    ("inside", "words"),
    [(0, None), (4, "Its own people ask the same now and then."), (5, "So do 5 of its own people, 9 times.")],
)
def test_askers_of_the_department_itself(inside, words):
    text = told(inside_askers=inside)
    assert (words in text) if words else "own people" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answerers": 1, "effective_answerers": 1.0}, "80% are answered, by 1 person, after 5 hours"),
        ({"answerers": 0, "effective_answerers": None}, "80% are answered, in the name of a shared mailbox, after"),
        ({"first_answer_hours": None, "private_share": None}, "Nobody answers by mail."),
        ({"first_answer_hours": 0.99}, "after 59 minutes at"),
        ({"first_answer_hours": 1.0}, "after 1 hour at"),
        ({"first_answer_hours": 47.9}, "after 48 hours at"),
        ({"first_answer_hours": 48.0}, "after 2 days at"),
        ({"hours_per_week": 0.25}, "It takes 15 minutes a week."),
        ({"locked": False}, "By the thresholds it is not locked."),
        ({"space": "ticket_queue"}, "A ticket queue would open it"),
        ({"space": "qa_community"}, "A question-and-answer community would open it"),
    ],
)
def test_the_story_follows_the_figures(change, words):
    assert words in told(**change)


@pytest.mark.parametrize(
    "change",
    [{"silent_asks": 4}, {"silent_asks": 0}, {"silent_asks": None}, {"answered_share_when_silent": None}],
)
def test_silence_with_too_few_asks_is_not_told(change):
    assert "away" not in told(**change)


def test_silence_without_answers_has_no_delay():
    text = told(answered_share_when_silent=0.0, first_answer_hours_when_silent=None)
    assert "was away, 0% were answered instead of 85%. It" in text
    assert "was away, 43% were answered, after" not in told(answered_share_else=None, first_answer_hours_else=None)


def test_what_is_hidden():
    assert locked.hidden(TOPIC, 5) == set()
    assert locked.hidden(replace(TOPIC, inside_askers=4), 5) == {"inside_askers", "inside_asks"}
    silence = {name for name in Knowledge.__slots__ if "silent" in name or name.endswith("_else")}
    assert locked.hidden(replace(TOPIC, silent_asks=4), 5) == silence
    few = locked.hidden(replace(TOPIC, outside_askers=4), 5)
    assert silence < few
    left = {"inside_askers", "inside_asks", "departments_asking"}
    numbers = {name for name in Knowledge.__slots__ if isinstance(getattr(TOPIC, name), int | float)}
    assert numbers - few == left | {"knowledge", "locked"}


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((12, 9, 8), (12, 9, 8)),
        ((12, 9, 3, 2), (12, 9, None, None)),
        ((12, 9, 8, 4), (12, 9, None, None)),  # one alone is the total less the others
        ((12, 9, 2, 1), (12, None, None, None)),  # two who hold three people together
        ((9, 4), (None, None)),
        ((4,), (None,)),
    ],
)
def test_what_is_hidden_of_departments_cannot_be_reckoned_from_the_total(counts, shown):
    names = tuple("abcdef"[: len(counts)])
    topic = replace(TOPIC, outside_askers=sum(counts), asker_departments=names, department_askers=counts)
    assert tuple(locked.departments(topic, 5).values()) == shown


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.integers(2, 10))
def test_hidden_departments_hold_enough_people_or_are_all_of_them(counts, least):
    counts = tuple(sorted(counts, reverse=True))
    names = tuple(f"d{n}" for n in range(len(counts)))
    topic = replace(TOPIC, outside_askers=sum(counts), asker_departments=names, department_askers=counts)
    found = locked.departments(topic, least)
    hidden = [n for n, (name, shown) in zip(counts, found.items(), strict=True) if shown is None and name]
    assert all(shown >= least for shown in found.values() if shown is not None)
    assert len(hidden) in {0, len(counts)} or (len(hidden) > 1 and sum(hidden) >= least) or sum(counts) < least


def test_how_few():
    assert locked.few(TOPIC) == "1.6 in effect"
    assert locked.few(replace(TOPIC, effective_answerers=None)) == "a shared mailbox"
