"""What rules share: strength of signals, figures of an audience, identity of a finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from analyser.findings.contract import Finding, Rule, Signal, all_of, at_least, at_most
from analyser.findings.rules.working_group import WorkingGroupThresholds


@pytest.mark.parametrize(
    ("value", "strength"), [(10, 0.5), (12, 0.6), (20, 1.0), (50, 1.0), (9.999, None), (None, None)]
)
def test_at_least_is_half_at_the_threshold_and_full_at_twice(value, strength):
    signal = at_least("x", value, 10)
    assert (signal and signal.strength) == (strength and pytest.approx(strength))
    assert signal is None or (signal.name, signal.value, signal.threshold) == ("x", value, 10)


@pytest.mark.parametrize(("value", "strength"), [(10, 0.5), (8, 0.6), (0, 1.0), (10.001, None), (None, None)])
def test_at_most_is_half_at_the_threshold_and_full_at_zero(value, strength):
    signal = at_most("x", value, 10)
    assert (signal and signal.strength) == (strength and pytest.approx(strength))


def test_a_threshold_of_zero_divides_nothing():
    assert at_least("x", 0, 0).strength == 0.5
    assert at_most("x", 0, 0).strength == 0.5


def test_all_of_is_all_or_nothing():
    one, other = at_least("a", 2, 1), at_most("b", 1, 2)
    assert all_of(one, other) == (one, other)
    assert all_of(one, None, other) is None


def test_departments_come_by_number_of_members_then_by_name(make):
    members = [make.member(str(n), d) for n, d in enumerate(["Sales", "Legal", "IT", "Sales", None])]
    assert make.audience(members=members).departments == ("Sales", "IT", "Legal")


@pytest.mark.parametrize(
    ("messages", "sent", "writers"), [(20, (2, 2, 1), 2), (100, (3, 3, 2), 2), (100, (50, 2), 1), (10, (1, 1), 0)]
)
def test_a_writer_wrote_three_in_a_hundred_and_at_least_two(make, messages, sent, writers):
    assert make.audience(messages=messages, sent=sent).writers == writers


def test_top_two_share_and_active_share(make):
    found = make.audience(messages=20, sent=(3, 8, 1, 4), pace_active=6, pace_weeks=24)
    assert found.top_two_share == pytest.approx(12 / 20)
    assert found.active_share == pytest.approx(0.25)
    empty = make.audience(messages=0, sent=(), pace_active=0, pace_weeks=0)
    assert (empty.top_two_share, empty.active_share) == (0, 0)


def test_the_core_is_everybody_where_nobody_is_core(make):
    mixed = make.audience(sent=(1, 1), askers=2)
    assert [m.role for m in mixed.core] == ["core", "core"]
    fringe = make.audience(sent=(), askers=3)
    assert fringe.core == fringe.members


def test_a_period_is_counted_in_weeks(make):
    period = make.period(3)
    assert period.weeks == 3
    assert replace(period, last=period.last + timedelta(days=3.5)).weeks == 3.5


def finding(audience, rule="broadcast", members=("b", "a"), strengths=(0.5, 1.0)):
    return Finding(rule, audience, "t", tuple(Signal("s", 1, 1, s) for s in strengths), members)


def test_strength_is_the_mean_of_the_signals(make):
    assert finding(make.audience()).strength == 0.75
    assert finding(make.audience(), strengths=()).strength == 0


def test_identity_is_rule_subject_and_people_whatever_their_order(make):
    one = finding(make.audience(stem="menu"))
    assert one.finding == finding(make.audience(stem="menu", name="z", messages=9), members=("a", "b")).finding
    assert one.finding.startswith("broadcast-")
    others = [
        finding(make.audience(stem="menu"), rule="external"),
        finding(make.audience(stem="park")),
        finding(make.audience(stem="menu"), members=("a", "b", "c")),
        finding(make.audience(stem="menu"), members=("ab",)),
    ]
    assert len({f.finding for f in [one, *others]}) == 5


class Everything(Rule):
    id = "everything"
    title = "Everything"
    kinds = frozenset({"circle"})
    thresholds = WorkingGroupThresholds

    def signals(self, audience):
        return all_of(at_least("messages", audience.messages, 1))


def test_a_plain_rule_describes_by_stem_then_stems_then_not_at_all(make):
    rule = Everything(WorkingGroupThresholds(), make.period())
    assert rule.find(make.audience(stem="menu")).title == "Everything: menu"
    assert rule.find(make.audience(stems=("a", "b", "c"))).title == "Everything: a, b"
    assert rule.find(make.audience(stems=())).title == "Everything: various subjects"
