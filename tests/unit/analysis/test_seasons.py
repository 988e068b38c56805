"""A project returns by season if every gap between its beginnings fits, and no shorter season does."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.audiences.seasons import SeasonsThresholds, seasons
from analyser.analysis.audiences.table import stretches

QUARTER, HALF, YEAR = 365.25 / 28, 365.25 / 14, 365.25 / 7


def plain(first, tolerance=2.0):
    """The same by hand."""
    gaps = [b - a for a, b in itertools.pairwise(first)]
    for months, season in ((3, QUARTER), (6, HALF), (12, YEAR)):
        near = all(abs(gap - season * max(1, round(gap / season))) <= tolerance for gap in gaps)
        if gaps and near and abs(min(gaps) - season) <= tolerance:
            return months
    return None


@pytest.fixture(scope="module")
def months(engine):
    """Season of one audience's beginnings, in weeks."""

    def months(first, **limits):
        rows = engine.memory(
            pa.table({"audience": pa.array(["a"] * len(first), pa.string()), "first": pa.array(first, pa.int64())})
        )
        found = seasons(rows, SeasonsThresholds(**limits)).to_pyarrow().to_pylist()
        return found[0]["months"] if found else None

    return months


@pytest.mark.parametrize(
    ("first", "season"),
    [
        ([0, 13], 3),
        ([0, 13, 26, 39], 3),
        ([0, 13, 39], 3),  # left out once
        ([0, 26], 6),
        ([0, 27, 52], 6),
        ([0, 52], 12),
        ([0, 51, 104], 12),
        ([0, 15], 3),
        ([0, 16], None),
        ([0, 11], None),
        ([0, 20], None),
        ([0, 13, 33], None),  # once by season, once not
        ([0, 40], None),
        ([7], None),
        ([], None),
    ],
)
def test_seasons(first, season, months):
    assert months(first) == season
    assert plain(first) == season


def test_the_tolerance_is_a_setting(months):
    assert months([0, 16], tolerance_weeks=3.0) == 3
    assert months([0, 13], tolerance_weeks=0.01) is None


@settings(max_examples=60, deadline=None)
@given(gaps=st.lists(st.integers(6, 110), max_size=4), start=st.integers(-50, 3000))
def test_it_agrees_with_a_plain_reading_wherever_it_begins(gaps, start, months):
    first = [start]
    for gap in gaps:
        first.append(first[-1] + gap)
    assert months(first) == plain(first)


def test_each_audience_has_its_own_season(engine):
    rows = {"audience": ["a", "b", "a", "b", "c"], "first": [0, 3, 13, 55, 9]}
    found = seasons(engine.memory(pa.table(rows)), SeasonsThresholds()).to_pyarrow().to_pylist()
    assert {row["audience"]: row["months"] for row in found} == {"a": 3, "b": 12}


def test_stretches_are_parted_by_silence_and_may_fit_a_season(engine, at):
    weeks = [0, 1, 2, 13, 14, 26]
    rows = engine.memory(
        pa.table({"audience": ["a"] * 6, "week": pa.array([at(7 * w) for w in weeks], pa.timestamp("us", "UTC"))})
    )
    found = stretches(rows)
    rows = found.order_by("first").to_pyarrow().to_pylist()
    assert [row["last"] - row["first"] for row in rows] == [2, 1, 0]
    assert seasons(found, SeasonsThresholds()).to_pyarrow()["months"].to_pylist() == [3]
