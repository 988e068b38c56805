"""Which copies are the same message.

A message lies in many mailboxes, and some systems give each copy its own Message-ID. Two copies are the same message if

- they have the same sender and the same non-empty Message-ID, or
- they have the same sender, second and base subject, and their recipients overlap or one of them names none.

Bcc is left out: only the sender's copy shows it. Overlap instead of equality, because programs rewrite addresses of
the same people differently in each copy; overlap at all, because a robot that writes to a hundred people one by one in
the same second sends a hundred messages. Both relations can only grow when messages are merged, so that the closure is
the same however the copies arrive: in any order, in any batches, twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analyser.lake.schema import TABLES
from analyser.sources.contract import RECIPIENT

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from analyser.lake.held import Held
    from analyser.lake.store import Commit

__all__ = ["COPIES", "HALF", "NOBODY", "Identities", "group_of", "identify"]

HALF: Final = 16
NOBODY: Final = "0" * HALF
"""Second half of the content key of a copy that names no recipient in To and Cc."""

_PLACED: Final = pa.struct([*RECIPIENT, pa.field("position", pa.int32())])

COPIES: Final = pa.schema(
    [
        ("content_key", pa.string()),
        ("mailbox", pa.string()),
        ("item_id", pa.string()),
        ("folder", pa.string()),
        ("sequence", pa.int64()),  # ascends in the order in which the mailbox told them
        ("removed", pa.bool_()),  # no copy: the item, or without item the whole folder, is no longer there
        ("sender_name", pa.string()),
        ("recipients", pa.list_(_PLACED)),
        *(field for field in TABLES["messages"].schema if field.name != "message_key"),
    ]
)
"""One row per copy or removal with everything that the tables need: what a batch becomes before it touches the disk.
Of a removal only source, mailbox, folder, item and sequence are known.
"""

_KEYS: Final = pa.schema([("content_key", pa.string())])
_EDGES: Final = pa.schema([("content_key", pa.string()), ("label", pa.string())])
_LINKED: Final = pa.schema(
    [
        ("content_key", pa.string()),
        ("sender", pa.string()),
        ("internet_message_id", pa.string()),
        ("message_key", pa.string()),
    ]
)
_MAPPING: Final = pa.schema([("content_key", pa.string()), ("message_key", pa.string())])


def group_of(content_key: ir.StringColumn) -> ir.StringColumn:
    """The part of a content key that stands for sender, second and base subject."""
    return content_key.left(HALF)


class Identities(NamedTuple):
    """Result of `identify`.

    Parameters
    ----------
    affected
        `message_key` of the messages in the lake that new copies may belong to; None if there are none.
    mapping
        `content_key` and `message_key` where the two differ; a content key that is not there is its message's key.
    is_plain
        True if `mapping` is empty, as it nearly always is.
    """

    affected: ir.Table | None
    mapping: ir.Table
    is_plain: bool

    def apply(self, table: ir.Table, column: str) -> ir.Table:
        """Add `message_key` to a table by its column of content keys."""
        if self.is_plain:
            return table.mutate(message_key=table[column])
        renamed = self.mapping.select(_key=self.mapping.content_key, _message=self.mapping.message_key)
        joined = table.left_join(renamed, table[column] == renamed["_key"])
        key = ibis.coalesce(joined["_message"], joined[column])
        return joined.mutate(message_key=key).drop("_key", "_message")


def identify(held: Held, commit: Commit, incoming: ir.Table) -> Identities:
    """Find the message of every new copy, among the new ones and those in the lake.

    Parameters
    ----------
    incoming
        Rows of `COPIES`.

    Notes
    -----
    Connected components over content keys. The engine drops everything that stands alone; what is left fits into
    memory. The key of a message is the smallest content key of its copies.
    """
    affected = _affected(held, commit, incoming)
    linked = incoming.select("content_key", "sender", "internet_message_id").mutate(message_key=ibis.null("string"))
    if affected is not None:
        known = held.table("copies").semi_join(affected, "message_key")
        senders = held.table("messages").semi_join(affected, "message_key").select("message_key", "sender")
        linked = linked.union(known.join(senders, "message_key").select(*_LINKED.names))
    held.engine.write(linked.distinct(), commit.scratch("linked"), _LINKED)
    linked = held.engine.scan([commit.scratch("linked")], _LINKED)

    edges = held.engine.to_arrow(_shared(_labels(linked)), _EDGES)
    groups = linked.select("content_key", label=group_of(linked.content_key)).distinct()
    graph = _Graph(edges, held.engine.to_arrow(_shared(groups), _EDGES))
    wanted = graph.undecided()
    if wanted.num_rows:
        graph.decide(held.engine.to_arrow(_addresses(held, incoming, wanted), _EDGES))
    mapping = graph.mapping()
    return Identities(affected, held.engine.memory(mapping), is_plain=not mapping.num_rows)


def _affected(held: Held, commit: Commit, incoming: ir.Table) -> ir.Table | None:
    """Messages of the lake that share a Message-ID or a group with new copies, or a group with such a message."""
    if not held.files("copies"):
        return None
    schema = pa.schema([("message_key", pa.string())])
    known = held.table("copies")
    ids = incoming.filter(incoming.internet_message_id.notnull()).select("sender", "internet_message_id").distinct()
    by_id = known.semi_join(ids, "internet_message_id").select("message_key", "internet_message_id")
    by_id = by_id.join(held.table("messages").select("message_key", "sender"), "message_key")
    found = by_id.semi_join(ids, ["sender", "internet_message_id"]).select("message_key")
    groups = incoming.select(label=group_of(incoming.content_key)).distinct()
    count, step = -1, 0
    while True:
        grouped = known.mutate(label=group_of(known.content_key)).semi_join(groups, "label").select("message_key")
        path = commit.scratch(f"affected-{step}")
        held.engine.write(found.union(grouped, distinct=True), path, schema)
        found = held.engine.scan([path], schema)
        now = int(found.count().to_pyarrow().as_py())
        if now in {count, 0}:
            return found if now else None
        # a message may unite groups (by Message-ID), and through it a new copy may reach into all of them
        count, step = now, step + 1
        groups = known.semi_join(found, "message_key").select(label=group_of(known.content_key)).distinct()


def _labels(linked: ir.Table) -> ir.Table:
    """Edges from content keys to what joins them for certain: Message-ID, message in the lake, a copy to nobody."""
    by_id = linked.filter(linked.internet_message_id.notnull()).select(
        "content_key", label="i" + linked.sender + "\n" + linked.internet_message_id
    )
    by_message = linked.filter(linked.message_key.notnull()).select("content_key", label="m" + linked.message_key)
    own = linked.select("content_key", label=group_of(linked.content_key)).distinct()
    to_nobody = own.filter(own.content_key.endswith(NOBODY)).select("label")
    by_group = own.semi_join(to_nobody, "label")
    return by_id.union(by_message, by_group.mutate(label="g" + by_group.label), distinct=True)


def _shared(edges: ir.Table) -> ir.Table:
    """Edges whose label has more than one content key."""
    several = edges.group_by("label").agg(keys=edges.content_key.nunique())
    return edges.semi_join(several.filter(several["keys"] > 1), "label")


def _addresses(held: Held, incoming: ir.Table, keys: pa.Table) -> ir.Table:
    """Recipients in To and Cc behind content keys; those of a message in the lake stand behind its own key."""
    wanted = held.engine.memory(keys)
    new = incoming.semi_join(wanted, "content_key").select("content_key", "recipients")
    new = new.select("content_key", person=new.recipients.unnest())
    new = new.filter(new.person.role != "bcc").select("content_key", label=new.person.address)
    known = held.table("recipients")
    known = known.filter(known.role != "bcc").select(content_key=known.message_key, label=known.address)
    return new.filter(new.label.notnull()).union(known.semi_join(wanted, "content_key"), distinct=True)


class _Graph:
    """Components over content keys, first by certain labels, then by group and overlapping recipients."""

    def __init__(self, edges: pa.Table, groups: pa.Table) -> None:
        chunks = [*edges["content_key"].chunks, *groups["content_key"].chunks]
        self._keys = pc.unique(pa.chunked_array(chunks, pa.string()))
        self._component = np.arange(len(self._keys))
        self._join(self._node(edges), _codes(edges["label"]))
        self._group_node, self._group = self._node(groups), _codes(groups["label"])

    def undecided(self) -> pa.Table:
        """Content keys of components that share a group with another component."""
        component = self._component[self._group_node]
        pairs = np.unique(np.stack([self._group, component]), axis=1)
        _, inverse, counts = np.unique(pairs[0], return_inverse=True, return_counts=True)
        open_ = np.isin(self._component, pairs[1][counts[inverse] > 1])
        return pa.table({"content_key": self._keys.filter(pa.array(open_))}, schema=_KEYS)

    def decide(self, addresses: pa.Table) -> None:
        """Join components that share a group and a recipient, until nothing changes."""
        node, address = self._node(addresses), _codes(addresses["label"])
        before = -1
        while before != (now := len(np.unique(self._component))):
            before = now
            by_group = _pairs(self._component[self._group_node], self._group, "group")
            by_address = _pairs(self._component[node], address, "address")
            both = by_group.join(by_address, "component", join_type="inner")
            shared = both["group"].to_numpy() * (int(address.max(initial=0)) + 1) + both["address"].to_numpy()
            self._join(both["component"].to_numpy(), np.unique(shared, return_inverse=True)[1])

    def mapping(self) -> pa.Table:
        """Content keys whose message has a smaller key, with that key."""
        table = pa.table({"content_key": self._keys, "component": self._component})
        smallest = table.group_by("component").aggregate([("content_key", "min")])
        joined = table.join(smallest, "component").rename_columns({"content_key_min": "message_key"})
        differs = pc.not_equal(joined["content_key"], joined["message_key"])
        return joined.filter(differs).select(_MAPPING.names).cast(_MAPPING)

    def _node(self, edges: pa.Table) -> NDArray[np.int64]:
        found = pc.index_in(edges["content_key"], self._keys)
        return np.asarray(found.to_numpy(), dtype=np.int64)

    def _join(self, left: NDArray[np.int64], label: NDArray[np.int64]) -> None:
        """Unite the components that bear the same label; `left` are components or nodes that are their own."""
        size = len(self._keys)
        total = size + int(label.max(initial=-1)) + 1
        bipartite = coo_array((np.ones(len(left), dtype=np.int8), (left, label + size)), shape=(total, total))
        _, joined = connected_components(bipartite, directed=False)
        self._component = joined[self._component].astype(np.int64)
        # a component is called by one of its nodes, so that it can stand for a node in the next round
        _, first, inverse = np.unique(self._component, return_index=True, return_inverse=True)
        self._component = first[inverse].astype(np.int64)


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(pc.index_in(column, pc.unique(column)).to_numpy(), dtype=np.int64)


def _pairs(component: NDArray[np.int64], value: NDArray[np.int64], name: str) -> pa.Table:
    pairs = np.unique(np.stack([component, value]), axis=1)
    return pa.table({"component": pairs[0], name: pairs[1]})
