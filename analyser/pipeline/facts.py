"""Stages that say what was sent: the period's mail, who is who, who took part, threads, ties, topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.analysis import (
    automation,
    communities,
    interactions,
    load,
    participants,
    people,
    sensitive,
    stems,
    threads,
    topics,
)
from analyser.errors import EmptyLakeError
from analyser.lake.engine import local_time

if TYPE_CHECKING:
    from analyser.pipeline.run import Run

__all__ = ["communities_", "interactions_", "mail", "participants_", "people_", "threads_", "topics_"]

def mail(run: Run) -> None:
    messages = run.lake.table("messages")
    if run.since is not None:
        messages = messages.filter(messages.sent_at >= run.since)
    if run.until is not None:
        messages = messages.filter(messages.sent_at < run.until)
    zone = run.settings.organisation.timezone
    run.keep("messages", messages.mutate(local_at=local_time(messages.sent_at, zone)))
    newest = run["messages"].sent_at.max().execute()
    if newest is None or newest != newest:  # noqa: PLR0124  NaT is the one value that differs from itself
        raise EmptyLakeError("messages in that period" if run.since or run.until else "messages", fix="run 'analyser scan' first, or widen --since and --until")
    # ages count from the end of the period: an --until in the past is a clock turned back
    run.now = run.until or newest.to_pydatetime()
    for name in ("recipients", "copies"):
        run.tables[name] = run.lake.table(name).semi_join(run["messages"], "message_key")
    run.keep("recipients", run["recipients"])
    for name in ("address_names", "directory_people", "groups", "group_members"):
        run.keep(name, run.lake.arrow(name))


def people_(run: Run) -> None:
    messages, recipients = run["messages"], run["recipients"]
    seen = messages.select(address="sender").union(recipients.select("address")).distinct().to_pyarrow()
    lists = messages.filter(messages.list_id.notnull()).select("list_id").distinct().to_pyarrow()["list_id"].to_pylist()
    directory = run.lake.arrow("directory_people")
    domains = people.organisation_domains(
        run.settings.organisation, directory, messages.sender.to_pyarrow().to_pylist() if not directory.num_rows else ()
    )
    found = people.resolve(
        seen,
        run.lake.arrow("address_names"),
        directory,
        run.lake.arrow("groups"),
        {".".join(name.split(".")[:1]) + "@" + ".".join(name.split(".")[1:]) for name in lists},
        domains,
    )
    run.keep("addresses", found.addresses)
    behaviour = automation.sender_behaviour(
        messages, recipients, run["addresses"]
    ).to_pyarrow()
    run.keep("principals", automation.mark_services(found.principals, behaviour, run.thresholds["automation"]))
    run.keep("suggested_merges", found.suggested_merges)


def participants_(run: Run) -> None:
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
    run.keep("sets", participants.sets(run["participants"], run["keys"]))
    subjects = messages.filter(messages.base_subject.notnull()).select("base_subject").distinct()
    run.keep("subjects", subjects.mutate(
            stem=stems.stem(subjects.base_subject),
            sensitive=sensitive.is_sensitive(subjects.base_subject, run.thresholds["sensitive"]),
        ),
    )
    run.keep(
        "message_flags",
        participants.message_flags(messages, run["participants"], principals, run["sets"], run["subjects"]),
    )
    run.keep(
        "recipient_set_members",
        participants.set_members(run["participants"], run["message_flags"], run["keys"]),
    )
    run.keep("recipient_sets", participants.recipient_sets(messages, run["participants"], run["message_flags"]))


def interactions_(run: Run) -> None:
    run.keep(
        "interactions", interactions.interactions(run["messages"], run["participants"], run["message_flags"])
    )
    run.keep("load", load.load(run["messages"], run["participants"], run["principals"], run.settings.savings))


def threads_(run: Run) -> None:
    messages = run["messages"]
    run.keep("numbered", threads.message_numbers(messages))
    numbered = run["numbered"]
    hubs, answered = threads.header_links(numbered, run["copies"])
    run.keep("hubs", hubs)
    run.keep("answered", answered)
    guesses = threads.subject_links(
        numbered, run["answered"], run["participants"], run["addresses"], run.thresholds["threads"]
    )
    order = numbered.select("message_key", "number").order_by("number").to_pyarrow()
    run.keep("message_threads", threads.assemble(order, run["hubs"].to_pyarrow(), guesses.to_pyarrow()))
    run.keep(
        "threads",
        threads.summaries(
            messages, run["message_threads"], run["participants"], run["message_flags"], run["keys"]
        ),
    )


def communities_(run: Run) -> None:
    inside = run["principals"].filter(lambda t: t.is_internal & (t.kind == "person")).select("principal")
    ties = run["interactions"]
    ties = ties.filter(ties.source.isin(inside.principal) & ties.target.isin(inside.principal))
    ties = ties.select("source", "target", "weight")
    run.keep("communities", communities.communities(ties.to_pyarrow(), run.thresholds["communities"]))


def topics_(run: Run) -> None:
    flags = run["message_flags"].filter(lambda t: t.stem.notnull() & ~t.automatic)
    counted = flags.group_by("stem").agg(messages=flags.count()).to_pyarrow()
    found, by_stem = topics.topics(counted, run.thresholds["topics"])
    run.keep("topics", found)
    run.keep("stem_topics", by_stem)


