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
    found = save(pace_answers=12)
    assert found.pop("generated") == {
        # 200 and 60 minutes of writing, 1,300 of opening, in 26 weeks
        "beginning_hours_per_week": 0.13,
        "answering_hours_per_week": 0.04,
        "opening_hours_per_week": 0.83,
        "words": (
            "Today it takes 1.0 hours a week, charged to the pattern and to no reader: 50 minutes to open 520"
            " deliveries, 2 minutes for 12 answers, 8 minutes to begin 40 threads."
        ),
    }
    assert found.pop("assumptions") == [
        "Writing a message takes 5 minutes, opening one 2.5 (MyAnalytics: 5 and 2.5).",
        "Every delivery is opened: metadata has no event for it. Less where the next mail follows sooner.",
        "40% to 80% of this mail moves to the space.",
        "Counted over the last 26 weeks of its life, each internal recipient once a message.",
    ]
    assert found == {
        "deliveries_per_week": 20.0,
        "deliveries_low": 8.0,
        "deliveries_high": 16.0,
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


def test_a_program_writes_without_anybodys_time(save):
    found = save(automatic=0.75)
    # 13 messages by people: 65 min of writing and 1,300 of reading
    assert found["formula"].startswith("(13 messages × 5 min + 520 deliveries × 2.5 min)")
    assert found["hours_high"] == round(1365 / 60 / 26 * 0.8, 1)
    assert found["assumptions"][-1] == "39 messages are by programs: they cost nobody time to write."
    assert save(automatic=1.0)["generated"]["beginning_hours_per_week"] == 0


def test_what_a_pattern_takes_is_what_moves_and_what_stays(save):
    found = save(pace=(1040, 5200, 26), pace_answers=700)
    spent = sum(hours for name, hours in found["generated"].items() if name != "words")
    assert spent == pytest.approx(found["hours_high"] / 0.8, abs=0.07)
    assert found["generated"]["answering_hours_per_week"] == round(700 * 5 / 60 / 26, 2)


def test_answers_are_no_more_than_messages(save):
    assert save(pace_answers=99)["generated"]["beginning_hours_per_week"] == 0
