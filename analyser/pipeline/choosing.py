"""Stages that say what follows: findings, proposals, and the account of the run."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from analyser.analysis import knowledge
from analyser.analysis.audiences import circles, deputies
from analyser.findings import locked, registry
from analyser.findings.contract import Period
from analyser.proposals.document import Background
from analyser.proposals.existing import Group
from analyser.proposals.propose import Existing, Served, documents, to_table
from analyser.report import connections

if TYPE_CHECKING:
    from analyser.pipeline.run import Run

__all__ = ["COUNTED", "account", "findings", "proposals"]


def findings(run: Run) -> None:
    run.objects["audiences"] = registry.audiences(run)
    run.objects["findings"] = registry.find(run.objects["audiences"], Period(run.first, run.now), run.thresholds)
    run.keep("findings", registry.to_table(run.objects["findings"]))


def proposals(run: Run) -> None:
    limits = run.thresholds["circles"]
    served = Served(
        run.objects["set_people"],
        run.objects["sets"],
        run.objects["set_weight"],
        partial(circles.degree, limits=limits),
    )
    found = documents(
        run.objects["audiences"],
        run.objects["findings"],
        served,
        run.thresholds["portfolio"],
        run.settings.savings,
        run.now,
        Existing(_groups(run), run.thresholds["existing"]),
        _background(run),
    )
    run.keep("proposals", to_table(found))


def _background(run: Run) -> Background:
    """What other stages know of audiences and departments, as far as it may be shown."""
    minimum = run.settings.privacy.minimum_group
    topics = knowledge.read(run["knowledge"].to_pyarrow())
    limits = run.thresholds["connections"]
    linked = connections.shown(lambda name: run[name].to_pyarrow(), minimum)
    return Background(
        {name: locked.summary(topic, minimum) for name, topic in topics.items()},
        {
            frozenset((row["department"], row["other"])): connections.bridge_sentence(
                row, minimum, limits.shared_words, limits.shared_contacts
            )
            for row in linked.missing_bridges
        },
        {
            (row["from_department"], row["to_department"]): connections.link_sentence(row, minimum)
            for row in linked.links
        },
        _deputies(run),
    )


def _deputies(run: Run) -> dict[str, dict[str, tuple[str, ...]]]:
    """Who could own the space of an audience beside its busiest writer, and why, by audience and address."""
    columns = ("message", "thread", "sender", "sent_at")
    # only these become candidates
    recognised = {f.audience.audience for f in run.objects["findings"]}
    told = [a.audience for a in run.objects["audiences"] if a.kind == "circle" or a.audience in recognised]
    wanted = run.compute(pa.table({"audience": pa.array(told, pa.string())}))
    spoken = run["audience_messages"].semi_join(wanted, "audience")
    rows = run.compute(spoken.inner_join(run["mail"].select(*columns), "message"))
    names = run["people"].select("principal", sender="actor")
    facts = deputies.deputies(rows, run.compute(deputies.writers(rows)), run["mail"]).inner_join(names, "sender")
    found: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for row in facts.to_pyarrow().to_pylist():
        found[row["audience"]][row["principal"]] = tuple(said for fact, said in deputies.REASONS.items() if row[fact])
    return found


def _groups(run: Run) -> list[Group]:
    """Groups of the directory, their members as principals.

    A member that neither mail nor the directory knows may well be a person who only reads: it counts among the members,
    so that a group with many such members does not pass for a small one, and hinders no upgrade. One with an address
    of another domain is a guest.
    """
    addresses = run["addresses"].to_pyarrow()
    names = dict(zip(addresses["address"].to_pylist(), addresses["principal"].to_pylist(), strict=True))
    known = run["principals"].select("principal", "kind").to_pyarrow().to_pylist()
    outside = {row["principal"] for row in known if row["kind"] == "external"}
    inside = {_domain(row["principal"]) for row in known if row["principal"] not in outside}
    no_people = set(names.values()) - set(run["people"].to_pyarrow()["principal"].to_pylist())
    heard = set(names.values())
    members: dict[str, set[str]] = defaultdict(set)
    for row in run["group_members"].select("group", "member").to_pyarrow().to_pylist():
        members[row["group"]].add(names.get(row["member"], row["member"]))
    return [
        Group(
            row["address"],
            row["display_name"] or row["address"],
            row["kind"] or "distribution_list",
            row["last_activity"],
            frozenset(own - no_people - guests),
            frozenset((own & no_people) - guests),
            frozenset(guests),
        )
        for row in run["groups"].order_by("address").to_pyarrow().to_pylist()
        for own in [members[row["address"]]]
        for guests in [{m for m in own if m in outside or (m not in heard and _from_outside(m, inside))}]
    ]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _from_outside(address: str, inside: set[str]) -> bool:
    """Whether an address that nobody heard of is a guest's; Entra ID marks those that it takes in."""
    return "#ext#" in address.lower() or ("@" in address and _domain(address) not in inside)


COUNTED = ("messages", "recipients", "principals", "threads", "audiences", "findings", "proposals")
"""Tables whose rows the account counts."""


def account(run: Run) -> None:
    """What this run was made of, kept beside its results."""
    entries = {
        "since": run.since and run.since.isoformat(),
        "until": run.until and run.until.isoformat(),
        "now": run.now.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "thresholds": {name: model.model_dump() for name, model in run.thresholds.items()},
        "savings": run.settings.savings.model_dump(),
        "counts": {name: run[name].count().to_pyarrow().as_py() for name in COUNTED},
    }
    run.keep("runs", pa.table({"key": list(entries), "value": [json.dumps(value) for value in entries.values()]}))
