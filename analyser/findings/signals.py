"""Signals that several rules read from the messages of an audience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["signals"]


def signals(rows: ir.Table, audience_members: ir.Table, parts: ir.Table) -> ir.Table:
    """One row per audience: `reach`, `to_list`, `automatic`, `coherence`, `sensitive`, `sensitive_messages`; see
    `analyser.findings.contract.Audience`.

    Parameters
    ----------
    rows
        One row per audience and message, with the columns of the message.
    parts
        `audience`, `message`, `actor`: who was on these messages.
    """
    plain = rows.group_by("audience").agg(
        reach=rows.reach.median(),
        to_list=rows.to_list.cast("float64").mean(),
        automatic=rows.automatic.cast("float64").mean(),
        sensitive=rows.sensitive.cast("float64").mean(),
        sensitive_messages=rows.sensitive.cast("int64").sum(),
    )
    result = plain.left_join(_coherence(rows, audience_members, parts), "audience").drop("audience_right")
    return result.select(
        "audience",
        "reach",
        "to_list",
        "automatic",
        "sensitive",
        "sensitive_messages",
        coherence=result.coherence.fill_null(0.0),
    )


def _coherence(rows: ir.Table, audience_members: ir.Table, on: ir.Table) -> ir.Table:
    """Mean Jaccard similarity between the people on a message and the audience's core."""
    core = audience_members.filter(audience_members.role == "core").select("audience", "actor")
    size = core.group_by("audience").agg(core=core.count())
    shared = on.semi_join(core, ["audience", "actor"]).group_by("audience", "message").agg(shared=lambda t: t.count())
    each = shared.inner_join(size, "audience").inner_join(
        rows.select("audience", "message", "people"), ["audience", "message"]
    )
    similarity = each.shared / ibis.greatest(each.core + each.people - each.shared, 1).cast("float64")
    # rounded, since a sum of floats depends on the order in which threads add it up
    return each.mutate(similarity=similarity).group_by("audience").agg(coherence=lambda t: t.similarity.mean().round(6))
