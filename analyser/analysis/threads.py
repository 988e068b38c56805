"""Threads: which messages belong to one exchange.

Evidence in falling order: References and In-Reply-To (as JWZ's algorithm and RFC 5256 read them, messages that are
absent included), conversation ids of Exchange, and, for messages that have neither, the base subject together with the
people and the gap in time. Each source of evidence adds links; threads are the connected components.
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
    from numpy.typing import NDArray

__all__ = ["ThreadsThresholds", "assemble", "header_links", "subject_links", "summaries"]


class ThreadsThresholds(Thresholds):
    """When equal subjects mean one thread."""

    reply_gap_days: int = threshold(90, "Longest gap between a reply and what it answers, by subject alone", ge=1)
    unmarked_gap_days: int = threshold(
        3, "Longest gap for a message without reply prefix that answers the sender of an equal subject", ge=0
    )
    candidates: int = threshold(20, "Earlier messages of the same subject that are compared", ge=1)
    stranger_gap_days: int = threshold(
        30, "Longest gap between messages whose senders did not address one another", ge=0
    )


def header_links(messages: ir.Table, copies: ir.Table) -> ir.Table:
    """Links from headers: `message`, `parent`, the first message that bears or names the same id.

    An ancestor or a conversation that no other message of the lake bears or names gives no link: such a reply is as
    good as one without headers.

    Parameters
    ----------
    messages
        Messages numbered by time in `message`.
    copies
        `message`, `internet_message_id` of every copy: a reply may name the Message-ID of any.
    """
    own = copies.filter(copies.internet_message_id.notnull()).select("message", hub="internet_message_id")
    named = messages.mutate(
        ancestor=messages.references.fill_null([]).concat(
            ibis.cases((messages.in_reply_to.notnull(), ibis.array([messages.in_reply_to])), else_=[])
        )
    )
    ancestors = named.select("message", hub=named.ancestor.unnest())
    conversations = messages.filter(messages.conversation_id.notnull()).select(
        "message", hub=ibis.literal("conversation ") + messages.conversation_id
    )
    hubs = own.union(ancestors).union(conversations)
    # told apart by 64 bits: long texts as keys of two passes cost twice as much; two of 50 million meet by 1 in 15,000
    hubs = hubs.select("message", hub=hubs.hub.hash())
    first = hubs.group_by("hub").agg(parent=hubs.message.min())
    links = hubs.inner_join(first, "hub")
    return links.filter(links.parent < links.message).select("message", "parent").distinct()


def subject_links(messages: ir.Table, answered: ir.Table, parts: ir.Table, limits: ThreadsThresholds) -> ir.Table:
    """Links guessed from subjects: each message that names no ancestor is tied to the best earlier one, if any.

    A message with a reply prefix is tied to the latest earlier message of its subject, where those whose sender it
    addresses, or who addressed its sender, come first. Without a prefix, both must hold within a short gap: a weekly
    report of the same title is a new thread each week.

    Parameters
    ----------
    messages
        `message`, `sent_at`, `subject_key`, `answers` (has a reply or forward prefix), `sender` (actor).

    Returns
    -------
    ir.Table
        `message`, `parent`: numbers of messages.
    """
    several = messages.group_by("subject_key").agg(n=messages.count(), first=messages.message.min())
    several = several.filter(several.n > 1).select("subject_key", subject="first")
    # a subject is told by its first message from here on: texts are compared once
    subjects = messages.inner_join(several, "subject_key").drop("subject_key")
    order = ibis.window(group_by="subject", order_by="message")
    subjects = subjects.mutate(place=ibis.row_number().over(order), before=subjects.sent_at.lag().over(order))
    child = subjects.anti_join(answered, "message").filter(lambda t: t.place > 0)
    # where even the message before is too old, all are: most subjects that are not answered come back much later
    child = child.filter(_days(child.before, child.sent_at) <= _longest(child, limits)).drop("before")
    # only steps that lead to a message: most subjects occur a few times
    pairs = child.mutate(step=ibis.range(1, ibis.least(child.place, limits.candidates) + 1).unnest())
    pairs = pairs.mutate(step=pairs.step.cast("int64"), parent_place=pairs.place - pairs.step)
    earlier = subjects.select(
        parent="message",
        parent_sent="sent_at",
        parent_subject="subject",
        parent_place="place",
        parent_sender="sender",
    )
    pairs = pairs.inner_join(
        earlier, [pairs.subject == earlier.parent_subject, pairs.parent_place == earlier.parent_place]
    )
    gap = _days(pairs.parent_sent, pairs.sent_at)
    pairs = pairs.mutate(gap=gap).filter(gap <= _longest(pairs, limits))
    there = parts.select(on="message", who="actor")
    addressed = pairs.semi_join(there, [pairs.message == there.on, pairs.parent_sender == there.who]).select(
        to_message="message", to_parent="parent"
    )
    was_addressed = pairs.semi_join(there, [pairs.parent == there.on, pairs.sender == there.who]).select(
        from_message="message", from_parent="parent"
    )
    scored = pairs.left_join(
        addressed, [pairs.message == addressed.to_message, pairs.parent == addressed.to_parent]
    ).left_join(was_addressed, [pairs.message == was_addressed.from_message, pairs.parent == was_addressed.from_parent])
    scored = scored.mutate(
        score=scored.to_message.notnull().cast("int64") + scored.from_message.notnull().cast("int64"),
    )
    acceptable = scored.filter(
        ibis.cases(
            (scored.answers, (scored.score > 0) | (scored.gap <= limits.stranger_gap_days)),
            else_=(scored.score == 2) & (scored.sender != scored.parent_sender),  # noqa: PLR2004
        )
    )
    rank = acceptable.score * 1_000_000 - acceptable.step
    return acceptable.group_by("message").agg(parent=acceptable.parent.argmax(rank))


def _days(earlier: ir.TimestampValue, later: ir.TimestampValue) -> ir.FloatingValue:
    return (later.epoch_seconds() - earlier.epoch_seconds()) / 86400.0


def _longest(rows: ir.Table, limits: ThreadsThresholds) -> ir.IntegerValue:
    """Longest gap in days at which a message may be tied to an earlier one of its subject."""
    return rows.answers.ifelse(limits.reply_gap_days, limits.unmarked_gap_days)


def assemble(count: int, *links: pa.Table) -> pa.Table:
    """Connected components over all links: `message`, `thread`, the number of its first message.

    Parameters
    ----------
    count
        Messages, numbered from 0 by time.
    links
        Results of `header_links` and `subject_links`.
    """
    row, column = (np.concatenate([t[name].to_numpy() for t in links]) for name in ("message", "parent"))
    graph = sp.coo_array((np.ones(len(row), np.int8), (row, column)), shape=(count, count))
    label: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    # messages are numbered by time: the first of a component has the smallest number and names the thread
    root = np.full(label.max(initial=-1) + 1, count, np.int64)
    np.minimum.at(root, label, np.arange(count))
    return pa.table({"message": pa.array(np.arange(count)), "thread": pa.array(root[label])})


def summaries(messages: ir.Table, members: ir.Table, parts: ir.Table, flags: ir.Table, people: ir.Table) -> ir.Table:
    """Rows of the table `threads`, with numbers for `thread` and `first_sender`.

    Parameters
    ----------
    members
        Result of `assemble`.
    people
        Actors that count as people (column `actor`).
    """
    on = members.inner_join(parts.semi_join(people, "actor").select("message", "actor"), "message")
    on = on.select("thread", "actor").distinct()
    heads = on.group_by("thread").agg(people=on.count().cast("int32"))
    rows = (
        members.inner_join(messages.select("message", "sent_at", "has_attachments", actor="sender"), "message")
        .inner_join(flags.select("message", "external", "stem"), "message")
        .select("thread", "message", "sent_at", "has_attachments", "actor", "external", "stem")
    )
    first = rows.filter(rows.thread == rows.message).select("thread", "stem", first_sender=rows.actor)
    # by writer first: distinct values in as many groups as there are threads cost more
    each = rows.group_by("thread", "actor").agg(
        messages=rows.count(),
        first_sent=rows.sent_at.min(),
        last_sent=rows.sent_at.max(),
        attached=rows.has_attachments.fill_null(False).cast("int32").sum(),  # noqa: FBT003
        external=rows.external.any(),
    )
    each = each.inner_join(first.select("thread", "first_sender"), "thread")
    summary = each.group_by("thread").agg(
        messages=each.messages.sum().cast("int32"),
        senders=each.count().cast("int32"),
        first_sent=each.first_sent.min(),
        last_sent=each.last_sent.max(),
        first_answer=each.first_sent.min(where=each.actor != each.first_sender),
        with_attachments=each.attached.sum().cast("int32"),
        attaching_senders=(each.attached > 0).cast("int32").sum().cast("int32"),
        external=each.external.any(),
    )
    summary = summary.inner_join(first, "thread").left_join(heads, "thread").drop("thread_right")
    return summary.mutate(
        people=summary.people.fill_null(0),
        first_reply_hours=((summary.first_answer.epoch_seconds() - summary.first_sent.epoch_seconds()) / 3600.0).cast(
            "float64"
        ),
    ).drop("first_answer")
