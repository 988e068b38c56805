"""`analyser status`: what the lake holds, how old it is, what is missing."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from rich.table import Table

from analyser.cli import hindered
from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, pseudonyms, rows_of, settings

__all__ = ["command"]

_SHOWN = 20


def command(as_json: Annotated[bool, JsonOption] = False) -> None:
    """Say what was scanned, what could not be read and why, and how large the tables are."""
    config = settings(as_json=as_json)
    with open_lake(config) as lake:
        names = pseudonyms(lake, config)
        mailboxes = rows_of(lake, "mailboxes")
        problems = rows_of(lake, "problems")
        sizes = lake.describe()
        verdicts = hindered.of_lake(lake, config)
    if as_json:
        for row in mailboxes:
            row.pop("watermark")
        print_json(
            {
                "lake": str(config.lake.path),
                "tables": [{"table": s.name, "rows": s.rows, "bytes": s.bytes} for s in sizes],
                "mailboxes": [{**row, "mailbox": names.of(row["mailbox"])} for row in mailboxes],
                "hindered": hindered.as_rows(verdicts),
                "problems": [{**row, "mailbox": names.of(row["mailbox"])} for row in problems],
            }
        )
        return
    states = Counter(row["state"] for row in mailboxes)
    out.print(f"lake {config.lake.path}", markup=False)
    if not mailboxes:
        out.print("nothing has been scanned yet: run 'analyser scan'")
    else:
        out.print("mailboxes: " + ", ".join(f"{number:,} {state}" for state, number in sorted(states.items())))
    for row in mailboxes:
        if row["state"] != "complete":
            out.print(f"  {names.of(row['mailbox'])}: {row['state']}: {row['reason']}", markup=False)
    if problems:
        out.print(f"{len(problems):,} messages could not be read:")
        for row in problems[:_SHOWN]:
            out.print(f"  {row['place']}: {row['reason']}", markup=False)
        if len(problems) > _SHOWN:
            out.print(f"  and {len(problems) - _SHOWN:,} more: --json lists all")
    hindered.say(verdicts)
    table = Table("table", "rows", "MiB")
    for size in sizes:
        table.add_row(size.name, f"{size.rows:,}", f"{size.bytes / 2**20:,.1f}")
    print_table(table)
