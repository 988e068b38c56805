"""What is measured of circles besides what all audiences have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import bridges, seasons, table

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["measures"]


def measures(run: Run, spoken: ir.Table, members: ir.Table) -> ir.Table:
    """`audience`, `measure`, `value` of circles.

    Measures: `sides`, `e_i` and `e_i_excess` of circles with at least two departments; `season_months` (3, 6 or 12) of
    circles that come back by season.
    """
    crossed = run.compute(
        bridges.crossing(spoken, members, run["participants"], run["people"], run.thresholds["bridges"])
    )
    weeks = spoken.inner_join(run["mail"], "message").select("audience", week=lambda t: t.sent_at.truncate("W"))
    back = seasons.seasons(run.compute(table.stretches(weeks)), run.thresholds["seasons"])
    told = [(crossed, name, name) for name in ("sides", "e_i", "e_i_excess")]
    return ibis.union(
        *(
            rows.select("audience", measure=ibis.literal(measure), value=rows[column].cast("float64").round(6))
            for rows, measure, column in (*told, (back, "season_months", "months"))
        )
    )
