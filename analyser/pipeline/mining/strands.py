"""Miners of strands: series, broadcasts, outside-facing and closed mail, and desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import desks as asked
from analyser.analysis.audiences import naming, words
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
    """What teams of a department are asked by many outsiders."""
    limits, called = run.thresholds["desks"], run.thresholds["naming"]
    run.keep("begun_asks", asked.begun(run["mail"], run["participants"], run["principals"], run["threads"], limits))
    outside = run["begun_asks"].filter(~run["begun_asks"].own)
    run.keep("asks", asked.asks(outside, run["mail"], run["principals"], limits))
    asks = run["asks"]
    on = run.compute(asked.involved(asks, run["participants"], run["principals"]))
    by_word, pairs = asked.joint(on, asks, run.compute(asked.telling(asks, limits)), limits)
    by_word, pairs = by_word.order_by("desk", "actor", "word"), pairs.order_by("desk", "actor", "other")
    run.keep("desk_teams", asked.teams(by_word.to_pyarrow(), pairs.to_pyarrow(), limits))
    run.keep("team_asks", asked.by_team(asks, on, run["desk_teams"]))
    run.keep("desk_words", asked.telling(run["team_asks"], limits))
    told = run.compute(asked.desks(run["team_asks"], run["desk_words"], limits))
    heads = naming.heads(told, called).order_by("desk", "word").to_pyarrow()
    hidden = set(words.names(run["principals"], limits.min_word).to_pyarrow()["word"].to_pylist())
    run.keep("desk_names", naming.identities(heads, hidden, called))
    run.keep("desk_asks", told.inner_join(run["desk_names"].select("desk", "audience", "term"), "desk"))
    found = run["desk_asks"]
    spoken = found.select("audience", "thread").distinct().inner_join(run["message_threads"], "thread")
    meta = found.select("audience", "term").distinct().select("audience", kind=ibis.literal("desk"), stem="term")
    return Mined(meta, asked.members(found, run["people"]), spoken.select("audience", "message"))
