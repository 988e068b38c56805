"""Where the next scan of each mailbox goes on: the states of sources that tell changes.

States may be large (a link per folder) and mailboxes many: they are read and written in blocks, never all at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from analyser.lake.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyser.lake.store import Commit, Lake

__all__ = ["BLOCK", "states", "write"]

BLOCK: Final = 200
"""Mailboxes whose states are in memory at once."""

SCHEMA: Final = TABLES["watermarks"].schema


def states(lake: Lake, source: str, mailboxes: Sequence[str]) -> dict[str, str]:
    """States of some mailboxes, by mailbox; those without one are left out."""
    table = lake.table("watermarks")
    rows = lake.engine.to_arrow(table.filter(table.source == source, table.mailbox.isin(list(mailboxes))), SCHEMA)
    return dict(zip(rows["mailbox"].to_pylist(), rows["state"].to_pylist(), strict=True))


def write(lake: Lake, commit: Commit, rows: Iterable[tuple[str, str, str]]) -> None:
    """Replace the states of some mailboxes.

    Parameters
    ----------
    rows
        Source, mailbox, state.
    """
    path, held = commit.scratch("watermarks"), list[tuple[str, str, str]]()
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for row in rows:
            held.append(row)
            if len(held) == BLOCK:
                writer.write_table(_table(held))
                held.clear()
        writer.write_table(_table(held))
    new = lake.engine.scan([path], SCHEMA)
    old = lake.table("watermarks").anti_join(new, ["source", "mailbox"])
    commit.write("watermarks", new.union(old))


def _table(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=SCHEMA)
