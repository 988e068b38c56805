"""The stage that says what recurs: audiences, what was seen of them, and their rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from analyser.findings import registry
from analyser.findings.contract import Period
from analyser.pipeline.mining import deciding, grown, notices, paths, strands
from analyser.pipeline.mining import talks as dates
from analyser.pipeline.mining.mail import join_mail
from analyser.pipeline.mining.observed import observe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import ibis.expr.types as ir

    from analyser.pipeline.mining.mined import Mined
    from analyser.pipeline.run import Run

__all__ = ["MINERS", "audiences"]

MINERS: Final[tuple[Callable[[Run], Mined], ...]] = (
    strands.series,
    strands.broadcasts,
    strands.outside,
    strands.closed,
    strands.desks,
    grown.rounds,
    notices.alarms,
    notices.copies,
    notices.forums,
    paths.joiners,
    paths.paths,
    dates.talks,
    deciding.decisions,
    deciding.covers,
)
"""Miners of every kind of audience but circles, which are mined over what these leave."""

_EXPLAINING: Final = frozenset(
    {"series", "broadcast", "rounds", "alarms", "copies", "forum", "joiners", "path", "talks", "decisions"}
)
"""Kinds whose mail, where a finding recognises it, is not what a circle of the same people writes."""


def audiences(run: Run) -> None:
    """Every kind of audience, with what was seen of each and its rhythm.

    Circles come last: mail that a finding explains as one sender's report or notice, as documents that go round, as a
    search for dates or as a decision is not what a circle writes; mail that only looks like it is. Copies for cover
    explain nothing: the habit ends, and what the group writes still needs a place.
    """
    join_mail(run)
    mined = tuple(miner(run) for miner in MINERS)
    strands = observe(run, mined)
    explained = pa.table({"audience": pa.array(sorted(_explained(run, strands)), pa.string())})
    run.keep("explained", strands["audience_messages"].semi_join(run.compute(explained), "audience").select("message"))
    rest = observe(run, (grown.circles(run),))
    for name in strands:
        run.keep(name, strands[name].union(rest[name]))
    run.keep("audience_participants", run["participants"].semi_join(run["audience_messages"], "message"))


def _explained(run: Run, strands: Mapping[str, ir.Table]) -> set[str]:
    """Audiences whose mail a finding explains."""
    found = registry.find(registry.audiences({**run.tables, **strands}), Period(run.first, run.now), run.thresholds)
    return {f.audience.audience for f in found if f.audience.kind in _EXPLAINING}
