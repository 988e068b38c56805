"""What was seen of each audience: the tables `audiences` and `audience_members`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences.recency import recency

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

__all__ = ["describe", "describe_members", "stretches"]

_STEMS = 5
"""Stems that are kept of each audience."""

_SILENT_WEEKS = 5
"""Silence that parts two stretches of activity; holidays are shorter."""

_PACE_WEEKS = 26
"""The pace of an audience is read from the last half-year of its life: long histories would thin it out."""


def describe(
    rows: ir.Table,
    meta: ir.Table,
    members: ir.Table,
    threads: ir.Table,
    now: datetime,
    half_life_days: float,
) -> ir.Table:
    """Rows of the table `audiences`.

    Parameters
    ----------
    rows
        One row per audience and message: `audience`, `message`, `sent_at`, `sender` (actor), `people`, `stem`,
        `thread`.
    meta
        `audience`, `kind`, `stem`.
    members
        `audience`, `actor`, `department`.
    threads
        Table `threads`.
    now
        End of the period; ages are counted from it.
    """
    deliveries = ibis.greatest(rows.people - 1, 0).cast("int64")
    rows = rows.mutate(
        week=rows.sent_at.truncate("W"),
        deliveries=deliveries,
        recent=deliveries * recency(rows.sent_at, now, half_life_days),
    )
    seen = rows.group_by("audience").agg(
        messages=rows.count(),
        deliveries=rows.deliveries.sum(),
        senders=rows.sender.nunique().cast("int32"),
        weeks=rows.week.nunique().cast("int32"),
        first_sent=rows.sent_at.min(),
        last_sent=rows.sent_at.max(),
        recent_weight=rows.recent.sum().round(6),
    )
    seen = seen.mutate(
        weeks_span=(
            (seen.last_sent.truncate("W").epoch_seconds() - seen.first_sent.truncate("W").epoch_seconds()) / 604800 + 1
        ).cast("int32")
    )
    people = members.group_by("audience").agg(
        people=members.count().cast("int32"), departments=members.department.nunique().cast("int32")
    )
    result = meta
    for part in (
        seen,
        _pace(rows, seen),
        _runs(rows),
        people,
        _concentration(rows),
        _answers(rows, threads),
        _top_stems(rows),
    ):
        result = result.left_join(part, "audience").drop("audience_right")
    return result


def _pace(rows: ir.Table, seen: ir.Table) -> ir.Table:
    """Messages, deliveries and active weeks in the last weeks before an audience's last message."""
    ends = seen.select("audience", end=seen.last_sent, span=seen.weeks_span)
    late = rows.inner_join(ends, "audience")
    late = late.filter(late.end.epoch_seconds() - late.sent_at.epoch_seconds() < _PACE_WEEKS * 604800)
    return late.group_by("audience").agg(
        pace_weeks=ibis.least(late.span.max(), _PACE_WEEKS).cast("int32"),
        pace_active=ibis.least(late.week.nunique(), late.span.max(), _PACE_WEEKS).cast("int32"),
        pace_messages=late.count(),
        pace_answers=(late.thread != late.message).cast("int64").sum(),
        pace_deliveries=late.deliveries.sum(),
    )


def stretches(rows: ir.Table) -> ir.Table:
    """Stretches of activity, parted by weeks of silence: `audience`, `run`, `first` and `last`, numbers of weeks.

    Parameters
    ----------
    rows
        `audience`, `week` (its beginning).
    """
    weeks = rows.select("audience", week=rows.week.epoch_seconds() // 604800).distinct()
    before = weeks.week.lag().over(ibis.window(group_by="audience", order_by="week"))
    starts = weeks.mutate(start=(before.isnull() | (weeks.week - before > _SILENT_WEEKS)).cast("int64"))
    numbered = starts.mutate(run=starts.start.sum().over(ibis.cumulative_window(group_by="audience", order_by="week")))
    return numbered.group_by("audience", "run").agg(first=numbered.week.min(), last=numbered.week.max())


def _runs(rows: ir.Table) -> ir.Table:
    """Stretches of activity: a project that returns each season is several short ones, not one long one."""
    each = stretches(rows)
    each = each.mutate(length=each["last"] - each["first"] + 1)
    return each.group_by("audience").agg(runs=each.count().cast("int32"), run_weeks=each.length.max().cast("int32"))


def _concentration(rows: ir.Table) -> ir.Table:
    """Herfindahl-Hirschman index of the senders: sum of squared shares of messages."""
    each = rows.group_by("audience", "sender").agg(n=rows.count())
    total = each.group_by("audience").agg(squares=(each.n.cast("float64") ** 2).sum(), n=each.n.sum())
    return total.select("audience", hhi=total.squares / (total.n.cast("float64") ** 2))


def _answers(rows: ir.Table, threads: ir.Table) -> ir.Table:
    distinct = rows.select("audience", "thread").distinct()
    told = distinct.inner_join(threads.select("thread", "first_reply_hours"), "thread")
    return told.group_by("audience").agg(
        threads=told.count(), reply_share=told.first_reply_hours.notnull().cast("float64").mean()
    )


def _top_stems(rows: ir.Table) -> ir.Table:
    each = rows.filter(rows.stem.notnull()).group_by("audience", "stem").agg(n=lambda t: t.count())
    order = ibis.window(group_by="audience", order_by=[ibis.desc(each.n), each.stem])
    best = each.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place < _STEMS)
    return best.group_by("audience").agg(stems=best.stem.collect(order_by=best.place))


def describe_members(audience_messages: ir.Table, members: ir.Table, on: ir.Table) -> ir.Table:
    """Rows of the table `audience_members`: each member's share of the messages, and what it sent.

    Parameters
    ----------
    members
        `audience`, `actor`, `role`.
    on
        `audience`, `message`, `actor`, `role` in the message.
    """
    total = audience_messages.group_by("audience").agg(n=audience_messages.count())
    each = on.group_by("audience", "actor").agg(
        on=on.count(),
        sent=(on.role == "from").cast("int64").sum(),
        copied=on.role.isin(["cc", "bcc"]).cast("float64").mean(),
    )
    joined = members.inner_join(total, "audience").left_join(each, ["audience", "actor"])
    return joined.select(
        "audience",
        "actor",
        "role",
        share=joined.on.fill_null(0) / joined.n.cast("float64"),
        sent=joined.sent.fill_null(0),
        copied=joined.copied.fill_null(0.0),
    )
