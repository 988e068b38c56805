"""`analyser tables`: what the lake holds, column by column."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from analyser.cli.console import JsonOption, print_json, print_table
from analyser.errors import UsageError
from analyser.lake.schema import TABLES

__all__ = ["command"]


def command(
    name: Annotated[str | None, typer.Argument(help="Only this table.")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """List the tables of the lake with the type, meaning and sensitivity of every column."""
    if name is not None and name not in TABLES:
        raise UsageError(f"no table is named '{name}'", fix=f"tables: {', '.join(TABLES)}")
    chosen = [TABLES[name]] if name else list(TABLES.values())
    if as_json:
        print_json(
            [
                {
                    "table": table.name,
                    "meaning": table.meaning,
                    "columns": [
                        {"column": c.name, "type": str(c.type), "meaning": c.meaning, "sensitivity": str(c.sensitivity)}
                        for c in table.columns
                    ],
                }
                for table in chosen
            ]
        )
        return
    for table in chosen:
        shown = Table(
            "column", "type", "sensitivity", "meaning", title=f"{table.name}: {table.meaning}", title_justify="left"
        )
        for column in table.columns:
            shown.add_row(column.name, str(column.type), str(column.sensitivity), column.meaning)
        print_table(shown)
