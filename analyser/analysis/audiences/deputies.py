"""Who could look after a space beside the one who writes most: structural facts of its mail, never a ranking.

A second owner is somebody who carries the talk already: answers what others began, or wrote while the busiest writer
was away. The facts are yes or no, so that no table orders people by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["REASONS", "deputies", "writers"]

REASONS = {
    "answers_others": "answers threads that others began",
    "begins_threads": "begins threads that others answer",
    "there_when_away": "wrote in weeks in which the one who writes most was away",
}
"""What each fact means, by its column."""


def writers(rows: ir.Table) -> ir.Table:
    """Who wrote in which thread: `audience`, `thread`, `sender`, and `first`, its first message there.

    Parameters
    ----------
    rows
        One row per audience and message: `audience`, `message`, `thread`, `sender` (actor), `sent_at`.
    """
    return rows.group_by("audience", "thread", "sender").agg(first=rows.message.min(), n=rows.count())


def deputies(rows: ir.Table, wrote: ir.Table, mail: ir.Table) -> ir.Table:
    """Facts about every writer of an audience but the busiest.

    Parameters
    ----------
    rows
        As for `writers`.
    wrote
        Result of `writers`; computed once, since several facts read it.
    mail
        All mail of the period: `sender`, `sent_at`.

    Returns
    -------
    ir.Table
        `audience`, `sender`, and the columns of `REASONS`, true or false; only rows with a true one. A thing done once
        is chance: every fact needs two threads, or one week of absence.
    """
    counted = wrote.group_by("audience", "sender").agg(n=wrote.n.sum())
    order = ibis.window(group_by="audience", order_by=[ibis.desc(counted.n), counted.sender])
    placed = counted.mutate(place=ibis.row_number().over(order))
    main = placed.filter(placed.place == 0).select("audience", main="sender")
    facts = placed.filter(placed.place > 0).select("audience", "sender")
    for part in (_answering(wrote), _beginning(wrote), _present(rows, main, mail)):
        facts = facts.left_join(part, ["audience", "sender"]).drop("audience_right", "sender_right")
    facts = facts.mutate(**{name: facts[name].fill_null(False) for name in REASONS})  # noqa: FBT003
    return facts.filter(facts.answers_others | facts.begins_threads | facts.there_when_away)


_CHANCE = 2
"""Threads from which somebody does something by habit."""


def _threads(wrote: ir.Table) -> ir.Table:
    """`audience`, `thread`, the actor who wrote its first message there, and how many wrote."""
    return wrote.group_by("audience", "thread").agg(opener=wrote.sender.argmin(wrote["first"]), writers=wrote.count())


def _answering(wrote: ir.Table) -> ir.Table:
    each = wrote.inner_join(_threads(wrote), ["audience", "thread"])
    each = each.filter(each.sender != each.opener)
    counted = each.group_by("audience", "sender").agg(n=each.count())
    return counted.select("audience", "sender", answers_others=counted.n >= _CHANCE)


def _beginning(wrote: ir.Table) -> ir.Table:
    answered = _threads(wrote).filter(lambda t: t.writers > 1)
    counted = answered.group_by("audience", sender="opener").agg(n=answered.count())
    return counted.select("audience", "sender", begins_threads=counted.n >= _CHANCE)


def _present(rows: ir.Table, main: ir.Table, mail: ir.Table) -> ir.Table:
    """Writers in weeks in which the busiest writer sent no mail to anybody."""
    wrote = mail.semi_join(main, mail.sender == main.main)
    wrote = wrote.select(main=wrote.sender, week=wrote.sent_at.truncate("W")).distinct()
    weeks = rows.select("audience", "sender", week=rows.sent_at.truncate("W")).distinct().inner_join(main, "audience")
    silent = weeks.anti_join(wrote, ["main", "week"])
    present = silent.select("audience", "sender").distinct()
    return present.mutate(there_when_away=ibis.literal(True))  # noqa: FBT003
