"""JSON Lines as columns: Arrow's own parser reads whole blocks, and only what it refuses is looked at closer.

Arrow reads nested and sparse rows in C++ and passes over columns that nobody asked for, but refuses a block for one
broken line. Halving the block until each half reads leaves the broken lines alone, with their numbers. A table reader
that skips broken lines itself (``ignore_errors`` of DuckDB) does not say where they stood, and guesses types from a
sample.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from analyser.errors import FormatError
from analyser.sources.files import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Block", "Lines", "Piece", "Tree", "blocks", "parse", "spellings"]

Tree = dict[str, Any]
"""Wanted fields by name: a type, a tree, or a list of one of these. Letter case does not count."""

_BLOCK: Final = 8 << 20
_LONGEST: Final = 64 << 20
_SPACES: Final = np.frombuffer(b" \t\r\n", np.uint8)
_TELLING: Final = 10
"""Letters from which a name is long enough to stand in no text by chance."""
_TOLD_BY: Final = 3
"""Names whose other spellings tell that a block is written in several."""
_NAME: Final = re.compile(rb'"([A-Za-z_]\w*)"\s*:')
_CHANGED: Final = re.compile(r"Column\(/(\S+)\) changed from \w+ to (\w+)")
_KINDS: Final = {"string": pa.string(), "number": pa.float64(), "boolean": pa.bool_(), "object": pa.struct([])}
_LONE_SURROGATE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Block(NamedTuple):
    """Whole lines of a file: their bytes, the number of the first, the offset after the last, bytes read on disk."""

    data: bytes
    line: int
    end: int
    progress: int


class Piece(NamedTuple):
    """Rows that were read together, as a struct array, and the number of the line of each."""

    rows: pa.StructArray
    lines: npt.NDArray[np.int64]


class Lines(NamedTuple):
    """What a block gave: pieces in the order of the file, and (line, reason) of each broken line."""

    pieces: list[Piece]
    broken: list[tuple[int, str]]


def blocks(path: Path, *, rows: int, source: str, offset: int = 0, line: int = 1) -> Iterator[Block]:
    """Blocks of at most `rows` lines, from a byte on that begins line number `line`.

    Raises
    ------
    FormatError
        No line ends for 64 MiB: this is no JSON Lines.
    """
    with opened(path) as (stream, raw):
        stream.seek(offset)
        held, ended = b"", False
        while not ended:
            chunk = stream.read(_BLOCK)
            ended = len(chunk) < _BLOCK
            held += chunk
            ends = np.flatnonzero(np.frombuffer(held, np.uint8) == ord("\n")) + 1
            if ended and held and not held.endswith(b"\n"):
                ends = np.append(ends, len(held))
            cuts = [*ends[rows - 1 :: rows].tolist(), *(ends[-1:].tolist() if len(ends) % rows else [])]
            start = 0
            for number, cut in enumerate(cuts):
                progress = offset + cut if raw is stream else path.stat().st_size if ended else raw.tell()
                yield Block(held[start:cut], line + number * rows, offset + cut, progress)
                start = cut
            held, offset, line = held[start:], offset + start, line + len(ends)
            if len(held) > _LONGEST:
                raise FormatError(
                    "no end of a line for 64 MiB", source=source, path=path, line=line, fix="write one object a line"
                )


def spellings(head: bytes) -> frozenset[str]:
    """Names of keys, at any depth, in the beginning of a file."""
    return frozenset(name.decode() for name in _NAME.findall(head))


def parse(block: bytes, line: int, tree: Tree, names: frozenset[str]) -> Lines:
    """Read the lines of a block.

    Parameters
    ----------
    block
        Whole lines; invalid UTF-8 is replaced.
    line
        Number of the first of them.
    tree
        The fields that are wanted; all others are passed over unread. A field of another kind than is said there keeps
        what it has: text, number, truth value, or an object without fields.
    names
        Spellings from `spellings`; ``someName`` and ``SomeName`` are known besides.
    """
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        block = block.decode("utf-8", "replace").encode()
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n")) + 1
    if len(data) and (not len(ends) or ends[-1] < len(data)):
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)[: len(ends)]
    filled = np.ones(len(ends), bool)
    for place in np.flatnonzero(np.isin(data[starts], _SPACES)):
        filled[place] = bool(block[starts[place] : ends[place]].strip())
    filled = np.flatnonzero(filled)
    cut = _Cut(block, starts[filled], ends[filled], filled + line)
    found = Lines([], [])
    _read(cut, _Wanted(tree, names, block), found)
    return found


class _Cut(NamedTuple):
    """Lines of a block: where each begins and ends, and its number."""

    block: bytes
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def part(self, start: int, end: int) -> _Cut:
        return _Cut(self.block, self.starts[start:end], self.ends[start:end], self.lines[start:end])


class _Wanted:
    """Schemas of a tree in the spellings of a block, and with the kinds that fields turned out to have.

    Arrow's parser fills each field that a row lacks: spellings that do not occur would cost half of its speed.
    """

    def __init__(self, tree: Tree, names: frozenset[str], block: bytes) -> None:
        self._tree = tree
        self._spelled: dict[str, set[str]] = {}
        for name in names:
            self._spelled.setdefault(name.lower(), set()).add(name)
        # where one key is all in lower case, those are too that the beginning of the file does not show
        self._lower = any(name != name.lower() and name.lower() in names for name in tree)
        long = [name for name in tree if len(name) > _TELLING][:_TOLD_BY]
        self._mixed = any(
            block.find(f'"{other}"'.encode()) >= 0
            for name in long
            for other in self._styles(name) - self._spelled.get(name.lower(), set())
        )

    def _styles(self, name: str) -> set[str]:
        return {name, name[:1].upper() + name[1:], name.lower() if self._lower else name}

    def schema(self, kinds: Mapping[str, pa.DataType]) -> pa.Schema:
        """With `kinds` in place of what the tree says, by path as Arrow writes it."""
        return pa.schema(self._fields(self._tree, "", kinds))

    def _fields(self, tree: Tree, path: str, kinds: Mapping[str, pa.DataType]) -> list[pa.Field]:
        fields = []
        for name, what in tree.items():
            known = self._spelled.get(name.lower(), set())
            if self._mixed or not known:
                known = known | self._styles(name)
            fields += [pa.field(spelled, self._type(what, f"{path}{spelled}", kinds)) for spelled in sorted(known)]
        return fields

    def _type(self, what: Any, path: str, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        if path in kinds:
            return kinds[path]
        if isinstance(what, list):
            return pa.list_(self._type(what[0], f"{path}/[]", kinds))
        return pa.struct(self._fields(what, f"{path}/", kinds)) if isinstance(what, dict) else what


def _read(cut: _Cut, wanted: _Wanted, found: Lines) -> None:
    if not len(cut.lines):
        return
    data = cut.block[cut.starts[0] : cut.ends[-1]]
    single = len(cut.lines) == 1
    rows = _rows(data, wanted)
    if single and isinstance(rows, str) and "surrogate" in rows:  # a subject that was cut within a character
        rows = _rows(_LONE_SURROGATE.sub(rb"\\ufffd", data), wanted)
    if isinstance(rows, pa.StructArray) and len(rows) == len(cut.lines):
        found.pieces.append(Piece(rows, cut.lines))
    elif not single:
        middle = len(cut.lines) // 2
        _read(cut.part(0, middle), wanted, found)
        _read(cut.part(middle, len(cut.lines)), wanted, found)
    elif isinstance(rows, str):
        reason = "a field of another kind" if _CHANGED.search(rows) else "no JSON object"
        found.broken.append((int(cut.lines[0]), reason))
    elif len(rows):
        found.broken.append((int(cut.lines[0]), "several objects in a line"))


def _rows(data: bytes, wanted: _Wanted) -> pa.StructArray | str:
    """All rows of some lines, or why Arrow refuses them."""
    kinds: dict[str, pa.DataType] = {}
    while True:
        try:
            table = pj.read_json(
                io.BytesIO(data),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
                parse_options=pj.ParseOptions(explicit_schema=wanted.schema(kinds), unexpected_field_behavior="ignore"),
            )
        except pa.ArrowInvalid as error:
            changed = _CHANGED.search(str(error))
            if changed is None or changed[1] in kinds or changed[2] not in _KINDS:
                return str(error)
            kinds[changed[1]] = _KINDS[changed[2]]
        else:
            return table.to_struct_array().combine_chunks()
