"""Miners of what goes from one to another: explanations to joiners, requests from hand to hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import joiners as new
from analyser.analysis.audiences import paths as handed
from analyser.pipeline.mining.mined import Mined, long

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["joiners", "paths"]


def joiners(run: Run) -> Mined:
    """Explanations that one sender gives to whoever joins."""
    limits, parts = run.thresholds["joiners"], run["participants"]
    came = run.compute(new.arrivals(run["mail"], parts, run["principals"], run["people"], run.first, limits))
    replies = run["messages"].select("message", is_reply=run["messages"].is_reply.fill_null(False))  # noqa: FBT003
    mail = run["mail"].inner_join(replies, "message")
    rows = run.compute(new.explanations(mail, parts, came, run.first, limits))
    found = run.compute(new.strands(run.compute(new.templates(rows, run["principals"], limits)), run["actors"], limits))
    meta = found.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal("joiners"), stem=ibis.null("string")),
        new.members(found, rows).semi_join(run["people"], "actor"),
        found,
        long(new.measures(found, rows)),
    )


def paths(run: Run) -> Mined:
    """Requests that go from hand to hand in the same order."""
    limits = run.thresholds["paths"]
    sent = run.compute(handed.steps(run["mail"], run["participants"], run["people"], run["threads"], limits))
    on = run.compute(handed.hand_ons(sent))
    order = ["thread", "source", "target"]
    hands = run.compute(handed.families(on.select(*order).distinct().order_by(*order).to_pyarrow(), limits))
    rows = run.compute(handed.requests(on, hands))
    spoken = _named(rows).select("audience", "thread").distinct().inner_join(sent.select("thread", "message"), "thread")
    spoken = run.compute(spoken.select("audience", "message"))
    meta = spoken.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal("path"), stem=ibis.null("string")),
        _named(handed.members(rows).semi_join(run["people"], "actor")),
        spoken,
        long(_named(handed.measures(rows, sent))),
    )


def _named(rows: ir.Table) -> ir.Table:
    """The number of a path as an audience."""
    return rows.mutate(audience=ibis.literal("path ") + (rows.path + 1).cast("string")).drop("path")
