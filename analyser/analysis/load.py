"""Mail load by department and week; never by person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.config import Savings

__all__ = ["load"]


def load(messages: ir.Table, parts: ir.Table, principals: ir.Table, savings: Savings) -> ir.Table:
    """Rows of the table `load`.

    Notes
    -----
    ``hours = (sent * minutes_per_sent + deliveries * minutes_per_read) / 60``; reading is assumed, since metadata
    has no event for it (`reference/metrics.md` section 1).
    """
    inside = principals.filter(principals.is_internal & (principals.kind == "person")).select("actor", "department")
    weeks = messages.select("message", week=messages.sent_at.truncate("W").date())
    rows = parts.semi_join(inside, "actor").inner_join(weeks, "message")
    wrote = (rows.role == "from").cast("int64")
    each = rows.group_by("actor", "week").agg(sent=wrote.sum(), deliveries=(1 - wrote).sum())
    placed = each.inner_join(inside, "actor")
    counted = placed.group_by("department", "week").agg(
        people=placed.count().cast("int32"), sent=placed.sent.sum(), deliveries=placed.deliveries.sum()
    )
    minutes = counted.sent * savings.minutes_per_sent + counted.deliveries * savings.minutes_per_read
    return counted.mutate(hours=minutes.cast("float64") / 60)
