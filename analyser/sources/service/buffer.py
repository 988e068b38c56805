"""Pages of one mailbox on their way to a batch: bounded, and never with two words about one item."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from analyser.sources.contract import RECORDS, REMOVALS, Batch, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Buffer", "Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says last of the items of one folder: each is told, or is gone, or gives a problem.

    Parameters
    ----------
    messages
        Table with the schema `RECORDS`.
    told
        Ids of all items that stand there, also of those that gave no row.
    removed
        Ids of items that are gone.
    problems
        (Id, reason) of those that could not be read.
    left_out
        Those that are no mail: how many, by reason.
    """

    messages: pa.Table
    told: Sequence[str]
    removed: Sequence[str] = ()
    problems: Sequence[tuple[str, str]] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """All items of which something is said."""
        return [*self.removed, *self.told]


class Buffer:
    """Collects pages until there are enough messages for a batch.

    A batch tells removals before messages, so that what removes an item that is in the buffer must wait for the next.
    """

    def __init__(self, mailbox: str, batch_size: int) -> None:
        self._mailbox, self._batch_size = mailbox, batch_size
        self._progress = 0
        self._clear()

    def _clear(self) -> None:
        self._tables: list[pa.Table] = []
        self._problems: list[Problem] = []
        self._removed: list[tuple[str, str | None]] = []
        self._left_out: Counter[str] = Counter()
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

    def take(self, folder: str, words: Words) -> None:
        """Add the last words of a page; none of its items may be held already."""
        ids = words.ids
        if ids:
            self._ids.setdefault(folder, set()).update(ids)
        self._removed += [(folder, key) for key in words.removed]
        self._rows += len(ids)
        self._progress += len(words.told)
        self._left_out.update(words.left_out)
        if words.messages.num_rows:
            self._tables.append(words.messages)
        self._problems += [Problem(self._mailbox, f"{folder}/{key}", reason) for key, reason in words.problems]

    def batch(self, state: str, *, last: bool) -> Batch:
        """Everything so far as one batch; the buffer is empty then."""
        pairs = list(zip(*self._removed, strict=True)) or [(), ()]
        removed = pa.table([pa.array(column, pa.string()) for column in pairs], schema=REMOVALS)
        messages = pa.concat_tables([RECORDS.empty_table(), *self._tables]).combine_chunks()
        left_out = dict(self._left_out)
        found = Batch(messages, tuple(self._problems), self._progress, state, removed, last, left_out)
        self._clear()
        return found
