"""Columns of exported tables, as text or as what Parquet holds, in the types of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources.dates import date_problems, parse_dates
from analyser.sources.encoded_words import decode_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.sources.records import Period

__all__ = ["conversations", "flags", "lists", "meetings", "moments", "one_of", "texts", "whole_numbers"]

_YES = pa.array(["true", "1", "yes", "y", "t"])
_NO = pa.array(["false", "0", "no", "n", "f"])
_NO_TEXT = pa.scalar(None, pa.string())


def conversations(column: pa.Array) -> pa.Array:
    """Ids of Exchange without the part that names the mailbox; others as they are.

    Exchange numbers a conversation anew in each mailbox: 4 bytes, the mailbox as text, 2 bytes, and at the end the 16
    bytes that all mailboxes share (those of the conversation index). Only these join what several mailboxes hold.
    """
    return pc.replace_substring_regex(column, r"^AAQk[\w+/-]{50}(AQA[\w+/-]{22}=)$", "\\1")


def meetings(kinds: pa.Array) -> pa.Array:
    """From types that Graph and Data Connect tell: an answer to an invitation, an invitation, or another calendar
    message; null for mail.
    """
    lower = pc.utf8_lower(kinds)
    none = pa.scalar(None, pa.string())
    other = pc.if_else(pc.match_substring(lower, ".eventmessage"), "notice", none)
    asked = pc.if_else(pc.ends_with(lower, "eventmessagerequest"), "request", other)
    return pc.if_else(pc.fill_null(pc.ends_with(lower, "eventmessageresponse"), fill_value=False), "response", asked)


def texts(column: pa.Array) -> pa.Array:
    """Text without white space around; null instead of the empty text. Lists of texts are joined with semicolons."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        strings = column.cast(pa.list_(pa.string()))
        kept = strings.flatten().fill_null("")
        offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(strings), 0))]).astype(np.int32)
        column = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), kept), ";")
    if pa.types.is_binary(kind):
        column = _decoded(column)
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), _NO_TEXT, trimmed)


def moments(column: pa.Array, period: Period) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Microseconds since 1970-01-01 UTC, and why they cannot be used (see `date_problems`); shapes (n,).

    Times without a zone are read as UTC.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        zone = column.type.tz if pa.types.is_timestamp(column.type) else None
        exact = column.cast(pa.timestamp("us", tz=zone), safe=False).cast(pa.int64())
        present = column.is_valid().to_numpy(zero_copy_only=False)
        values = exact.fill_null(0).to_numpy(zero_copy_only=False)
    else:
        plain = texts(column)
        present = plain.is_valid().to_numpy(zero_copy_only=False)
        values = parse_dates(plain)
    return values, date_problems(values, present, *period)


def flags(column: pa.Array) -> pa.Array:
    """True for true, yes, 1; False for false, no, 0; null for anything else."""
    if pa.types.is_boolean(column.type):
        return column
    plain = pc.utf8_lower(texts(column))
    no = pc.if_else(pc.is_in(plain, _NO), False, pa.scalar(None, pa.bool_()))  # noqa: FBT003  values of a column
    return pc.if_else(pc.is_in(plain, _YES), True, no)  # noqa: FBT003


def whole_numbers(column: pa.Array) -> pa.Array:
    """int64; null for what is no whole number."""
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    plain = texts(column)
    return pc.if_else(pc.match_substring_regex(plain, "^[0-9]{1,15}$"), plain, _NO_TEXT).cast(pa.int64())


def one_of(column: pa.Array, values: Sequence[str]) -> pa.Array:
    """The text where it is one of `values`, else null."""
    return pc.if_else(pc.is_in(column, pa.array(values)), column, _NO_TEXT)


def lists(column: pa.Array) -> pa.Array:
    """Texts parted by semicolons, commas or white space, as lists; an empty list for null."""
    parted = pc.split_pattern_regex(pc.fill_null(column, ""), "[;,\\s]+")
    values = parted.flatten()
    kept = pc.not_equal(values, "").to_numpy(zero_copy_only=False)
    before = np.concatenate([[0], np.cumsum(kept)])
    ends = np.concatenate([[0], np.cumsum(pc.list_value_length(parted).to_numpy(zero_copy_only=False))])
    return pa.ListArray.from_arrays(pa.array(before[ends].astype(np.int32)), values.filter(pa.array(kept)))


def _decoded(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:  # not all of it is UTF-8
        encoded = pc.dictionary_encode(column)
        decoded = pa.array([decode_bytes(value) for value in encoded.dictionary.to_pylist() if value is not None])
        return decoded.take(encoded.indices)
