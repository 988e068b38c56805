"""The lake: one folder of Parquet files per table, replaced together or not at all.

::

    <lake>/<table>/part-*.parquet                    most tables
    <lake>/<table>/month=YYYY-MM/part-*.parquet      messages, recipients, copies
    <lake>/.staging .commit .pending .spill .lock    work in progress; readers ignore names with a dot
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import filelock
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyser.errors import LakeError, LakeLockedError
from analyser.lake import journal
from analyser.lake.engine import OUT_OF_MEMORY, PARTITION, Engine, sweep_spill
from analyser.lake.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    import ibis.expr.types as ir

    from analyser import config

__all__ = ["Commit", "Lake", "TableSize", "declared", "month_of"]

ROW_GROUP = 131_072


def declared(name: str) -> Table:
    """The declaration of a table.

    Raises
    ------
    LakeError
        No table has that name.
    """
    if name not in TABLES:
        raise LakeError(f"no table is named '{name}'", fix=f"tables: {', '.join(TABLES)}")
    return TABLES[name]


def month_of(sent_at: ir.TimestampColumn) -> ir.StringColumn:
    """Partition of a message: year and month in UTC, ``YYYY-MM``."""
    return sent_at.strftime("%Y-%m")


@dataclass(frozen=True, slots=True)
class TableSize:
    """How much a table holds: rows, bytes on disk, files."""

    name: str
    rows: int
    bytes: int
    files: int


class Lake:
    """A lake, open for reading; `replace` and `commit` write it.

    Expressions read the files that were there when `table` was called: take a new table after a commit.

    Parameters
    ----------
    settings
        Path of the lake and limits of its engine.
    """

    def __init__(self, settings: config.Lake) -> None:
        self.path = settings.path
        self.engine = Engine(settings)
        self._lock = filelock.FileLock(self.path / ".lock", thread_local=False)
        self._spill = settings.temp_directory or self.path / ".spill"

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            journal.roll_forward(self.path)
            self.engine.__enter__()
        except OSError as error:
            raise LakeError(
                f"the lake {self.path} cannot be opened: {error}", fix="check [lake] path and its permissions"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()
        if isinstance(error, OUT_OF_MEMORY):
            raise LakeError(
                f"the engine has used up its memory of {self.engine.memory_limit / 2**20:,.0f} MiB",
                fix="raise [lake] memory_limit, or lower [lake] threads",
            ) from error

    # reading

    def files(self, name: str, months: Collection[str] | None = None) -> list[Path]:
        """Files of a table, in the order of their names; of a partitioned table only those of `months`, if given."""
        folder = self.path / name
        if not declared(name).partitioned:
            return sorted(folder.glob("part-*.parquet"))
        found = sorted(folder.glob(f"{PARTITION}=*/part-*.parquet"))
        return [path for path in found if months is None or path.parent.name.partition("=")[2] in months]

    def months(self, name: str) -> list[str]:
        """Months in which a partitioned table has rows."""
        return sorted({path.parent.name.partition("=")[2] for path in self.files(name)})

    def exists(self, name: str) -> bool:
        """True if the table has been written, even if it is empty."""
        return bool(self.files(name)) or (declared(name).partitioned and (self.path / name).is_dir())

    def table(self, name: str, months: Collection[str] | None = None, *, partition: bool = False) -> ir.Table:
        """A table with its declared columns; empty where it has not been written.

        Parameters
        ----------
        months
            Only these partitions; None for all.
        partition
            True to add the column `PARTITION`.
        """
        return self.engine.scan(self.files(name, months), declared(name).schema, partition=partition)

    def arrow(self, name: str) -> pa.Table:
        """A whole table in memory, in the order in which it was written."""
        schema = declared(name).schema
        files = [str(path) for path in self.files(name)]
        if not files:
            return schema.empty_table()
        return ds.dataset(files, schema=schema, format="parquet", partitioning=None).to_table()

    def describe(self) -> list[TableSize]:
        """Rows, bytes and files of every table that exists, in the order of the declarations."""
        sizes = []
        for name in TABLES:
            if self.exists(name):
                files = self.files(name)
                rows = sum(pq.read_metadata(path).num_rows for path in files)
                sizes.append(TableSize(name, rows, sum(path.stat().st_size for path in files), len(files)))
        return sizes

    # writing

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer; may be nested. The operating system frees the lock of a process that dies.

        Raises
        ------
        LakeLockedError
            Another process, or another `Lake` of this one, writes the lake.
        """
        holder = self.path / ".holder"
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            said = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
            raise LakeLockedError(self.path, said) from None
        try:
            if self._lock.lock_counter == 1:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                journal.write_atomically(
                    holder, f"process {os.getpid()} on {socket.gethostname()} since {now}".encode()
                )
                journal.roll_forward(self.path)
                # without a journal, what lies aside was never committed: the rest of a killed process
                shutil.rmtree(self.path / ".staging", ignore_errors=True)
                sweep_spill(self._spill)
            yield
        finally:
            if self._lock.lock_counter == 1:
                holder.unlink(missing_ok=True)
            self._lock.release()

    @contextmanager
    def commit(self) -> Iterator[Commit]:
        """Write several tables at once: all of them are replaced at the end of the block, none if it raises."""
        with self.lock():
            commit = Commit(self)
            try:
                yield commit
                commit.publish()
            finally:
                shutil.rmtree(commit.folder, ignore_errors=True)

    def replace(self, tables: Mapping[str, ir.Table | pa.Table]) -> None:
        """Replace whole tables in one atomic step.

        Parameters
        ----------
        tables
            New content by name. Partitioned tables need a column `month`, or `sent_at` to take it from.
        """
        with self.commit() as commit:
            for name, table in tables.items():
                commit.write(name, table)


class Commit:
    """Tables written aside until `publish`."""

    def __init__(self, lake: Lake) -> None:
        self.identity = uuid.uuid4().hex
        self.folder = lake.path / ".staging" / self.identity
        self.folder.mkdir(parents=True)
        self._lake = lake
        self._removals: list[Path] = []

    def scratch(self, name: str) -> Path:
        """A file for intermediate rows: it goes with the commit."""
        folder = self.folder / "scratch"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.parquet"

    def write(self, name: str, table: ir.Table | pa.Table, *, months: Collection[str] | None = None) -> None:
        """Set aside new content of a table.

        Parameters
        ----------
        months
            The partitions that it replaces; None for the whole table.
        """
        declaration = declared(name)
        engine, folder = self._lake.engine, self.folder / "tables" / name
        folder.mkdir(parents=True)
        if declaration.partitioned:
            if isinstance(table, pa.Table):
                table = engine.memory(table)
            if PARTITION not in table.columns:
                table = table.mutate(**{PARTITION: month_of(table.sent_at)})
            engine.write(table, folder, declaration.schema, partition=PARTITION, start=f"part-{self.identity}-")
        elif isinstance(table, pa.Table):
            # without the engine: small tables keep the order of their rows
            rows = table.select(declaration.schema.names).cast(declaration.schema)
            pq.write_table(rows, folder / f"part-{self.identity}.parquet", compression="zstd", row_group_size=ROW_GROUP)
        else:
            engine.write(table, folder / f"part-{self.identity}.parquet", declaration.schema)
        self.remove(self._lake.files(name, months))

    def files(self, name: str) -> list[Path]:
        """Files that a table will have after the publication: those written aside and those that stay."""
        written = sorted((self.folder / "tables" / name).rglob("*.parquet"))
        going = set(self._removals)
        return written + [path for path in self._lake.files(name) if path not in going]

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove files together with the publication."""
        self._removals.extend(paths)

    def publish(self) -> None:
        """Make everything visible in one step."""
        written = sorted((self.folder / "tables").rglob("*.parquet"))
        moves = [(path, self._lake.path / path.relative_to(self.folder / "tables")) for path in written]
        if moves or self._removals:
            journal.publish(self._lake.path, self.identity, moves, self._removals)
