"""`analyser init`: write a commented configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyser.cli.console import out, write_file
from analyser.config import FILE_NAME, example
from analyser.errors import UsageError

__all__ = ["command"]


def command(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path(FILE_NAME),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a configuration with every key, its meaning and its default."""
    if path.exists() and not force:
        raise UsageError(f"{path} exists", fix="name another file, or add --force to replace it")
    write_file(path, example())
    out.print(f"wrote {path}: name your organisation and a source, then run 'analyser scan'", markup=False)
