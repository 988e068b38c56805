"""Pages of one mailbox on their way to a batch: bounded, and never with two words about one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from analyser.sources.contract import RECORDS, REMOVALS, Batch, Problem
from analyser.sources.graph.items import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyser.sources.graph.items import Item
    from analyser.sources.records import Period

__all__ = ["Buffer"]


class Buffer:
    """Collects pages until there are enough messages for a batch.

    A batch tells removals before messages, so that what removes an item that is in the buffer must wait for the next.
    """

    def __init__(self, mailbox: str, period: Period, batch_size: int) -> None:
        self._mailbox, self._period, self._batch_size = mailbox, period, batch_size
        self._progress = 0
        self._clear()

    def _clear(self) -> None:
        self._tables: list[pa.Table] = []
        self._problems: list[Problem] = []
        self._removed: list[tuple[str, str | None]] = []
        self._ids: dict[str, set[str]] = {}
        self._rows = 0

    def has_room(self, rows: int) -> bool:
        """True if a page of so many rows fits into the batch; an empty batch takes any page."""
        return not self._rows or self._rows + rows <= self._batch_size

    @property
    def is_worth_keeping(self) -> bool:
        """True if a batch would tell anything."""
        return bool(self._rows or self._removed)

    def has(self, folder: str) -> bool:
        """True if the buffer tells of items of a folder."""
        return folder in self._ids

    def holds(self, folder: str, ids: Iterable[str]) -> bool:
        """True if the buffer tells of one of these items of a folder."""
        return not self._ids.get(folder, set()).isdisjoint(ids)

    def empty(self, folder: str) -> None:
        """What the folder held before is gone."""
        self._removed.append((folder, None))

    def take(self, folder: str, items: Sequence[Item], removed: Sequence[str]) -> None:
        """Add the last words of a page; none of its items may be held already."""
        if items or removed:
            self._ids.setdefault(folder, set()).update((item.id for item in items), removed)
        self._removed += [(folder, key) for key in removed]
        self._rows += len(items) + len(removed)
        self._progress += len(items)
        if items:
            table, problems = records(items, folder, self._period)
            self._tables.append(table)
            places = [(f"{folder}/{items[row].id}", reason) for row, reason in problems]
            self._problems += [Problem(self._mailbox, place, reason) for place, reason in places]

    def batch(self, state: str, *, last: bool) -> Batch:
        """Everything so far as one batch; the buffer is empty then."""
        pairs = list(zip(*self._removed, strict=True)) or [(), ()]
        removed = pa.table([pa.array(column, pa.string()) for column in pairs], schema=REMOVALS)
        messages = pa.concat_tables([RECORDS.empty_table(), *self._tables]).combine_chunks()
        found = Batch(messages, tuple(self._problems), self._progress, state, removed, last)
        self._clear()
        return found
