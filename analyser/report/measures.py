"""What the page counts beyond the proposals themselves: small tables out of the lake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ibis

from analyser.lake.engine import local_time

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    import pyarrow as pa

    from analyser.lake.store import Lake

__all__ = [
    "Flow",
    "Person",
    "Reading",
    "days",
    "distinct_messages",
    "flows",
    "people",
    "reading",
    "run_entries",
    "ties",
]

UNKNOWN: Final = "No department"


@dataclass(frozen=True, slots=True)
class Person:
    """A principal as the page needs it."""

    principal: str
    name: str | None
    department: str
    is_person: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """Mail from one department to another: deliveries, and how many people stand behind them."""

    source: str
    target: str
    deliveries: int
    people: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: messages, their period, mailboxes by state, and what could not be read by reason."""

    messages: int
    oldest: datetime | None
    newest: datetime | None
    mailboxes: dict[str, int]
    reasons: dict[str, int]
    unreadable: int


def people(lake: Lake) -> dict[str, Person]:
    """All principals by their primary address."""
    table = lake.table("principals")
    rows = table.select("principal", "display_name", "department", "kind", "is_internal").to_pyarrow()
    return {
        row["principal"]: Person(
            row["principal"],
            row["display_name"],
            row["department"] or UNKNOWN,
            row["kind"] == "person" and bool(row["is_internal"]),
        )
        for row in rows.to_pylist()
    }


def days(
    lake: Lake, audiences: Collection[str], timezone: str, since: datetime
) -> dict[str, dict[date, tuple[int, int]]]:
    """Mail of audiences by day.

    Parameters
    ----------
    timezone
        IANA name; days begin and end at its midnight.
    since
        Earlier mail is left out.

    Returns
    -------
    dict
        By audience and day: messages, and people who took part.
    """
    spoken = lake.table("audience_messages")
    messages = lake.table("messages")
    recent = messages.filter(messages.sent_at >= since).select("message_key", "sent_at")
    rows = spoken.filter(spoken.audience.isin(sorted(audiences))).inner_join(recent, "message_key")
    rows = rows.select("audience", "message_key", day=local_time(rows.sent_at, timezone).date())
    parts = lake.table("audience_participants").select("message_key", "principal")
    seen = rows.left_join(parts, "message_key").group_by("audience", "day")
    counted = seen.agg(messages=lambda t: t.message_key.nunique(), people=lambda t: t.principal.nunique())
    result: dict[str, dict[date, tuple[int, int]]] = {audience: {} for audience in audiences}
    for row in counted.to_pyarrow().to_pylist():
        result[row["audience"]][row["day"]] = (row["messages"], row["people"])
    return result


def distinct_messages(lake: Lake, audiences: Collection[str]) -> tuple[int, int]:
    """Messages that speak for any of the audiences: each once, and once for every audience that it speaks for."""
    spoken = lake.table("audience_messages")
    spoken = spoken.filter(spoken.audience.isin(sorted(audiences)))
    row = spoken.agg(once=spoken.message_key.nunique(), every=spoken.count()).to_pyarrow().to_pylist()[0]
    return row["once"], row["every"]


def ties(lake: Lake, members: Collection[str]) -> list[tuple[str, str, int]]:
    """Mail between members, either way: (one, other, deliveries), `one` before `other` in the alphabet."""
    named = sorted(members)
    table = lake.table("interactions")
    table = table.filter(table.source.isin(named) & table.target.isin(named) & (table.source != table.target))
    pairs = table.select(
        one=ibis.least(table.source, table.target),
        other=ibis.greatest(table.source, table.target),
        n=table.to_count + table.cc_count,
    )
    rows = pairs.group_by("one", "other").agg(n=pairs.n.sum()).order_by("one", "other").to_pyarrow().to_pylist()
    return [(row["one"], row["other"], int(row["n"])) for row in rows]


def flows(lake: Lake) -> list[Flow]:
    """Mail between departments, most deliveries first; people of no known department count as one."""
    principals = lake.table("principals")
    inside = principals.filter(principals.is_internal & (principals.kind == "person"))
    home = inside.select("principal", department=inside.department.fill_null(UNKNOWN))
    table = lake.table("interactions").select("source", "target", "to_count", "cc_count")
    rows = table.inner_join(home, table.source == home.principal).drop("principal").rename(sender="department")
    rows = rows.inner_join(home, rows.target == home.principal).drop("principal").rename(receiver="department")
    sums = rows.group_by("sender", "receiver").agg(deliveries=(rows.to_count + rows.cc_count).sum())
    ends = ibis.union(
        rows.select("sender", "receiver", principal="source"), rows.select("sender", "receiver", principal="target")
    )
    heads = ends.group_by("sender", "receiver").agg(people=ends.principal.nunique())
    joined = sums.inner_join(heads, ["sender", "receiver"])
    joined = joined.order_by(ibis.desc("deliveries"), "sender", "receiver")
    return [
        Flow(row["sender"], row["receiver"], int(row["deliveries"]), int(row["people"]))
        for row in joined.to_pyarrow().to_pylist()
    ]


def reading(lake: Lake) -> Reading:
    """What was read, and what could not be."""
    messages = lake.table("messages")
    total = messages.agg(n=messages.count(), oldest=messages.sent_at.min(), newest=messages.sent_at.max())
    row = total.to_pyarrow().to_pylist()[0]
    boxes, problems = lake.arrow("mailboxes"), lake.arrow("problems")
    return Reading(
        messages=row["n"],
        oldest=row["oldest"],
        newest=row["newest"],
        mailboxes=_counts(boxes, "state"),
        reasons=_counts(problems, "reason"),
        unreadable=problems.num_rows,
    )


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    """How often each value stands in a column, the most frequent first."""
    rows: Sequence[dict[str, Any]] = table[column].combine_chunks().value_counts().to_pylist()
    ordered = sorted(rows, key=lambda row: (-row["counts"], str(row["values"])))
    return {str(row["values"]): int(row["counts"]) for row in ordered}


def run_entries(lake: Lake) -> dict[str, Any]:
    """The account of the last analysis by key; empty where there is none."""
    return {row["key"]: json.loads(row["value"]) for row in lake.arrow("runs").to_pylist()}
