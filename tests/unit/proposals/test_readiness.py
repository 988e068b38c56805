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
NOBODY = "a second voice: without one person only {} of the answered threads were answered"
PAIR = "without two people {} of the answered threads were answered: name deputies first"
AWAY = "in {} weeks without its busiest writer it wrote in {} of them"
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


# figureheads taken out of history


def without(one=None, two=None, away=None, alive=None):
    names = ("answered_without_one", "answered_without_two", "weeks_away", "alive_when_away")
    return {name: value for name, value in zip(names, (one, two, away, alive), strict=True) if value is not None}


@pytest.mark.parametrize(
    ("one", "limits", "missing"),
    [
        (0.2, {}, ()),
        (0.19, {}, (NOBODY.format("19%"),)),
        (0.0, {}, (NOBODY.format("0%"),)),
        (None, {}, ()),  # no thread was answered: nothing to learn from
        (0.19, {"answered_without_one": 0.19}, ()),
        (0.5, {"answered_without_one": 0.6}, (NOBODY.format("50%"),)),
    ],
)
def test_without_one_history_must_still_show_answers(one, limits, missing, judge):
    found = judge((10, 10, 10), measures=without(one), limits=PortfolioThresholds(**limits))
    assert found.missing == missing
    assert found.ready == (not missing)


def test_a_second_voice_is_asked_for_once(judge):
    assert judge((61, 20, 19), measures=without(0.0)).missing == (SECOND_VOICE,)
    assert judge((60, 40), measures=without(0.0)).missing == (NOBODY.format("0%"), WRITERS)


@pytest.mark.parametrize(
    ("two", "limits", "risks"),
    [
        (0.1, {}, ()),
        (0.09, {}, (PAIR.format("9%"),)),
        (0.0, {}, (PAIR.format("0%"),)),
        (None, {}, ()),
        (0.09, {"answered_without_two": 0.09}, ()),
        (0.5, {"answered_without_two": 0.6}, (PAIR.format("50%"),)),
    ],
)
def test_without_two_few_answers_are_a_risk_and_no_obstacle(two, limits, risks, judge):
    found = judge((10, 10, 10), measures=without(two=two), limits=PortfolioThresholds(**limits))
    assert (found.missing, found.risks) == ((), risks)


def test_deputies_are_asked_for_once(judge):
    assert judge((41, 40, 19), measures=without(two=0.0)).risks == (DEPUTIES,)
    assert judge((40, 40, 20), measures=without(two=0.0)).risks == (PAIR.format("0%"),)


@pytest.mark.parametrize(
    ("away", "alive", "limits", "risks"),
    [
        (3.0, 0.29, {}, (AWAY.format(3, "29%"),)),
        (3.0, 0.3, {}, ()),
        (2.0, 0.0, {}, ()),  # two weeks tell nothing
        (2.0, 0.0, {"weeks_away": 2}, (AWAY.format(2, "0%"),)),
        (12.0, 0.29, {"alive_when_away": 0.25}, ()),
        (12.0, 0.0, {}, (AWAY.format(12, "0%"),)),
        (0.0, None, {}, ()),
        (None, None, {}, ()),
    ],
)
def test_weeks_of_silence_without_the_busiest_are_a_risk(away, alive, limits, risks, judge):
    found = judge((10, 10, 10), measures=without(away=away, alive=alive), limits=PortfolioThresholds(**limits))
    assert (found.missing, found.risks) == ((), risks)


def test_where_one_writes_and_others_read_history_without_them_is_no_measure(judge):
    dead = without(0.0, 0.0, 20.0, 0.0)
    found = judge((29, 1), measures=dead, conversation=False)
    assert (found.missing, found.risks) == ((), ())
    talk = judge((10, 10, 10), measures=dead)
    assert talk.missing == (NOBODY.format("0%"),)
    assert talk.risks == (PAIR.format("0%"), AWAY.format(20, "0%"))
