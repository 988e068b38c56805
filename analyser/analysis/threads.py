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

__all__ = ["ThreadsThresholds", "assemble", "header_links", "message_numbers", "subject_links", "summaries"]


class ThreadsThresholds(Thresholds):
    """When equal subjects mean one thread."""

    reply_gap_days: int = threshold(28, "Longest gap between a reply and what it answers, by subject alone", ge=1)
    unmarked_gap_days: int = threshold(
        3, "Longest gap for a message without reply prefix that answers the sender of an equal subject", ge=0
    )
    candidates: int = threshold(12, "Earlier messages of the same subject that are compared", ge=1)
    stranger_gap_days: int = threshold(
        14, "Longest gap between messages whose senders did not address one another", ge=0
    )


def message_numbers(messages: ir.Table) -> ir.Table:
    """Number the messages by time: `number` (int64 from 0) beside the columns that links are read from."""
    order = ibis.window(order_by=[messages.sent_at, messages.message_key])
    return messages.select(
        "message_key",
        "sender",
        "sent_at",
        "subject_key",
        "conversation_id",
        "in_reply_to",
        "references",
        answers=messages.is_reply.fill_null(False) | messages.is_forward.fill_null(False),  # noqa: FBT003
        number=ibis.row_number().over(order),
    )


def header_links(numbered: ir.Table, copies: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Links from headers.

    Parameters
    ----------
    numbered
        Result of `message_numbers`.
    copies
        Table `copies`: a reply may name the Message-ID of any copy.

    Returns
    -------
    links
        `number`, `hub`: messages with the same hub belong together; a hub is a message id or a conversation id.
    answered
        `number` of the messages that share a hub with an earlier one, and so need no guess.
    """
    own = (
        copies.filter(copies.internet_message_id.notnull())
        .inner_join(numbered.select("message_key", "number"), "message_key")
        .select("number", hub="internet_message_id")
    )
    named = numbered.mutate(
        ancestor=numbered.references.fill_null([]).concat(
            ibis.cases((numbered.in_reply_to.notnull(), ibis.array([numbered.in_reply_to])), else_=[])
        )
    )
    ancestors = named.select("number", hub=named.ancestor.unnest()).distinct()
    conversations = numbered.filter(numbered.conversation_id.notnull()).select(
        "number", hub=ibis.literal("conversation ") + numbered.conversation_id
    )
    hubs = own.union(ancestors).union(conversations)
    # an ancestor or a conversation that no earlier message of the lake bears or names tells nothing: such a reply is
    # as good as one without headers
    first = hubs.group_by("hub").agg(first=hubs.number.min())
    held = hubs.inner_join(first, "hub")
    return hubs, held.filter(held.first < held.number).select("number").distinct()


def subject_links(numbered: ir.Table, answered: ir.Table, parts: ir.Table, addresses: ir.Table, limits: ThreadsThresholds) -> ir.Table:
    """Links guessed from subjects: each message that names no ancestor is tied to the best earlier one, if any.

    A message with a reply prefix is tied to the latest earlier message of its subject, where those whose sender it
    addresses, or who addressed its sender, come first. Without a prefix, both must hold within a short gap: a weekly
    report of the same title is a new thread each week.

    Returns
    -------
    ir.Table
        `number`, `parent`.
    """
    subjects = numbered.filter(numbered.subject_key.notnull()).mutate(
        place=ibis.row_number().over(ibis.window(group_by="subject_key", order_by="number"))
    )
    senders = addresses.select("address", sender_principal=addresses.principal)
    subjects = subjects.inner_join(senders, subjects.sender == senders.address).select(
        "number", "message_key", "sent_at", "subject_key", "answers", "place", "sender_principal"
    )
    steps = ibis.memtable({"step": list(range(1, limits.candidates + 1))}, schema={"step": "int64"})
    child = subjects.anti_join(answered, "number").filter(lambda t: t.place > 0)
    pairs = child.cross_join(steps).mutate(parent_place=lambda t: t.place - t.step).filter(lambda t: t.parent_place >= 0)
    earlier = subjects.select(
        parent="number",
        parent_key="message_key",
        parent_sent="sent_at",
        parent_subject="subject_key",
        parent_place="place",
        parent_sender="sender_principal",
    )
    pairs = pairs.inner_join(
        earlier, [pairs.subject_key == earlier.parent_subject, pairs.parent_place == earlier.parent_place]
    )
    pairs = pairs.mutate(gap=(pairs.sent_at.epoch_seconds() - pairs.parent_sent.epoch_seconds()) / 86400.0)
    pairs = pairs.filter(pairs.gap <= limits.reply_gap_days)
    there = parts.select(pk="message_key", pp="principal").distinct()
    addressed = pairs.semi_join(
        there, [pairs.message_key == there.pk, pairs.parent_sender == there.pp]
    ).select(to_number="number", to_which="parent")
    was_addressed = pairs.semi_join(
        there, [pairs.parent_key == there.pk, pairs.sender_principal == there.pp]
    ).select(from_number="number", from_which="parent")
    scored = pairs.left_join(
        addressed, [pairs.number == addressed.to_number, pairs.parent == addressed.to_which]
    ).left_join(was_addressed, [pairs.number == was_addressed.from_number, pairs.parent == was_addressed.from_which])
    scored = scored.mutate(
        score=scored.to_number.notnull().cast("int8") + scored.from_number.notnull().cast("int8"),
        other=(scored.sender_principal != scored.parent_sender).cast("int8"),
    )
    acceptable = scored.filter(
        ibis.cases(
            (scored.answers, (scored.score > 0) | (scored.gap <= limits.stranger_gap_days)),
            else_=(scored.score == 2) & (scored.other == 1) & (scored.gap <= limits.unmarked_gap_days),  # noqa: PLR2004
        )
    )
    rank = acceptable.score * 1_000_000 - acceptable.step
    return acceptable.group_by("number").agg(parent=acceptable.parent.argmax(rank))


def assemble(numbered: pa.Table, hubs: pa.Table, guesses: pa.Table) -> pa.Table:
    """Rows of the table `message_threads`: connected components over all links.

    Parameters
    ----------
    numbered
        Columns `message_key`, `number` of `message_numbers`, in order of `number`.
    hubs
        Columns `number`, `hub` of `header_links`, `hub` dictionary-encoded or text.
    guesses
        Result of `subject_links`.
    """
    count = numbered.num_rows
    encoded = hubs["hub"].combine_chunks().dictionary_encode() if hubs.num_rows else None
    hub = np.asarray(encoded.indices, np.int64) + count if encoded is not None else np.zeros(0, np.int64)
    row = np.concatenate([hubs["number"].to_numpy(), guesses["number"].to_numpy()]).astype(np.int64)
    column = np.concatenate([hub, guesses["parent"].to_numpy()]).astype(np.int64)
    size = count + (len(encoded.dictionary) if encoded is not None else 0)
    graph = sp.coo_array((np.ones(len(row), np.int8), (row, column)), shape=(size, size))
    label: NDArray[np.int64] = connected_components(graph, directed=False)[1][:count].astype(np.int64)
    # messages are numbered by time: the first of a component has the smallest number and names the thread
    root = np.full(label.max(initial=-1) + 1, count, np.int64)
    np.minimum.at(root, label, np.arange(count))
    keys = numbered["message_key"].combine_chunks()
    return pa.table({"message_key": keys, "thread": keys.take(pa.array(root[label]))})


def summaries(
    messages: ir.Table, members: ir.Table, parts: ir.Table, flags: ir.Table, people: ir.Table
) -> ir.Table:
    """Rows of the table `threads`.

    Parameters
    ----------
    members
        Table `message_threads`.
    people
        Principals that count as people (column `principal`).
    """
    on = members.inner_join(parts.filter(parts.principal.isin(people.principal)), "message_key")
    heads = on.group_by("thread").agg(people=on.principal.nunique().cast("int32"))
    sender = parts.filter(parts.role == "from").select("message_key", "principal")
    rows = (
        members.inner_join(messages.select("message_key", "sent_at", "has_attachments"), "message_key")
        .left_join(sender, "message_key")
        .inner_join(flags.select("message_key", "external", "stem"), "message_key")
        .select("thread", "message_key", "sent_at", "has_attachments", "principal", "external", "stem")
    )
    first = rows.filter(rows.thread == rows.message_key).select(
        "thread", begun=rows.sent_at, first_sender=rows.principal, first_stem=rows.stem
    )
    rows = rows.left_join(first, "thread").drop("thread_right")
    attached = rows.has_attachments.fill_null(False)  # noqa: FBT003
    answer = rows.principal != rows.first_sender
    summary = rows.group_by("thread").agg(
        messages=rows.count().cast("int32"),
        senders=rows.principal.nunique().cast("int32"),
        first_sent=rows.sent_at.min(),
        last_sent=rows.sent_at.max(),
        first_sender=rows.first_sender.min(),
        first_answer=rows.sent_at.min(where=answer),
        with_attachments=attached.cast("int32").sum().cast("int32"),
        attaching_senders=rows.principal.nunique(where=attached).cast("int32"),
        external=rows.external.any(),
        stem=rows.first_stem.min(),
    )
    summary = summary.left_join(heads, "thread").drop("thread_right")
    return summary.mutate(
        people=summary.people.fill_null(0),
        first_reply_hours=((summary.first_answer.epoch_seconds() - summary.first_sent.epoch_seconds()) / 3600.0).cast(
            "float64"
        ),
    ).drop("first_answer")
