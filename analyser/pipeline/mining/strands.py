"""Miners of strands: series, broadcasts, outside-facing and closed mail, and desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import desks as asked
from analyser.analysis.audiences import series as strands
from analyser.pipeline.mining.grown import teams
from analyser.pipeline.mining.mined import Mined

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["broadcasts", "closed", "desks", "outside", "series"]


def series(run: Run) -> Mined:
    """What one sender begins again and again."""
    return _strand(run, "series", strands.series(run["mail"], run["actors"], run.thresholds["series"]))


def broadcasts(run: Run) -> Mined:
    """What one sender begins with many readers."""
    return _strand(run, "broadcast", strands.broadcasts(run["mail"], run["actors"], run.thresholds["series"]))


def outside(run: Run) -> Mined:
    """What is shared with one outside domain, by the teams that share it."""
    mail, parts, limits = run["mail"], run["participants"], run.thresholds["series"]
    return _strand(run, "outside", teams(run, run.compute(strands.outside(mail, parts, run["principals"], limits))))


def closed(run: Run) -> Mined:
    """Sensitive mail among the same few."""
    return _strand(run, "closed", strands.closed(run["mail"], run.thresholds["series"]))


def _strand(run: Run, kind: str, rows: ir.Table) -> Mined:
    run.keep(kind, rows)
    spoken = run[kind].select("audience", "message")
    meta = run[kind].select("audience", "stem").distinct().select("audience", kind=ibis.literal(kind), stem="stem")
    return Mined(meta, strands.members(spoken, run["participants"], run["people"], run.thresholds["series"]), spoken)


def desks(run: Run) -> Mined:
    """Departments that many outsiders ask about one thing."""
    limits = run.thresholds["desks"]
    run.keep("asks", asked.asks(run["mail"], run["participants"], run["principals"], run["threads"], limits))
    run.keep("desk_threads", asked.desks(run["asks"], limits))
    found = run["desk_threads"]
    spoken = found.select("audience", "thread").distinct().inner_join(run["message_threads"], "thread")
    meta = found.select("audience", "term").distinct().select("audience", kind=ibis.literal("desk"), stem="term")
    return Mined(meta, asked.members(found, run["people"]), spoken.select("audience", "message"))
