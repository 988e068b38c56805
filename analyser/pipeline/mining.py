"""The stage that says what recurs: audiences, what was seen of them, and their rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.analysis import cadence
from analyser.analysis.audiences import circles, desks, rounds, series, similarity, table
from analyser.findings import registry
from analyser.findings.contract import Period
from analyser.findings.signals import signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from analyser.pipeline.run import Run

__all__ = ["audiences"]


@dataclass(frozen=True, slots=True)
class Mined:
    """Audiences of one kind.

    Parameters
    ----------
    meta
        `audience`, `kind`, `stem`.
    members
        `audience`, `actor`, `role`.
    spoken
        `audience`, `message`.
    """

    meta: ir.Table
    members: ir.Table
    spoken: ir.Table


def audiences(run: Run) -> None:
    """Every kind of audience, with what was seen of each and its rhythm.

    Circles come last: mail that a finding explains as one sender's report or notice, or as documents that go round, is
    not what a circle writes; mail that only looks like it is.
    """
    _join_mail(run)
    mined = (*_strands(run), _desks(run), _rounds(run))
    strands = _observe(run, mined)
    explained = pa.table({"audience": pa.array(sorted(_explained(run, strands)), pa.string())})
    run.keep("explained", strands["audience_messages"].semi_join(run.compute(explained), "audience").select("message"))
    rest = _observe(run, (_circles(run),))
    for name in strands:
        run.keep(name, strands[name].union(rest[name]))
    run.keep("audience_participants", run["participants"].semi_join(run["audience_messages"], "message"))


def _explained(run: Run, strands: Mapping[str, ir.Table]) -> set[str]:
    """Series, broadcasts and rounds with a finding."""
    found = registry.find(registry.audiences({**run.tables, **strands}), Period(run.first, run.now), run.thresholds)
    return {f.audience.audience for f in found if f.audience.kind in {"series", "broadcast", "rounds"}}


def _observe(run: Run, mined: Sequence[Mined]) -> dict[str, ir.Table]:
    """What was seen of these audiences: the tables that rules read."""
    messages = run.compute(ibis.union(*(m.spoken for m in mined)))
    roles = run.compute(ibis.union(*(m.members for m in mined)))
    # every message of an audience with its columns: joined once, read by all that follows
    spoken = run.compute(messages.inner_join(run["mail"], "message"))
    placed = roles.left_join(run["people"], "actor").select("audience", "actor", "department")
    half_life = run.thresholds["circles"].half_life_days
    meta = ibis.union(*(m.meta for m in mined))
    described = run.compute(table.describe(spoken, meta, placed, run["threads"], run.now, half_life))
    parts = run.compute(messages.inner_join(run["participants"].semi_join(messages, "message"), "message"))
    members = run.compute(table.describe_members(messages, roles, parts))
    return {
        "audience_messages": messages,
        "audiences": described,
        "audience_members": members,
        "cadence": run.compute(_cadence(run, spoken)),
        "signals": run.compute(signals(spoken, members, parts)),
    }


def _join_mail(run: Run) -> None:
    """One row per message with what mining looks at."""
    limits = run.thresholds["series"]
    inside = run["principals"].select(sender="actor", sender_inside="is_internal")
    members = run["group_members"].inner_join(
        run["principals"], run["group_members"].group == run["principals"].principal
    )
    sizes = members.group_by("actor").agg(size=members.count())
    lists = run["principals"].filter(lambda t: t.kind == "list").select("actor")
    addressed = run["participants"].filter(lambda t: t.role != "from").semi_join(lists, "actor")
    addressed = addressed.left_join(sizes, "actor")
    # a list of unknown size reaches as many as a broadcast does; one whose members are known reaches them
    addressed = addressed.group_by("message").agg(
        size=addressed["size"].fill_null(limits.broadcast_people).max(),
        to_list=ibis.literal(True),  # noqa: FBT003
    )
    rows = run["sent"].drop("subject_key").inner_join(inside, "sender").inner_join(run["message_flags"], "message")
    rows = rows.inner_join(run["message_threads"], "message").left_join(addressed, "message").drop("message_right")
    run.keep(
        "mail",
        rows.mutate(
            reach=ibis.greatest(rows.people, rows["size"].fill_null(0)).cast("int64"),
            to_list=rows.to_list.fill_null(False),  # noqa: FBT003
        ).drop("size"),
    )


def _strands(run: Run) -> list[Mined]:
    """Series, broadcasts, outside-facing and closed mail."""
    mail, parts, limits = run["mail"], run["participants"], run.thresholds["series"]
    strands = {
        "series": series.series(mail, run["actors"], limits),
        "broadcast": series.broadcasts(mail, run["actors"], limits),
        "outside": _teams(run, run.compute(series.outside(mail, parts, run["principals"], limits))),
        "closed": series.closed(mail, limits),
    }
    result = []
    for kind, rows in strands.items():
        run.keep(kind, rows)
        spoken = run[kind].select("audience", "message")
        meta = run[kind].select("audience", "stem").distinct().select("audience", kind=ibis.literal(kind), stem="stem")
        result.append(Mined(meta, series.members(spoken, parts, run["people"], limits), spoken))
    return result


def _teams(run: Run, rows: ir.Table) -> ir.Table:
    """Outside-facing mail parted by the people inside who share it: a large partner works with several teams.

    Mail of people who belong to no such team stays with the domain as a whole.
    """
    limits = run.thresholds["circles"]
    shared = rows.select("message").distinct().inner_join(run["mail"], "message")
    weight = shared.filter(shared.recipient_set.notnull()).group_by("recipient_set").agg(n=lambda t: t.count())
    weight = weight.order_by(ibis.desc("n"), "recipient_set").limit(limits.max_sets)
    people = run["recipient_set_members"].semi_join(weight, "recipient_set")
    team = run.compute(_grown(people, "recipient_set", weight, limits))
    placed = rows.inner_join(run["mail"].select("message", "recipient_set"), "message").left_join(team, "recipient_set")
    whole = placed.audience
    parted = whole + ibis.literal(" ") + placed.circle.cast("string")
    placed = run.compute(placed.select("message", "stem", audience=placed.circle.isnull().ifelse(whole, parted)))
    enough = placed.group_by("audience").agg(n=placed.count())
    enough = enough.filter(enough.n >= run.thresholds["series"].min_messages)
    return placed.semi_join(enough, "audience")


def _grown(people: ir.Table, key: str, weight: ir.Table, limits: circles.CirclesThresholds) -> pa.Table:
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
    owner = circles.owners(sets, circles.mine(sets, weights["n"].to_numpy().astype(np.float64), limits))
    owned = pa.array(owner >= 0)
    return pa.table({key: names.filter(owned), "circle": pa.array(owner[owner >= 0] + 1, pa.int64())})


def _desks(run: Run) -> Mined:
    limits = run.thresholds["desks"]
    run.keep("asks", desks.asks(run["mail"], run["participants"], run["principals"], run["threads"], limits))
    run.keep("desk_threads", desks.desks(run["asks"], limits))
    found = run["desk_threads"]
    spoken = found.select("audience", "thread").distinct().inner_join(run["message_threads"], "thread")
    meta = found.select("audience", "term").distinct().select("audience", kind=ibis.literal("desk"), stem="term")
    return Mined(meta, desks.members(found, run["people"]), spoken.select("audience", "message"))


def _rounds(run: Run) -> Mined:
    """Rounds of documents, grown together like circles over the people of each thread."""
    run.keep("round_messages", rounds.rounds(run["threads"], run["mail"], run.thresholds["rounds"]))
    found = run["round_messages"]
    people = rounds.people_of(found, run["participants"], run["people"])
    own = run.compute(
        _grown(people, "thread", found.select("thread").distinct().mutate(n=1), run.thresholds["circles"])
    )
    own = own.select("thread", audience=ibis.literal("rounds ") + own.circle.cast("string"))
    spoken = run.compute(found.inner_join(own, "thread").select("audience", "message"))
    meta = spoken.select("audience").distinct()
    return Mined(
        meta.select("audience", kind=ibis.literal("rounds"), stem=ibis.null("string")),
        series.members(spoken, run["participants"], run["people"], run.thresholds["series"]),
        spoken,
    )


def _circles(run: Run) -> Mined:
    limits = run.thresholds["circles"]
    mail = run["mail"]
    run.keep("heaviest", circles.weights(mail, run.now, limits))
    heaviest = run["heaviest"].order_by(ibis.desc("weight"), "recipient_set").to_pyarrow()
    names = heaviest["recipient_set"].combine_chunks()
    rows = run["recipient_set_members"].semi_join(run["heaviest"], "recipient_set").to_pyarrow()
    who, column = np.unique(rows["actor"].to_numpy(), return_inverse=True)
    row = pc.index_in(rows["recipient_set"].combine_chunks(), names).to_numpy().astype(np.int64)
    sets = similarity.incidence(row, column, (len(names), len(who)))
    weight = heaviest["weight"].to_numpy() * (1 + limits.home_bonus * circles.home_share(sets, _departments(run, who)))
    chosen = circles.mine(sets, weight, limits)
    run.objects.update(set_people=_principals(run, who), sets=sets, set_weight=weight)
    owner = circles.owners(sets, chosen)
    own = pa.table(
        {"recipient_set": names.filter(pa.array(owner >= 0)), "circle": pa.array(owner[owner >= 0], pa.int64())}
    )
    run.keep("circle_sets", own)
    run.keep("circle_messages", circles.spoken(mail, run["circle_sets"], run["explained"], limits))
    spoken = run["circle_messages"]
    meta = spoken.select("audience").distinct()
    run.keep("circle_people", circles.people_of(chosen, who))
    # a circle's members are those with whom it was chosen, as far as they are on the mail that is left to it
    shares = series.member_shares(spoken, run["participants"], run["people"])
    shares = shares.semi_join(run["circle_people"], ["audience", "actor"])
    members = series.roles(shares, run.thresholds["series"])
    return Mined(meta.select("audience", kind=ibis.literal("circle"), stem=ibis.null("string")), members, spoken)


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


def _cadence(run: Run, rows: ir.Table) -> pa.Table:
    """The rhythm of every audience: one occasion per thread, since answers belong to what they answer."""
    first = rows.group_by("audience", "thread").agg(local_at=rows.local_at.min())
    occasions = first.select("audience", when=_hours(first.local_at)).order_by("audience", "when").to_pyarrow()
    texts = occasions["audience"].to_numpy(zero_copy_only=False).astype(str)
    names, start = np.unique(texts, return_index=True)
    return cadence.cadence(
        cadence.Occasions(
            names.tolist(),
            np.append(start, occasions.num_rows),
            occasions["when"].to_numpy(),
            _profiles(run, rows, names),
        ),
        run.thresholds["cadence"],
    )


def _hours(local: ir.TimestampValue) -> ir.FloatingValue:
    """Wall time in hours since Monday 1970-01-05 00:00."""
    return local.epoch_seconds() / 3600.0 - 96.0


def _slot(rows: ir.Table) -> ir.IntegerValue:
    """Hour of the week, 0 on Monday at midnight."""
    return (rows.local_at.day_of_week.index() * 24 + rows.local_at.hour()).cast("int64")


def _profiles(run: Run, rows: ir.Table, names: NDArray[np.str_]) -> NDArray[np.float64]:
    """Hour-of-week profile of each audience's senders: its own messages left out, one per working hour added."""
    own = rows.select("audience", "sender", slot=_slot(rows))
    senders = own.select("audience", "sender").distinct()
    mail = run["mail"].semi_join(senders, "sender")
    mail = mail.select("sender", slot=_slot(mail))
    sent = mail.group_by("sender", "slot").agg(n=mail.count())
    habit = senders.inner_join(sent, "sender").group_by("audience", "slot").agg(n=lambda t: t.n.sum())
    minus = own.group_by("audience", "slot").agg(own=own.count())
    others = habit.left_join(minus, ["audience", "slot"])
    others = others.select("audience", "slot", n=ibis.greatest(others.n - others.own.fill_null(0), 0)).to_pyarrow()
    slots = np.arange(168)
    working = ((slots // 24 < 5) & (slots % 24 >= 8) & (slots % 24 < 17)).astype(np.float64)  # noqa: PLR2004
    profile = np.tile(working, (len(names), 1))
    at = np.searchsorted(names, others["audience"].to_numpy(zero_copy_only=False).astype(str))
    np.add.at(profile, (at, others["slot"].to_numpy()), others["n"].to_numpy().astype(np.float64))
    return np.asarray(profile / profile.sum(axis=1, keepdims=True), np.float64)
