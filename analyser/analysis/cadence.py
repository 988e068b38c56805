"""Rhythm: does an audience write by the week, the month, the quarter, more than its senders' habits explain?

People write on Monday mornings anyway, so a raw weekly periodogram finds "weekly" in everything
(`reference/metrics.md` section 6 [ANT]). Each audience is therefore compared with times redrawn from its own senders'
time-of-week profile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CadenceThresholds", "Occasions", "cadence"]

_WEEK_HOURS = 168


class CadenceThresholds(Thresholds):
    """When a rhythm is one."""

    min_cycles: int = threshold(
        5, "Periods between the first and the last message", source="metrics.md section 6", ge=2
    )
    slot_coverage: float = threshold(
        0.6, "Share of expected slots with a message", source="metrics.md section 6", gt=0, le=1
    )
    rayleigh: float = threshold(0.5, "Length of the mean phase vector", gt=0, le=1)
    alpha: float = threshold(0.01, "Level of the test after Benjamini and Hochberg's correction", gt=0, lt=1)
    draws: int = threshold(999, "Redrawn histories per test", ge=19)
    silence_weeks: float = threshold(
        8.0, "Silence that parts two stretches; the longest is tested besides the whole", gt=0
    )
    per_slot: float = threshold(1.5, "Occasions per slot at the most: more is a conversation, no rhythm", gt=0)
    seed: int = threshold(0, "Seed of the draws")


@dataclass(frozen=True, slots=True)
class Occasions:
    """When each audience wrote, and how its senders' other mail lies in the week.

    Parameters
    ----------
    audience
        Names, shape (audiences,).
    start
        Where each audience's occasions begin in `when`, shape (audiences + 1,).
    when
        Local wall time in hours since Monday 1970-01-05 00:00, ascending within an audience, shape (occasions,).
    profile
        Share of the senders' other messages by hour of the week, rows sum to one, shape (audiences, 168).
    """

    audience: list[str]
    start: NDArray[np.int64]
    when: NDArray[np.float64]
    profile: NDArray[np.float64]


def cadence(occasions: Occasions, limits: CadenceThresholds) -> pa.Table:
    """Rows of the table `cadence`, one per audience, in the order given.

    A history with a long hole (a lost mailbox, a season) is tested twice: whole, and its longest stretch alone.

    Notes
    -----
    The statistic is ``R * coverage``: ``R = |mean exp(2 pi i phase)|`` (Rayleigh) at the period, and the share of slots
    with an occasion. The p-value is ``(1 + draws at least as high) / (1 + draws)``; p-values of all tests are corrected
    together (Benjamini, Hochberg 1995). Burstiness is the finite-size form of Kim and Jo (2016, arXiv 1604.01125).
    """
    random = np.random.default_rng(limits.seed)
    histories = _histories(occasions, limits.silence_weeks * _WEEK_HOURS)
    plausible = {period: _screen(period, histories, limits) for period in _PERIODS}
    tests = [
        _test(audience, period, when, occasions.profile[audience], limits, random)
        for n, (audience, when) in enumerate(histories)
        for period in _PERIODS
        if plausible[period][n]
    ]
    # by audience and then by period: the whole history and its longest stretch have the same say
    tests.sort(key=lambda t: (t.audience, _PERIODS.index(t.period)))
    corrected = _benjamini_hochberg(np.array([t.p for t in tests]))
    # the shortest period that holds: whatever is weekly is fortnightly too
    best: dict[int, _Test] = {}
    for test, q in zip(tests, corrected, strict=True):
        if q <= limits.alpha:
            best.setdefault(test.audience, replace(test, p=float(q)))
    return _table(occasions, best)


@dataclass(frozen=True, slots=True)
class _Test:
    """One history that looks like one period, with the chance of as much by habit alone."""

    audience: int
    period: str
    history: NDArray[np.float64]
    rayleigh: float
    coverage: float
    cycles: int
    p: float


def _histories(occasions: Occasions, silence: float) -> list[tuple[int, NDArray[np.float64]]]:
    """Of each audience the whole history and, where a hole parts it, its stretch of most occasions."""
    result = []
    for audience in range(len(occasions.audience)):
        when = occasions.when[occasions.start[audience] : occasions.start[audience + 1]]
        result.append((audience, when))
        parts = np.split(when, np.flatnonzero(np.diff(when) >= silence) + 1)
        if len(parts) > 1:
            result.append((audience, max(reversed(parts), key=len)))
    return result


def _screen(
    period: str, histories: list[tuple[int, NDArray[np.float64]]], limits: CadenceThresholds
) -> NDArray[np.bool_]:
    """Which histories look like the period at all: all at once, since hardly any does."""
    size = np.array([len(when) for _, when in histories], np.int64)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)[:-1]])
    phase, slot = _phases(period, np.concatenate([when for _, when in histories] or [np.zeros(0)]))
    if not len(slot):
        return np.zeros(len(size), bool)
    fresh = np.ones(len(slot), bool)
    fresh[1:] = slot[1:] != slot[:-1]
    filled = size > 0
    fresh[start[filled]] = True
    count, cycles, rayleigh = np.zeros(len(size)), np.zeros(len(size)), np.zeros(len(size))
    count[filled] = np.add.reduceat(fresh.astype(np.float64), start[filled])
    cycles[filled] = slot[(start + size - 1)[filled]] - slot[start[filled]] + 1
    sums = np.add.reduceat(np.exp(2j * np.pi * phase) * fresh, start[filled])
    rayleigh[filled] = np.abs(sums) / count[filled]
    enough = (cycles >= limits.min_cycles) & (count >= limits.slot_coverage * cycles) & (rayleigh >= limits.rayleigh)
    return np.asarray(enough & (size <= limits.per_slot * np.maximum(1, count)))


def _test(
    audience: int,
    period: str,
    when: NDArray[np.float64],
    profile: NDArray[np.float64],
    limits: CadenceThresholds,
    random: np.random.Generator,
) -> _Test:
    """The test of one period against redrawn histories."""
    rayleigh, coverage, cycles = (float(x[0]) for x in _statistic(period, when[None, :]))
    draws = as_high = 0
    # most histories are no rhythm, and a tenth of the draws says so
    for more in (limits.draws // 10, limits.draws - limits.draws // 10):
        drawn_rayleigh, drawn_coverage, _ = _statistic(period, _redraw(when, profile, more, random))
        as_high += int((drawn_rayleigh * drawn_coverage >= rayleigh * coverage - 1e-12).sum())
        draws += more
        if as_high >= _HOPELESS * draws:
            break
    return _Test(audience, period, when, rayleigh, coverage, int(cycles), (1 + as_high) / (1 + draws))


_HOPELESS = 0.1
"""Share of draws as high from which no further draws are made: no level of interest is near."""


_WEEKS = {"week": 1, "fortnight": 2, "four_weeks": 4}
_PERIODS = ("workday", *_WEEKS, "month", "quarter")


def _phases(period: str, when: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Phase in [0, 1) and number of the slot, per occasion; calendar months and quarters are taken as they are."""
    if period == "workday":
        day = np.floor(when / 24).astype(np.int64)
        return when / 24 % 1, day // 7 * 5 + np.minimum(day % 7, 4)
    if period in _WEEKS:
        cycles = when / _WEEK_HOURS / _WEEKS[period]
        return cycles % 1, np.floor(cycles).astype(np.int64)
    stamps = (np.datetime64("1970-01-05T00", "s") + (when * 3600).astype("timedelta64[s]")).astype("datetime64[s]")
    months = stamps.astype("datetime64[M]").astype(np.int64)
    slot = months if period == "month" else months // 3
    first = (slot if period == "month" else slot * 3).astype("datetime64[M]")
    after = ((slot + 1) if period == "month" else (slot + 1) * 3).astype("datetime64[M]")
    begin, end = first.astype("datetime64[s]"), after.astype("datetime64[s]")
    return (stamps - begin) / (end - begin), slot


def _statistic(
    period: str, when: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Rayleigh length, slot coverage and cycles of each row of `when`, shape (histories, occasions), rows ascending.

    Of several occasions in a slot the first counts, so that an answer in the same week does not weigh.
    """
    if when.shape[1] < 2:  # noqa: PLR2004
        nothing = np.zeros(len(when))
        return nothing, nothing, nothing.astype(np.int64)
    phase, slot = _phases(period, when)
    fresh = np.ones(when.shape, bool)
    fresh[:, 1:] = slot[:, 1:] != slot[:, :-1]
    count = fresh.sum(axis=1)
    cycles = slot[:, -1] - slot[:, 0] + 1
    mean = (np.exp(2j * np.pi * phase) * fresh).sum(axis=1) / count
    return np.abs(mean), count / cycles, cycles


def _redraw(
    when: NDArray[np.float64], profile: NDArray[np.float64], draws: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Histories with as many occasions in the same span of weeks, at hours of the week from the profile."""
    shape = (draws, len(when))
    first, last = int(when[0] // _WEEK_HOURS), int(when[-1] // _WEEK_HOURS)
    week = random.integers(first, last + 1, shape)
    hour = random.choice(_WEEK_HOURS, shape, p=profile)
    return np.sort(week * _WEEK_HOURS + hour + random.random(shape), axis=1)


def _benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values of the tests that were run."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted


def _burstiness(when: NDArray[np.float64]) -> float | None:
    gaps = np.diff(when)
    if len(gaps) < 3 or gaps.mean() == 0:  # noqa: PLR2004
        return None
    n, r = len(gaps), gaps.std() / gaps.mean()
    return float((np.sqrt(n + 1) * r - np.sqrt(n - 1)) / ((np.sqrt(n + 1) - 2) * r + np.sqrt(n - 1)))


def _commonest(values: NDArray[np.float64]) -> int:
    return int(np.bincount(values.astype(np.int64)).argmax())


def _table(occasions: Occasions, found: dict[int, _Test]) -> pa.Table:
    rows = []
    for i, audience in enumerate(occasions.audience):
        when = occasions.when[occasions.start[i] : occasions.start[i + 1]]
        row: dict[str, object] = {"audience": audience, "burstiness": _burstiness(when)}
        if i in found:
            test = found[i]
            row.update(period=test.period, rayleigh=test.rayleigh, slot_coverage=test.coverage)
            row.update(cycles=test.cycles, p_value=test.p, hour=_commonest(test.history % 24))
            if test.period in _WEEKS:
                row.update(weekday=_commonest(test.history // 24 % 7))
        rows.append(row)
    schema = pa.schema(
        [
            ("audience", pa.string()),
            ("period", pa.string()),
            ("rayleigh", pa.float64()),
            ("slot_coverage", pa.float64()),
            ("cycles", pa.int32()),
            ("p_value", pa.float64()),
            ("burstiness", pa.float64()),
            ("weekday", pa.int32()),
            ("hour", pa.int32()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)
