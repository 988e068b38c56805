"""What a commit keeps of the lake's mail while copies leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from analyser.lake.engine import PARTITION

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import ibis.expr.types as ir

    from analyser.lake.engine import Engine
    from analyser.lake.store import Lake

__all__ = ["FOLDER_KEY", "ITEM_KEY", "Held"]

FOLDER_KEY: Final = ("source", "mailbox", "folder")
ITEM_KEY: Final = (*FOLDER_KEY, "item_id")


class Held(NamedTuple):
    """What the lake holds and a commit keeps: without the copies that are gone and the messages that went with them.

    Parameters
    ----------
    gone
        Copies that no longer stand: `message_key`, the item, and the month; None if there are none.
    orphans
        `message_key` of the messages of which no copy is left; None if there are none.
    """

    lake: Lake
    gone: ir.Table | None = None
    orphans: ir.Table | None = None

    @property
    def engine(self) -> Engine:
        """The engine of the lake."""
        return self.lake.engine

    def files(self, name: str, months: Collection[str] | None = None) -> list[Path]:
        """As `Lake.files`."""
        return self.lake.files(name, months)

    def table(self, name: str, months: Collection[str] | None = None, *, partition: bool = False) -> ir.Table:
        """As `Lake.table`, for `messages`, `recipients` and `copies`."""
        held = self.lake.table(name, months, partition=partition)
        if self.gone is None:
            return held
        if name == "copies":
            return held.anti_join(self.gone, ["message_key", *ITEM_KEY])
        return held.anti_join(self.orphans, "message_key")

    @property
    def months(self) -> list[str]:
        """Months that lose copies."""
        if self.gone is None:
            return []
        months = self.engine.to_arrow(self.gone.select(PARTITION).distinct(), pa.schema([(PARTITION, pa.string())]))
        return sorted(months[PARTITION].to_pylist())
