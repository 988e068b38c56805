"""`analyser status`: what the lake holds, how old it is, what is missing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from analyser.cli import hindered
from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, pseudonyms, rows_of, settings

if TYPE_CHECKING:
    from analyser.privacy import Pseudonyms

__all__ = ["command"]

_SHOWN = 20


def command(
    every: Annotated[bool, typer.Option("--all", help="List every mailbox, not only the oldest.")] = False,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
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
            row["age_hours"] = _age(row)
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
    out.print(f"lake {config.lake.path}", markup=False)
    _show_mailboxes(sorted(mailboxes, key=_age, reverse=True), names, every=every)
    _show_problems(problems)
    hindered.say(verdicts)
    table = Table("table", "rows", "MiB")
    for size in sizes:
        table.add_row(size.name, f"{size.rows:,}", f"{size.bytes / 2**20:,.1f}")
    print_table(table)


def _show_mailboxes(rows: list[dict[str, Any]], names: Pseudonyms, *, every: bool) -> None:
    if not rows:
        out.print("nothing has been scanned yet: run 'analyser scan'")
        return
    states = Counter(row["state"] for row in rows)
    out.print("mailboxes: " + ", ".join(f"{number:,} {state}" for state, number in sorted(states.items())))
    for row in rows:
        if row["state"] != "complete":
            out.print(f"  {names.of(row['mailbox'])}: {row['state']}: {row['reason']}", markup=False)
    print_table(_coverage(rows if every else rows[:_SHOWN], names))
    if len(rows) > _SHOWN and not every:
        out.print(f"and {len(rows) - _SHOWN:,} younger ones: --all lists them")


def _show_problems(rows: list[dict[str, Any]]) -> None:
    if rows:
        out.print(f"{len(rows):,} messages could not be read:")
    for row in rows[:_SHOWN]:
        out.print(f"  {row['place']}: {row['reason']}", markup=False)
    if len(rows) > _SHOWN:
        out.print(f"  and {len(rows) - _SHOWN:,} more: --json lists all")


def _age(row: dict[str, Any]) -> float:
    """Hours since the mailbox was last read."""
    scanned_at: datetime = row["scanned_at"]
    return round((datetime.now(UTC) - scanned_at).total_seconds() / 3600, 1)


def _coverage(rows: list[dict[str, Any]], names: Pseudonyms) -> Table:
    """What is held of each mailbox, and how old it is."""
    columns = ("state", "messages", "from", "to", "hours old")
    table = Table("mailbox", *columns, title="Mailboxes, oldest reading first", title_justify="left")
    for row in rows:
        span = [row[name].date().isoformat() if row[name] else "" for name in ("oldest", "newest")]
        table.add_row(names.of(row["mailbox"]), row["state"], f"{row['messages']:,}", *span, f"{_age(row):,.1f}")
    return table
