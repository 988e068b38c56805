"""Savings by hand: the formula, the range, and what it does not depend on."""

from __future__ import annotations

import pytest

from analyser.config import Savings
from analyser.proposals.savings import savings


@pytest.fixture
def save(make):
    def save(pace=(52, 520, 26), *, assumptions=None, **changes):
        pace = dict(zip(("pace_messages", "pace_deliveries", "pace_weeks"), pace, strict=True))
        return savings(make.audience(**pace, **changes), Savings(**(assumptions or {})))

    return save


def test_by_hand(save):
    # 260 min of writing and 1,300 min of reading are 26 h in 26 weeks: 1 h a week, of which 40% to 80% move
    assert save() == {
        "deliveries_per_week": 20.0,
        "hours_per_week": 0.6,
        "hours_low": 0.4,
        "hours_high": 0.8,
        "formula": "(52 messages × 5 min + 520 deliveries × 2.5 min) ÷ 60 ÷ 26 weeks × 40% to 80% that move",
    }


@pytest.mark.parametrize(
    ("assumptions", "low", "high"),
    [
        ({"minutes_per_sent": 35.0}, 0.8, 1.6),  # + 26 h
        ({"minutes_per_read": 5.5}, 0.8, 1.6),
        ({"share_moved": (0.1, 1.0)}, 0.1, 1.0),
        ({"minutes_per_sent": 0, "minutes_per_read": 0}, 0, 0),
    ],
)
def test_assumptions_are_settings_and_stand_in_the_formula(assumptions, low, high, save):
    found = save(assumptions=assumptions)
    assert (found["hours_low"], found["hours_high"]) == (low, high)
    assert found["hours_per_week"] == pytest.approx((low + high) / 2, abs=0.051)
    assert found["formula"] != save()["formula"]


@pytest.mark.parametrize(
    ("pace", "hours", "deliveries"),
    [((104, 1040, 26), 1.6, 40.0), ((52, 520, 13), 1.6, 40.0), ((0, 0, 26), 0, 0), ((52, 520, 0), 20.8, 520.0)],
)
def test_hours_follow_the_pace(pace, hours, deliveries, save):
    found = save(pace)
    assert (found["hours_high"], found["deliveries_per_week"]) == (hours, deliveries)


def test_a_long_history_does_not_thin_out_the_pace(save):
    assert save(messages=9000, deliveries=90_000, weeks=250, weeks_span=300) == save()


def test_money_is_shown_where_an_hour_has_a_price(save):
    assert "cost_per_week_low" not in save()
    found = save(assumptions={"hourly_rate": 50.0, "currency": "CHF"})
    assert (found["cost_per_week_low"], found["cost_per_week_high"], found["currency"]) == (20.0, 40.0, "CHF")
    assert save(assumptions={"hourly_rate": 0})["cost_per_week_high"] == 0
