"""Delimited text as people export it: any of four delimiters, UTF-8 or Windows-1252, byte order mark or none."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from analyser.errors import FormatError
from analyser.sources.encoded_words import decode_bytes
from analyser.sources.files import UNREADABLE, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Header", "Row", "column_name", "missing_columns", "read_header", "read_rows"]

_DELIMITERS = ",;\t|"


class Header(NamedTuple):
    """First line of a file: column names in lower case, what parts them, and whether rows follow."""

    names: list[str]
    delimiter: str
    has_rows: bool


class Row(NamedTuple):
    """One line of a small file: its number (the header is row 1), and its filled fields by column name."""

    number: int
    fields: dict[str, str]


def column_name(name: str) -> str:
    """``Sent-At`` and ``sent at`` are ``sent_at``."""
    return name.strip().strip('"').lower().replace(" ", "_").replace("-", "_")


def read_header(path: Path, *, source: str) -> Header:
    """Read the first line.

    Raises
    ------
    FormatError
        The file is empty.
    """
    with opened(path) as (stream, _):
        line = decode_bytes(stream.readline(1 << 20)).removeprefix("\ufeff").strip("\r\n")
        has_rows = bool(stream.read(1 << 16).strip())
    if not line:
        raise FormatError("no header line", source=source, path=path, line=1, fix="write the column names first")
    delimiter = max(_DELIMITERS, key=line.count)
    return Header([column_name(name) for name in next(csv.reader([line], delimiter=delimiter))], delimiter, has_rows)


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
        with opened(path) as (stream, _):
            content = decode_bytes(stream.read()).removeprefix("\ufeff")
    except UNREADABLE as error:
        raise FormatError(f"cannot be read: {error}", source=source, path=path, fix="restore the file") from error
    lines = csv.reader(content.splitlines(keepends=True), delimiter=header.delimiter)
    next(lines)
    for number, values in enumerate(lines, 2):
        fields = {name: value.strip() for name, value in zip(header.names, values, strict=False) if value.strip()}
        if fields:
            yield Row(number, fields)
