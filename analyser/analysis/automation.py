"""Which principals are programs and newsletters: from headers where a source has them, from behaviour where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["AutomationThresholds", "mark_services", "sender_behaviour"]


class AutomationThresholds(Thresholds):
    """When a sender counts as a program."""

    header_share: float = threshold(
        0.8,
        "Share of a sender's messages that headers call automatic",
        source="patterns.md section 1 [AUTO]",
        gt=0,
        le=1,
    )
    min_sent: int = threshold(20, "Messages that a sender must have sent before behaviour is judged", ge=1)
    off_hours_share: float = threshold(
        0.35,
        "Share of messages at night or at the weekend that, with nothing ever received, betrays a program",
        source="patterns.md section 1 [HOU]",
        gt=0,
        le=1,
    )
    newsletter_reach: float = threshold(
        10.0, "Mean recipients from which an outside sender that never receives is a newsletter", gt=0
    )


def sender_behaviour(messages: ir.Table, recipients: ir.Table, addresses: ir.Table) -> ir.Table:
    """How each sending principal behaves.

    Parameters
    ----------
    messages
        With `local_at`, the wall time of the organisation.

    Returns
    -------
    ir.Table
        One row per sender: `principal`, `sent`, `automatic` (messages that headers call automatic), `off_hours`
        (messages before 07:00, after 20:00 or at the weekend, local time), `reach` (mean recipients), `received`.
    """
    local = messages.local_at
    sizes = recipients.group_by("message").agg(n=recipients.count())
    sent = (
        messages.mutate(
            off=(local.hour() < 7) | (local.hour() >= 20) | (local.day_of_week.index() >= 5),  # noqa: PLR2004
        )
        .inner_join(addresses, messages.sender == addresses.address)
        .left_join(sizes, "message")
    )
    by_sender = sent.group_by("principal").agg(
        sent=sent.count(),
        automatic=sent.is_automatic.fill_null(False).cast("int64").sum(),  # noqa: FBT003
        off_hours=sent.off.cast("int64").sum(),
        reach=sent.n.fill_null(0).mean(),
    )
    got = recipients.inner_join(addresses, "address")
    received = got.group_by("principal").agg(received=got.count())
    joined = by_sender.left_join(received, "principal")
    return joined.select(
        "principal", "sent", "automatic", "off_hours", "reach", received=joined.received.fill_null(0)
    ).order_by("principal")


def mark_services(principals: pa.Table, behaviour: pa.Table, limits: AutomationThresholds) -> pa.Table:
    """Set `kind` to ``service`` where headers or behaviour show a program; what a directory says about people stands.

    Parameters
    ----------
    principals
        Table `principals` of the lake.
    behaviour
        Result of `sender_behaviour`.
    """
    sent = pc.cast(behaviour["sent"], pa.float64())
    silent = pc.equal(behaviour["received"], 0)
    enough = pc.greater_equal(behaviour["sent"], limits.min_sent)
    outside = pc.is_in(
        behaviour["principal"], principals.filter(pc.invert(principals["is_internal"]))["principal"].combine_chunks()
    )
    by_header = pc.and_(
        pc.greater_equal(pc.divide(pc.cast(behaviour["automatic"], pa.float64()), sent), limits.header_share),
        pc.greater_equal(behaviour["sent"], 3),
    )
    by_clock = pc.and_(
        pc.and_(silent, enough),
        pc.greater_equal(pc.divide(pc.cast(behaviour["off_hours"], pa.float64()), sent), limits.off_hours_share),
    )
    newsletter = pc.and_(
        pc.and_(silent, pc.and_(enough, outside)), pc.greater_equal(behaviour["reach"], limits.newsletter_reach)
    )
    reasons = pc.case_when(
        pc.make_struct(by_header, by_clock, newsletter),
        pa.scalar("headers call most of its messages automatic"),
        pa.scalar("sends round the clock and never receives"),
        pa.scalar("writes from outside to many and never receives"),
    )
    found = ibis.memtable(pa.table({"principal": behaviour["principal"], "found": reasons}))
    told = found.filter(found.found.notnull()).to_pyarrow()
    index = pc.index_in(principals["principal"], told["principal"].combine_chunks())
    reason = pc.take(told["found"], index)
    # a directory knows its people; only what was merely observed is reclassified
    change = pc.and_(
        pc.is_valid(reason),
        pc.and_(
            pc.is_in(principals["kind"], pa.array(["person", "external"])),
            pc.not_equal(principals["kind_reason"], "directory"),
        ),
    )
    for name, value in (("kind", pa.scalar("service")), ("kind_reason", reason)):
        column = pc.if_else(change, value, principals[name])
        principals = principals.set_column(principals.schema.get_field_index(name), name, column)
    return principals
