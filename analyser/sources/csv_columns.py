"""CSV in columns: parsed by Arrow block by block, with the numbers of rows and the lines that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from analyser.errors import FormatError
from analyser.sources.delimited import opened_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from analyser.sources.delimited import Header

__all__ = ["Part", "pieces", "read_csv"]

_BLOCK: Final = 4 << 20  # bytes that are parsed at a time


class Part(NamedTuple):
    """Some rows of a file: their numbers as a spreadsheet shows them (the header is row 1), and lines that are none."""

    columns: dict[str, pa.Array]
    numbers: npt.NDArray[np.int64]
    broken: list[tuple[int, str]]
    progress: int


def read_csv(path: Path, header: Header, known: Collection[str], *, source: str) -> Iterator[Part]:
    """All rows below the header, the `known` columns as bytes; the last part has no rows.

    A name may stand twice in a header: only the first of them is read. Lines that begin with ``#`` are no rows.

    Raises
    ------
    FormatError
        The first block is no CSV.
    pyarrow.ArrowInvalid, OSError
        A later one is none, or the file cannot be read on.
    """
    if not header.has_rows:
        return
    broken: list[tuple[int, str]] = []

    def note(row: pacsv.InvalidRow) -> str:
        reason = "too few fields" if row.actual_columns < row.expected_columns else "too many fields"
        broken.append((row.number, "" if row.text.startswith("#") else reason))
        return "skip"

    names = header.names
    unique = [name if name not in names[:place] else f"{name}#{place}" for place, name in enumerate(names)]
    wanted = [name for name in unique if name in known]
    with opened_text(path) as (stream, raw):
        try:
            reader = pacsv.open_csv(
                stream,
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=_BLOCK, column_names=unique, skip_rows=header.lines
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=header.delimiter, newlines_in_values=True, invalid_row_handler=note
                ),
                convert_options=pacsv.ConvertOptions(
                    include_columns=wanted, column_types=dict.fromkeys(wanted, pa.binary())
                ),
            )
        except pa.ArrowInvalid as error:
            raise FormatError(str(error), source=source, path=path, fix="export the file anew") from error
        number = header.lines + 1  # of the next row
        for batch in reader:
            numbers = _row_numbers(number, batch.num_rows, sorted(row for row, _ in broken))
            number = int(numbers.max(initial=number - 1)) + 1
            # the parser reads ahead: broken lines of later rows wait for their part
            earlier = [item for item in broken if item[0] < number and item[1]]
            broken[:] = [item for item in broken if item[0] >= number]
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            yield Part(columns, numbers, earlier, raw.tell())
        yield Part({}, np.array([], dtype=np.int64), [item for item in broken if item[1]], path.stat().st_size)


def pieces(part: Part, after: int, size: int) -> Iterator[Part]:
    """The part from row `after` on, in pieces of at most `size` rows; broken lines go with the row that follows."""
    start = int(np.searchsorted(part.numbers, after, side="right"))
    broken = [item for item in part.broken if item[0] > after]
    while start < len(part.numbers) or broken:
        numbers = part.numbers[start : start + size]
        is_last = start + size >= len(part.numbers)
        mine = broken if is_last else [item for item in broken if item[0] < numbers[-1]]
        columns = {name: column.slice(start, size) for name, column in part.columns.items()}
        yield Part(columns, numbers, mine, part.progress)
        broken = broken[len(mine) :]
        start += size


def _row_numbers(first: int, count: int, broken: list[int]) -> npt.NDArray[np.int64]:
    """Numbers of `count` rows from row `first` on, where the rows `broken` are left out."""
    places = np.arange(count)
    gaps = np.array(broken, dtype=np.int64) - first - np.arange(len(broken))
    return first + places + np.searchsorted(gaps, places, side="right")
