"""Weighted, directed ties between principals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["interactions"]


def interactions(messages: ir.Table, parts: ir.Table, flags: ir.Table) -> ir.Table:
    """Rows of the table `interactions`, To and Cc apart; automatic messages do not count.

    Notes
    -----
    A message to `n` recipients adds `1/n` to the weight of each of its ties, so that every message weighs one
    (Microsoft Graph Data Connect ONA template; `reference/metrics.md` section 2).
    """
    human = flags.filter(~flags.automatic).select("message_key")
    rows = parts.semi_join(human, "message_key")
    senders = rows.filter(rows.role == "from").select("message_key", source=rows.principal)
    others = rows.filter((rows.role != "from") & (rows.role != "member"))
    size = others.group_by("message_key").agg(n=others.count())
    ties = (
        others.inner_join(senders, "message_key")
        .inner_join(size, "message_key")
        .inner_join(messages.select("message_key", "sent_at"), "message_key")
    )
    to = (ties.role == "to").cast("int64")
    return ties.group_by("source", target=ties.principal).agg(
        to_count=to.sum().cast("int64"),
        cc_count=(1 - to).sum().cast("int64"),
        weight=(1 / ties.n.cast("float64")).sum(),
        first_seen=ties.sent_at.min(),
        last_seen=ties.sent_at.max(),
    )
