"""The source: each landed file of mail is a unit of reading, read in columns from its beginning to its end."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analyser.errors import SourceError
from analyser.sources.contract import RECORDS, Batch, Declaration, Directory, Mailbox, Problem, Source
from analyser.sources.data_connect.landing import BODIES, Blob, Dataset, landed
from analyser.sources.data_connect.messages import COLUMNS, take
from analyser.sources.data_connect.people import read_people
from analyser.sources.files import UNREADABLE
from analyser.sources.json_lines import blocks, parse
from analyser.sources.records import Period

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["DataConnectSource"]

_logger = logging.getLogger(__name__)


class _Part(NamedTuple):
    """Some rows: with the number of the line or row of each, lines that are none, and where reading goes on."""

    pieces: list[tuple[pa.StructArray, npt.NDArray[np.int64]]]
    broken: list[tuple[int, str]]
    progress: int
    state: dict[str, int]


class DataConnectSource(Source):
    """Reads a landing of Microsoft Graph Data Connect.

    Parameters
    ----------
    name
        Name of the source.
    path
        A file, or a folder that is searched: any mix of JSON Lines (packed or not) and Parquet, v0 and v1.
    batch_size
        Messages per batch.
    earliest
        Messages dated before are problems.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="data_connect",
        provides=frozenset({"messages", "people", "groups"}),
        fields=frozenset(RECORDS.names) - {"folder", "in_reply_to", "references", "size", "is_automatic", "list_id"},
        resumable=True,
    )

    def __init__(self, name: str, path: Path, *, batch_size: int, earliest: datetime) -> None:
        super().__init__(name)
        self._path = path
        self._batch_size = batch_size
        self._earliest = earliest
        self._landed: list[Blob] | None = None

    def mailboxes(self) -> Iterator[Mailbox]:
        """One per landed file of mail, by name; `expected` counts bytes of JSON, rows of Parquet."""
        self._landed = None
        blobs = self._blobs(Dataset.MESSAGES)
        self._warn(blobs)
        for blob in blobs:
            status = blob.path.stat()
            version = f"{status.st_size}-{status.st_mtime_ns}"
            if blob.is_parquet:
                rows = pq.read_metadata(blob.path).num_rows
                yield Mailbox(blob.name, expected=rows, unit="messages", version=version)
            else:
                yield Mailbox(blob.name, expected=status.st_size, unit="bytes", version=version)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one file; see `Source.read`."""
        blob = next((blob for blob in self._blobs(Dataset.MESSAGES) if blob.name == mailbox), None)
        if blob is None:
            raise SourceError(
                f"no mail in {mailbox} of {self._path}", source=self.name, fix="scan again from the start"
            )
        period = Period.until_now(self._earliest)
        after = json.loads(state) if state else {}
        unit = "row" if blob.is_parquet else "line"
        try:
            for part in self._parquet(blob, **after) if blob.is_parquet else self._json(blob, **after):
                yield self._batch(part, mailbox, unit, period)
        except (*UNREADABLE, pa.ArrowInvalid) as error:
            raise SourceError(
                f"{blob.path} cannot be read on: {error}", source=self.name, fix="land the file anew, then scan again"
            ) from error

    def directory(self) -> Directory:
        """People and groups, where their datasets were landed."""
        kinds = (Dataset.USERS, Dataset.MANAGERS, Dataset.REPORTS, Dataset.GROUPS, Dataset.MEMBERS)
        return read_people(self._blobs(*kinds), self.name)

    def _blobs(self, *datasets: Dataset) -> list[Blob]:
        if self._landed is None:
            self._landed = list(landed(self._path, self.name))
            if not any(blob.dataset is not Dataset.OTHER for blob in self._landed):
                raise SourceError(
                    f"no mail, people or groups of Data Connect in {self._path}",
                    source=self.name,
                    fix="name the folder into which the pipeline copies: JSON Lines, one object a line, or Parquet",
                )
        return [blob for blob in self._landed if blob.dataset in datasets]

    def _warn(self, blobs: list[Blob]) -> None:
        found = sorted({name.lower() for blob in blobs for name in blob.names} & BODIES)
        if found:
            _logger.warning(
                "%s: %s are landed too; they are passed over unread, but consent to fewer columns",
                self.name,
                ", ".join(found),
            )

    def _json(self, blob: Blob, offset: int = 0, line: int = 1) -> Iterator[_Part]:
        for block in blocks(blob.path, rows=self._batch_size, source=self.name, offset=offset, line=line):
            found = parse(block.data, block.line, COLUMNS, blob.names)
            following = {"offset": block.end, "line": block.line + block.data.count(b"\n")}
            yield _Part([tuple(piece) for piece in found.pieces], found.broken, block.progress, following)

    def _parquet(self, blob: Blob, row: int = 0) -> Iterator[_Part]:
        known = {name.lower() for name in COLUMNS}
        file = pq.ParquetFile(blob.path)
        number = 0
        for batch in file.iter_batches(self._batch_size, columns=[n for n in blob.names if n.lower() in known]):
            numbers = np.arange(number + 1, number + 1 + batch.num_rows)
            number += batch.num_rows
            if number > row:
                yield _Part([(batch.to_struct_array(), numbers)], [], number, {"row": number})

    def _batch(self, part: _Part, mailbox: str, unit: str, period: Period) -> Batch:
        tables, problems, left_out = [RECORDS.empty_table()], list(part.broken), dict[str, int]()
        for rows, numbers in part.pieces:
            taken = take(rows, period)
            tables.append(taken.table)
            problems += [(int(numbers[place]), reason) for place, reason in taken.problems]
            for reason, count in taken.left_out.items():
                left_out[reason] = left_out.get(reason, 0) + count
        return Batch(
            pa.concat_tables(tables).combine_chunks(),
            tuple(Problem(mailbox, f"{mailbox}: {unit} {number}", reason) for number, reason in sorted(problems)),
            part.progress,
            json.dumps(part.state),
            left_out=left_out,
        )
