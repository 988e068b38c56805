"""Miner of talks: groups whose few-people threads end with an invitation again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa

from analyser.analysis.audiences import circles as ring
from analyser.analysis.audiences import series, similarity
from analyser.analysis.audiences import talks as dates
from analyser.pipeline.mining.mined import Mined, long

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.analysis.audiences.talks import TalksThresholds
    from analyser.pipeline.run import Run

__all__ = ["neighbourhoods", "talks"]


def talks(run: Run) -> Mined:
    """Talks that end with an invitation, by the group within which they recur.

    Its measure `talks` counts them; `invited` is the share of the group's talks with such an end, `marked` is 1 where a
    room or a calendar tells invitations, else 0.
    """
    limits: TalksThresholds = run.thresholds["talks"]
    mail, parts, people = run["mail"], run["participants"], run["people"]
    run.keep("talks", dates.talks(run["threads"], mail, limits))
    run.keep("talkers", dates.people_of(run["talks"], mail, parts, people))
    run.keep("calls", dates.invitations(mail, run["messages"], parts, run["principals"], limits))
    marked = bool(run["calls"].count().to_pyarrow().as_py())
    if not marked:
        run.keep("calls", dates.closings(mail, run["threads"], limits))
    run.keep("endings", dates.endings(run["talks"], run["talkers"], run["calls"], parts, people, limits))
    ended = run["talkers"].semi_join(run["endings"], "thread")
    groups = run.compute(neighbourhoods(ended, run.thresholds["circles"]))
    run.keep("talk_groups", _placed(run["talkers"], groups, limits))
    measured = run.compute(_measured(run["talk_groups"], run["endings"], marked=marked))
    if not marked:
        measured = run.compute(measured.filter(measured.invited >= limits.closing_share))
    spoken = run.compute(_spoken(run, measured))
    meta = spoken.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal("talks"), stem=ibis.null("string")),
        series.members(spoken, parts, people, run.thresholds["series"]),
        spoken,
        long(measured.semi_join(meta, "audience")),
        rhythm=False,
    )


def neighbourhoods(talkers: ir.Table, limits: ring.CirclesThresholds) -> pa.Table:
    """Groups within which a few at a time talk: `circle` (from 1), `actor`.

    No talk unites the whole group, so sets of talks cannot be compared; but whom each of its people talks with is
    nearly the whole group. These neighbourhoods are grown together like recipient sets.

    Parameters
    ----------
    talkers
        `thread`, `actor`.
    """
    other = talkers.select("thread", near="actor")
    pairs = talkers.inner_join(other, "thread").group_by("actor", "near").agg(n=lambda t: t.count())
    rows = pairs.order_by("actor", "near").to_pyarrow()
    actor, near, n = (rows[name].to_numpy() for name in ("actor", "near", "n"))
    who, column = np.unique(near, return_inverse=True)
    large = np.bincount(np.searchsorted(who, actor), minlength=len(who)) >= limits.min_people
    kept = large[np.searchsorted(who, actor)]
    egos, row = np.unique(actor[kept], return_inverse=True)
    sets = similarity.incidence(row, column[kept], (len(egos), len(who)))
    # how many talks a person is in stands where the person meets itself
    weight = n[kept & (actor == near)].astype(np.float64)
    chosen = ring.mine(sets, weight, limits)
    numbers = [number for number, circle in enumerate(chosen, 1) for _ in circle.people]
    columns = np.concatenate([np.zeros(0, np.int64), *(circle.people for circle in chosen)])
    return pa.table({"circle": pa.array(numbers, pa.int64()), "actor": pa.array(who[columns], pa.int32())})


def _placed(talkers: ir.Table, groups: ir.Table, limits: TalksThresholds) -> ir.Table:
    """The group of each talk, the one that holds most of its people: `thread`, `audience`."""
    size = talkers.group_by("thread").agg(people=talkers.count())
    held = talkers.inner_join(groups, "actor").group_by("thread", "circle").agg(held=lambda t: t.count())
    held = held.inner_join(size, "thread").filter(lambda t: t.held >= limits.inside * t.people)
    order = ibis.window(group_by="thread", order_by=[ibis.desc(held.held), held.circle])
    best = held.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place == 0)
    return best.select("thread", audience=ibis.literal("talks ") + best.circle.cast("string"))


def _measured(placed: ir.Table, endings: ir.Table, *, marked: bool) -> ir.Table:
    """`audience`, `talks`, `invited`, `marked` of groups with an ended talk."""
    ended = endings.select("thread").distinct().mutate(ended=1)
    rows = placed.left_join(ended, "thread")
    counted = rows.group_by("audience").agg(talks=rows.ended.fill_null(0).sum(), all=rows.count())
    counted = counted.filter(counted.talks > 0)
    return counted.select(
        "audience",
        talks=counted.talks.cast("float64"),
        invited=counted.talks / counted["all"].cast("float64"),
        marked=ibis.literal(float(marked)),
    )


def _spoken(run: Run, measured: ir.Table) -> ir.Table:
    """Messages of ended talks and their invitations: `audience`, `message`."""
    placed = run["talk_groups"].semi_join(measured, "audience").semi_join(run["endings"], "thread")
    ordinary = run["mail"].filter(lambda t: ~t.automatic).select("message", "thread")
    talked = placed.inner_join(ordinary, "thread").select("audience", "message")
    called = placed.inner_join(run["endings"], "thread").select("audience", "message")
    return talked.union(called).distinct()
