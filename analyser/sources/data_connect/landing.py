"""Which dataset a landed file holds: by the name of file or folder where that tells, else by its columns."""

from __future__ import annotations

import io
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

from analyser.errors import SourceError
from analyser.sources.files import UNREADABLE, opened
from analyser.sources.json_lines import spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["BODIES", "Blob", "Dataset", "dataset_of", "landed"]

_HEAD: Final = 1 << 20
_PARQUET: Final = b"PAR1"
_TRIED: Final = 20  # lines at the beginning, if the first ones are broken

BODIES: Final = frozenset({"body", "bodypreview", "uniquebody", "internetmessageheaders", "attachments"})
"""Columns that hold what nobody should have landed: passed over unread, and named in the log."""


class Dataset(StrEnum):
    """What a file holds, as far as it is read."""

    MESSAGES = "messages"
    USERS = "users"
    MANAGERS = "managers"
    REPORTS = "direct reports"
    GROUPS = "groups"
    MEMBERS = "group members"
    OTHER = "other"


class Blob(NamedTuple):
    """One landed file: its name within the landing, path, dataset, whether it is Parquet, and spellings of its keys."""

    name: str
    path: Path
    dataset: Dataset
    is_parquet: bool
    names: frozenset[str]


_NAMED: Final = (
    # what holds other things in the columns of mail comes first
    (
        re.compile(r"teams?_?chat|calendar|event|mailfolder|activity|contact|owner|sitemetrics|sharepoint"),
        Dataset.OTHER,
    ),
    (re.compile(r"groupmember"), Dataset.MEMBERS),
    (re.compile(r"groupdetail|(^|[._/])groups?_v?\d"), Dataset.GROUPS),
    (re.compile(r"directreport"), Dataset.REPORTS),
    (re.compile(r"manager"), Dataset.MANAGERS),
    (re.compile(r"(^|[._/])users?([._/]|$)"), Dataset.USERS),
)


def dataset_of(name: str, columns: Collection[str]) -> Dataset:
    """The dataset of a file.

    Parameters
    ----------
    name
        Path within the landing.
    columns
        Its columns, in any letter case.
    """
    known = {column.lower() for column in columns}
    named = next((dataset for pattern, dataset in _NAMED if pattern.search(name.lower())), None)
    if "internetmessageid" in known or {"sentdatetime", "torecipients"} <= known:
        return Dataset.OTHER if named is Dataset.OTHER else Dataset.MESSAGES
    if {"grouptypes", "mailenabled"} & known:
        return Dataset.GROUPS
    if not {"displayname", "userprincipalname", "mail"} & known or named is Dataset.OTHER or "id" not in known:
        return Dataset.OTHER
    if named is not None:
        return named
    if {"pobjectid", "puser"} & known and not {"department", "accountenabled", "proxyaddresses"} & known:
        return Dataset.MEMBERS
    return Dataset.USERS


def landed(root: Path, source: str) -> Iterator[Blob]:
    """All files of a landing that hold rows, by name; what is neither JSON nor Parquet is passed over.

    Raises
    ------
    SourceError
        There is no such place, or a folder of it cannot be read.
    """
    if not root.exists():
        raise SourceError(f"{root} does not exist", source=source, fix="correct 'path', or mount the storage")
    base = root.parent if root.is_file() else root
    for path in [root] if root.is_file() else _walk(root, source):
        head = _head(path)
        if head is None or not head:  # reading it says why not; an empty blob says nothing
            continue
        name = path.relative_to(base).as_posix()
        if head.startswith(_PARQUET):
            columns = frozenset(_parquet_columns(path))
            yield Blob(name, path, dataset_of(name, columns), is_parquet=True, names=columns)
        elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            yield Blob(name, path, dataset_of(name, _json_columns(head)), is_parquet=False, names=spellings(head))


def _walk(folder: Path, source: str) -> Iterator[Path]:
    """All files below, by name; hidden ones and what Spark writes beside its files are left out."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(
            f"folder {folder} cannot be read: {error.strerror}", source=source, fix="grant read access to it"
        ) from error
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _walk(entry, source)
        elif entry.is_file():
            yield entry


def _head(path: Path) -> bytes | None:
    """The first bytes of a file, unpacked; None if it cannot be read."""
    try:
        with opened(path) as (stream, _):
            return stream.read(_HEAD)
    except UNREADABLE:
        return None


def _parquet_columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError):
        return []


def _json_columns(head: bytes) -> list[str]:
    """Top-level keys of the first line that is an object."""
    for line in head.splitlines()[:_TRIED]:
        try:
            return list(
                pj.read_json(io.BytesIO(line), read_options=pj.ReadOptions(block_size=len(line) + 1)).column_names
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return [name for name in spellings(head) if name.lower() not in {"name", "address", "emailaddress"}]
