"""A space that hangs on one or two people is not ready; a report needs a second owner, no chorus."""

from __future__ import annotations

import pytest

from analyser.proposals.portfolio import PortfolioThresholds
from analyser.proposals.readiness import readiness

LIMITS = PortfolioThresholds()
SECOND_VOICE = "a second voice: one person writes most of the mail"
WRITERS = "at least 3 people who write"
OWNER = "a second owner"
DEPUTIES = "two people write most of the mail: name deputies before the start"
HOLIDAY = "one person writes it: the second owner must learn how before the first holiday"
CROWD = "more than 50 people: expect a small core and many readers"


@pytest.fixture
def judge(make):
    def judge(sent, *, conversation=True, limits=LIMITS, people="abcdefgh", **changes):
        return readiness(make.audience(people=people, sent=sent, **changes), limits, conversation=conversation)

    return judge


@pytest.mark.parametrize(
    ("sent", "missing"),
    [
        ((10, 10, 10), ()),
        ((60, 20, 20), ()),  # a share of 0.6 is borne
        ((61, 20, 19), (SECOND_VOICE,)),
        ((50, 50), (WRITERS,)),  # two figureheads
        ((70, 30), (SECOND_VOICE, WRITERS)),
        ((10,), (SECOND_VOICE, WRITERS)),
        ((), (SECOND_VOICE, WRITERS)),
    ],
)
def test_a_conversation_does_not_hang_on_one_or_two(sent, missing, judge):
    found = judge(sent)
    assert found.missing == missing
    assert found.ready == (not missing)


@pytest.mark.parametrize(
    ("limits", "sent", "ready"),
    [
        ({"top_share": 0.7}, (70, 15, 15), True),
        ({"top_share": 0.4}, (45, 30, 25), False),
        ({"min_writers": 2}, (50, 50), True),
        ({"min_writers": 4}, (40, 30, 30), False),
    ],
)
def test_limits_of_figureheads_are_settings(limits, sent, ready, judge):
    found = judge(sent, limits=PortfolioThresholds(**limits))
    assert found.ready == ready
    if limits == {"min_writers": 4}:
        assert found.missing == ("at least 4 people who write",)


@pytest.mark.parametrize(
    ("sent", "limit", "risks"),
    [
        ((40, 40, 20), 0.8, ()),
        ((41, 40, 19), 0.8, (DEPUTIES,)),
        ((41, 40, 19), 0.82, ()),
        ((50, 50), 0.8, ()),  # that there are two alone is missing already
    ],
)
def test_two_who_write_most_are_a_risk(sent, limit, risks, judge):
    assert judge(sent, limits=PortfolioThresholds(top_two_share=limit)).risks == risks


@pytest.mark.parametrize(("sent", "risks"), [((30,), (HOLIDAY,)), ((), ()), ((29, 1), ())])
def test_a_report_needs_a_deputy_and_no_chorus(sent, risks, judge):
    found = judge(sent, conversation=False)
    assert (found.missing, found.risks) == ((), risks)


@pytest.mark.parametrize("conversation", [True, False])
def test_nothing_is_ready_without_a_second_owner(conversation, judge, make):
    alone = [make.member("a", sent=9), make.member("b", role="peripheral")]
    assert OWNER in judge((), members=alone, conversation=conversation).missing
    pair = [make.member("a", sent=9), make.member("b")]
    assert OWNER not in judge((), members=pair, conversation=conversation).missing


@pytest.mark.parametrize(("people", "conversation", "risk"), [(51, True, True), (50, True, False), (51, False, False)])
def test_a_large_conversation_will_have_many_readers(people, conversation, risk, judge):
    found = judge((1, 1, 1), conversation=conversation, people="".join(map(chr, range(97, 97 + people))))
    assert (CROWD in found.risks) == risk


def test_owners_are_those_who_write_most_then_are_on_most_of_the_mail(make, judge):
    members = [
        make.member("quiet", share=1.0),
        make.member("fringe", role="peripheral", share=1.0),
        make.member("much", sent=9, share=0.5),
        make.member("less", sent=2, share=0.5),
        make.member("also", sent=2, share=0.7),
    ]
    names = [p.partition("@")[0] for p in judge((), members=members, limits=PortfolioThresholds(owners=9)).owners]
    assert names == ["much", "also", "less", "quiet"]
    assert len(judge((), members=members).owners) == 3


def test_equals_are_ordered_by_name_whatever_the_order_of_members(make, judge):
    members = [make.member(name, sent=mails) for name, mails in (("c", 1), ("a", 1), ("z", 0), ("b", 0))]
    expected = tuple(map(make.address, "acb"))
    assert judge((), members=members).owners == judge((), members=members[::-1]).owners == expected
