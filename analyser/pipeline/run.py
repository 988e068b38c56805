"""One analysis: its settings, its period, and the tables so far.

Within a run messages and principals are numbers (`message` by time, `actor` by address): joining numbers costs a
third of joining texts. The lake's tables bear texts; `Run.published` puts them back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["Listener", "Run", "Stage"]

_MESSAGES = {"message": "message_key", "thread": "thread"}
_ACTORS = {"actor": "principal", "source": "source", "target": "target", "first_sender": "first_sender"}


class Listener(Protocol):
    """Who wants to know how far an analysis is."""

    def stage(self, name: str, number: int, of: int) -> None:
        """A stage begins."""


@dataclass
class Run:
    """One analysis: settings, period, and the tables so far.

    Parameters
    ----------
    since, until
        Bounds of the period; None for none.
    thresholds
        Models by stage or rule.
    only
        Rows of `messages` -> whether they are read; None for all.
    """

    lake: Lake
    settings: Settings
    since: datetime | None
    until: datetime | None
    thresholds: dict[str, Any]
    tables: dict[str, ir.Table] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)  # matrices and lists, which are no tables
    first: datetime = field(default_factory=lambda: datetime.now(UTC))  # bounds of what mail fills
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    only: Callable[[ir.Table], ir.BooleanValue] | None = None

    def keep(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Compute a table and keep it for the stages that follow."""
        self.tables[name] = self.compute(rows)

    def compute(self, rows: ir.Table | pa.Table) -> ir.Table:
        """A table of the engine with these rows; it lives until the engine closes."""
        engine = self.lake.engine
        return engine.memory(rows) if isinstance(rows, pa.Table) else engine.keep(rows)

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]

    def published(self, name: str) -> ir.Table:
        """A table as the lake keeps it: keys and addresses in place of numbers."""
        rows = self.tables[name]
        keys, names = self.tables["keys_of_messages"], self.tables["actors"]
        for columns, texts, number, text in (
            (_MESSAGES, keys, "message", "message_key"),
            (_ACTORS, names, "actor", "principal"),
        ):
            for column, public in columns.items():
                if column in rows.columns and rows[column].type().is_integer():
                    lookup = texts.select(**{f"{column}_number": texts[number], f"{column}_text": texts[text]})
                    rows = rows.left_join(lookup, rows[column] == lookup[f"{column}_number"])
                    rows = rows.drop(column, f"{column}_number").rename({public: f"{column}_text"})
        return rows


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: `run` reads `reads` and keeps `writes`."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    run: Callable[[Run], None]
