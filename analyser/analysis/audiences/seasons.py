"""Does what ended come back at the same time of the quarter, the half-year, the year?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["SeasonsThresholds", "seasons"]

_MONTHS = (3, 6, 12)
_WEEKS_PER_MONTH = 365.25 / 12 / 7


class SeasonsThresholds(Thresholds):
    """When stretches of activity return by season."""

    tolerance_weeks: float = threshold(2.0, "Weeks by which the beginning of a stretch may lie beside its season", ge=0)


def seasons(stretches: ir.Table, limits: SeasonsThresholds) -> ir.Table:
    """The season by which each audience's stretches of activity begin: `audience`, `months` (3, 6 or 12).

    Every gap between two beginnings is near a whole number of seasons, the shortest is near one; of several seasons
    the shortest holds. Audiences of a single stretch, or of stretches that fit none, are left out.

    Parameters
    ----------
    stretches
        `audience`, `first`: number of the week in which each stretch begins; see `table.stretches`.
    """
    before = stretches.first.lag().over(ibis.window(group_by="audience", order_by="first"))
    gaps = stretches.mutate(gap=(stretches.first - before).cast("float64")).filter(lambda t: t.gap.notnull())
    fitting = ibis.union(*(_fitting(gaps, months, limits) for months in _MONTHS))
    return fitting.group_by("audience").agg(months=fitting.months.min())


def _fitting(gaps: ir.Table, months: int, limits: SeasonsThresholds) -> ir.Table:
    """Audiences whose gaps fit one season: `audience`, `months`."""
    season = months * _WEEKS_PER_MONTH
    beside = (gaps.gap - season * ibis.greatest((gaps.gap / season).round(), 1)).abs()
    each = gaps.mutate(beside=beside).group_by("audience").agg(worst=lambda t: t.beside.max(), least=gaps.gap.min())
    fits = (each.worst <= limits.tolerance_weeks) & ((each.least - season).abs() <= limits.tolerance_weeks)
    return each.filter(fits).select("audience", months=ibis.literal(months, "int64"))
