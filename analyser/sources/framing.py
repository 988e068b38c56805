"""Where messages begin and end: mbox files in bounded memory, single messages up to their blank line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from analyser.sources.files import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

__all__ = ["HEADER_LIMIT", "Frame", "frames", "is_mbox", "is_message", "read_header"]

HEADER_LIMIT: Final = 1 << 20
"""Bytes; a longer header is no header."""

_CHUNK = 4 << 20
_MARGIN = 4096  # bytes that decide whether a line parts two messages; longer than `_SEPARATOR` can match
_LOOK_BACK = 4  # bytes before a separator that show the blank line
_MONTH = rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\b"
_HEADER_LINE = rb"(?:[!-9;-~]{1,200}[ \t]*:|>?From )"
# A line of text may begin with "From ", too. A separator has a date and a clock, or (some programs write no more) an
# address or nothing at all, and the line after it is a header.
_SEPARATOR = re.compile(
    rb"From (?:\S{1,200} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +" + _MONTH + rb" +\d{1,2} \d\d:\d\d[^\n]{0,100}"
    rb"|(?=[^\n]{0,900}?(?:" + _MONTH + rb"|\d{4}-\d\d-\d\d))(?=[^\n]{0,900}?\d:\d\d)(?=[^\n]{0,900}?\d{4})"
    rb"[^\n]{0,1000}|-?[ \t\r]{0,9}|[^\s@]{1,200}@[^\s@]{1,200}[ \t\r]{0,9})\n" + _HEADER_LINE
)
_FIRST_LINE = re.compile(rb"(?:From [^\n]{0,1000}\n)?(?:>From [^\n]{0,1000}\n)?[!-9;-~]{1,200}[ \t]*:")
_UNIX_LINE = re.compile(rb">?From [^\n]*\n")


class Frame(NamedTuple):
    """One message of an mbox file.

    `header` is its header with the last line end, or None if it is longer than `HEADER_LIMIT`; `start` and `end` are
    its bytes in the (unpacked) file, separator included; `size` is its length without separator, None without a body.
    """

    header: bytes | None
    start: int
    end: int
    size: int | None


def is_mbox(head: bytes) -> bool:
    """True if a file that begins with `head` (some kilobytes) is an mbox file."""
    return _SEPARATOR.match(_trim(head)) is not None


def is_message(head: bytes) -> bool:
    """True if a file that begins with `head` is a single message: its first line is a header."""
    return _FIRST_LINE.match(_trim(head)) is not None


def frames(stream: BufferedIOBase, start: int = 0) -> Iterator[Frame]:
    """Messages of an mbox file, without their bodies; holds a few megabytes however long a message is.

    Parameters
    ----------
    stream
        Binary stream that stands at byte `start`.
    start
        0, or the `Frame.end` of an earlier message.
    """
    buffer, base, exhausted = _read_chunk(stream), start, False
    begin = start + len(buffer) - len(_trim(buffer))  # of the present message, in the file
    scan = begin - base + 1  # where the next separator is looked for, in the buffer
    header: bytes | None = b""  # of the present message, once its body is no longer in the buffer
    header_begin, body_dropped = begin, False
    while buffer:
        found, scan = _next_separator(buffer, scan, exhausted=exhausted)
        if found >= 0 or exhausted:
            end = found if found >= 0 else len(buffer)
            if body_dropped:
                yield Frame(header, begin, base + end, base + end - header_begin)
            else:
                yield _frame(buffer, begin - base, end, base)
            if found < 0:
                return
            begin, body_dropped, scan = base + found, False, found + 1
            continue
        if not body_dropped and len(buffer) - (begin - base) > _CHUNK:
            first = buffer.find(b"\n", begin - base) + 1
            header_end, body = _header_end(buffer, first, len(buffer))
            header, header_begin = _whole(buffer[first:header_end]), base + first
            body_dropped = body < len(buffer) or header is None
        keep = max(0, scan - _LOOK_BACK if body_dropped else begin - base - _LOOK_BACK)
        chunk = _read_chunk(stream)
        exhausted = not chunk
        buffer, base, scan = buffer[keep:] + chunk, base + keep, scan - keep


def read_header(stream: BufferedIOBase) -> tuple[bytes | None, bool]:
    """Header of a single message, and whether a body follows; reads little more than the header.

    Returns
    -------
    tuple
        The header with its last line end, None if it is longer than `HEADER_LIMIT`; True if a body follows.
    """
    buffer = b""
    while len(buffer) <= HEADER_LIMIT:
        chunk = stream.read(16 << 10)
        buffer += chunk
        text = _trim(buffer)
        while unix := _UNIX_LINE.match(text):
            text = text[unix.end() :]
        end, body = _header_end(text, 0, len(text))
        if body < len(text) or not chunk:
            return _whole(text[:end]), body < len(text)
    return None, True


def _read_chunk(stream: BufferedIOBase) -> bytes:
    """The next bytes; what a damaged file still gives comes before its error does."""
    parts: list[bytes] = []
    size = 0
    try:
        while size < _CHUNK and (part := stream.read1(_CHUNK - size)):
            parts.append(part)
            size += len(part)
    except UNREADABLE:  # raised again by the next call, which has nothing else to give
        if not parts:
            raise
    return b"".join(parts)


def _trim(head: bytes) -> bytes:
    """Without byte order mark and blank lines at its beginning."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")


def _next_separator(buffer: bytes, scan: int, *, exhausted: bool) -> tuple[int, int]:
    """Where the next message begins, -1 if not (yet) seen; and where to look on."""
    decided = len(buffer) if exhausted else len(buffer) - _MARGIN
    line = buffer.find(b"\nFrom ", scan)
    while line >= 0:
        if line > decided:
            return -1, line
        blank = buffer[line - 1] == 10 or buffer[line - 2 : line] == b"\n\r"  # noqa: PLR2004  line feed
        if blank and _SEPARATOR.match(buffer, line + 1):
            return line + 1, line + 1
        line = buffer.find(b"\nFrom ", line + 1)
    return -1, max(scan, len(buffer) - len(b"\nFrom "))


def _frame(buffer: bytes, begin: int, end: int, base: int) -> Frame:
    first = buffer.find(b"\n", begin, end) + 1
    header_end, body = _header_end(buffer, first, end)
    header = _whole(buffer[first:header_end])
    size = end - first if end - body > 2 else None  # noqa: PLR2004  the blank line before the next separator
    return Frame(header, base + begin, base + end, size)


def _whole(header: bytes) -> bytes | None:
    """The header with a last line end, None if it is too long."""
    if len(header) > HEADER_LIMIT:
        return None
    return header if header.endswith(b"\n") or not header else header + b"\n"


def _header_end(buffer: bytes, first: int, end: int) -> tuple[int, int]:
    """Where the header ends (after its last line end), and where the body begins."""
    # the line end before `first` counts: a header may be empty
    look = max(first - 1, 0)
    unix = buffer.find(b"\n\n", look, end)
    limit = unix if unix >= 0 else end
    # one character is found ten times faster than three, and most files have none
    windows = buffer.find(b"\n\r\n", look, limit) if buffer.find(b"\r", look, limit) >= 0 else -1
    if windows >= 0:
        return windows + 1, windows + 3
    return (unix + 1, unix + 2) if unix >= 0 else (end, end)
