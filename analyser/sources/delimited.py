"""Delimited text as people export it: four delimiters; UTF-8, UTF-16 or Windows-1252; byte order mark or none."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from analyser.errors import FormatError
from analyser.sources.encoded_words import decode_bytes
from analyser.sources.files import UNREADABLE, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedIOBase
    from pathlib import Path

    from _typeshed import WriteableBuffer

__all__ = ["Header", "Row", "column_name", "missing_columns", "opened_text", "read_header", "read_rows"]

_DELIMITERS = ",;\t|"
_FIELDS = "#fields:"


class Header(NamedTuple):
    """Head of a file: column names in lower case, what parts them, whether rows follow, and lines before the first."""

    names: list[str]
    delimiter: str
    has_rows: bool
    lines: int = 1


class Row(NamedTuple):
    """One line of a small file: its number (the header is row 1), and its filled fields by column name."""

    number: int
    fields: dict[str, str]


def column_name(name: str) -> str:
    """``Sent-At`` and ``sent at`` are ``sent_at``."""
    return name.strip().strip('"').lower().replace(" ", "_").replace("-", "_")


class _Recoded(io.RawIOBase):
    """UTF-16 as UTF-8."""

    def __init__(self, stream: BufferedIOBase, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._held = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """See `io.RawIOBase.readinto`."""
        view = memoryview(buffer).cast("B")
        while not self._held:
            chunk = self._stream.read(1 << 16)
            self._held = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        count = min(len(view), len(self._held))
        view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


@contextmanager
def opened_text(path: Path) -> Iterator[tuple[BufferedIOBase, BufferedIOBase]]:
    """The unpacked content, UTF-16 turned into UTF-8, and the file itself."""
    with opened(path) as (stream, raw):
        head = stream.peek(4)[:4] if isinstance(stream, io.BufferedReader) else b""
        if not head:
            head = stream.read(4)
            stream.seek(0)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield io.BufferedReader(_Recoded(stream, "utf-16"), 1 << 16), raw
        elif head[1::2] == b"\0\0" and b"\0" not in head[::2]:
            yield io.BufferedReader(_Recoded(stream, "utf-16-le"), 1 << 16), raw
        else:
            yield stream, raw


def read_header(path: Path, *, source: str, preamble: bool = False) -> Header:
    """Read the first line.

    Parameters
    ----------
    preamble
        True if lines that begin with ``#`` may stand before it, one of which, ``#Fields:``, may be the header itself.

    Raises
    ------
    FormatError
        The file is empty.
    """
    with opened_text(path) as (stream, _):
        lines, line = 0, "#"
        while line.startswith("#") and (preamble or not lines):
            content = stream.readline(1 << 20)
            line, lines = decode_bytes(content).removeprefix("\ufeff").strip("\r\n"), lines + 1
            if preamble and line.lower().startswith(_FIELDS):
                line = line[len(_FIELDS) :].strip()
            if not content:
                break
        has_rows = bool(stream.read(1 << 16).strip())
    if not line:
        raise FormatError("no header line", source=source, path=path, line=1, fix="write the column names first")
    delimiter = max(_DELIMITERS, key=line.count)
    names = [column_name(name) for name in next(csv.reader([line], delimiter=delimiter))]
    return Header(names, delimiter, has_rows, lines)


def missing_columns(
    found: Sequence[str], required: Sequence[str], known: Sequence[str], *, source: str, path: Path
) -> None:
    """Complain about required columns that a file lacks.

    Raises
    ------
    FormatError
        Names the columns that are missing, found, and known.
    """
    missing = [name for name in required if name not in found]
    if missing:
        raise FormatError(
            f"no column {', '.join(missing)}; found: {', '.join(found)}",
            source=source,
            path=path,
            line=1,
            fix=f"name the columns as they are known here: {', '.join(known)}",
        )


def read_rows(path: Path, *, source: str, required: Sequence[str], known: Sequence[str]) -> Iterator[Row]:
    """Rows of a small file (people, groups), white space stripped and empty fields left out.

    Raises
    ------
    FormatError
        The file is empty, lacks a column, or cannot be read.
    """
    try:
        header = read_header(path, source=source)
        missing_columns(header.names, required, known, source=source, path=path)
        with opened_text(path) as (stream, _):
            content = decode_bytes(stream.read()).removeprefix("\ufeff")
    except UNREADABLE as error:
        raise FormatError(f"cannot be read: {error}", source=source, path=path, fix="restore the file") from error
    lines = csv.reader(content.splitlines(keepends=True), delimiter=header.delimiter)
    next(lines)
    for number, values in enumerate(lines, 2):
        fields = {name: value.strip() for name, value in zip(header.names, values, strict=False) if value.strip()}
        if fields:
            yield Row(number, fields)
