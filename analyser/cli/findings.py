"""`analyser findings`: the recognised patterns."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from analyser.cli import hindered
from analyser.cli.console import JsonOption, open_lake, print_json, print_table, pseudonyms, rows_of, settings
from analyser.errors import EmptyLakeError, UsageError
from analyser.findings.registry import RULES

__all__ = ["command"]


def command(
    rule: Annotated[str | None, typer.Option("--rule", help="Only findings of this rule.")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """List the patterns that were recognised, with their evidence."""
    known = [each.id for each in RULES]
    if rule is not None and rule not in known:
        raise UsageError(f"--rule: no rule is named '{rule}'", fix=f"rules: {', '.join(known)}")
    config = settings(as_json=as_json)
    with open_lake(config) as lake:
        if not lake.exists("findings"):
            raise EmptyLakeError("findings", fix="run 'analyser analyse' first")
        names = pseudonyms(lake, config)
        verdicts = hindered.of_analysis(lake, config)
        found = [row for row in rows_of(lake, "findings") if rule in (None, row["rule"])]
    if as_json:
        for row in found:
            if config.privacy.pseudonyms:
                del row["audience"]  # its name bears an address
            row["members"] = [names.of(member) for member in row["members"]]
            row["signals"] = json.loads(row["signals"])
        print_json(found)
        return
    table = Table("pattern", "what was seen", "people", "messages", "weeks", "strength")
    for row in found:
        table.add_row(
            row["rule"],
            row["title"],
            f"{len(row['members']):,}",
            f"{row['messages']:,}",
            str(row["weeks_active"]),
            f"{row['strength']:.0%}",
        )
    print_table(table)
    hindered.say(verdict for verdict in verdicts if rule in (None, verdict.rule))
