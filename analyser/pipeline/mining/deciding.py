"""Miners of decisions and of copies for cover."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import covers as copied
from analyser.analysis.audiences import decisions as long
from analyser.analysis.audiences import rounds as passed
from analyser.analysis.audiences import series
from analyser.pipeline.mining.grown import grown
from analyser.pipeline.mining.mined import Mined

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["covers", "decisions"]


def decisions(run: Run) -> Mined:
    """Decisions, grown together like circles over the people of each thread.

    Measures: `reply_all` and `added`, means over the threads; `senior_late`, the share of threads into which somebody
    senior comes late, only where a directory says who is senior.
    """
    limits, mail = run.thresholds["decisions"], run["mail"]
    run.keep("seniors", long.seniors(run["principals"], limits))
    run.keep(
        "decisions",
        long.decisions(
            run["threads"], mail, run["participants"], run["header_links"], run["seniors"], run["people"], limits
        ),
    )
    found = run["decisions"].select("thread")
    rows = run.compute(mail.filter(~mail.automatic).semi_join(found, "thread").select("message", "thread"))
    people = passed.people_of(rows, run["participants"], run["people"])
    own = run.compute(grown(people, "thread", found.mutate(n=1), run.thresholds["circles"]))
    own = run.compute(own.select("thread", audience=ibis.literal("decisions ") + own.circle.cast("string")))
    names = ["reply_all", "added"]
    if run["seniors"].count().to_pyarrow().as_py():
        names.append("senior_late")
    measured = run["decisions"].inner_join(own, "thread")
    measures = ibis.union(*(_mean(measured, name) for name in names))
    return _mined(run, "decisions", rows.inner_join(own, "thread").select("audience", "message"), measures)


def covers(run: Run) -> Mined:
    """Groups whose threads carry a copy for somebody who never answers.

    Measures: `threads` of the group with such a copy; `growth`, how many more are in copy at the end of a thread than
    at its beginning, the mean over threads of several messages.
    """
    limits, mail, parts = run.thresholds["covers"], run["mail"], run["participants"]
    run.keep("roles_in_threads", copied.roles_in_threads(mail, run["threads"], parts, run["people"], limits))
    run.keep("copying", copied.groups(run["roles_in_threads"], limits))
    run.keep("covered", copied.covered(run["roles_in_threads"], run["copying"], limits))
    found = run["covered"]
    rows = mail.filter(~mail.automatic).inner_join(found, "thread").select("audience", "message")
    grows = run.compute(copied.growth(found, mail, parts)).inner_join(found, "thread")
    count = found.group_by("audience").agg(value=found.count().cast("float64"))
    count = count.select("audience", measure=ibis.literal("threads"), value="value")
    mined = _mined(run, "covers", rows, ibis.union(count, _mean(grows, "growth")))
    # who writes little of what a large team writes belongs to it all the same
    writers = run["copying"].inner_join(found.select("audience", "watcher").distinct(), "watcher")
    writers = writers.select("audience", "actor", role=ibis.literal("core"))
    more = run.compute(writers.union(mined.members)).group_by("audience", "actor").agg(role=lambda t: t.role.min())
    return replace(mined, members=more)


def _mined(run: Run, kind: str, rows: ir.Table, measures: ir.Table) -> Mined:
    spoken = run.compute(rows)
    meta = spoken.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal(kind), stem=ibis.null("string")),
        series.members(spoken, run["participants"], run["people"], run.thresholds["series"]),
        spoken,
        measures,
        rhythm=False,
    )


def _mean(rows: ir.Table, name: str) -> ir.Table:
    """`audience`, `measure`, `value`: the mean of a column over an audience's threads."""
    means = rows.group_by("audience").agg(value=rows[name].cast("float64").mean().round(6))
    return means.select("audience", measure=ibis.literal(name), value="value")
