"""New copies join what the lake holds, by the join of a semilattice: neither order nor repetition counts.

Each column of a message has one rule that gives the same whichever two copies meet first: the smallest or largest known
value, either flag, the longest list. Null means unknown and never wins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa

from analyser.lake.copies import Identities, identify
from analyser.lake.engine import PARTITION
from analyser.lake.schema import TABLES
from analyser.lake.store import month_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.lake.held import Held
    from analyser.lake.store import Commit

__all__ = ["merge"]

MESSAGES: Final = TABLES["messages"].schema

SMALLEST: Final = (
    "internet_message_id",
    "source",
    "sent_at",
    "sender",
    "conversation_id",
    "in_reply_to",
    "importance",  # high before low before normal
    "list_id",
    "meeting",
)
LARGEST: Final = ("size", "unresolved_recipients")
EITHER: Final = ("has_attachments", "is_automatic")
OF_ONE_COPY: Final = ("subject", "base_subject", "subject_key", "is_reply", "is_forward")

BYTES_PER_ROW: Final = 8_192
"""Memory of the engine per row that is joined to messages at a time; sets of long references need most of it."""

_MONTHS: Final = pa.schema([(PARTITION, pa.string())])
_BY_SOURCE: Final = pa.schema([("source", pa.string()), ("messages", pa.int64())])


def merge(held: Held, commit: Commit, incoming: ir.Table) -> dict[str, int]:
    """Write messages, recipients and copies anew in the months that new copies touch, or that lose some.

    Parameters
    ----------
    held
        What the lake keeps.
    incoming
        Rows of `analyser.lake.copies.COPIES`, without removals.

    Returns
    -------
    dict
        Messages that the lake did not hold, by source (of several, the smallest name).
    """
    identities = identify(held, commit, incoming)
    old_months: list[str] = []
    if identities.affected is not None:
        messages = held.table("messages", partition=True)
        old_months = _months(held, messages.semi_join(identities.affected, "message_key"))

    def united(name: str, new: ir.Table) -> ir.Table:
        """New rows, and those of the messages that they may belong to, under the keys they have from now on."""
        columns = TABLES[name].schema.names
        if identities.affected is None:
            return new.select(*columns)
        old = held.table(name, old_months).semi_join(identities.affected, "message_key")
        return new.select(*columns).union(_renamed(identities, old).select(*columns))

    keyed = identities.apply(incoming, "content_key")
    merged = _merged(held, commit, united("messages", keyed))
    merged = merged.mutate(**{PARTITION: month_of(merged.sent_at)})
    placed = merged.select("message_key", PARTITION)
    months = sorted({*old_months, *_months(held, merged), *held.months})
    recipients = _foremost(united("recipients", identities.apply(_listed(incoming), "content_key")))
    tables = {
        "messages": merged,
        "recipients": recipients.join(placed, "message_key"),
        "copies": united("copies", keyed).distinct().join(placed, "message_key"),
    }
    for name, table in tables.items():
        commit.write(name, _beside(held, identities, name, table, months), months=months)
    return _new(held, identities, incoming)


def _months(held: Held, table: ir.Table) -> list[str]:
    return sorted(held.engine.to_arrow(table.select(PARTITION).distinct(), _MONTHS)[PARTITION].to_pylist())


def _renamed(identities: Identities, table: ir.Table) -> ir.Table:
    """Rows of the lake under the keys that their messages have from now on."""
    return identities.apply(table.rename(_old="message_key"), "_old").drop("_old")


def _merged(held: Held, commit: Commit, rows: ir.Table) -> ir.Table:
    """One row per message, bucket by bucket: the engine cannot spill the texts of an aggregation under way."""
    total = int(rows.count().to_pyarrow().as_py())
    most = max(1, held.engine.memory_limit // BYTES_PER_ROW)
    if total <= most:
        held.engine.write(_joined(rows), commit.scratch("messages"), MESSAGES)
        return held.engine.scan([commit.scratch("messages")], MESSAGES)
    digits = math.ceil(math.log(total / most, 16))
    buckets = commit.folder / "buckets"
    held.engine.write(rows.mutate(bucket=rows.message_key.left(digits)), buckets, MESSAGES, partition="bucket")
    written = []
    for number, folder in enumerate(sorted(buckets.iterdir())):
        bucket = held.engine.scan(sorted(folder.iterdir()), MESSAGES)
        written.append(commit.scratch(f"messages-{number}"))
        held.engine.write(_joined(bucket), written[-1], MESSAGES)
    return held.engine.scan(written, MESSAGES)


def _joined(rows: ir.Table) -> ir.Table:
    """One row per message."""
    # subject and flags come from one copy, so that they fit together
    one = (rows.subject_key.fill_null("~") + rows.subject.fill_null("")).concat(
        rows.is_reply.cast("string"), rows.is_forward.cast("string")
    )
    length = rows.references.length()
    longest = (ibis.literal(1_000_000) - length).cast("string").lpad(7, "0") + ibis.literal("\n").join(rows.references)
    return rows.group_by("message_key").agg(
        **{name: rows[name].min() for name in SMALLEST},
        **{name: rows[name].max() for name in LARGEST},
        **{name: rows[name].any() for name in EITHER},
        **{name: rows[name].argmin(one) for name in OF_ONE_COPY},
        references=rows.references.argmin(longest),
    )


def _listed(incoming: ir.Table) -> ir.Table:
    """Recipients of each copy, one a row."""
    # the column's unnest: the table's would become a join of each row with itself
    one = incoming.select("content_key", person=incoming.recipients.unnest())
    person = one.person
    listed = one.select("content_key", position=person.position, address=person.address, role=person.role)
    return listed.filter(listed.address.notnull())


def _foremost(rows: ir.Table) -> ir.Table:
    """One row per message and address: the most visible role, the foremost place."""
    rank = rows.role.cases(("to", 0), ("cc", 1), else_=2)
    united = rows.group_by(["message_key", "address"]).agg(rank=rank.min(), position=rows.position.min())
    return united.mutate(role=united["rank"].cases((0, "to"), (1, "cc"), else_="bcc"))


def _beside(held: Held, identities: Identities, name: str, merged: ir.Table, months: list[str]) -> ir.Table:
    """What the months hold from now on: the merged rows beside the messages that nothing new belongs to."""
    columns = [*TABLES[name].schema.names, PARTITION]
    if not held.files(name, months):
        return merged.select(*columns)
    kept = held.table(name, months, partition=True)
    if identities.affected is not None:
        kept = kept.anti_join(identities.affected, "message_key")
    return merged.select(*columns).union(kept.select(*columns))


def _new(held: Held, identities: Identities, incoming: ir.Table) -> dict[str, int]:
    keys = identities.apply(incoming.select("content_key", "source"), "content_key")
    by_key = keys.group_by("message_key").agg(source=keys.source.min())
    for known in (identities.affected, held.orphans):  # an orphan that comes back is not new
        if known is not None:
            by_key = by_key.anti_join(_renamed(identities, known), "message_key")
    counts = held.engine.to_arrow(by_key.group_by("source").agg(messages=ibis._.count()), _BY_SOURCE)
    return dict(zip(counts["source"].to_pylist(), counts["messages"].to_pylist(), strict=True))
