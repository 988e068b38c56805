"""The small fact tables: mailboxes, problems, names, people and groups. Each source replaces its own rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import pyarrow as pa

from analyser.lake.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import ibis.expr.types as ir

    from analyser.lake.store import Commit, Lake
    from analyser.sources.contract import Directory

__all__ = ["DIRECTORY", "SOURCE", "replace_rows", "write_directories", "write_names"]

SOURCE: Final = "(source)"
"""Stands for a mailbox where a source as a whole could not be opened."""
DIRECTORY: Final = "(directory)"
"""Stands for a mailbox where a source's people and groups, not its mail, could not be read."""

_KEYS: Final = {"directory_people": ("address",), "groups": ("address",), "group_members": ("group", "member")}
_PAIR: Final = pa.schema([("source", pa.string()), ("mailbox", pa.string())])


def replace_rows(
    lake: Lake, commit: Commit, name: str, rows: Sequence[Mapping[str, Any]], scanned: Collection[tuple[str, str]]
) -> None:
    """Replace the rows of the mailboxes that were scanned, in `mailboxes` or `problems`.

    Parameters
    ----------
    rows
        New rows.
    scanned
        Source and mailbox whose old rows go, besides those of `rows`.
    """
    schema = TABLES[name].schema
    keys = {*scanned, *((row["source"], row["mailbox"]) for row in rows)}
    pairs = [{"source": source, "mailbox": mailbox} for source, mailbox in sorted(keys)]
    old = lake.table(name).anti_join(lake.engine.memory(pa.Table.from_pylist(pairs, schema=_PAIR)), _PAIR.names)
    new = lake.engine.memory(pa.Table.from_pylist([dict(row) for row in rows], schema=schema))
    commit.write(name, old.union(new).order_by("source", "mailbox", *schema.names[2:4]))


def write_names(lake: Lake, commit: Commit, incoming: ir.Table) -> None:
    """Add the display names seen with addresses.

    Parameters
    ----------
    incoming
        Rows of `analyser.lake.copies.COPIES`.
    """
    senders = incoming.select(address=incoming.sender, display_name=incoming.sender_name)
    listed = incoming.select(person=incoming.recipients.unnest())
    others = listed.select(address=listed.person.address, display_name=listed.person.display_name)
    seen = senders.union(others)
    seen = seen.filter(
        seen.address.notnull(), seen.display_name.fill_null("") != "", seen.display_name.lower() != seen.address
    )
    commit.write("address_names", seen.union(lake.table("address_names"), distinct=True))


def write_directories(lake: Lake, commit: Commit, directories: Mapping[str, Directory]) -> None:
    """Replace the people and groups of the sources that were asked.

    A value that the directory no longer gives stays; a person whom it no longer lists goes, unless it could not be
    read in full.
    """
    for name, keys in _KEYS.items():
        old = lake.table(name)
        asked = ibis.literal(list(directories), type="array<string>")
        parts = [old.filter(~asked.contains(old.source))]
        for source, directory in directories.items():
            new = lake.engine.memory(getattr(directory, name.removeprefix("directory_"))).distinct(
                on=list(keys), keep="first"
            )
            mine = old.filter(old.source == source)
            parts.append(_updated(new.mutate(source=ibis.literal(source)), mine, keys).select(*old.columns))
            if directory.problems:
                parts.append(mine.anti_join(new, list(keys)))
        united = ibis.union(*parts) if len(parts) > 1 else parts[0]
        commit.write(name, united.order_by("source", *keys))


def _updated(new: ir.Table, old: ir.Table, keys: Sequence[str]) -> ir.Table:
    joined = new.left_join(old, list(keys), rname="old_{name}")
    values = [name for name in new.columns if name not in keys and name != "source"]
    return joined.mutate(**{name: ibis.coalesce(joined[name], joined[f"old_{name}"]) for name in values})
