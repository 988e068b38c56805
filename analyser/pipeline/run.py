"""One analysis: its settings, its period, and the tables so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from analyser.lake.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["EPOCH", "Listener", "Run", "Stage"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Listener(Protocol):
    """Who wants to know how far an analysis is."""

    def stage(self, name: str, number: int, of: int) -> None:
        """A stage begins."""


@dataclass
class Run:
    """One analysis: settings, period, and the tables so far."""

    lake: Lake
    settings: Settings
    since: datetime | None
    until: datetime | None
    thresholds: dict[str, Any]
    tables: dict[str, ir.Table] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)  # matrices and lists that are no tables
    now: datetime = EPOCH

    def keep(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Compute a table and keep it for the stages that follow."""
        if isinstance(rows, pa.Table):
            self.tables[name] = self.lake.engine.memory(rows)
        else:
            self.tables[name] = self.lake.engine.keep(rows)

    def arrow(self, name: str) -> pa.Table:
        """A kept table in memory, with the schema of the lake."""
        return self.lake.engine.to_arrow(self.tables[name], TABLES[name].schema)

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: `run` reads `reads` and keeps `writes`."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    run: Callable[[Run], None]


