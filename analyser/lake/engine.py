"""The only module that names DuckDB: expressions in, Parquet or Arrow out.

Everything above this module speaks Ibis. What Ibis believes about types is not what an engine writes (a sum of
counts may come out as a double), so every result leaves through an explicit cast to its declared schema.
"""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING, Self

import duckdb
import filelock
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from pydantic import ByteSize, TypeAdapter

from analyser.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import ibis.expr.types as ir
    import pyarrow as pa

    from analyser import config

__all__ = ["OUT_OF_MEMORY", "PARTITION", "Engine", "conform", "local_time", "sweep_spill"]

PARTITION = "month"
"""Column by which large tables lie in folders; it is in the names of the folders, not in the files."""

OUT_OF_MEMORY = duckdb.OutOfMemoryException
"""What the engine raises where it cannot spill."""

FLUSH_ROWS = 131_072
"""Rows that a thread holds back while it writes partitions: its default of four times as many ignores the limit."""


def conform(expression: ir.Table, schema: pa.Schema, *further: str) -> ir.Table:
    """Columns of `schema` in its order and types, cast even where Ibis believes the type already.

    Parameters
    ----------
    further
        Columns to keep besides, as they are.
    """
    casts = [
        ops.Cast(expression[field.name], dt.DataType.from_pyarrow(field.type)).to_expr().name(field.name)
        for field in schema
    ]
    return expression.select(*casts, *(expression[name] for name in further))


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def timezone(zone: str, at: dt.Timestamp(timezone="UTC")) -> dt.timestamp:  # type: ignore[valid-type]
    """DuckDB's own function: an instant as wall time in a zone."""


def local_time(at: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Wall time without a zone, in the IANA time zone `zone`, daylight saving included."""
    return timezone(ibis.literal(zone), at)


def sweep_spill(folder: Path) -> None:
    """Remove spill folders whose engine has died: nobody holds their lock."""
    for lock_file in folder.glob("*.lock"):
        lock = filelock.FileLock(lock_file, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            continue
        shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
        lock.release()
        lock_file.unlink(missing_ok=True)


class Engine:
    """An embedded, in-memory DuckDB with a memory limit that spills to disk and never asks the network.

    Parameters
    ----------
    settings
        Memory limit, threads, and the folder to spill to.
    """

    def __init__(self, settings: config.Lake) -> None:
        self._settings = settings
        self._parent = settings.temp_directory or settings.path / ".spill"
        self._spill = self._parent / f"analyser-{uuid.uuid4().hex}"
        self._backend: ibis.BaseBackend | None = None
        self._guard: filelock.BaseFileLock | None = None

    def __enter__(self) -> Self:
        self._parent.mkdir(parents=True, exist_ok=True)
        # held while the engine lives, so that another process can tell a dead engine's spill from a live one's
        self._guard = filelock.FileLock(f"{self._spill}.lock", thread_local=False)
        self._guard.acquire(timeout=0)
        options: dict[str, object] = {
            "memory_limit": self._settings.memory_limit,
            "temp_directory": str(self._spill),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if self._settings.threads is not None:
            options["threads"] = self._settings.threads
        try:
            self._backend = ibis.duckdb.connect(":memory:", **options)
        except Exception as error:
            self.close()
            raise LakeError(f"the engine does not start: {error}", fix="check [lake] memory_limit, threads") from error
        self._backend.raw_sql("PRAGMA disable_progress_bar")
        self._backend.raw_sql("SET TimeZone = 'UTC'")
        self._backend.raw_sql(f"SET partitioned_write_flush_threshold = {FLUSH_ROWS}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop all tables and views and give memory and spill files back."""
        if self._backend is not None:
            self._backend.disconnect()
            self._backend = None
        if self._guard is not None:
            shutil.rmtree(self._spill, ignore_errors=True)
            self._guard.release()
            (self._parent / f"{self._spill.name}.lock").unlink(missing_ok=True)
            self._guard = None

    @property
    def connection(self) -> ibis.BaseBackend:
        """The Ibis backend.

        Raises
        ------
        LakeError
            The engine is not open.
        """
        if self._backend is None:
            raise LakeError("the engine is not open", fix="use it as a context manager")
        return self._backend

    @property
    def memory_limit(self) -> int:
        """Bytes that the engine may use before it spills."""
        return int(TypeAdapter(ByteSize).validate_python(self._settings.memory_limit))

    def scan(self, paths: Sequence[Path], schema: pa.Schema, *, partition: bool = False) -> ir.Table:
        """Parquet files as one table of the given schema; columns that the files lack are null.

        Parameters
        ----------
        paths
            Files; without any, the table is empty.
        partition
            True to add `PARTITION` from the names of the folders.
        """
        further = (PARTITION,) if partition else ()
        if not paths:
            empty = self.memory(schema.empty_table())
            return empty.mutate(**{PARTITION: ibis.literal("")}) if partition else empty
        found = self.connection.read_parquet(
            [path.as_posix() for path in paths],
            union_by_name=True,
            hive_partitioning=partition,
            **({"hive_types_autocast": False} if partition else {}),
        )
        missing = {
            field.name: ibis.null(dt.DataType.from_pyarrow(field.type))
            for field in schema
            if field.name not in found.columns
        }
        return conform(found.mutate(**missing) if missing else found, schema, *further)

    def memory(self, table: pa.Table) -> ir.Table:
        """An Arrow table, copied into the engine; dropped by `forget`, or when the engine closes."""
        return self.connection.create_table(f"memory_{uuid.uuid4().hex}", table)

    def prepare(
        self, inputs: Mapping[str, pa.Schema], build: Callable[..., ir.Table], schema: pa.Schema
    ) -> Callable[..., pa.Table]:
        """Compile an expression once, to run it on many small tables: compiling costs more than they do.

        Parameters
        ----------
        inputs
            Schemas of the tables in memory, by name.
        build
            Takes the tables by these names, and gives the expression.
        schema
            Of the result.

        Returns
        -------
        Callable
            Takes Arrow tables by the same names, and gives the result.
        """
        names = {name: f"prepared_{uuid.uuid4().hex}" for name in inputs}
        for name, shape in inputs.items():
            self.connection.con.register(names[name], shape.empty_table())
        tables = {name: self.connection.table(registered) for name, registered in names.items()}
        statement = str(self.connection.compile(conform(build(**tables), schema)))

        def run(**given: pa.Table) -> pa.Table:
            for name, table in given.items():
                self.connection.con.register(names[name], table)
            return self.connection.con.execute(statement).to_arrow_table().cast(schema)

        return run

    def hold(self, expression: ir.Table) -> ir.Table:
        """The rows of an expression as a table of the engine: a step that is computed once, however often it
        is used.
        """
        return self.connection.create_table(f"memory_{uuid.uuid4().hex}", expression)

    def forget(self, table: ir.Table) -> None:
        """Drop a table that `memory` or `hold` has made."""
        self.connection.drop_table(table.op().name)

    def keep(self, expression: ir.Table) -> ir.Table:
        """Compute an expression once, into a table of the engine; dropped when the engine closes."""
        return self.connection.create_table(f"kept_{uuid.uuid4().hex}", expression, temp=True)

    def write(
        self, expression: ir.Table, path: Path, schema: pa.Schema, *, partition: str | None = None, start: str = "part-"
    ) -> None:
        """Stream an expression to Parquet (zstd), in the types of `schema`.

        Parameters
        ----------
        path
            The file; with `partition` the folder that receives one folder per value of that column.
        start
            How the names of the files in these folders begin.
        """
        options = "FORMAT parquet, COMPRESSION zstd"
        further: tuple[str, ...] = ()
        if partition is not None:
            further = (partition,)
            options += f", PARTITION_BY ({partition}), FILENAME_PATTERN '{start}{{i}}'"
        view = f"write_{uuid.uuid4().hex}"
        # a view, so that what Ibis keeps in memory is registered before DuckDB's own COPY reads it
        self.connection.create_view(view, conform(expression, schema, *further))
        quoted = path.as_posix().replace("'", "''")
        try:
            self.connection.raw_sql(f"COPY (SELECT * FROM {view}) TO '{quoted}' ({options})")  # noqa: S608  own names
        finally:
            self.connection.drop_view(view)

    def to_arrow(self, expression: ir.Table, schema: pa.Schema) -> pa.Table:
        """Run an expression; the result has exactly `schema`."""
        return self.connection.to_pyarrow(conform(expression, schema)).cast(schema)
