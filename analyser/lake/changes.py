"""Which copies stand after a scan: the latest word of a mailbox about an item of a folder counts.

Sources that tell changes give each copy an item and a folder. A later copy of the same item in the same folder replaces
the earlier one, a removal takes it away, and a folder that was read afresh loses what it held before. Because removals
speak of a folder, a message that moves from one folder to another outlives its removal from the first, whichever of the
two is told first. A message goes when no copy of it is left. Sources without folders only ever add.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa

from analyser.lake.copies import COPIES
from analyser.lake.engine import PARTITION
from analyser.lake.held import FOLDER_KEY, ITEM_KEY, Held

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from analyser.lake.store import Commit, Lake

__all__ = ["removal_rows", "standing"]

_TOLD: Final = pa.schema([COPIES.field(name) for name in (*ITEM_KEY, "sequence", "removed")])
_GONE: Final = pa.schema([(name, pa.string()) for name in ("message_key", *ITEM_KEY, PARTITION)])
_KEYS: Final = pa.schema([("message_key", pa.string())])
_PLACES: Final = pa.schema([("source", pa.string()), ("mailbox", pa.string()), ("sequence", pa.int64())])


def removal_rows(removed: pa.Table, *, source: str, mailbox: str, first: int) -> pa.Table:
    """Removals of a batch (schema `REMOVALS`) as rows of `COPIES`, numbered from `first`."""
    count = removed.num_rows
    values = {
        "source": pa.repeat(source, count),
        "mailbox": pa.repeat(mailbox, count),
        "folder": removed["folder"],
        "item_id": removed["item_id"],
        "sequence": pa.array(range(first, first + count), pa.int64()),
        "removed": pa.repeat(pa.scalar(value=True), count),
    }
    return pa.table([values.get(field.name, pa.nulls(count, field.type)) for field in COPIES], schema=COPIES)


def standing(
    lake: Lake, commit: Commit, incoming: ir.Table, since: datetime | None, until: datetime | None
) -> tuple[ir.Table, Held]:
    """The new copies that stand, and what the lake keeps beside them.

    Parameters
    ----------
    incoming
        Rows of `COPIES`, removals among them.
    since, until
        The period that was read: a folder that was read afresh loses only what it held of this period.
    """
    lake.engine.write(incoming.filter(incoming.folder.notnull()), commit.scratch("told"), _TOLD)
    told = lake.engine.scan([commit.scratch("told")], _TOLD)
    if not int(told.count().to_pyarrow().as_py()):
        return incoming, Held(lake)
    afresh = told.filter(told.item_id.isnull()).group_by(FOLDER_KEY).agg(cut=told.sequence.max())
    items = told.filter(told.item_id.notnull())
    latest = items.group_by(ITEM_KEY).agg(latest=items.sequence.max())
    judged = told.left_join(latest, ITEM_KEY).drop(*(f"{name}_right" for name in ITEM_KEY))
    judged = judged.left_join(afresh, FOLDER_KEY)
    last = ibis.greatest(judged["latest"].fill_null(0), judged["cut"].fill_null(0))
    fallen = judged.filter(judged.removed | (judged.sequence < last)).select(*_PLACES.names)
    lake.engine.write(fallen, commit.scratch("fallen"), _PLACES)
    fallen = lake.engine.scan([commit.scratch("fallen")], _PLACES)
    live = incoming.filter(incoming.content_key.notnull()).anti_join(fallen, _PLACES.names)
    return live, _held(lake, commit, latest.drop("latest"), afresh, since, until)


def _held(
    lake: Lake, commit: Commit, items: ir.Table, afresh: ir.Table, since: datetime | None, until: datetime | None
) -> Held:
    if not lake.files("copies"):
        return Held(lake)
    copies = lake.table("copies", partition=True).select(*_GONE.names)
    emptied = copies.filter(copies.item_id.notnull()).semi_join(afresh, FOLDER_KEY)
    if since is not None or until is not None:
        sent = lake.table("messages").select("message_key", "sent_at")
        if since is not None:
            sent = sent.filter(sent.sent_at >= ibis.literal(since))
        if until is not None:
            sent = sent.filter(sent.sent_at < ibis.literal(until))
        emptied = emptied.semi_join(sent, "message_key")
    lake.engine.write(copies.semi_join(items, ITEM_KEY).union(emptied, distinct=True), commit.scratch("gone"), _GONE)
    gone = lake.engine.scan([commit.scratch("gone")], _GONE)
    if not int(gone.count().to_pyarrow().as_py()):
        return Held(lake)
    left = lake.table("copies").semi_join(gone, "message_key").anti_join(gone, ["message_key", *ITEM_KEY])
    orphans = gone.select("message_key").distinct().anti_join(left, "message_key")
    lake.engine.write(orphans, commit.scratch("orphans"), _KEYS)
    return Held(lake, gone, lake.engine.scan([commit.scratch("orphans")], _KEYS))
