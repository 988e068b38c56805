"""New copies join what the lake holds, by the join of a semilattice: neither order nor repetition counts.

Each column of a message has one rule that gives the same whichever two copies meet first: the smallest or largest known
value, either flag, the longest list. Null means unknown and never wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa

from analyser.lake.copies import Identities, identify
from analyser.lake.engine import PARTITION
from analyser.lake.schema import TABLES
from analyser.lake.store import month_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from analyser.lake.store import Commit, Lake

__all__ = ["merge"]

MESSAGES: Final = TABLES["messages"].schema
RECIPIENTS: Final = TABLES["recipients"].schema
COPY_COLUMNS: Final = TABLES["copies"].schema

SMALLEST: Final = (
    "internet_message_id",
    "source",
    "sent_at",
    "sender",
    "conversation_id",
    "in_reply_to",
    "importance",  # high before low before normal
    "list_id",
)
LARGEST: Final = ("size", "unresolved_recipients")
EITHER: Final = ("has_attachments", "is_automatic")
OF_ONE_COPY: Final = ("subject", "base_subject", "subject_key", "is_reply", "is_forward")

BUCKET_ROWS: Final = 250_000
"""Rows that are joined to messages at a time."""

_MONTHS: Final = pa.schema([(PARTITION, pa.string())])
_BY_SOURCE: Final = pa.schema([("source", pa.string()), ("messages", pa.int64())])


def merge(lake: Lake, commit: Commit, incoming: ir.Table) -> dict[str, int]:
    """Write messages, recipients and copies anew in the months that new copies touch.

    Parameters
    ----------
    incoming
        Rows of `analyser.lake.copies.COPIES`.

    Returns
    -------
    dict
        Messages that the lake did not hold, by source (of several, the smallest name).
    """
    identities = identify(lake, commit, incoming)
    affected = identities.affected
    held = lake.table("messages", partition=True)
    old_months = _months(lake, held.semi_join(affected, "message_key"))

    old = lake.table("messages", old_months).semi_join(affected, "message_key")
    rows = identities.apply(incoming, "content_key").select(*MESSAGES.names)
    rows = rows.union(_renamed(identities, old).select(*MESSAGES.names))
    merged = _merged(lake, commit, rows)
    merged = merged.mutate(**{PARTITION: month_of(merged.sent_at)})
    months = sorted({*old_months, *_months(lake, merged)})

    _write(lake, commit, "messages", merged, affected=affected, months=months)
    placed = merged.select("message_key", PARTITION)
    recipients = _recipients(lake, identities, incoming, old_months)
    _write(lake, commit, "recipients", recipients.join(placed, "message_key"), affected=affected, months=months)
    copies = identities.apply(incoming, "content_key").select(*COPY_COLUMNS.names)
    known = lake.table("copies", old_months).semi_join(affected, "message_key")
    copies = copies.union(_renamed(identities, known).select(*COPY_COLUMNS.names), distinct=True)
    _write(lake, commit, "copies", copies.join(placed, "message_key"), affected=affected, months=months)
    return _new(lake, identities, incoming)


def _months(lake: Lake, table: ir.Table) -> list[str]:
    return sorted(lake.engine.to_arrow(table.select(PARTITION).distinct(), _MONTHS)[PARTITION].to_pylist())


def _renamed(identities: Identities, table: ir.Table) -> ir.Table:
    """Rows of the lake under the keys that their messages have from now on."""
    return identities.apply(table.rename(_old="message_key"), "_old").drop("_old")


def _merged(lake: Lake, commit: Commit, rows: ir.Table) -> ir.Table:
    """One row per message, bucket by bucket: the engine cannot spill the texts of an aggregation under way."""
    buckets = commit.folder / "buckets"
    digits = 0
    total = int(rows.count().to_pyarrow().as_py())
    while total > BUCKET_ROWS * 16**digits:
        digits += 1
    lake.engine.write(rows.mutate(bucket="b" + rows.message_key.left(digits)), buckets, MESSAGES, partition="bucket")
    written = []
    for number, folder in enumerate(sorted(buckets.iterdir())):
        bucket = lake.engine.scan(sorted(folder.iterdir()), MESSAGES)
        written.append(commit.scratch(f"messages-{number}"))
        lake.engine.write(_joined(bucket), written[-1], MESSAGES)
    return lake.engine.scan(written, MESSAGES)


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


def _recipients(lake: Lake, identities: Identities, incoming: ir.Table, months: list[str]) -> ir.Table:
    """One row per message and address: the most visible role, the foremost place."""
    # the column's unnest: the table's would become a join of each row with itself
    one = incoming.select("content_key", person=incoming.recipients.unnest())
    person = one.person
    listed = one.select("content_key", position=person.position, address=person.address, role=person.role)
    listed = listed.filter(listed.address.notnull())
    new = identities.apply(listed, "content_key").select(*RECIPIENTS.names)
    old = lake.table("recipients", months).semi_join(identities.affected, "message_key")
    rows = new.union(_renamed(identities, old).select(*RECIPIENTS.names))
    rank = rows.role.cases(("to", 0), ("cc", 1), else_=2)
    united = rows.group_by(["message_key", "address"]).agg(rank=rank.min(), position=rows.position.min())
    return united.mutate(role=united["rank"].cases((0, "to"), (1, "cc"), else_="bcc"))


def _write(lake: Lake, commit: Commit, name: str, merged: ir.Table, *, affected: ir.Table, months: list[str]) -> None:
    columns = [*TABLES[name].schema.names, PARTITION]
    kept = lake.table(name, months, partition=True).anti_join(affected, "message_key")
    commit.write(name, merged.select(*columns).union(kept.select(*columns)), months=months)


def _new(lake: Lake, identities: Identities, incoming: ir.Table) -> dict[str, int]:
    keys = identities.apply(incoming.select("content_key", "source"), "content_key")
    by_key = keys.group_by("message_key").agg(source=keys.source.min())
    known = _renamed(identities, identities.affected)
    new = by_key.anti_join(known, "message_key").group_by("source").agg(messages=ibis._.count())
    counts = lake.engine.to_arrow(new, _BY_SOURCE)
    return dict(zip(counts["source"].to_pylist(), counts["messages"].to_pylist(), strict=True))
