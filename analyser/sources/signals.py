"""What headers tell about a message as a whole: sent by a program, with attachments, important."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from analyser.sources.headers import HeaderTable

__all__ = ["has_attachments", "importance", "is_automatic", "list_id", "size"]


def is_automatic(headers: HeaderTable) -> pa.Array:
    """True where a header says that a program sent the message, False where one denies it, else null.

    ``Precedence: bulk`` beside a List-Id says nothing: lists put it on what people write.
    ``X-Auto-Response-Suppress`` tells a program only with ``All`` or ``AutoReply``: Exchange adds the other values to
    what people write to a distribution list.
    """
    nothing = pa.nulls(headers.count, pa.bool_())
    yes = denied = _is(nothing)
    if headers.has("auto-submitted"):
        value = _lower(headers, "auto-submitted")
        denied = _is(pc.match_substring_regex(value, "^no\\b"))
        yes = _or(
            yes, pc.and_(pc.is_valid(value), pc.and_(pc.not_equal(pc.fill_null(value, ""), ""), pc.invert(denied)))
        )
    if headers.has("precedence"):
        value = _lower(headers, "precedence")
        plain = _is(pc.is_in(value, pa.array(["bulk", "junk"])))
        listed = pc.is_valid(headers.first("list-id"))
        yes = _or(yes, pc.and_(plain, pc.invert(listed)), pc.is_in(value, pa.array(["auto_reply", "auto-reply"])))
    if headers.has("x-auto-response-suppress"):
        yes = _or(yes, pc.match_substring_regex(_lower(headers, "x-auto-response-suppress"), "\\b(all|autoreply)\\b"))
    if headers.has("x-autoreply"):
        value = _lower(headers, "x-autoreply")
        yes = _or(yes, pc.and_(pc.is_valid(value), pc.not_equal(pc.fill_null(value, "no"), "no")))
    if headers.has("content-type"):
        yes = _or(yes, pc.starts_with(_lower(headers, "content-type"), "multipart/report"))
    return pc.if_else(yes, True, pc.if_else(denied, False, nothing))  # noqa: FBT003  values of a column


def has_attachments(headers: HeaderTable) -> pa.Array:
    """From X-MS-Has-Attach where Exchange wrote it, else from the Content-Type; null where neither tells."""
    kind = _lower(headers, "content-type")
    without = _is(pc.match_substring_regex(kind, "^(text/|multipart/(alternative|report))"))
    with_some = _is(pc.match_substring_regex(kind, "^(multipart/mixed|application/|image/|audio/|video/)"))
    told = pc.if_else(with_some, True, pc.if_else(without, False, pa.scalar(None, pa.bool_())))  # noqa: FBT003
    if not headers.has("x-ms-has-attach"):
        return told
    exchange = _lower(headers, "x-ms-has-attach")  # "yes", or present and empty
    return pc.coalesce(pc.if_else(pc.equal(exchange, ""), False, pc.equal(exchange, "yes")), told)  # noqa: FBT003


def importance(headers: HeaderTable) -> pa.Array:
    """``low``, ``normal`` or ``high`` from Importance, else from X-Priority; null where neither tells."""
    value = _lower(headers, "importance")
    told = pc.if_else(pc.is_in(value, pa.array(["low", "normal", "high"])), value, pa.scalar(None, pa.string()))
    if not headers.has("x-priority"):
        return told
    digits = pc.utf8_slice_codeunits(headers.first("x-priority"), 0, 1)
    places = pc.index_in(digits, pa.array(["1", "2", "3", "4", "5"]))
    return pc.coalesce(told, pa.array(["high", "high", "normal", "low", "low"]).take(places))


def list_id(headers: HeaderTable) -> pa.Array:
    """List-Id without display text, in lower case."""
    encoded = pc.dictionary_encode(_lower(headers, "list-id"))  # few lists, many messages
    value = pc.replace_substring_regex(encoded.dictionary, "^.*<([^<>]*)>.*$", "\\1")
    value = pc.ascii_trim(value, " <>")
    return pc.if_else(pc.equal(value, ""), pa.scalar(None, pa.string()), value).take(encoded.indices)


def size(headers: HeaderTable) -> pa.Array:
    """Content-Length in bytes, null where absent or no number."""
    value = headers.first("content-length")
    number = pc.if_else(pc.match_substring_regex(value, "^[0-9]{1,15}$"), value, pa.scalar(None, pa.string()))
    return number.cast(pa.int64())


def _lower(headers: HeaderTable, name: str) -> pa.Array:
    return pc.utf8_lower(headers.first(name))


def _is(values: pa.Array) -> pa.Array:
    """Null counts as no."""
    return pc.fill_null(values, fill_value=False)


def _or(*values: pa.Array) -> pa.Array:
    result = values[0]
    for value in values[1:]:
        result = pc.or_(result, _is(value))
    return result
