"""Alarms: what a program inside writes to the same several people.

A program is a sender whose mail headers or behaviour call automatic, or that nobody ever writes to; whether it writes
day and night, as alarms do and nightly reports do not, is measured here and decided by the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["AlarmsThresholds", "clock", "programs"]

_MORNING, _EVENING, _SATURDAY = 7, 20, 5
"""Working hours as `analyser.analysis.automation` counts them."""


class AlarmsThresholds(Thresholds):
    """Whose mail may be alarms."""

    min_messages: int = threshold(
        20, "Messages of one program to the same readers", source="[thresholds.automation] min_sent", ge=2
    )
    min_people: int = threshold(3, "People inside on a message: one or two readers share nothing", ge=2)
    max_people: int = threshold(
        100, "People inside on a message, at the most: more make it a broadcast", source="patterns.md row 2", ge=3
    )
    automatic: float = threshold(0.5, "Share of a program's messages that are automatic", gt=0, le=1)
    received: float = threshold(
        0.2,
        "Messages that a program receives for each that it sends, at the most: some press reply-all",
        source="patterns.md section 1 [HOU]: never receives",
        ge=0,
        le=1,
    )


def programs(mail: ir.Table, parts: ir.Table, limits: AlarmsThresholds) -> ir.Table:
    """Messages of programs inside to several people inside: `message`, `sender`, `recipient_set`.

    Parameters
    ----------
    mail
        One row per message: `message`, `sender` (actor), `sender_inside`, `automatic`, `external`, `sensitive`,
        `people`, `recipient_set`.
    parts
        `message`, `actor`, `role`: who took part.
    """
    own = mail.filter(mail.sender_inside)
    sent = own.group_by("sender").agg(sent=own.count(), automatic=own.automatic.cast("float64").mean())
    sent = sent.filter(sent.sent >= limits.min_messages)
    got = parts.filter(parts.role != "from").inner_join(sent.select(actor="sender"), "actor")
    got = got.group_by(sender="actor").agg(received=got.count())
    told = sent.left_join(got, "sender").mutate(received=lambda t: t.received.fill_null(0))
    machine = (told.automatic >= limits.automatic) & (told.received <= limits.received * told.sent)
    machines = told.filter(machine | (told.received == 0)).select("sender")
    rows = own.semi_join(machines, "sender").filter(lambda t: ~t.external & ~t.sensitive & t.recipient_set.notnull())
    return rows.filter(rows.people.between(limits.min_people, limits.max_people)).select(
        "message", "sender", "recipient_set"
    )


def clock(rows: ir.Table) -> ir.Table:
    """When each audience's messages come: `audience`, `hours`, `off_hours`, `per_week`.

    Parameters
    ----------
    rows
        `audience`, `message`, `local_at`.

    Notes
    -----
    `hours` is the effective number of hours of the day, the inverse of Simpson's unbiased index
    ``sum n_h (n_h - 1) / (n (n - 1))`` (Simpson 1949): 24 for what comes at any time, about 9 for a working day, 1 for
    a nightly report. `off_hours` is the share before 07:00, after 20:00 or at the weekend, `per_week` the messages per
    week with a message.
    """
    local = rows.local_at
    rows = rows.mutate(
        hour=local.hour().cast("int64"),
        off=(local.hour() < _MORNING) | (local.hour() >= _EVENING) | (local.day_of_week.index() >= _SATURDAY),
        week=local.truncate("W"),
    )
    each = rows.group_by("audience", "hour").agg(n=rows.count().cast("float64"))
    total = each.group_by("audience").agg(same=(each.n * (each.n - 1.0)).sum(), n=each.n.sum())
    hours = total.select("audience", hours=(total.n * (total.n - 1.0)) / ibis.greatest(total.same, 1.0))
    when = rows.group_by("audience").agg(
        off_hours=rows.off.cast("float64").mean(), per_week=rows.count().cast("float64") / rows.week.nunique()
    )
    joined = when.inner_join(hours, "audience")
    # fewer than two messages in any hour: no more hours than there are in a day
    return joined.mutate(hours=ibis.least(joined.hours, 24.0))
