"""The stage that says which knowledge is locked within a department."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.analysis import knowledge
from analyser.analysis.audiences import desks
from analyser.lake.schema import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["knowledge_"]


def knowledge_(run: Run) -> None:
    """What desks are asked about, by whom, and how few answer."""
    asks = knowledge.Asks(
        run["desk_asks"], run.compute(_inside(run)), run["mail"], run["participants"], run["principals"]
    )
    found = knowledge.knowledge(
        asks, run["desk_names"].select("audience", "terms"), run.settings.savings, run.thresholds["knowledge"]
    )
    run.keep("knowledge", found.select(*(column.name for column in TABLES["knowledge"].columns)))


def _inside(run: Run) -> ir.Table:
    """Asks of a department's own people to its desks, about their words: `audience`, `thread`, `asker`."""
    begun = run["begun_asks"]
    begun = begun.filter(begun.own).semi_join(run["desk_teams"], "desk")
    rows = run.compute(desks.asks(begun, run["mail"], run["principals"], run.thresholds["desks"]))
    on = desks.involved(rows, run["participants"], run["principals"])
    placed = desks.by_team(rows, on, run["desk_teams"])
    told = placed.semi_join(run["desk_words"], ["desk", "word"]).inner_join(run["desk_names"], "desk")
    return told.select("audience", "thread", "asker").distinct()
