"""Does an audience join departments, more than chance would?

Notes
-----
The E-I index of a set of ties is ``(EL - IL) / (EL + IL)`` (Krackhardt, Stern 1988). Here a tie is a delivery of the
audience's mail, and EL counts those from one of the audience's *own* departments into another of them: people gathered
from everywhere are a crowd and join nothing. The expectation is that of shuffled labels (`reference/metrics.md` section
5): with the writers kept and department labels dealt anew over the whole organisation, sizes kept, a reader belongs to
another of these departments with probability ``(sum of their sizes) / (N - 1)``. It is taken in closed form, since the
mean of the permutations tends to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["BridgesThresholds", "crossing"]


class BridgesThresholds(Thresholds):
    """When a department takes part in an audience."""

    side: int = threshold(2, "Members by which a department takes part: one guest is no department", ge=1)


def crossing(
    spoken: ir.Table, members: ir.Table, parts: ir.Table, people: ir.Table, limits: BridgesThresholds
) -> ir.Table:
    """How far each audience's mail crosses its departments: `audience`, `sides`, `e_i`, `e_i_excess`.

    `sides` is the number of departments that take part, `e_i` the index of the deliveries among people whose
    departments are known, `e_i_excess` how far it lies above its expectation. Audiences of fewer than two departments
    are left out.

    Parameters
    ----------
    spoken
        `audience`, `message`.
    members
        `audience`, `actor`.
    people
        `actor`, `department`.
    """
    placed = people.filter(people.department.notnull()).select("actor", "department")
    sizes = placed.group_by("department").agg(size=placed.count())
    sides = members.inner_join(placed, "actor").group_by("audience", "department").agg(n=lambda t: t.count())
    sides = sides.filter(sides.n >= limits.side).inner_join(sizes, "department")
    joined = sides.group_by("audience").agg(sides=sides.count(), among=sides["size"].sum())
    joined = joined.filter(joined.sides >= 2)  # noqa: PLR2004
    sides = sides.semi_join(joined, "audience").select("audience", "department", "size")
    mail = spoken.semi_join(joined, "audience").inner_join(parts.inner_join(placed, "actor"), "message")
    sent = mail.filter(mail.role == "from").select("audience", "message", sender="department")
    got = mail.filter(mail.role != "from").group_by("audience", "message", "department").agg(n=lambda t: t.count())
    got = got.left_join(sides.select("audience", "department", of=ibis.literal(1)), ["audience", "department"])
    each = got.inner_join(sent, ["audience", "message"]).inner_join(joined, "audience")
    each = each.left_join(sides.select("audience", sender="department", own="size"), ["audience", "sender"])
    crosses = each.own.notnull() & each.of.notnull() & (each.sender != each.department)
    others = (each.among - each.own).fill_null(0)
    each = each.select("audience", "sides", "n", crossing=crosses.ifelse(each.n, 0), chance=others * each.n)
    total = each.group_by("audience").agg(
        sides=each.sides.max(), n=each.n.sum(), crossing=each.crossing.sum(), chance=each.chance.sum()
    )
    everyone = placed.count().as_scalar()
    share = total.crossing / total.n.cast("float64")
    expected = total.chance / (total.n.cast("float64") * ibis.greatest(everyone - 1, 1))
    return total.select("audience", "sides", e_i=2 * share - 1, e_i_excess=2 * (share - expected))
