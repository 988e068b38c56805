"""Forums: a list, or a large set of people whose names are written out, to whom anybody writes now and then.

A forum is what is begun there, without those who write there often and are hardly answered: their mail is a broadcast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse.csgraph import connected_components

from analyser.analysis.audiences.similarity import incidence, jaccard_pairs
from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["ForumsThresholds", "begun", "measures", "same_names", "threads_of"]


class ForumsThresholds(Thresholds):
    """When a large set is a forum."""

    min_people: int = threshold(
        25, "People on a message whose names are written out", source="patterns.md row 2 [WL-A]", ge=5
    )
    min_listed: int = threshold(
        10, "Size of an addressed list, whose readers nobody picked: twice the smallest group that is shown", ge=5
    )
    min_threads: int = threshold(8, "Threads that are begun there", ge=2)
    alike: float = threshold(
        0.7, "Jaccard similarity from which two sets of names are one", source="patterns.md row 1", gt=0, le=1
    )
    often: int = threshold(5, "Threads from which somebody writes there often", ge=2)
    answered: float = threshold(
        0.15, "Share of answered threads up to which such a one broadcasts", source="patterns.md row 2", ge=0, lt=1
    )


def begun(mail: ir.Table, parts: ir.Table, principals: ir.Table, limits: ForumsThresholds) -> ir.Table:
    """Threads that people inside begin with many: `thread`, `sender`, `recipient_set`, `list` (null for names).

    Parameters
    ----------
    mail
        One row per message: `message`, `thread`, `sender` (actor), `sender_inside`, `automatic`, `external`,
        `sensitive`, `reach`, `to_list`, `recipient_set`.
    parts
        `message`, `actor`, `role`.
    principals
        `actor`, `principal`, `kind`.
    """
    first = mail.filter(
        (mail.thread == mail.message)
        & ~mail.automatic
        & ~mail.external
        & ~mail.sensitive
        & mail.sender_inside
        & ((mail.reach >= limits.min_people) | (mail.to_list & (mail.reach >= limits.min_listed)))
    ).select("message", "thread", "sender", "recipient_set")
    lists = principals.filter(principals.kind == "list").select("actor", "principal")
    addressed = parts.filter(parts.role.isin(["to", "cc", "bcc"])).inner_join(lists, "actor")
    addressed = addressed.group_by("message").agg(list=addressed.principal.min())
    return first.left_join(addressed, "message").select("thread", "sender", "recipient_set", "list")


def same_names(members: ir.Table, limits: ForumsThresholds) -> pa.Table:
    """Sets of names that are one but for a few people: `recipient_set`, `forum`, the first of the sets.

    Parameters
    ----------
    members
        `recipient_set`, `actor`.
    """
    rows = members.order_by("recipient_set", "actor").to_pyarrow()
    names = pc.unique(rows["recipient_set"])
    who, column = np.unique(rows["actor"].to_numpy(), return_inverse=True)
    row = pc.index_in(rows["recipient_set"].combine_chunks(), names).to_numpy().astype(np.int64)
    if not len(names):
        return pa.table({"recipient_set": names, "forum": names})
    pairs = jaccard_pairs(incidence(row, column, (len(names), len(who))), limits.alike)
    label = connected_components(pairs, directed=False)[1]
    first = np.unique(label, return_index=True)[1]
    return pa.table({"recipient_set": names, "forum": pc.take(names, pa.array(first[label]))})


def threads_of(rows: ir.Table, threads: ir.Table, limits: ForumsThresholds) -> ir.Table:
    """Threads of forums without those who broadcast there: `audience`, `thread`, `sender`.

    Parameters
    ----------
    rows
        `thread`, `sender`, `forum`.
    threads
        Table `threads`.
    """
    told = rows.inner_join(threads.select("thread", "first_reply_hours"), "thread")
    each = told.group_by("forum", "sender").agg(
        n=told.count(), answered=told.first_reply_hours.notnull().cast("float64").mean()
    )
    loud = each.filter((each.n >= limits.often) & (each.answered <= limits.answered))
    kept = rows.anti_join(loud, ["forum", "sender"])
    enough = kept.group_by("forum").agg(n=kept.thread.nunique())
    kept = kept.semi_join(enough.filter(enough.n >= limits.min_threads), "forum")
    return kept.select("thread", "sender", audience=ibis.literal("forum ") + kept.forum).distinct()


def measures(found: ir.Table, threads: ir.Table, principals: ir.Table) -> ir.Table:
    """Who begins there, and how it is answered.

    Columns `audience`, `starters` (distinct people who begin threads), `each` (threads per starter), `busiest` (share
    of threads by the one who begins most), `places` (departments of the starters), `length` (median messages of a
    thread), `burst_hours` (median hours from first to last message of an answered thread; 0 where none is).

    Parameters
    ----------
    found
        Result of `threads_of`.
    """
    by = found.group_by("audience", "sender").agg(n=found.count())
    by = by.left_join(principals.select(sender="actor", department="department"), "sender")
    who = by.group_by("audience").agg(
        starters=by.count().cast("float64"), n=by.n.sum(), most=by.n.max(), places=by.department.nunique()
    )
    told = found.inner_join(threads.select("thread", "messages", "first_sent", "last_sent"), "thread")
    hours = (told.last_sent.epoch_seconds() - told.first_sent.epoch_seconds()) / 3600.0
    shape = told.group_by("audience").agg(
        length=told.messages.cast("float64").median(), burst_hours=hours.median(where=told.messages > 1)
    )
    joined = who.inner_join(shape, "audience")
    return joined.select(
        "audience",
        "starters",
        "length",
        each=joined.n / joined.starters,
        busiest=joined.most / joined.n.cast("float64"),
        places=joined.places.cast("float64"),
        burst_hours=joined.burst_hours.fill_null(0.0),
    )
