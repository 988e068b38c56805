"""`analyser connections`: how departments are linked, where links are missing, who shares a practice."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  Typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from analyser.analysis import graphs
from analyser.analysis.brokerage import BrokerageThresholds
from analyser.cli.console import (
    JsonOption,
    open_lake,
    out,
    print_json,
    print_table,
    pseudonyms,
    rows_of,
    settings,
    write_file,
)
from analyser.errors import EmptyLakeError
from analyser.lake.schema import TABLES, Sensitivity
from analyser.privacy import pseudonymise
from analyser.report import connections

if TYPE_CHECKING:
    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["command"]

_SHOWN = 20


def command(
    graphml: Annotated[
        Path | None,
        typer.Option("--graphml", help="Also write the communication graph of all principals to this file."),
    ] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Say how departments are linked, which of them share topics or contacts and hardly talk, who shares a practice."""
    config = settings(as_json=as_json)
    with open_lake(config) as lake:
        if not lake.exists("department_openness"):
            raise EmptyLakeError("connections", fix="run 'analyser analyse' first")
        found = connections.read(lake, config.privacy.minimum_group)
        limits = _limits(lake)
        if graphml is not None:
            write_file(graphml, _graph(lake, config))
    if as_json:
        print_json(asdict(found))
        return
    if round(found.known_share, 2) < 1:
        out.print(f"departments are known for {found.known_share:.0%} of the people with ties; all this is about them")
    _departments(found)
    _links(found, limits)
    _sentences(found, limits)
    if graphml is not None:
        out.print(f"wrote {graphml.resolve()}", markup=False)


def _limits(lake: Lake) -> BrokerageThresholds:
    """The thresholds of the analysis that is shown, not those of the configuration since."""
    told = {row["key"]: row["value"] for row in rows_of(lake, "runs")}
    return BrokerageThresholds(**json.loads(told["thresholds"])["connections"])


def _graph(lake: Lake, config: Settings) -> str:
    """GraphML of the communication graph, people under the names that the configuration allows."""
    names = pseudonyms(lake, config)
    tables = []
    for name in ("interactions", "principals"):
        personal = [c.name for c in TABLES[name].columns if c.sensitivity is Sensitivity.PERSONAL]
        tables.append(pseudonymise(lake.arrow(name), personal, names))
    return graphs.graphml(graphs.communication_graph(*tables))


def _departments(found: connections.Connections) -> None:
    table = Table(
        "department", "people", "ties inside", "by size alone", "E-I less expected", "percentile", "of all paths"
    )
    for row in found.departments:
        known = row["ei"] is not None
        table.add_row(
            row["department"],
            f"{row['people']:,}",
            f"{(1 - row['ei']) / 2:.0%}" if known else "",
            f"{(1 - row['ei_expected']) / 2:.0%}",
            f"{row['ei_excess']:+.2f}" if known else "",
            f"{row['ei_percentile']:.0f}" if known else "",
            f"{row['path_share']:.0%} by {row['people_share']:.0%} of people",
        )
    print_table(table)
    if found.hidden_departments:
        out.print(
            f"{found.hidden_departments} departments not shown: fewer than {found.minimum} of their people have ties"
        )


def _links(found: connections.Connections, limits: BrokerageThresholds) -> None:
    table = Table("link", "density", "by size", "by openness", "people", "by its strongest two", "rests on")
    for row in found.links[:_SHOWN]:
        counted = row["not_shown"] is None
        table.add_row(
            f"{row['from_department']} → {row['to_department']}",
            f"{row['density']:.1%}" if counted else "",
            f"{row['density_by_size']:.1%}",
            f"{row['density_by_openness']:.1%}",
            f"{row['carriers']:,}" if counted else row["not_shown"],
            f"{row['strongest_two_share']:.0%}" if counted else "",
            "few: fragile" if connections.link_is_fragile(row, limits.fragile_share) else "several",
        )
    print_table(table)
    fragile = sum(connections.link_is_fragile(row, limits.fragile_share) for row in found.links)
    more = f"; the first {_SHOWN} are shown, --json lists all" if len(found.links) > _SHOWN else ""
    out.print(f"{len(found.links):,} links, {fragile:,} of them fragile{more}")


def _sentences(found: connections.Connections, limits: BrokerageThresholds) -> None:
    inside = [(1 - row["ei"]) / 2 for row in found.departments if row["ei"] is not None]
    if found.departments:
        middle = statistics.median(inside) if inside else None
        out.print(connections.openness_sentence(found.departments[0], middle), markup=False)
    for row in found.missing_bridges:
        said = connections.bridge_sentence(row, found.minimum, limits.shared_words, limits.shared_contacts)
        out.print(f"missing bridge: {said}", markup=False)
    for row in found.practice_communities:
        out.print(f"community of practice: {connections.practice_sentence(row)}", markup=False)
    if not found.missing_bridges:
        out.print("no two departments that share topics or contacts hardly talk")
    if not found.practice_communities:
        out.print("no community of practice across departments")
