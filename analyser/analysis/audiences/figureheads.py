"""What of an audience would live on without the one or two who write most.

A space that hangs on one person dies with the first holiday. History tells: take their messages out, and count which
threads would still have been begun and answered; and look at the weeks in which they really were away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["MEASURES", "answered_threads", "figureheads", "ranked"]

MEASURES = (
    "answered_without_one",
    "answered_without_two",
    "key_player_index",
    "weeks_away",
    "alive_when_away",
)
"""Names of the measures, as `Audience.measures` bears them."""


def ranked(rows: ir.Table) -> ir.Table:
    """Senders of each audience, from the busiest: `audience`, `sender`, `n`, `place` (from 0).

    Parameters
    ----------
    rows
        One row per audience and message: `audience`, `message`, `thread`, `sender` (actor), `sent_at`.
    """
    each = rows.group_by("audience", "sender").agg(n=rows.count())
    order = ibis.window(group_by="audience", order_by=[ibis.desc(each.n), each.sender])
    return each.mutate(place=ibis.row_number().over(order))


def answered_threads(rows: ir.Table, senders: ir.Table) -> ir.Table:
    """Answered threads: `audience`, place of its `opener`, writers from place 1 on and from place 2 on.

    Parameters
    ----------
    rows
        As for `ranked`.
    senders
        Result of `ranked`.
    """
    placed = rows.inner_join(senders.select("audience", "sender", "place"), ["audience", "sender"])
    # each writer once: counting distinct values in as many groups as there are threads costs more
    each = placed.group_by("audience", "thread", "place").agg(first=placed.message.min())
    threads = each.group_by("audience", "thread").agg(
        opener=each.place.argmin(each["first"]),
        writers=each.count(),
        writers_1=(each.place >= 1).cast("int64").sum(),
        writers_2=(each.place >= 2).cast("int64").sum(),  # noqa: PLR2004
    )
    return threads.filter(threads.writers > 1)


def figureheads(rows: ir.Table, senders: ir.Table, threads: ir.Table, members: ir.Table, mail: ir.Table) -> ir.Table:
    """Measures of every audience: `audience`, `measure`, `value`.

    Parameters
    ----------
    rows
        As for `ranked`.
    senders, threads
        Results of `ranked` and `answered_threads`.
    members
        `audience`, `actor`.
    mail
        All mail of the period: `sender`, `sent_at`.

    Returns
    -------
    ir.Table
        ``answered_without_one`` and ``answered_without_two``: of the threads that were answered, the share that would
        still be begun and answered without the messages of the one, of the two, who wrote most; absent where no
        thread was answered. ``key_player_index``: smallest share of the members who wrote half of the messages.
        ``weeks_away``: weeks within the audience's life in which its busiest writer sent no mail to anybody.
        ``alive_when_away``: share of these weeks in which the audience wrote; absent where there are none.

    Notes
    -----
    Key Player Index: smallest number of members by rank who make up half of all contributions, divided by the number
    of members (`reference/metrics.md` section 5 [SW-KPI]); lower is riskier.
    """
    return ibis.union(
        _answered(threads, 1, "answered_without_one"),
        _answered(threads, 2, "answered_without_two"),
        _key_players(senders, members),
        *_away(rows, senders, mail),
    )


def _answered(threads: ir.Table, without: int, name: str) -> ir.Table:
    lives = (threads.opener >= without) & (threads[f"writers_{without}"] > 1)
    return threads.group_by("audience").agg(measure=ibis.literal(name), value=lives.cast("float64").mean())


def _key_players(senders: ir.Table, members: ir.Table) -> ir.Table:
    order = ibis.cumulative_window(group_by="audience", order_by=senders.place)
    whole = ibis.window(group_by="audience")
    running = senders.mutate(before=senders.n.sum().over(order) - senders.n, total=senders.n.sum().over(whole))
    # those before whom less than half was written are needed to reach one half
    needed = running.filter(running.before * 2 < running.total).group_by("audience").agg(needed=lambda t: t.count())
    people = members.group_by("audience").agg(people=members.count())
    both = needed.inner_join(people, "audience")
    share = ibis.least(both.needed.cast("float64") / both.people.cast("float64"), 1.0)
    return both.select("audience", measure=ibis.literal("key_player_index"), value=share)


def _away(rows: ir.Table, senders: ir.Table, mail: ir.Table) -> tuple[ir.Table, ir.Table]:
    week = rows.select("audience", week=rows.sent_at.truncate("W")).distinct()
    life = week.group_by("audience").agg(first=week.week.min(), last=week.week.max())
    first = senders.filter(senders.place == 0).select("audience", "sender").inner_join(life, "audience")
    first = first.select("audience", "sender", "first", "last")
    wrote = mail.semi_join(first, "sender").select("sender", week=mail.sent_at.truncate("W")).distinct()
    there = first.inner_join(wrote, "sender").filter(lambda t: t.week.between(t["first"], t["last"]))
    there = there.select("audience", "week")
    present = there.group_by("audience").agg(there=there.count())
    alive = week.anti_join(there, ["audience", "week"]).group_by("audience").agg(alive=lambda t: t.count())
    counted = first.inner_join(present, "audience").left_join(alive, "audience")
    span = (counted["last"].epoch_seconds() - counted["first"].epoch_seconds()) // 604800 + 1
    counted = counted.select("audience", away=(span - counted.there).cast("float64"), alive=counted.alive.fill_null(0))
    weeks = counted.select("audience", measure=ibis.literal("weeks_away"), value="away")
    gone = counted.filter(counted.away > 0)
    share = gone.alive.cast("float64") / gone.away
    return weeks, gone.select("audience", measure=ibis.literal("alive_when_away"), value=share)
