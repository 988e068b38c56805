"""Nested columns: fields of structs whatever their letter case, people in them, and JSON that stands there as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import columns as convert
from analyser.sources.addresses import addresses
from analyser.sources.contract import RECIPIENT
from analyser.sources.json_lines import Piece, Tree, parse, spellings
from analyser.sources.records import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["PERSON", "Entries", "fields", "flag", "people_of", "recipients", "text", "value"]

PERSON: Final[Tree] = {"emailAddress": {"name": pa.string(), "address": pa.string()}}
"""A recipient as Graph and Data Connect write it."""


class Entries(NamedTuple):
    """People in rows: row of each, address as it stands, and display name; all of one length."""

    rows: npt.NDArray[np.int64]
    addresses: pa.Array
    names: pa.Array


def fields(rows: pa.StructArray, name: str) -> list[pa.Array]:
    """All fields of that name, in any letter case; null where the row is."""
    kind = rows.type
    wanted = name.lower()
    places = [place for place in range(kind.num_fields) if kind.field(place).name.lower() == wanted]
    return [pc.struct_field(rows, [place]) for place in places]


def text(rows: pa.StructArray, name: str) -> pa.Array:
    """A field as text: stripped, null instead of empty, the first spelling that has one."""
    found = [convert.texts(column) for column in fields(rows, name) if not pa.types.is_nested(column.type)]
    return pc.coalesce(*found) if found else pa.nulls(len(rows), pa.string())


def flag(rows: pa.StructArray, name: str) -> pa.Array:
    """A field as truth value; null where it is none."""
    found = [convert.flags(column) for column in fields(rows, name) if not pa.types.is_nested(column.type)]
    return pc.coalesce(*found) if found else pa.nulls(len(rows), pa.bool_())


def value(rows: pa.StructArray, name: str) -> pa.Array:
    """A field that may be a moment: as it is if there is only one spelling, else as text."""
    found = fields(rows, name)
    return found[0] if len(found) == 1 and not pa.types.is_nested(found[0].type) else text(rows, name)


def people_of(rows: pa.StructArray, name: str) -> Entries:
    """People of a field that holds one person, or a list of them; JSON as text is read as such."""
    return _joined([_people(column) for column in fields(rows, name)])


def recipients(count: int, found: Mapping[str, Entries]) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Recipients of n messages from the people of each role.

    Returns
    -------
    tuple
        List array of `RECIPIENT`, shape (n,): To before Cc before Bcc, an address once per role; and the number of
        recipients with a name but no address, int32, shape (n,).
    """
    of_row = np.concatenate([entries.rows for entries in found.values()])
    of_role = np.repeat([ROLES.index(role) for role in found], [len(entries.rows) for entries in found.values()])
    known = addresses(pa.chunked_array([entries.addresses for entries in found.values()], pa.string()).combine_chunks())
    names = pa.chunked_array([entries.names for entries in found.values()], pa.string()).combine_chunks()
    valid = np.asarray(known.is_valid())
    unresolved = np.bincount(of_row[~valid & np.asarray(names.is_valid())], minlength=count).astype(np.int32)
    encoded = pc.dictionary_encode(known.filter(pa.array(valid)))
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    kept = np.flatnonzero(valid)
    place = of_row[kept] * len(ROLES) + of_role[kept]
    first = np.sort(np.unique(place * (len(encoded.dictionary) + 1) + codes, return_index=True)[1])
    kept, place = kept[first], place[first]
    kept = kept[np.argsort(place, kind="stable")]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_row[kept], minlength=count))]).astype(np.int32)
    picks = pa.array(kept)
    roles = pa.array(ROLES).take(pa.array(of_role[kept]))
    people = pa.StructArray.from_arrays([known.take(picks), names.take(picks), roles], fields=list(RECIPIENT))
    return pa.ListArray.from_arrays(pa.array(offsets), people), unresolved


def _people(column: pa.Array) -> Entries:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _joined(
            [
                entries._replace(rows=piece.lines[entries.rows])
                for what in ([PERSON], PERSON)
                for piece in _from_json(column, what)
                for entries in (people_of(piece.rows, "value"),)
            ]
        )
    rows = np.arange(len(column))
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False).astype(np.int64)
        column = pc.list_flatten(column)
    if not pa.types.is_struct(column.type):
        return _joined([])
    # some write the address without the struct around it
    inner = [part for part in fields(column, "emailAddress") if pa.types.is_struct(part.type)] or [column]
    where, names = (pc.coalesce(*(text(part, name) for part in inner)) for name in ("address", "name"))
    kept = pc.or_(where.is_valid(), names.is_valid())  # a spelling that is not used gives nobody
    return Entries(rows[np.asarray(kept)], where.filter(kept), names.filter(kept))


def _joined(found: Sequence[Entries]) -> Entries:
    return Entries(
        np.concatenate([np.zeros(0, np.int64), *(one.rows for one in found)]),
        pa.chunked_array([one.addresses for one in found], pa.string()).combine_chunks(),
        pa.chunked_array([one.names for one in found], pa.string()).combine_chunks(),
    )


def _from_json(column: pa.Array, what: Tree | list[Tree]) -> list[Piece]:
    """Text that holds an object, or a list if `what` is one: its rows, numbered by their places in the column."""
    plain = pc.replace_substring_regex(column.cast(pa.string()), "[\r\n]+", " ")
    holds = pc.match_substring_regex(plain, r"^\s*\[" if isinstance(what, list) else r"^\s*\{")
    plain = pc.if_else(pc.fill_null(holds, fill_value=False), plain, "null")
    lines = pc.binary_join_element_wise('{"value":', plain, "}", "")
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n")
    data = whole[0].as_py().encode()
    return parse(data, 0, {"value": what}, spellings(data)).pieces
