"""Paths: requests that go from hand to hand in the same order, and come back.

Within each thread, a *hand-on* is a message by somebody who got the request to one person who has not had it yet; the
requester, who begins the thread, is no hand. Hand-ons that recur are the steps of a process (the directly-follows
relation of process mining); steps that occur in the same threads are one path, whoever asks. So an answer that skips a
hand, or sends the request back, leaves the path as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["PathsThresholds", "families", "hand_ons", "measures", "members", "requests", "steps"]


class PathsThresholds(Thresholds):
    """What a step of a path is."""

    copies: int = threshold(1, "People in copy of a hand-on, at the most: it has a single next recipient", ge=0)
    min_support: int = threshold(3, "Threads in which the same hand-on occurs", ge=2)
    together: float = threshold(
        0.5, "Share of the rarer step's threads that bear the other, from which both are one path", gt=0, le=1
    )


def steps(mail: ir.Table, parts: ir.Table, people: ir.Table, threads: ir.Table, limits: PathsThresholds) -> ir.Table:
    """Messages to one person: `thread`, `message`, `sent_at`, `sender`, `next`, `requester`.

    Parameters
    ----------
    mail
        One row per message: `message`, `thread`, `sent_at`, `sender` (actor), `automatic`, `external`, `sensitive`,
        `people`.
    parts
        `message`, `actor`, `role`.
    people
        Actors that count as people (column `actor`).
    threads
        Table `threads`; those with somebody outside are left out whole.
    """
    plain = mail.filter(~mail.automatic & ~mail.external & ~mail.sensitive)
    plain = plain.filter(plain.people <= 2 + limits.copies).select("thread", "message", "sent_at", "sender")
    own = threads.filter(~threads.external).select("thread", requester="first_sender")
    to = parts.filter(parts.role == "to")
    single = to.group_by("message").agg(n=to.count(), next=to.actor.min()).filter(lambda t: t.n == 1).drop("n")
    single = single.semi_join(people.select(next="actor"), "next")
    rows = plain.inner_join(single, "message").inner_join(own, "thread")
    rows = rows.semi_join(people.select(sender="actor"), "sender").filter(lambda t: t.sender != t.next)
    return rows.select("thread", "message", "sent_at", "sender", "next", "requester")


def hand_ons(rows: ir.Table) -> ir.Table:
    """Hand-ons: `thread`, `message`, `requester`, `source`, `target`, `hours` since the source had it.

    Parameters
    ----------
    rows
        Result of `steps`.
    """
    rows = rows.filter(rows.next != rows.requester)
    turn = ibis.window(group_by=["thread", "next"], order_by=["sent_at", "message"])
    got = rows.mutate(turn=ibis.row_number().over(turn)).filter(lambda t: t.turn == 0)
    had = got.select("thread", sender="next", since="sent_at", before="message")
    on = got.filter(got.sender != got.requester).inner_join(had, ["thread", "sender"])
    on = on.filter(on.before < on.message)
    return on.select(
        "thread",
        "message",
        "requester",
        source="sender",
        target="next",
        hours=(on.sent_at.epoch_seconds() - on.since.epoch_seconds()) / 3600.0,
    )


def families(found: pa.Table, limits: PathsThresholds) -> pa.Table:
    """Which path each person who hands on, or is handed to, belongs to: `path`, `actor`.

    Parameters
    ----------
    found
        Distinct `thread`, `source`, `target` of `hand_ons`.

    Notes
    -----
    With the incidence matrix `M` of threads and recurring steps, ``C = M' M`` counts the threads that steps share; two
    steps are joined if ``C[i, j] >= together * min(C[i, i], C[j, j])``. Paths are the connected components.
    """
    thread, source, target = (found[name].to_numpy().astype(np.int64) for name in ("thread", "source", "target"))
    size = int(max(source.max(initial=0), target.max(initial=0))) + 1
    step, column, count = np.unique(source * size + target, return_inverse=True, return_counts=True)
    often = count >= limits.min_support
    kept = often[column]
    number = np.cumsum(often) - 1
    row = np.unique(thread[kept], return_inverse=True)[1]
    shape = (int(row.max(initial=-1)) + 1, int(often.sum()))
    matrix = sp.coo_array((np.ones(int(kept.sum())), (row, number[column[kept]])), shape=shape).tocsr()
    common = sp.coo_array(matrix.T @ matrix)
    one, other = common.coords
    least = np.minimum(count[often][one], count[often][other])
    joined = common.data >= limits.together * least
    graph = sp.coo_array((np.ones(int(joined.sum()), np.int8), (one[joined], other[joined])), shape=common.shape)
    label = connected_components(graph, directed=False)[1] if shape[1] else np.zeros(0, np.int64)
    hands = np.unique(np.stack([np.tile(label, 2), np.concatenate([step[often] // size, step[often] % size])]), axis=1)
    return pa.table({"path": pa.array(hands[0], pa.int64()), "actor": pa.array(hands[1].astype(np.int32), pa.int32())})


def requests(found: ir.Table, hands: ir.Table) -> ir.Table:
    """Threads of each path: `path`, `thread`, `requester`, `source`, `target`, `hours`, `message` of each hand-on.

    Any hand-on between two hands of a path is a part of it, also a rare one that skips somebody.

    Parameters
    ----------
    found, hands
        Results of `hand_ons` and `families`.
    """
    source, target = hands.select("path", source="actor"), hands.select("path", target="actor")
    return found.inner_join(source, "source").inner_join(target, ["path", "target"])


def members(rows: ir.Table) -> ir.Table:
    """Hands are the core, requesters the periphery: `path`, `actor`, `role`.

    Parameters
    ----------
    rows
        Result of `requests`.
    """
    hands = rows.select("path", actor="source").union(rows.select("path", actor="target"))
    both = hands.mutate(core=1).union(rows.select("path", actor="requester").mutate(core=0))
    each = both.distinct().group_by("path", "actor").agg(core=lambda t: t.core.max())
    return each.select("path", "actor", role=(each.core == 1).ifelse("core", "peripheral"))


def measures(rows: ir.Table, sent: ir.Table) -> ir.Table:
    """How orderly a path is.

    Columns `path`, `requesters` (distinct), `ordered` (share of hand-ons that go the usual way between their two
    hands), `returned` (share of threads in which a hand writes to the requester afterwards), `hours` (median that a
    hand keeps the request).

    Parameters
    ----------
    rows
        Result of `requests`.
    sent
        Result of `steps`.
    """
    ends = rows.mutate(
        low=ibis.least(rows.source, rows.target),
        high=ibis.greatest(rows.source, rows.target),
        up=(rows.source < rows.target).cast("int64"),
    )
    way = ends.group_by("path", "low", "high").agg(n=ends.count(), up=ends.up.sum())
    way = way.mutate(usual=ibis.greatest(way.up, way.n - way.up))
    order = way.group_by("path").agg(ordered=way.usual.sum() / way.n.sum().cast("float64"))
    begun = rows.group_by("path", "thread").agg(message=rows.message.min(), requester=rows.requester.min())
    back = sent.filter(sent.next == sent.requester).select("thread", back="message")
    back = begun.inner_join(back, "thread").filter(lambda t: t.back > t.message)
    back = back.select("path", "thread").distinct()
    back = back.group_by("path").agg(back=back.count())
    total = rows.group_by("path").agg(
        requesters=rows.requester.nunique().cast("float64"),
        threads=rows.thread.nunique(),
        hours=rows.hours.cast("float64").median(),
    )
    joined = total.left_join(back, "path").drop("path_right").inner_join(order, "path")
    return joined.select(
        "path", "requesters", "ordered", "hours", returned=joined.back.fill_null(0) / joined.threads.cast("float64")
    )
