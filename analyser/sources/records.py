"""From columns to records: rows of the contract's schema, and reasons for the messages that give none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import signals
from analyser.sources.columns import conversations
from analyser.sources.contract import RECIPIENT, RECORDS
from analyser.sources.dates import date_problems, parse_dates
from analyser.sources.headers import HeaderTable, first_id, message_ids, subjects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyser.sources.addresses import AddressBook

__all__ = ["ROLES", "Period", "Records", "assemble", "header_records", "recipients", "senders"]

ROLES = ("to", "cc", "bcc")
_FORGET = 500_000  # entries after which an address book is begun anew: bounded memory in an endless mailbox


class Period(NamedTuple):
    """When a message can have been sent; anything else is an absurd date."""

    earliest: datetime
    latest: datetime

    @classmethod
    def until_now(cls, earliest: datetime) -> Period:
        """From `earliest` to two days from now: clocks go wrong, and time zones are left out."""
        if earliest.tzinfo is None:
            earliest = earliest.replace(tzinfo=UTC)
        return cls(earliest, datetime.now(UTC) + timedelta(days=2))


class Records(NamedTuple):
    """`table` holds the good rows; `problems` the others: (position among the rows that were given, reason)."""

    table: pa.Table
    problems: list[tuple[int, str]]


def header_records(blocks: Sequence[bytes], sizes: Sequence[int | None], book: AddressBook, period: Period) -> Records:
    """Records of header blocks.

    Parameters
    ----------
    blocks
        As for `HeaderTable`, n of them.
    sizes
        Bytes of each message, None where unknown; shape (n,).
    book
        Reads the addresses; grows with what it meets.
    period
        When the messages can have been sent.
    """
    if not blocks:
        return Records(RECORDS.empty_table(), [])
    headers = HeaderTable(blocks)
    dates = headers.first("date")
    values = parse_dates(dates)
    present = pc.not_equal(pc.fill_null(dates, ""), "").to_numpy(zero_copy_only=False)
    sender, sender_name = senders(book, headers.first("from"))
    people, unresolved = recipients(book, headers.count, {role: headers.every(role) for role in ROLES})
    columns = {
        "internet_message_id": _filled(first_id(headers.first("message-id"))),
        "sent_at": values,
        "sender": sender,
        "sender_name": sender_name,
        "subject": subjects(headers.first("subject")),
        "in_reply_to": first_id(headers.first("in-reply-to")),
        "references": message_ids(headers.first("references")),
        "has_attachments": signals.has_attachments(headers),
        "importance": signals.importance(headers),
        "size": pc.coalesce(pa.array(sizes, pa.int64()), signals.size(headers)),
        "is_automatic": signals.is_automatic(headers),
        "list_id": signals.list_id(headers),
        "recipients": people,
        "unresolved_recipients": pa.array(unresolved, pa.int32()),
    }
    if len(book) > _FORGET:
        book.forget()
    return assemble(columns, date_problems(values, present, *period))


def assemble(columns: Mapping[str, pa.Array], reasons: npt.NDArray[np.object_]) -> Records:
    """Put columns into the contract's schema, and take out the rows that have a reason against them.

    Parameters
    ----------
    columns
        By name; ``sent_at`` in microseconds since 1970 as int64, ``sender`` with nulls where there is none. Columns
        that are missing are null; ids of conversations lose what names a mailbox (see `conversations`).
    reasons
        From `date_problems`, shape (n,): empty where the date is usable.
    """
    count = len(reasons)
    absent = np.asarray(columns["sender"].is_null()) & (reasons == "")
    reasons = np.where(absent, "no sender", reasons)
    bad = np.flatnonzero(reasons != "")
    arrays = []
    for field in RECORDS:
        column = columns.get(field.name)
        if field.name == "sent_at":
            column = pa.array(column, pa.int64()).cast(field.type)
        elif column is None:
            column = _empty(field.type, count)
        elif field.name == "conversation_id":
            column = conversations(column)
        arrays.append(column)
    table = pa.Table.from_arrays(arrays, schema=RECORDS)
    if len(bad):
        table = table.filter(pa.array(reasons == ""))
    return Records(table, [(int(row), str(reasons[row])) for row in bad])


def senders(book: AddressBook, fields: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Address and name of the first entry of each field that has an address; null where none has."""
    entries = book.read(fields)
    none = np.diff(entries.offsets) == 0
    if not len(entries.addresses):
        return pa.nulls(len(none), pa.string()), pa.nulls(len(none), pa.string())
    first = np.minimum(entries.offsets[:-1], len(entries.addresses) - 1)
    return (
        book.addresses.take(pa.array(entries.addresses[first], mask=none)),
        book.names.take(pa.array(entries.names[first], mask=none)),
    )


def recipients(
    book: AddressBook, count: int, fields: Mapping[str, tuple[npt.NDArray[np.int64], pa.Array]]
) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Recipients of n messages.

    Parameters
    ----------
    count
        n.
    fields
        By role: the row of each field, ascending, and its text. A row may have several fields of one role.

    Returns
    -------
    tuple
        List array of `RECIPIENT`, shape (n,): To before Cc before Bcc, an address once per role; and the number of
        recipients without an address, int32, shape (n,).
    """
    rows = np.concatenate([rows for rows, _ in fields.values()])
    roles = np.repeat([ROLES.index(role) for role in fields], [len(rows) for rows, _ in fields.values()])
    entries = book.read(pa.chunked_array([texts for _, texts in fields.values()], pa.string()).combine_chunks())
    order = np.argsort(rows * len(ROLES) + roles, kind="stable")
    rows, roles, entries = rows[order], roles[order], entries.take(order)
    lengths = np.diff(entries.offsets)
    of_row, of_role = np.repeat(rows, lengths), np.repeat(roles, lengths)
    addresses, names = entries.addresses, entries.names
    if (np.diff(rows * len(ROLES) + roles) == 0).any():  # two To fields in one message
        keys = (of_row * len(ROLES) + of_role) * (int(addresses.max(initial=0)) + 1) + addresses
        kept = np.sort(np.unique(keys, return_index=True)[1])
        of_row, of_role, addresses, names = of_row[kept], of_role[kept], addresses[kept], names[kept]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_row, minlength=count))]).astype(np.int32)
    structs = pa.StructArray.from_arrays(
        [
            book.addresses.take(pa.array(addresses)),
            book.names.take(pa.array(names)),
            pa.array(ROLES).take(pa.array(of_role)),
        ],
        fields=list(RECIPIENT),
    )
    unresolved = np.bincount(rows, weights=entries.unresolved, minlength=count).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), structs), unresolved


def _filled(texts: pa.Array) -> pa.Array:
    """Null instead of the empty text."""
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _empty(kind: pa.DataType, count: int) -> pa.Array:
    if pa.types.is_list(kind):
        return pa.array([[]] * count, kind)
    return pa.array([0] * count, kind) if kind == pa.int32() else pa.nulls(count, kind)
