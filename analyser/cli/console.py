"""What verbs share: where output goes, how the configuration and the lake are opened."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from analyser import config
from analyser.errors import AnalyserError, UsageError
from analyser.lake.store import Lake
from analyser.privacy import Pseudonyms, lake_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.table import Table
    from rich.tree import Tree

    from analyser.config import Settings

__all__ = [
    "JsonOption",
    "day",
    "err",
    "open_lake",
    "out",
    "print_json",
    "print_table",
    "pseudonyms",
    "rows_of",
    "settings",
    "state",
    "write_file",
]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

JsonOption = typer.Option("--json", help="Print JSON for programs; progress as JSON lines on standard error.")


@dataclass
class _State:
    """Global options of this call."""

    config: Path | None = None
    json: bool = False


state = _State()


def settings(*, as_json: bool = False) -> Settings:
    """The configuration of this call."""
    state.json = as_json
    return config.load(state.config)


@contextmanager
def open_lake(settings_: Settings) -> Iterator[Lake]:
    """The lake of the configuration."""
    with Lake(settings_.lake) as lake:
        yield lake


def pseudonyms(lake: Lake, settings_: Settings) -> Pseudonyms:
    """How people are named in output."""
    return Pseudonyms(lake_secret(lake.path), enabled=settings_.privacy.pseudonyms)


def rows_of(lake: Lake, name: str) -> list[dict[str, Any]]:
    """Rows of a small table."""
    rows: list[dict[str, Any]] = lake.arrow(name).to_pylist()
    return rows


def write_file(path: Path, text: str) -> None:
    """Write a text beside its place and rename it, so that a reader never sees half of it.

    Raises
    ------
    AnalyserError
        The place cannot be written.
    """
    aside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise AnalyserError(
            f"cannot write {path}: {error.strerror or error}", fix="name a file in a folder that you may write to"
        ) from error


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=_plain) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(table: Table | Tree) -> None:
    """A table or a tree for people; on a pipe as wide as it needs. Long lines are wrapped, never cut."""
    if out.is_terminal:
        out.print(table, soft_wrap=False)
    else:
        Console(file=sys.stdout, width=200, highlight=False).print(table)


def day(text: str | None, option: str) -> datetime | None:
    """Value of ``--since`` or ``--until``: an ISO date or time, UTC where no offset is given."""
    if text is None:
        return None
    try:
        time_ = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: '{text}' is no date", fix="write it like 2026-01-31") from None
    return time_ if time_.tzinfo else time_.replace(tzinfo=UTC)
