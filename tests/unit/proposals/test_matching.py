"""Kinds by hand: the published prior, and what size, answers and departments take from it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.proposals.catalogue import catalogue
from analyser.proposals.matching import rank_kinds


@pytest.fixture(scope="session")
def rank(make):
    def rank(pattern, *, people=8, reply_share=0.5, departments=("Sales",)):
        members = [make.member(str(n), departments[n % len(departments)]) for n in range(people)]
        return rank_kinds(pattern, make.audience(members=members, reply_share=reply_share))

    return rank


def scores(found):
    return {s.kind: s.score for s in found}


def test_priors_are_means_of_the_requirements(rank):
    assert scores(rank("working_group")) == {"channel": 1, "private_channel": 1, "team": 0.75, "shared_channel": 0.5}
    # (3 + 2) / 8 of work_closely and tasks; a page is for fifty readers
    assert scores(rank("status_report", reply_share=0.3))["list"] == 0.625
    assert scores(rank("confidential")) == {"norm": 0}


def test_equal_scores_keep_the_order_of_the_catalogue(rank):
    assert [s.kind for s in rank("working_group")][:2] == ["channel", "private_channel"]


@pytest.mark.parametrize(("people", "loss"), [(3, 0), (50, 0), (2, 0.75), (51, 0.27), (60, 0.45), (100, 1), (500, 1)])
def test_a_channel_loses_by_the_factor_that_it_is_too_small_or_too_large_for(people, loss, rank):
    assert scores(rank("working_group", people=people))["channel"] == pytest.approx(1 - loss, abs=0.0011)


@pytest.mark.parametrize(("answered", "loss"), [(0.2, 0), (1.0, 0), (0.15, 0.3), (0.0, 0.45)])
def test_a_channel_loses_where_nobody_answers(answered, loss, rank):
    assert scores(rank("working_group", reply_share=answered))["channel"] == pytest.approx(1 - loss)


@pytest.mark.parametrize(("answered", "loss"), [(0.4, 0), (0.5, 0.35), (1.0, 0.85)])
def test_a_list_loses_where_people_talk(answered, loss, rank):
    found = scores(rank("status_report", reply_share=answered))
    assert found["list"] == pytest.approx(0.625 - loss, abs=0.0011)


@pytest.mark.parametrize(
    ("people", "departments", "shared", "private"),
    [
        (15, ("Sales",), 0.5, 1.0),
        (16, ("Sales",), 0.5, 1 - (0.25 + 16 / 15 - 1)),
        (15, ("Sales", "IT"), 0.5, 0.75),
        (16, ("Sales", "IT"), 1.0, 0.75 - (0.25 + 16 / 15 - 1)),
    ],
)
def test_a_shared_channel_is_for_many_of_several_departments(people, departments, shared, private, rank):
    found = scores(rank("working_group", people=people, departments=departments))
    assert found["shared_channel"] == shared
    assert found["private_channel"] == pytest.approx(private, abs=0.001)


@pytest.mark.parametrize(
    ("pattern", "figures", "kind"),
    [
        ("status_report", {"people": 9, "reply_share": 0.3}, "channel"),
        ("status_report", {"people": 9, "reply_share": 0.0}, "channel"),
        ("status_report", {"people": 75, "reply_share": 0.0}, "page"),
        ("broadcast", {"people": 200, "reply_share": 0.01}, "announcement"),
        ("broadcast", {"people": 200, "reply_share": 0.9}, "community"),
        ("department_questions", {"people": 40, "reply_share": 0.9}, "qa_community"),
        ("working_group", {"people": 8}, "channel"),
        ("working_group", {"people": 20, "departments": ("IT", "HR")}, "channel"),
        ("document_rounds", {"people": 5}, "library"),
        ("project_burst", {"people": 12, "departments": ("IT", "HR")}, "project_team"),
        ("alerts", {"people": 8, "reply_share": 0.06}, "alerts_channel"),
        ("alerts", {"people": 120, "reply_share": 0.06}, "ticket_queue"),
        ("regional_notice", {"people": 40, "reply_share": 0.05}, "announcement"),
        ("social", {"people": 80, "reply_share": 0.6}, "community"),
        ("onboarding", {"people": 50, "reply_share": 0.3}, "library"),
        ("onboarding", {"people": 90, "reply_share": 0.3}, "knowledge_page"),
        ("approval_chain", {"people": 8, "reply_share": 1.0}, "approvals"),
        ("external", {"people": 6}, "shared_channel"),
        ("recurring_group", {"people": 6}, "channel"),
        ("recurring_group", {"people": 300}, "community"),
    ],
)
def test_the_kind_that_suits_best(pattern, figures, kind, rank):
    assert rank(pattern, **figures)[0].kind == kind


def test_reasons_say_what_moved_the_score(rank):
    best = rank("working_group", people=60, reply_share=0.1, departments=("IT", "HR"))
    told = {s.kind: " | ".join(s.reasons) for s in best}
    assert "prior 1.00: good for a team that talks most days" in told["channel"]
    assert "60 people are many for it (3 to 50)" in told["channel"]
    assert "10% of the threads are answered; it suits 20% to 100%" in told["channel"]
    assert "people of several departments share no team" in told["private_channel"]
    calm = {s.kind: s.reasons for s in rank("working_group")}
    assert len(calm["channel"]) == 1
    assert "people of one department need no shared one" in calm["shared_channel"]
    assert "2 people are few for it (3 to 15)" in rank("working_group", people=2)[1].reasons


@settings(max_examples=60, deadline=None)
@given(
    pattern=st.sampled_from(sorted(catalogue().patterns)),
    people=st.integers(1, 400),
    answered=st.floats(0, 1),
    departments=st.sampled_from([("IT",), ("IT", "HR"), (None,)]),
)
def test_every_allowed_kind_is_scored_once_best_first(rank, pattern, people, answered, departments):
    found = rank(pattern, people=people, reply_share=answered, departments=departments)
    assert sorted(s.kind for s in found) == sorted(catalogue().patterns[pattern].kinds)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert all(-2.5 <= s.score <= 1.25 for s in found)
    assert all(s.reasons for s in found)
