"""`analyser proposals`: the handful, and what stands behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, pseudonyms, settings
from analyser.errors import EmptyLakeError
from analyser.proposals.answers import QUESTIONS, needs_second_owner
from analyser.proposals.catalogue import catalogue
from analyser.proposals.shown import pseudonymised

if TYPE_CHECKING:
    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["command", "read", "show"]

_SHOWN = 12
"""People of one proposal on a screen."""


def command(
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only the first so many.")] = None,
    why: Annotated[bool, typer.Option("--why", help="The whole story of each.")] = False,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """List the proposed spaces in rank order: pilots, backlog, deferred, left alone."""
    config = settings(as_json=as_json)
    with open_lake(config) as lake:
        found = read(lake, config)[:top]
    if as_json:
        print_json(found)
    else:
        show(found, why=why)


def read(lake: Lake, config: Settings) -> list[dict[str, Any]]:
    """All proposals in rank order, people under the names that the configuration allows."""
    if not lake.exists("proposals"):
        raise EmptyLakeError("proposals", fix="run 'analyser analyse' first")
    names = pseudonyms(lake, config)
    rows = lake.arrow("proposals").sort_by("rank")
    found = [json.loads(text) for text in rows["document"].to_pylist()]
    return [pseudonymised(proposal, names) for proposal in found]


def show(found: list[dict[str, Any]], *, why: bool) -> None:
    """Tables and trees for people."""
    kinds = catalogue().kinds
    table = Table("", "space", "kind", "people", "owners", "seen as", "mails a week", "hours a week", "verdict")
    for p in found:
        saved = p["savings"]
        table.add_row(
            f"{'★' if p['pilot'] else ''}{p['rank']}",
            escape(p["name"]),
            kinds[p["kind"]].label,
            str(len(p["members"])),
            str(len(p["owners"])),
            ", ".join(p["patterns"]) or "recurring group mail",
            f"{saved['deliveries_per_week']:,}",
            f"{saved['hours_low']:,}–{saved['hours_high']:,}",
            p["status"],
        )
    print_table(table)
    pilots = sum(p["pilot"] for p in found)
    said = f"★ {pilots} pilots, chosen together" if pilots else "no pilot among these"
    out.print(f"{said}; 'analyser proposals --why' tells the whole story of each")
    if why:
        for p in found:
            print_table(_tree(p))


def _tree(p: dict[str, Any]) -> Tree:
    """The seven answers of a proposal, and whom and what they are about."""
    tree = Tree(f"[bold]{p['rank']}. {escape(p['name'])}[/bold]: {catalogue().kinds[p['kind']].label}")
    tree.add(f"purpose: {escape(p['purpose'])}")
    for key, question in QUESTIONS.items():
        branch = tree.add(f"[bold]{question}[/bold]")
        for sentence in p["answers"][key]:
            branch.add(escape(sentence))
        if key == "people":
            _people(branch, p)
        if key == "considered" and p["existing"]:
            for entry in p["existing"]["checklist"]:
                branch.add(escape(f"{entry['state']}: {entry['condition']}{entry['note'] and ': '}{entry['note']}"))
    if p["why_not"]:
        tree.add(f"why no pilot: {escape(p['why_not'])}")
    tree.add(f"confidence: {p['confidence']:.0%}")
    return tree


def _people(branch: Tree, p: dict[str, Any]) -> None:
    """Members with the reason for each; where one person carries too much, who else could own the space."""
    if needs_second_owner(p):
        for other in p["second_owners"][:_SHOWN]:
            branch.add(escape(f"could own it: {other['person']}, who {' and '.join(other['reasons'])}"))
    for person in p["members"][:_SHOWN]:
        role = " (owner)" if person in p["owners"] else ""
        reason = p["member_reasons"].get(person)
        branch.add(escape(f"{person}{role}{f': {reason}' if reason else ''}"))
    if len(p["members"]) > _SHOWN:
        branch.add(f"and {len(p['members']) - _SHOWN} more: --json lists all")
