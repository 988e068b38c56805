"""Stages that say what recurs: audiences and their rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.analysis import cadence
from analyser.analysis.audiences import circles, desks, series, similarity, table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from analyser.pipeline.run import Run

__all__ = ["audiences", "cadence_"]

def audiences(run: Run) -> None:
    """Circles, series and desks with what was seen of each."""
    parts = run["participants"]
    _join_mail(run)
    run.keep("people", run["keys"].inner_join(run["principals"], "principal").select("principal", "department"))
    meta, members, spoken = [], [], []
    for mined in (*_strands(run), _desks(run), _circles(run)):
        meta.append(mined[0])
        members.append(mined[1])
        spoken.append(mined[2])
    run.keep("audience_messages", ibis.union(*spoken))
    run.keep("audience_meta", ibis.union(*meta))
    run.keep("audience_roles", ibis.union(*members))
    placed = run["audience_roles"].left_join(run["people"], "principal").drop("principal_right")
    run.keep(
        "audiences",
        table.describe(
            run["audience_messages"],
            run["audience_meta"],
            placed,
            run["mail"],
            run["threads"],
            run.now,
            run.thresholds["circles"].half_life_days,
        ),
    )
    run.keep("audience_members", table.describe_members(run["audience_messages"], run["audience_roles"], parts))


def _join_mail(run: Run) -> None:
    """One row per message with what mining looks at."""
    messages, flags, parts, limits = run["messages"], run["message_flags"], run["participants"], run.thresholds["series"]
    inside = run["principals"].select("principal", sender_inside="is_internal")
    sender = parts.filter(parts.role == "from").inner_join(inside, "principal")
    sender = sender.select("message_key", "sender_inside", sender="principal")
    members = run["group_members"]
    sizes = members.group_by("group").agg(size=members.count())
    lists = run["principals"].filter(lambda t: t.kind == "list").select("principal")
    addressed = parts.filter(parts.role != "from").semi_join(lists, "principal")
    addressed = addressed.left_join(sizes, addressed.principal == sizes.group)
    # a list of unknown size reaches as many as a broadcast does; one whose members are known reaches them
    addressed = addressed.group_by("message_key").agg(
        size=addressed["size"].fill_null(limits.broadcast_people).max(), to_list=ibis.literal(True)  # noqa: FBT003
    )
    rows = messages.select(
        "message_key",
        "sent_at",
        "local_at",
        "has_attachments",
        answers=messages.is_reply.fill_null(False) | messages.is_forward.fill_null(False),  # noqa: FBT003
    )
    for other in (flags, sender, addressed, run["message_threads"]):
        rows = rows.left_join(other, "message_key").drop("message_key_right")
    run.keep(
        "mail",
        rows.mutate(
            reach=ibis.greatest(rows.people, rows["size"].fill_null(0)).cast("int64"),
            to_list=rows.to_list.fill_null(False),  # noqa: FBT003
            sender_inside=rows.sender_inside.fill_null(False),  # noqa: FBT003
        ).drop("size"),
    )


def _circles(run: Run) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Circles as (meta, members, messages)."""
    limits = run.thresholds["circles"]
    mail, members = run["mail"], run["recipient_set_members"]
    human = mail.filter(
        mail.recipient_set.notnull()
        & ~mail.automatic
        & ~mail.external
        & ~mail.sensitive
        & mail.people.between(limits.min_people, 2 * limits.max_people)
    )
    weekly = human.group_by("recipient_set", "people", week=human.sent_at.truncate("W")).agg(n=human.count())
    age = (ibis.literal(run.now).epoch_seconds() - weekly.week.epoch_seconds()) / 86400.0
    weekly = weekly.mutate(
        cost=(weekly.people - 1)
        * (weekly.n.cast("float64") ** limits.burst_exponent)
        * (ibis.literal(0.5) ** (age / limits.half_life_days))
    )
    weighed = weekly.group_by("recipient_set").agg(weight=weekly.cost.sum(), messages=weekly.n.sum())
    heaviest = weighed.order_by(ibis.desc("weight"), "recipient_set").limit(limits.max_sets).to_pyarrow()
    names = heaviest["recipient_set"].combine_chunks()
    run.keep("heaviest", heaviest)
    rows = members.semi_join(run["heaviest"], "recipient_set").to_pyarrow()
    who = np.unique(rows["principal"].to_numpy(zero_copy_only=False).astype(str))
    column = np.searchsorted(who, rows["principal"].to_numpy(zero_copy_only=False).astype(str))
    row = pc.index_in(rows["recipient_set"].combine_chunks(), names).to_numpy(zero_copy_only=False).astype(np.int64)
    sets = similarity.incidence(row, column, (len(names), len(who)))
    home = circles.home_share(sets, _departments(run, who))
    weight = heaviest["weight"].to_numpy() * (1 + limits.home_bonus * home)
    run.objects.update(set_people=who.tolist(), sets=sets, set_weight=weight)
    chosen = circles.mine(sets, weight, limits)
    return _publish_circles(run, chosen, sets, names, who)


def _departments(run: Run, who: NDArray[np.str_]) -> NDArray[np.int64]:
    """Number of each person's department; -1 where unknown."""
    known = run["people"].to_pyarrow()
    at = pc.index_in(pa.array(who.tolist(), pa.string()), known["principal"].combine_chunks())
    names = pc.take(known["department"].combine_chunks(), at).dictionary_encode()
    return pc.fill_null(names.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _publish_circles(
    run: Run, chosen: list[circles.Circle], sets: Any, names: pa.Array, who: NDArray[np.str_]
) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Give each set to the circle that it resembles most, and drop circles with too little mail of their own."""
    best = np.zeros(sets.shape[0])
    owner = np.full(sets.shape[0], -1)
    for number, circle in enumerate(chosen):
        member = np.zeros(sets.shape[1], np.float32)
        member[circle.people] = 1
        similar = similarity.jaccard_to(sets, member)
        better = (similar >= 0.5) & (similar > best + 1e-9)  # noqa: PLR2004  the measure by which mail counts as served
        best[better], owner[better] = similar[better], number
    own = ibis.memtable(
        pa.table({"recipient_set": names.filter(pa.array(owner >= 0)), "circle": pa.array(owner[owner >= 0], pa.int64())})
    )
    mail = run["mail"]
    limits = run.thresholds["circles"]
    spoken = (
        mail.filter(~mail.automatic & ~mail.external & ~mail.sensitive)
        # what one sender repeats is an audience of its own: the same people with another purpose
        .anti_join(run["reports"], "message_key")
        .inner_join(own, "recipient_set")
        .select("message_key", "circle", "sent_at")
    )
    busy = spoken.group_by("circle").agg(n=spoken.count(), weeks=spoken.sent_at.truncate("W").nunique())
    kept = set(
        busy.filter((busy.n >= limits.min_messages) & (busy.weeks >= limits.min_weeks)).to_pyarrow()["circle"].to_pylist()
    )
    labels = {n: f"circle {n + 1}" for n in range(len(chosen)) if n in kept}
    run.keep("circle_names", pa.table({"circle": pa.array(list(labels), pa.int64()), "audience": pa.array(list(labels.values()), pa.string())}))
    named = spoken.inner_join(run["circle_names"], "circle").select("audience", "message_key")
    meta = run["circle_names"].select("audience", kind=ibis.literal("circle"), stem=ibis.null("string"))
    rows = [(label, str(who[p])) for n, label in labels.items() for p in chosen[n].people]
    run.keep(
        "circle_people",
        pa.table({"audience": pa.array([r[0] for r in rows], pa.string()), "principal": pa.array([r[1] for r in rows], pa.string())}),
    )
    share = series.member_shares(named, run["participants"], run["people"])
    people_ = run["circle_people"].left_join(share, ["audience", "principal"])
    members = people_.select(
        "audience",
        "principal",
        role=(people_.share.fill_null(0.0) >= run.thresholds["series"].member_share).ifelse("core", "peripheral"),
    )
    return meta, members, named


def _strands(run: Run) -> list[tuple[ir.Table, ir.Table, ir.Table]]:
    """Series, broadcasts, outside-facing and closed mail, each as (meta, members, messages)."""
    mail, parts, limits = run["mail"], run["participants"], run.thresholds["series"]
    mined = {
        "series": series.series(mail, limits),
        "broadcast": series.broadcasts(mail, limits),
        "outside": series.outside(mail, parts, run["principals"], limits),
        "closed": series.closed(mail, limits),
    }
    result = []
    for kind, rows in mined.items():
        run.keep(kind, rows)
        spoken = run[kind].select("audience", "message_key")
        meta = run[kind].select("audience", "stem").distinct().select("audience", kind=ibis.literal(kind), stem="stem")
        result.append((meta, series.members(spoken, parts, run["people"], limits), spoken))
    run.keep("reports", run["series"].union(run["broadcast"]).select("message_key").distinct())
    return result


def _desks(run: Run) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Desks as (meta, members, messages)."""
    limits = run.thresholds["desks"]
    run.keep("asks", desks.asks(run["mail"], run["participants"], run["principals"], run["threads"], limits))
    run.keep("desk_threads", desks.desks(run["asks"], limits))
    spoken = run["desk_threads"].inner_join(run["message_threads"], "thread").select("audience", "message_key").distinct()
    meta = run["desk_threads"].select("audience", "term").distinct().select("audience", kind=ibis.literal("desk"), stem="term")
    return meta, desks.members(run["desk_threads"], run["people"]), spoken


def cadence_(run: Run) -> None:
    mail = run["mail"]
    # one occasion per thread and day: answers belong to the occasion that they answer
    rows = run["audience_messages"].inner_join(mail, "message_key")
    first = rows.group_by("audience", "thread").agg(local_at=rows.local_at.min())
    occasions = first.select("audience", when=_hours(first.local_at)).order_by("audience", "when").to_pyarrow()
    names, start = np.unique(occasions["audience"].to_numpy(zero_copy_only=False).astype(str), return_index=True)
    profile = _profiles(run, names)
    found = cadence.cadence(
        cadence.Occasions(
            names.tolist(), np.append(start, occasions.num_rows), occasions["when"].to_numpy(), profile
        ),
        run.thresholds["cadence"],
    )
    run.keep("cadence", found)


def _hours(local: ir.TimestampValue) -> ir.FloatingValue:
    """Wall time in hours since Monday 1970-01-05 00:00."""
    days = local.date().epoch_days() - 4
    return days * 24.0 + local.hour() + local.minute() / 60.0


def _profiles(run: Run, names: NDArray[np.str_]) -> NDArray[np.float64]:
    """Hour-of-week profile of each audience's senders, its own messages left out, one message per working hour added."""
    mail = run["mail"]
    mail = mail.mutate(slot=(mail.local_at.day_of_week.index() * 24 + mail.local_at.hour()).cast("int64"))
    sent = mail.group_by("sender", "slot").agg(n=mail.count())
    own = run["audience_messages"].inner_join(mail, "message_key")
    senders = own.select("audience", "sender").distinct()
    habit = senders.inner_join(sent, "sender").group_by("audience", "slot").agg(n=lambda t: t.n.sum())
    minus = own.group_by("audience", "slot").agg(own=own.count())
    rows = habit.left_join(minus, ["audience", "slot"])
    rows = rows.select("audience", "slot", n=ibis.greatest(rows.n - rows.own.fill_null(0), 0)).to_pyarrow()
    slots = np.arange(168)
    working = ((slots // 24 < 5) & (slots % 24 >= 8) & (slots % 24 < 17)).astype(np.float64)  # noqa: PLR2004
    profile = np.tile(working, (len(names), 1))
    at = np.searchsorted(names, rows["audience"].to_numpy(zero_copy_only=False).astype(str))
    np.add.at(profile, (at, rows["slot"].to_numpy()), rows["n"].to_numpy().astype(np.float64))
    return profile / profile.sum(axis=1, keepdims=True)


