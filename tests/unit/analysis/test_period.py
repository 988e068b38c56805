"""Stragglers with a wrong clock do not decide what is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.analysis.period import PeriodThresholds, bounds

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
LIMITS = PeriodThresholds()


def at(*moments):
    return pa.chunked_array([pa.array(moments, pa.timestamp("us", tz="UTC"))])


def weekly(weeks, messages=30):
    return [MONDAY + timedelta(weeks=w, hours=n) for w in range(weeks) for n in range(messages)]


def test_without_messages_there_is_no_period():
    assert bounds(at(), LIMITS) is None


def test_a_full_history_is_its_own_period():
    mail = weekly(10)
    assert bounds(at(*mail), LIMITS) == (mail[0], mail[-1])


@pytest.mark.parametrize("years", [-5, 2, 18])
def test_a_few_messages_years_away_are_outside(years):
    mail, stray = weekly(10), MONDAY.replace(year=2025 + years)
    assert bounds(at(*mail, stray, stray), LIMITS) == (mail[0], mail[-1])


def test_a_quiet_last_week_is_inside_and_a_nearly_silent_one_is_not():
    mail = weekly(10)
    quiet = [MONDAY + timedelta(weeks=10, hours=n) for n in range(3)]
    assert bounds(at(*mail, *quiet), LIMITS)[1] == quiet[-1]
    assert bounds(at(*mail, quiet[0]), LIMITS)[1] == mail[-1]
    assert bounds(at(*mail, quiet[0]), PeriodThresholds(live_share=0.0))[1] == quiet[0]


def test_a_long_thin_tail_does_not_stretch_the_period():
    """Years of one message a week around half a year of work: the median over weeks would be one."""
    mail = weekly(26, messages=100)
    tail = [MONDAY + timedelta(weeks=30 + w) for w in range(200)]
    assert bounds(at(*mail, *tail), LIMITS)[1] == mail[-1]


@given(st.lists(st.integers(-10_000, 5_000), min_size=1, max_size=40))
def test_bounds_are_messages_in_order_whatever_the_order_of_rows(days):
    moments = [MONDAY + timedelta(days=day) for day in days]
    first, last = bounds(at(*moments), LIMITS)
    assert first in moments
    assert last in moments
    assert first <= last
    assert bounds(at(*sorted(moments)), LIMITS) == (first, last)
