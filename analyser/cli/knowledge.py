"""`analyser knowledge`: what departments are asked again and again, and how few answer."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.table import Table

from analyser.analysis.knowledge import Knowledge, read
from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, pseudonyms, settings
from analyser.errors import EmptyLakeError
from analyser.findings import locked
from analyser.privacy import suppress, suppressed

__all__ = ["command"]


def command(
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only the costliest so many.")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """List what departments are asked again and again, who asks, how few answer, and what would open it."""
    config = settings(as_json=as_json)
    least = config.privacy.minimum_group
    with open_lake(config) as lake:
        if not lake.exists("knowledge"):
            raise EmptyLakeError("knowledge", fix="run 'analyser analyse' first")
        names = pseudonyms(lake, config)
        found = list(read(lake.arrow("knowledge")).values())[:top]
    # a shared mailbox without a department goes by its address
    topics = [replace(t, department=names.of(t.department)) if "@" in t.department else t for t in found]
    if as_json:
        print_json([_shown(topic, least) for topic in topics])
        return
    if not topics:
        out.print("no department is asked about the same things by many outsiders")
        return
    print_table(_table(topics, least))
    for topic in topics:
        out.print()
        out.print(f"{topic.knowledge}. {locked.story(topic, least)}", markup=False)


def _table(topics: list[Knowledge], least: int) -> Table:
    table = Table("topic", "department", "asked from", "asks", "answer", "in private", "hours a week", "locked")
    for topic in topics:
        small = suppress(topic.outside_askers, least)
        table.add_row(
            ", ".join(topic.terms),
            topic.department,
            f"{topic.departments_asking} departments",
            suppressed(least) if small else f"{topic.asks:,}",
            "" if small else locked.few(topic),
            "" if small or topic.private_share is None else f"{topic.private_share:.0%}",
            "" if small else f"{topic.hours_per_week:.1f}",
            "" if small else "yes" if topic.locked else "no",
        )
    return table


def _shown(topic: Knowledge, least: int) -> dict[str, Any]:
    """A topic for programs: figures about too few people are null, and their names are in `suppressed`."""
    row = asdict(topic)
    del row["audience"]  # its name may bear an address
    hidden = locked.hidden(topic, least)
    row |= dict.fromkeys(hidden)
    row["asker_departments"] = locked.departments(topic, least)
    del row["department_askers"]
    return {**row, "suppressed": sorted(hidden), "story": locked.story(topic, least)}
