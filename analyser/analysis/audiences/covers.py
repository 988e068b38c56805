"""Covers: threads that carry a copy for somebody who only looks on.

Copies are a habit of those who write, and it is their group that is described. Who looks on is needed to find the
group, and is one of its members; nothing that is shown says which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["CoversThresholds", "covered", "groups", "growth", "roles_in_threads"]


class CoversThresholds(Thresholds):
    """When a group writes with a copy for cover."""

    min_people: int = threshold(3, "People on a message, at the least: a writer, a reader and a copy", ge=3)
    max_people: int = threshold(25, "People on a message, at the most: more are readers of a broadcast", ge=3)
    min_threads: int = threshold(10, "Threads of a group with such a copy", ge=3)
    writers: int = threshold(3, "People who write them: between two a copy is a shared job", ge=2)
    part: float = threshold(
        0.25,
        "Share of the threads that one writes, the busiest writing all, from which one belongs to the group",
        gt=0,
        le=1,
    )
    written: int = threshold(
        3, "Threads with such a copy that one writes, at the least, to belong to the group: a habit, no chance", ge=1
    )
    copied: float = threshold(
        0.7,
        "Share of the group's threads to the same person that are copies alone",
        source="patterns.md row 10",
        gt=0.5,
        le=1,
    )
    own: float = threshold(
        0.5,
        "Share of a group's threads that belong to no narrower group, of which it would only be the shadow",
        ge=0,
        le=1,
    )
    answers: float = threshold(
        0.1, "Share of these threads in which that person writes, at the most", source="patterns.md row 10", ge=0, lt=1
    )


def roles_in_threads(
    mail: ir.Table, threads: ir.Table, parts: ir.Table, people: ir.Table, limits: CoversThresholds
) -> ir.Table:
    """Each person's part in each thread of ordinary mail: `thread`, `actor`, `wrote`, `addressed`, `copied` (messages).

    A thread of which any message is sensitive or leaves the house is left out.
    """
    closed = mail.filter(mail.external | mail.sensitive).select("thread")
    rows = mail.filter(~mail.automatic & mail.people.between(limits.min_people, limits.max_people))
    rows = rows.anti_join(closed, "thread").semi_join(threads.filter(~threads.external), "thread")
    # a pair that answers one another below a thread of three writes in it too
    rows = mail.filter(~mail.automatic).semi_join(rows, "thread").select("message", "thread")
    on = rows.inner_join(parts.semi_join(people, "actor"), "message")
    return on.group_by("thread", "actor").agg(
        wrote=(on.role == "from").cast("int64").sum(),
        addressed=on.role.isin(["to", "member"]).cast("int64").sum(),
        copied=on.role.isin(["cc", "bcc"]).cast("int64").sum(),
    )


def groups(roles: ir.Table, limits: CoversThresholds) -> ir.Table:
    """Who writes the threads that somebody only gets as a copy: `watcher`, `actor`.

    Parameters
    ----------
    roles
        Result of `roles_in_threads`.
    """
    silent = _silent(roles)
    enough = silent.group_by("watcher").agg(n=silent.count()).filter(lambda t: t.n >= limits.min_threads)
    silent = silent.semi_join(enough, "watcher")
    written = roles.filter(roles.wrote > 0).select("thread", "actor")
    each = silent.inner_join(written, "thread").group_by("watcher", "actor").agg(n=lambda t: t.count())
    most = each.group_by("watcher").agg(most=each.n.max())
    own = each.inner_join(most, "watcher")
    own = own.filter((own.n >= limits.part * own.most) & (own.n >= limits.written)).select("watcher", "actor")
    several = own.group_by("watcher").agg(n=own.count()).filter(lambda t: t.n >= limits.writers)
    return own.semi_join(several, "watcher")


def covered(roles: ir.Table, own: ir.Table, limits: CoversThresholds) -> ir.Table:
    """Threads of groups that copy somebody who never answers: `audience`, `thread`, `watcher`.

    The group's threads are those which only its people write. Where one thread carries copies for two, it counts for
    the narrower of the two groups, and a group of which little is left is none: what a team copies to its head and to
    the head's head is one habit.

    Parameters
    ----------
    own
        Result of `groups`.
    """
    on = roles.semi_join(own, roles.actor == own.watcher).select(
        "thread", "addressed", "copied", watcher="actor", answered=lambda t: t.wrote > 0
    )
    written = roles.filter(roles.wrote > 0).select("thread", "actor")
    pairs = on.select("thread", "watcher").inner_join(written, "thread").filter(lambda t: t.actor != t.watcher)
    strange = pairs.anti_join(own, ["watcher", "actor"]).select("thread", "watcher")
    begun = pairs.select("thread", "watcher").distinct()
    within = on.semi_join(begun, ["thread", "watcher"]).anti_join(strange, ["thread", "watcher"])
    within = within.mutate(silent=~within.answered & (within.addressed == 0) & (within.copied > 0))
    habit = within.group_by("watcher").agg(
        n=within.silent.cast("int64").sum(),
        copied=within.silent.cast("float64").mean(),
        answers=within.answered.cast("float64").mean(),
    )
    habit = habit.filter(
        (habit.n >= limits.min_threads) & (habit.copied >= limits.copied) & (habit.answers <= limits.answers)
    )
    writers = own.group_by("watcher").agg(writers=own.count())
    known = habit.select("watcher", "n").inner_join(writers, "watcher")
    each = within.filter(within.silent).select("thread", "watcher").inner_join(known, "watcher")
    left = _claimed(each).group_by("watcher", "n").agg(left=lambda t: t.count())
    own_habit = left.filter((left.left >= limits.own * left.n) & (left.left >= limits.min_threads))
    each = _claimed(each.semi_join(own_habit, "watcher"))
    left = each.group_by("watcher").agg(left=each.count()).filter(lambda t: t.left >= limits.min_threads)
    ranked = left.mutate(number=ibis.row_number().over(ibis.window(order_by=[ibis.desc(left.left), left.watcher])))
    # numbered: the name of an audience is no place to say who looks on
    named = ranked.select("watcher", audience=ibis.literal("covers ") + (ranked.number + 1).cast("string"))
    return each.inner_join(named, "watcher").select("audience", "thread", "watcher")


def _claimed(each: ir.Table) -> ir.Table:
    """Each thread once, with the narrowest group that writes it, the busier of equals."""
    order = [each.writers, ibis.desc(each.n), each.watcher]
    placed = each.mutate(place=ibis.row_number().over(ibis.window(group_by="thread", order_by=order)))
    return placed.filter(placed.place == 0).drop("place")


def growth(threads: ir.Table, mail: ir.Table, parts: ir.Table) -> ir.Table:
    """How many more are in copy on the last message of each thread than on its first: `thread`, `growth`.

    Threads of one message, which cannot grow, are left out.

    Parameters
    ----------
    threads
        Threads (column `thread`).
    """
    rows = mail.filter(~mail.automatic).semi_join(threads, "thread").select("message", "thread")
    copies = parts.filter(parts.role.isin(["cc", "bcc"])).semi_join(rows, "message")
    copies = copies.group_by("message").agg(copies=copies.count())
    each = rows.left_join(copies, "message").select("thread", "message", copies=lambda t: t.copies.fill_null(0))
    ends = each.group_by("thread").agg(
        n=each.count(), first=each.copies.argmin(each.message), last=each.copies.argmax(each.message)
    )
    ends = ends.filter(ends.n > 1)
    return ends.select("thread", growth=(ends["last"] - ends["first"]).cast("float64"))


def _silent(roles: ir.Table) -> ir.Table:
    """Threads that somebody only got as a copy, and wrote nothing: `thread`, `watcher`."""
    only = roles.filter((roles.copied > 0) & (roles.addressed == 0) & (roles.wrote == 0))
    return only.select("thread", watcher="actor")
