"""Stages that say what was sent: the period's mail, who is who, who took part, threads, ties, topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from analyser.analysis import (
    automation,
    communities,
    evidence,
    interactions,
    load,
    participants,
    people,
    period,
    sensitive,
    stems,
    threads,
    topics,
)
from analyser.errors import EmptyLakeError
from analyser.lake.engine import local_time

if TYPE_CHECKING:
    from analyser.pipeline.run import Run

__all__ = ["communities_", "evidence_", "interactions_", "mail", "participants_", "people_", "threads_", "topics_"]


_READ = (
    "message_key",
    "source",
    "sent_at",
    "sender",
    "base_subject",
    "subject_key",
    "is_reply",
    "is_forward",
    "is_automatic",
    "has_attachments",
    "list_id",
    "conversation_id",
    "in_reply_to",
    "references",
)
"""Columns of messages that an analysis reads."""


def mail(run: Run) -> None:
    """The period's messages, numbered by time, and what belongs to them."""
    messages = run.lake.table("messages")
    if run.since is not None:
        messages = messages.filter(messages.sent_at >= run.since)
    if run.until is not None:
        messages = messages.filter(messages.sent_at < run.until)
    if run.only is not None:
        messages = messages.filter(run.only(messages))
    messages = messages.select(*_READ)
    # numbered apart: sorting carries every column that it is given
    order = ibis.window(order_by=[messages.sent_at, messages.message_key])
    run.keep("keys_of_messages", messages.select("message_key", message=ibis.row_number().over(order).cast("int64")))
    keys = run["keys_of_messages"]
    run.keep(
        "messages",
        messages.inner_join(keys, "message_key").mutate(
            local_at=local_time(messages.sent_at, run.settings.organisation.timezone)
        ),
    )
    found = period.bounds(run["messages"].select("sent_at").to_pyarrow()["sent_at"], run.thresholds["period"])
    if found is None:
        raise EmptyLakeError(
            "messages in that period" if run.since or run.until else "messages",
            fix="run 'analyser scan' first, or widen --since and --until",
        )
    run.first, run.now = found
    run.keep(
        "recipients", run.lake.table("recipients").inner_join(keys, "message_key").select("message", "address", "role")
    )
    run.keep(
        "copies", run.lake.table("copies").inner_join(keys, "message_key").select("message", "internet_message_id")
    )
    for name in ("directory_people", "groups", "group_members"):
        run.keep(name, run.lake.arrow(name))


def evidence_(run: Run) -> None:
    """What the mail tells besides sender, recipients and time."""
    run.keep("evidence", evidence.told(run["messages"], run["recipients"], run["directory_people"], "message"))


def people_(run: Run) -> None:
    """Addresses become principals; programs are told from people."""
    messages, recipients = run["messages"], run["recipients"]
    senders = messages.group_by(address="sender").agg(n=messages.count()).order_by(ibis.desc("n"), "address")
    seen = senders.select("address").union(recipients.select("address")).distinct().to_pyarrow()
    lists = messages.filter(messages.list_id.notnull()).select("list_id").distinct().to_pyarrow()["list_id"].to_pylist()
    directory = run.lake.arrow("directory_people")
    domains = people.organisation_domains(
        run.settings.organisation, directory, senders.to_pyarrow() if not directory.num_rows else None
    )
    found = people.resolve(
        seen,
        run.lake.arrow("address_names"),
        directory,
        run.lake.arrow("groups"),
        {name.replace(".", "@", 1) for name in lists},
        domains,
    )
    numbers = pa.array(range(found.principals.num_rows), pa.int32())
    actor = pc.index_in(found.addresses["principal"], found.principals["principal"].combine_chunks())
    run.keep("addresses", found.addresses.append_column("actor", actor))
    behaviour = automation.sender_behaviour(messages, recipients, run["addresses"]).to_pyarrow()
    principals = automation.mark_services(found.principals, behaviour, run.thresholds["automation"])
    run.keep("principals", principals.append_column("actor", numbers))
    run.keep("actors", run["principals"].select("actor", "principal"))
    run.keep("suggested_merges", found.suggested_merges)


def participants_(run: Run) -> None:
    """Who took part in what, the identity of every recipient set, and flags of every message."""
    messages, principals = run["messages"], run["principals"]
    run.keep(
        "participants",
        participants.participants(
            messages,
            run["recipients"],
            run["addresses"],
            run["group_members"],
            run.thresholds["participants"].expand_up_to,
        ),
    )
    run.keep("keys", participants.principal_keys(principals.to_pyarrow()))
    run.keep("people", principals.semi_join(run["keys"], "actor").select("actor", "principal", "department"))
    run.keep("sets", participants.sets(run["participants"], run["keys"], principals))
    subjects = messages.filter(messages.base_subject.notnull()).select("base_subject").distinct()
    run.keep(
        "subjects",
        subjects.mutate(
            stem=stems.stem(subjects.base_subject),
            sensitive=sensitive.is_sensitive(subjects.base_subject, run.thresholds["sensitive"]),
        ),
    )
    sender = run["addresses"].select(address="address", sender="actor")
    run.keep(
        "sent",
        messages.inner_join(sender, messages.sender == sender.address).select(
            "message",
            "sent_at",
            "local_at",
            "subject_key",
            "has_attachments",
            answers=messages.is_reply.fill_null(False) | messages.is_forward.fill_null(False),  # noqa: FBT003
            sender=sender.sender,
        ),
    )
    run.keep(
        "message_flags",
        participants.message_flags(messages, run["sets"], run["subjects"]),
    )
    run.keep(
        "recipient_set_members",
        participants.set_members(run["participants"], run["message_flags"], run["keys"]),
    )
    run.keep("recipient_sets", participants.recipient_sets(run["sent"], run["message_flags"]))


def interactions_(run: Run) -> None:
    """Ties between principals, and the load of departments."""
    run.keep("interactions", interactions.interactions(run["sent"], run["participants"], run["message_flags"]))
    run.keep("load", load.load(run["messages"], run["participants"], run["principals"], run.settings.savings))


def threads_(run: Run) -> None:
    """Threads from headers, conversations and subjects."""
    run.keep("header_links", threads.header_links(run["messages"], run["copies"]))
    guesses = threads.subject_links(run["sent"], run["header_links"], run["participants"], run.thresholds["threads"])
    run.keep(
        "message_threads",
        threads.assemble(
            run["messages"].count().to_pyarrow().as_py(), run["header_links"].to_pyarrow(), guesses.to_pyarrow()
        ),
    )
    run.keep(
        "threads",
        threads.summaries(run["sent"], run["message_threads"], run["participants"], run["message_flags"], run["keys"]),
    )


def communities_(run: Run) -> None:
    """Communities of the people inside."""
    inside, ties = run["keys"], run["interactions"]
    ties = ties.filter(ties.source.isin(inside.actor) & ties.target.isin(inside.actor))
    ties = ties.select("source", "target", "weight")
    run.keep("communities", communities.communities(ties.to_pyarrow(), run.thresholds["communities"]))


def topics_(run: Run) -> None:
    """Topics over the stems of what people wrote."""
    flags = run["message_flags"].filter(lambda t: t.stem.notnull() & ~t.automatic)
    counted = flags.group_by("stem").agg(messages=flags.count()).to_pyarrow()
    found, by_stem = topics.topics(counted, run.thresholds["topics"])
    run.keep("topics", found)
    run.keep("stem_topics", by_stem)
