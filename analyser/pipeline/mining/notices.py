"""Miners of what one writes to many: alarms of programs, copies of one notice, forums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis.audiences import alarms as ringing
from analyser.analysis.audiences import copies as parallel
from analyser.analysis.audiences import forums as open_to_all
from analyser.analysis.audiences import series
from analyser.pipeline.mining.grown import grown
from analyser.pipeline.mining.mined import Mined, long

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.pipeline.run import Run

__all__ = ["alarms", "copies", "forums"]


def alarms(run: Run) -> Mined:
    """What a program writes to the same several people, by program and readers."""
    limits = run.thresholds["alarms"]
    rows = run.compute(ringing.programs(run["mail"], run["participants"], limits))
    weight = rows.group_by("recipient_set").agg(n=rows.count())
    people = run["recipient_set_members"].semi_join(rows, "recipient_set")
    teams = run.compute(grown(people, "recipient_set", weight, run.thresholds["circles"]))
    named = rows.inner_join(teams, "recipient_set").inner_join(run["actors"].rename(sender="actor"), "sender")
    audience = ibis.literal("alarms ") + named.principal + ibis.literal(" ") + named.circle.cast("string")
    named = run.compute(named.select("message", audience=audience))
    enough = named.group_by("audience").agg(n=named.count()).filter(lambda t: t.n >= limits.min_messages)
    spoken = run.compute(named.semi_join(enough, "audience"))
    timed = spoken.inner_join(run["mail"].select("message", "local_at"), "message")
    return Mined(
        _meta(spoken, "alarms"),
        series.members(spoken, run["participants"], run["people"], run.thresholds["series"]),
        spoken,
        long(ringing.clock(timed)),
    )


def copies(run: Run) -> Mined:
    """Notices that one sender writes within minutes to several sets of people."""
    limits = run.thresholds["copies"]
    rows = run.compute(parallel.readers(run["mail"], run["participants"], limits))
    paired = run.compute(parallel.pairs(rows, limits))
    columns = ["sender", "stem", "other_stem", "opening"]
    stems = paired.select(*columns).distinct().order_by(*columns)
    by_stem = run.compute(parallel.themes(stems.to_pyarrow()))
    found = run.compute(parallel.notices(rows, paired, by_stem, run["actors"], limits))
    shares = parallel.shares(found, run["participants"], run["people"])
    return Mined(
        found.select("audience", "stem").distinct().select("audience", kind=ibis.literal("copies"), stem="stem"),
        series.roles(shares, run.thresholds["series"]),
        found.select("audience", "message"),
        long(parallel.measures(found, paired)),
    )


def forums(run: Run) -> Mined:
    """Lists and large sets of names to whom anybody writes now and then."""
    limits = run.thresholds["forums"]
    begun = run.compute(open_to_all.begun(run["mail"], run["participants"], run["principals"], limits))
    listed = begun.filter(begun.list.notnull())
    named = begun.filter(begun.list.isnull() & begun.recipient_set.notnull())
    people = run["recipient_set_members"].semi_join(named, "recipient_set")
    same = run.compute(open_to_all.same_names(people, limits))
    rows = listed.select("thread", "sender", forum="list").union(
        named.inner_join(same, "recipient_set").select("thread", "sender", "forum")
    )
    found = run.compute(open_to_all.threads_of(rows, run["threads"], limits))
    human = run["mail"].filter(lambda t: ~t.automatic & ~t.external & ~t.sensitive).select("thread", "message")
    spoken = run.compute(found.select("audience", "thread").inner_join(human, "thread").select("audience", "message"))
    return Mined(
        _meta(spoken, "forum"),
        series.members(spoken, run["participants"], run["people"], run.thresholds["series"]),
        spoken,
        long(open_to_all.measures(found, run["threads"], run["principals"])),
    )


def _meta(spoken: ir.Table, kind: str) -> ir.Table:
    """`audience`, `kind`, `stem` of audiences without a stem of their own."""
    return spoken.select("audience").distinct().select("audience", kind=ibis.literal(kind), stem=ibis.null("string"))
