"""`analyser demo`: a sample organisation through the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyser import config, pipeline
from analyser.cli import proposals
from analyser.cli.console import JsonOption, open_lake, out, print_json, pseudonyms, state, write_file
from analyser.cli.progress import progress
from analyser.lake import ingest
from analyser.report.page import render
from analyser.sources.sample import SampleOrganisationSource

__all__ = ["command"]

_HANDFUL = 7


def command(
    people: Annotated[int, typer.Option("--people", min=60, help="Size of the sample organisation.")] = 400,
    weeks: Annotated[int, typer.Option("--weeks", min=12, help="Length of its history.")] = 40,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same organisation.")] = 7,
    folder: Annotated[Path, typer.Option("--out", help="Folder for lake, labels, configuration and report.")] = Path(
        "var/demo"
    ),
    no_serve: Annotated[  # noqa: ARG001  the contract of the command names it; nothing is served yet
        bool, typer.Option("--no-serve", help="Only write the report; nothing is served in this version.")
    ] = False,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Invent an organisation, scan and analyse its mail, propose spaces and write the report."""
    state.json = as_json
    path = folder / config.FILE_NAME
    write_file(path, _configuration(people, weeks, seed))
    given = config.load(path)
    source = SampleOrganisationSource("sample", people, weeks, seed)
    with open_lake(given) as lake:
        with progress(as_json=as_json) as listener:
            ingest.scan(lake, [source], given, listener=listener)
            pipeline.analyse(lake, given, since=None, until=None, listener=listener)
        source.write_labels(folder / "labels.json")
        page = folder / "report.html"
        write_file(page, render(lake, given, pseudonyms=pseudonyms(lake, given)))
        found = proposals.read(lake, given)
    if as_json:
        print_json({"report": str(page.resolve()), "config": str(path.resolve()), "proposals": found[:_HANDFUL]})
        return
    proposals.show(found[:_HANDFUL], why=False)
    out.print(f"report: {page.resolve()}", markup=False)
    out.print(f"labels: {(folder / 'labels.json').resolve()}", markup=False)
    out.print(f"look further: analyser --config {path} proposals --why", markup=False)


def _configuration(people: int, weeks: int, seed: int) -> str:
    return f"""\
# Written by 'analyser demo'.
[organisation]
name = "Contoso (sample)"
timezone = "Europe/London"

[lake]
path = "lake"

[[sources]]
name = "sample"
type = "sample"
people = {people}
weeks = {weeks}
seed = {seed}
"""
