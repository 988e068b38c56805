"""Rhythm is found where it is planted, and not in people who merely write on Monday mornings."""

from __future__ import annotations

import numpy as np
import pytest

from analyser.analysis import cadence

WEEK = 168
START = 2900 * WEEK  # an arbitrary Monday


def working_profile(peak=None):
    slots = np.arange(WEEK)
    profile = ((slots // 24 < 5) & (slots % 24 >= 8) & (slots % 24 < 17)).astype(float)
    if peak is not None:
        profile[peak] += 200
    return profile / profile.sum()


def judge(when, profile=None):
    when = np.sort(np.asarray(when, float))
    occasions = cadence.Occasions(
        ["a"], np.array([0, len(when)]), when, (working_profile() if profile is None else profile)[None, :]
    )
    return cadence.cadence(occasions, cadence.CadenceThresholds()).to_pylist()[0]


def jitter(n, hours, seed=0):
    return np.random.default_rng(seed).uniform(-hours, hours, n)


@pytest.mark.parametrize(
    ("period", "weeks"), [("week", range(30)), ("fortnight", range(0, 40, 2)), ("four_weeks", range(0, 40, 4))]
)
def test_weekly_and_its_multiples(period, weeks):
    when = [START + w * WEEK + 9 for w in weeks] + jitter(len(weeks), 1)
    found = judge(when)
    assert found["period"] == period
    assert found["weekday"] == 0
    assert found["slot_coverage"] == 1.0


def test_missed_weeks_are_borne():
    when = [START + w * WEEK + 33 for w in range(30) if w % 6] + jitter(25, 1)
    found = judge(when)
    assert found["period"] == "week"
    assert found["weekday"] == 1
    assert 0.6 <= found["slot_coverage"] < 1


def test_a_hole_does_not_hide_the_rhythm_after_it():
    """A report of two years whose middle is lost: neither half is long, but the second is weekly without doubt."""
    weeks = [0, 1, 3, *range(40, 64)]
    found = judge([START + w * WEEK + 106 for w in weeks] + jitter(len(weeks), 2))
    assert found["period"] == "week"
    assert found["cycles"] == 24
    assert found["weekday"] == 4


def test_scattered_remains_around_a_hole_are_no_rhythm():
    random = np.random.default_rng(5)
    weeks = [0, 1, 3, *sorted(random.choice(np.arange(40, 90), 15, replace=False))]
    assert judge([START + w * WEEK for w in weeks] + random.uniform(8, 110, len(weeks)))["period"] is None


def test_calendar_month():
    first = np.datetime64("1970-01-05T00", "h")
    when = [(np.datetime64(f"2025-{m:02}-03T10", "h") - first).astype(int) for m in range(1, 13)]
    assert judge(np.array(when, float))["period"] == "month"


def test_a_monday_person_is_not_weekly():
    """All mail of this sender lies on Monday at nine; forty mails at random weeks are then no rhythm."""
    random = np.random.default_rng(3)
    when = START + random.integers(0, 60, 30) * WEEK + 9 + random.uniform(0, 1, 30)
    assert judge(when, working_profile(peak=9))["period"] is None


def test_random_working_hours_have_no_rhythm():
    """The test errs as seldom as its level says: of a hundred histories, hardly one."""
    alarms = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        when = START + random.integers(0, 30, 30) * WEEK + random.choice(WEEK, 30, p=working_profile())
        alarms += judge(when)["period"] is not None
    assert alarms <= 3


def test_too_few_cycles_say_nothing():
    assert judge([START + w * WEEK + 9 for w in range(4)])["period"] is None


def test_burstiness_of_clockwork_is_minus_one_and_of_bursts_positive():
    assert judge([START + w * WEEK for w in range(20)])["burstiness"] == pytest.approx(-1)
    burst = np.concatenate([START + np.arange(20) / 60, START + 3000 + np.arange(20) / 60])
    assert judge(burst)["burstiness"] > 0.3


def test_correction_keeps_the_order_and_never_lowers():
    p = np.array([0.01, 0.04, 0.03, 0.5])
    adjusted = cadence._benjamini_hochberg(p)
    assert (adjusted >= p).all()
    assert adjusted.tolist() == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
