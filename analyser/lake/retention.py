"""Removal: of messages that are older than they may be, and of a person who asks to be forgotten."""

from __future__ import annotations

import shutil
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa

from analyser.lake.engine import PARTITION
from analyser.lake.pending import FOLDER
from analyser.lake.schema import TABLES, Column, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir

    from analyser.lake.store import Commit, Lake

__all__ = ["addresses_of", "apply", "forget"]

BY_MESSAGE: Final = ("messages", "recipients", "copies")
"""Tables that hold the messages themselves, all in the partition of their message."""

EMPTIED: Final = frozenset({"manager", "first_sender", "mailbox"})
"""Columns that mention a person in a row about something else: the row stays, the mention goes."""

TEXTS: Final = frozenset({"document", "signals", "state"})
"""Columns with a whole text: whoever it names takes the row along. The directory's state goes, and is read anew."""


def apply(lake: Lake, days: int, now: datetime) -> dict[str, int]:
    """Remove messages sent more than `days` before `now`, with their recipients and copies, in one commit.

    Returns
    -------
    dict
        Rows removed, by table.
    """
    limit = now.astimezone(UTC) - timedelta(days=days)
    last = limit.strftime("%Y-%m")
    with lake.lock():
        months = [month for month in lake.months("messages") if month <= last]
        messages = lake.table("messages", months)
        old = messages.filter(messages.sent_at < ibis.literal(limit)).select("message_key")
        if not months or not _count(old):
            return dict.fromkeys(BY_MESSAGE, 0)
        with lake.commit() as commit:
            return {name: _drop_messages(lake, commit, name, old, months) for name in BY_MESSAGE}


def addresses_of(lake: Lake, address: str) -> list[str]:
    """All addresses known to be of the same person: from directories and from the resolved addresses.

    Addresses that are only suggested to be the same person's are not among them.
    """
    people = lake.table("directory_people").select("address", other=ibis._.aliases.unnest())
    resolved = lake.table("addresses")
    resolved = resolved.filter(resolved.how.fill_null("") != "suggested")
    pairs = people.union(resolved.select("address", other=resolved.principal))
    schema = pa.schema([("address", pa.string()), ("other", pa.string())])
    known, before = {address.strip().lower()}, 0
    while len(known) > before:
        before = len(known)
        found = pairs.filter(pairs.address.isin(sorted(known)) | pairs.other.isin(sorted(known)))
        rows = lake.engine.to_arrow(found, schema)
        known |= {value for column in rows.columns for value in column.to_pylist() if value}
    return sorted(known)


def forget(lake: Lake, address: str) -> dict[str, int]:
    """Remove a person from every table, in one commit.

    Messages that the person sent go, with their recipients and copies; in others' messages the person is no longer a
    recipient. In all other tables rows about the person go, and mentions in other rows. What a killed scan has read
    and not published goes too. A later scan of the same sources reads the person again: leave the mailbox out there.

    Returns
    -------
    dict
        Rows removed, by table; tables without any are left out.
    """
    with lake.lock():
        persons = addresses_of(lake, address)
        messages = lake.table("messages")
        gone = messages.filter(messages.sender.isin(persons)).select("message_key")
        removed = {}
        shutil.rmtree(lake.path / FOLDER, ignore_errors=True)
        with lake.commit() as commit:
            for name in TABLES:
                if lake.exists(name):
                    removed[name] = _forget_in(lake, commit, name, persons, gone)
        return {name: count for name, count in removed.items() if count}


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def _drop_messages(lake: Lake, commit: Commit, name: str, gone: ir.Table, months: Sequence[str]) -> int:
    held = lake.table(name, months, partition=True)
    dropped = _count(held.semi_join(gone, "message_key"))
    commit.write(name, held.anti_join(gone, "message_key"), months=months)
    return dropped


def _forget_in(lake: Lake, commit: Commit, name: str, persons: Sequence[str], gone: ir.Table) -> int:
    """Rewrite one table without the person, where it names the person at all; returns the rows that went."""
    declaration = TABLES[name]
    table = lake.table(name, partition=declaration.partitioned)
    table = table.mutate(_gone=_about(table, declaration.columns, persons))
    if "message_key" in table.columns:
        marked = gone.mutate(_sent=ibis.literal(value=True)).rename(_key="message_key")
        table = table.left_join(marked, table.message_key == marked["_key"])
        table = table.mutate(_gone=table["_gone"] | table["_sent"].fill_null(False)).drop("_key", "_sent")  # noqa: FBT003
    table = table.mutate(_hit=table["_gone"] | _mentioned(table, declaration.columns, persons))
    hits = table.filter(table["_hit"])
    if not _count(hits):
        return 0
    months = None
    if declaration.partitioned:
        schema = pa.schema([(PARTITION, pa.string())])
        months = lake.engine.to_arrow(hits.select(PARTITION).distinct(), schema)[PARTITION].to_pylist()
        table = table.filter(table[PARTITION].isin(months))
    kept = table.filter(~table["_gone"]).drop("_gone", "_hit")
    commit.write(name, kept.mutate(**_without(kept, declaration.columns, persons)), months=months)
    return _count(hits.filter(hits["_gone"]))


def _about(table: ir.Table, columns: Sequence[Column], persons: Sequence[str]) -> ir.BooleanColumn:
    """Rows about the person: a personal column names it, or the text of a derived row contains its address."""
    about = ibis.literal(value=False)
    for column in columns:
        if column.type != pa.string() or column.name in EMPTIED:
            continue
        if column.name in TEXTS:
            for person in persons:
                about |= table[column.name].contains(person).fill_null(False)  # noqa: FBT003
        elif column.sensitivity is Sensitivity.PERSONAL:
            about |= table[column.name].isin(persons).fill_null(False)  # noqa: FBT003
    return about


def _mentioned(table: ir.Table, columns: Sequence[Column], persons: Sequence[str]) -> ir.BooleanColumn:
    mentioned = ibis.literal(value=False)
    for column in columns:
        value = table[column.name]
        if column.name in EMPTIED:
            mentioned |= value.isin(persons).fill_null(False)  # noqa: FBT003
        elif pa.types.is_list(column.type) and column.sensitivity in {Sensitivity.PERSONAL, Sensitivity.RELATIONAL}:
            mentioned |= (value.intersect(ibis.array(list(persons))).length() > 0).fill_null(False)  # noqa: FBT003
    return mentioned


def _without(table: ir.Table, columns: Sequence[Column], persons: Sequence[str]) -> dict[str, ir.Value]:
    """The columns that mention people, without the person."""
    changed: dict[str, ir.Value] = {}
    for column in columns:
        value = table[column.name]
        if column.name in EMPTIED:
            changed[column.name] = ibis.ifelse(value.isin(persons), ibis.null("string"), value)
        elif pa.types.is_list(column.type) and column.sensitivity in {Sensitivity.PERSONAL, Sensitivity.RELATIONAL}:
            changed[column.name] = value.filter(lambda one: ~one.isin(persons))
    return changed
