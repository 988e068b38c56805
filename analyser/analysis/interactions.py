"""Weighted, directed ties between principals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["interactions"]


def interactions(sent: ir.Table, parts: ir.Table, flags: ir.Table) -> ir.Table:
    """Rows of the table `interactions` with actors as `source` and `target`, To and Cc apart.

    Automatic messages do not count.

    Notes
    -----
    A message to `n` recipients adds `1/n` to the weight of each of its ties, so that every message weighs one
    (Microsoft Graph Data Connect ONA template; `reference/metrics.md` section 2).
    """
    human = sent.semi_join(flags.filter(~flags.automatic), "message").select("message", "sent_at", source="sender")
    others = parts.filter(~parts.role.isin(["from", "member"]))
    size = others.group_by("message").agg(n=others.count())
    ties = others.inner_join(human, "message").inner_join(size, "message")
    to = (ties.role == "to").cast("int64")
    return ties.group_by("source", target="actor").agg(
        to_count=to.sum().cast("int64"),
        cc_count=(1 - to).sum().cast("int64"),
        # rounded, since a sum of floats depends on the order in which threads add it up
        weight=(1 / ties.n.cast("float64")).sum().round(9),
        first_seen=ties.sent_at.min(),
        last_seen=ties.sent_at.max(),
    )
