"""`analyser report`: one page that a manager can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyser.cli.console import open_lake, out, pseudonyms, settings, write_file
from analyser.report.page import render

__all__ = ["command"]


def command(
    path: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("report.html"),
) -> None:
    """Write the report: the handful, the evidence, pictures; one file that opens without a network."""
    config = settings()
    with open_lake(config) as lake:
        write_file(path, render(lake, config, pseudonyms=pseudonyms(lake, config)))
    out.print(f"wrote {path.resolve()}", markup=False)
