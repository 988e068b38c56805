"""Header blocks: thousands at once, as columns.

The blocks lie one after another in one buffer. Lines, names and values are found with numpy over the whole buffer and
handed on as Arrow arrays, so that only what is not plain ASCII is touched message by message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources.encoded_words import decode_bytes, decode_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["WANTED", "HeaderTable", "first_id", "message_ids", "subjects"]

WANTED: Final = (
    "from",
    "to",
    "cc",
    "bcc",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "content-type",
    "content-length",
    "auto-submitted",
    "precedence",
    "list-id",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-ms-has-attach",
    "importance",
    "x-priority",
)
"""Headers that are read, in lower case; all others are skipped."""

_WORD = 8  # bytes that are compared at a time
_LOWER = np.uint64(0x2020202020202020)  # sets the bit that tells small from capital letters
_LINE_FEED, _SPACE, _TAB = 10, 32, 9
_ID = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class _Located:
    rows: npt.NDArray[np.int64]  # which block
    starts: npt.NDArray[np.int64]  # of the value, in the buffer
    ends: npt.NDArray[np.int64]


class HeaderTable:
    """Values of the wanted headers of n header blocks.

    Parameters
    ----------
    blocks
        Header blocks, each ending with a line end, none holding a blank line.
    """

    def __init__(self, blocks: Sequence[bytes]) -> None:
        self.count = len(blocks)
        room = bytes(_WORD)  # to compare the last line
        joined = b"".join((*blocks, room))
        if joined.find(b"\0") < len(joined) - _WORD:
            blocks = [block.replace(b"\0", b"") for block in blocks]
            joined = b"".join((*blocks, room))
        lengths = np.fromiter(map(len, blocks), dtype=np.int64, count=self.count)
        self._offsets = np.concatenate([[0], np.cumsum(lengths)])
        self._is_ascii = joined.isascii()
        self._data = np.frombuffer(joined, dtype=np.uint8).copy()
        self._located = self._locate(self._unfold())
        self._firsts: dict[str, pa.Array] = {}

    def has(self, name: str) -> bool:
        """True if any block has this header."""
        return len(self._located[name].rows) > 0

    def every(self, name: str) -> tuple[npt.NDArray[np.int64], pa.Array]:
        """All values of a header: rows, shape (m,), ascending; texts, string array of shape (m,)."""
        located = self._located[name]
        return located.rows, self._texts(located.starts, located.ends)

    def first(self, name: str) -> pa.Array:
        """First value of a header in each block: string array of shape (n,); null where absent."""
        if name not in self._firsts:
            rows, texts = self.every(name)
            picks = np.full(self.count, -1, dtype=np.int64)
            picks[rows[::-1]] = np.arange(len(rows))[::-1]  # the last assignment wins: the first value
            self._firsts[name] = texts.take(pa.array(picks, mask=picks < 0))
        return self._firsts[name]

    def _unfold(self) -> npt.NDArray[np.int64]:
        """Turn line folding and control characters into spaces, in place; returns where the fields begin."""
        data, end = self._data, self._offsets[-1]
        special = np.flatnonzero(data[:end] < _SPACE)
        is_line_end = data[special] == _LINE_FEED
        following = data[special + 1]
        is_fold = is_line_end & ((following == _SPACE) | (following == _TAB))
        # a block that begins with white space does not continue the one before
        is_fold[np.searchsorted(special, self._offsets[1:][self._offsets[1:] > 0] - 1)] = False
        data[special[~is_line_end | is_fold]] = _SPACE
        starts = np.concatenate([np.zeros(1, dtype=np.int64), special[is_line_end & ~is_fold] + 1])
        return starts[: np.searchsorted(starts, end)]

    def _locate(self, fields: npt.NDArray[np.int64]) -> dict[str, _Located]:
        rows = np.searchsorted(self._offsets, fields, side="right") - 1
        ends = np.append(fields[1:], self._offsets[-1])
        # eight bytes from any place on, without a copy: every header name is compared by word
        words = np.ndarray(shape=(len(self._data) - _WORD + 1,), dtype="<u8", buffer=self._data, strides=(1,))
        first_words = words[fields] | _LOWER
        return {
            name: _match(name, fields=fields, ends=ends, rows=rows, words=words, first_words=first_words)
            for name in WANTED
        }

    def _texts(self, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> pa.Array:
        """Values as text, unfolded, without white space around: string array."""
        if len(starts) == 0:
            return pa.array([], pa.string())
        bounds = np.empty(2 * len(starts), dtype=np.int64)
        bounds[0::2], bounds[1::2] = starts, ends
        # every value and every gap between two values are one element each, over the same buffer
        buffers = [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(self._data)]
        covering = pa.Array.from_buffers(pa.binary(), len(bounds) - 1, buffers)
        raw = covering.take(pa.array(np.arange(0, len(bounds), 2)))
        if self._is_ascii:
            texts = raw.view(pa.string())
        else:
            texts = _replace(raw.view(pa.string()), _not_ascii(raw), raw, decode_bytes)
        return pc.ascii_trim_whitespace(texts)


def subjects(texts: pa.Array) -> pa.Array:
    """Subjects with their encoded words decoded and white space folded: string array of the same shape."""
    odd = pc.fill_null(pc.match_substring_regex(texts, r"=\?|  "), fill_value=False)
    return _replace(texts, odd, texts, lambda text: " ".join(decode_words(text).split()))


def first_id(texts: pa.Array) -> pa.Array:
    """First message id of each text, brackets kept.

    A single token without brackets is taken as it is. Null where there is none: old programs wrote sentences into
    In-Reply-To.
    """
    plain = pc.match_substring_regex(texts, "^<[^<> ]*>$")
    return _replace(texts, pc.invert(pc.fill_null(plain, fill_value=True)), texts, _first_id)


def message_ids(texts: pa.Array) -> pa.Array:
    """All message ids of each text, in their order: list array of the same shape; empty where there is none."""
    plain = pc.match_substring_regex(texts, "^(<[^<> ]*> *)+$")
    odd = pc.invert(pc.fill_null(plain, fill_value=True))
    texts = _replace(texts, odd, texts, lambda text: " ".join(_ID.findall(text.replace(" ", ""))))
    # the pattern parts "<a> <b>" as well as "<a><b>"
    spaced = pc.ascii_trim_whitespace(pc.replace_substring(pc.fill_null(texts, ""), "><", "> <"))
    parted = pc.ascii_split_whitespace(spaced)
    return pa.ListArray.from_arrays(*_without_empty(parted))


def _without_empty(lists: pa.ListArray) -> tuple[pa.Array, pa.Array]:
    """Offsets and values of lists without their empty strings (an empty text is split into one of them)."""
    values = lists.flatten()
    kept = pc.not_equal(values, "").to_numpy(zero_copy_only=False)
    before = np.concatenate([[0], np.cumsum(kept)])
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(lists).to_numpy(zero_copy_only=False))])
    return pa.array(before[offsets].astype(np.int32)), values.filter(pa.array(kept))


def _first_id(text: str) -> str | None:
    text = decode_words(text)  # no program should encode an id; some do
    if found := _ID.search(text):
        return found[0].replace(" ", "")
    return text if text and " " not in text else None


def _match(
    name: str,
    *,
    fields: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    words: npt.NDArray[np.uint64],
    first_words: npt.NDArray[np.uint64],
) -> _Located:
    """The fields whose name is `name`."""
    label = f"{name}:".encode()
    hits = np.arange(0)
    for place in range(0, len(label), _WORD):
        part = label[place : place + _WORD]
        mask = np.uint64(int.from_bytes(b"\xff" * len(part), "little"))
        wanted = (np.uint64(int.from_bytes(part.ljust(_WORD, b" "), "little")) | _LOWER) & mask
        if place == 0:
            hits = np.flatnonzero((first_words & mask) == wanted)
        elif len(hits):
            spots = np.minimum(fields[hits] + place, len(words) - 1)
            hits = hits[((words[spots] | _LOWER) & mask) == wanted]
    starts = fields[hits] + len(label)
    return _Located(rows[hits], starts, np.maximum(ends[hits], starts))


def _not_ascii(raw: pa.Array) -> pa.Array:
    return pc.invert(pc.string_is_ascii(raw.view(pa.string())))


def _replace(
    texts: pa.Array, where: pa.Array, originals: pa.Array, change: Callable[[str], str | None] | Callable[[bytes], str]
) -> pa.Array:
    """`texts` with ``change(original)`` in the places `where`; equal originals are changed once."""
    if not pc.any(where).as_py():
        return texts
    encoded = pc.dictionary_encode(originals.filter(where))
    changed = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(texts, where, changed.take(encoded.indices))
