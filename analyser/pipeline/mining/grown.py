"""Miners that grow groups of people over recipient sets: circles, rounds of documents, teams that share a partner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.analysis.audiences import circles as ring
from analyser.analysis.audiences import rounds as passed
from analyser.analysis.audiences import series, similarity
from analyser.pipeline.mining import standing
from analyser.pipeline.mining.mined import Mined

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from analyser.pipeline.run import Run

__all__ = ["circles", "grown", "rounds", "teams"]


def teams(run: Run, rows: ir.Table) -> ir.Table:
    """Outside-facing mail parted by the people inside who share it: a large partner works with several teams.

    Mail of people who belong to no such team stays with the domain as a whole.
    """
    limits = run.thresholds["circles"]
    shared = rows.select("message").distinct().inner_join(run["mail"], "message")
    weight = shared.filter(shared.recipient_set.notnull()).group_by("recipient_set").agg(n=lambda t: t.count())
    weight = weight.order_by(ibis.desc("n"), "recipient_set").limit(limits.max_sets)
    people = run["recipient_set_members"].semi_join(weight, "recipient_set")
    team = run.compute(grown(people, "recipient_set", weight, limits))
    placed = rows.inner_join(run["mail"].select("message", "recipient_set"), "message").left_join(team, "recipient_set")
    whole = placed.audience
    parted = whole + ibis.literal(" ") + placed.circle.cast("string")
    placed = run.compute(placed.select("message", "stem", audience=placed.circle.isnull().ifelse(whole, parted)))
    enough = placed.group_by("audience").agg(n=placed.count())
    enough = enough.filter(enough.n >= run.thresholds["series"].min_messages)
    return placed.semi_join(enough, "audience")


def grown(people: ir.Table, key: str, weight: ir.Table, limits: ring.CirclesThresholds) -> pa.Table:
    """The circle, numbered from 1, that each set of people belongs to: `key`, `circle`; sets of none are left out.

    Parameters
    ----------
    people
        `key`, `actor`.
    weight
        `key`, `n`.
    """
    rows = people.order_by(key, "actor").to_pyarrow()
    weights = weight.order_by(key).to_pyarrow()
    names = weights[key].combine_chunks()
    who, column = np.unique(rows["actor"].to_numpy(), return_inverse=True)
    row = pc.index_in(rows[key].combine_chunks(), names).to_numpy().astype(np.int64)
    sets = similarity.incidence(row, column, (len(names), len(who)))
    owner = ring.owners(sets, ring.mine(sets, weights["n"].to_numpy().astype(np.float64), limits))
    owned = pa.array(owner >= 0)
    return pa.table({key: names.filter(owned), "circle": pa.array(owner[owner >= 0] + 1, pa.int64())})


def rounds(run: Run) -> Mined:
    """Rounds of documents, grown together like circles over the people of each thread."""
    run.keep("round_messages", passed.rounds(run["threads"], run["mail"], run.thresholds["rounds"]))
    found = run["round_messages"]
    people = passed.people_of(found, run["participants"], run["people"])
    own = run.compute(grown(people, "thread", found.select("thread").distinct().mutate(n=1), run.thresholds["circles"]))
    own = own.select("thread", audience=ibis.literal("rounds ") + own.circle.cast("string"))
    spoken = run.compute(found.inner_join(own, "thread").select("audience", "message"))
    meta = spoken.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal("rounds"), stem=ibis.null("string")),
        series.members(spoken, run["participants"], run["people"], run.thresholds["series"]),
        spoken,
    )


def circles(run: Run) -> Mined:
    """People who recur together, over what no finding explains."""
    limits = run.thresholds["circles"]
    mail = run["mail"]
    run.keep("heaviest", ring.weights(mail, run.now, limits))
    heaviest = run["heaviest"].order_by(ibis.desc("weight"), "recipient_set").to_pyarrow()
    names = heaviest["recipient_set"].combine_chunks()
    rows = run["recipient_set_members"].semi_join(run["heaviest"], "recipient_set").to_pyarrow()
    who, column = np.unique(rows["actor"].to_numpy(), return_inverse=True)
    row = pc.index_in(rows["recipient_set"].combine_chunks(), names).to_numpy().astype(np.int64)
    sets = similarity.incidence(row, column, (len(names), len(who)))
    weight = heaviest["weight"].to_numpy() * (1 + limits.home_bonus * ring.home_share(sets, _departments(run, who)))
    chosen = ring.mine(sets, weight, limits)
    run.objects.update(set_people=_principals(run, who), sets=sets, set_weight=weight)
    owner = ring.owners(sets, chosen)
    own = pa.table(
        {"recipient_set": names.filter(pa.array(owner >= 0)), "circle": pa.array(owner[owner >= 0], pa.int64())}
    )
    run.keep("circle_sets", own)
    run.keep("circle_messages", ring.spoken(mail, run["circle_sets"], run["explained"], limits))
    spoken = run["circle_messages"]
    meta = spoken.select("audience").distinct()
    run.keep("circle_people", ring.people_of(chosen, who))
    # a circle's members are those with whom it was chosen, as far as they are on the mail that is left to it
    shares = series.member_shares(spoken, run["participants"], run["people"])
    shares = shares.semi_join(run["circle_people"], ["audience", "actor"])
    members = series.roles(shares, run.thresholds["series"])
    return Mined(
        meta.select("audience", kind=ibis.literal("circle"), stem=ibis.null("string")),
        members,
        spoken,
        standing.measures(run, spoken, members),
    )


def _departments(run: Run, who: NDArray[np.int32]) -> NDArray[np.int64]:
    """Number of each person's department; -1 where unknown."""
    known = run["people"].to_pyarrow()
    at = pc.index_in(pa.array(who), known["actor"].combine_chunks())
    names = pc.take(known["department"].combine_chunks(), at).dictionary_encode()
    return np.asarray(pc.fill_null(names.indices, -1), np.int64)


def _principals(run: Run, who: NDArray[np.int32]) -> list[str]:
    """Address of each actor."""
    known = run["people"].to_pyarrow()
    at = pc.index_in(pa.array(who), known["actor"].combine_chunks())
    names: list[str] = pc.take(known["principal"].combine_chunks(), at).to_pylist()
    return names
