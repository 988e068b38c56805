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
from analyser.proposals.catalogue import catalogue

if TYPE_CHECKING:
    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["command", "read", "show"]


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
    if names.enabled:
        for proposal in found:
            for key in ("members", "owners"):
                proposal[key] = [names.of(person) for person in proposal[key]]
            proposal["member_reasons"] = {names.of(p): reason for p, reason in proposal["member_reasons"].items()}
            proposal["evidence"].pop("audience", None)
    return found


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
    evidence, saved = p["evidence"], p["savings"]
    tree = Tree(f"[bold]{p['rank']}. {escape(p['name'])}[/bold]: {catalogue().kinds[p['kind']].label}")
    tree.add(f"purpose: {escape(p['purpose'])}")
    tree.add(
        f"seen: {evidence['messages']:,} messages by {evidence['senders']} people in {evidence['weeks_active']} weeks,"
        f" {evidence['first_seen'][:10]} to {evidence['last_seen'][:10]}, {evidence['answered']:.0%} answered"
    )
    for stem in evidence["stems"][:3]:
        tree.add(f"for example: “{escape(stem)}”")
    people = tree.add(
        f"people: {len(p['members'])} from {', '.join(map(escape, p['departments'])) or 'unknown departments'}"
    )
    for person in p["members"][:12]:
        role = " (owner)" if person in p["owners"] else ""
        people.add(escape(f"{person}{role}: {p['member_reasons'].get(person, '')}"))
    if len(p["members"]) > 12:  # noqa: PLR2004  a screen's worth
        people.add(f"and {len(p['members']) - 12} more: --json lists all")
    tree.add(f"why this kind: {escape('; '.join(p['alternatives'][0]['reasons']))}")
    for other in p["alternatives"][1:]:
        tree.add(f"also considered: {other['kind']} ({other['score']:.2f} against {p['alternatives'][0]['score']:.2f})")
    tree.add(f"stops: {escape('; '.join(p['replaces']))}")
    tree.add(f"frees: {saved['hours_low']}–{saved['hours_high']} hours a week = {saved['formula']}")
    if there := p["existing"]:
        exists = tree.add(f"exists already: {escape(there['reason'])}")
        for entry in there["checklist"]:
            exists.add(escape(f"{entry['state']}: {entry['condition']}{entry['note'] and ': '}{entry['note']}"))
    for risk in p["risks"]:
        tree.add(f"risk: {escape(risk)}")
    if p["why_not"]:
        tree.add(f"why no pilot: {escape(p['why_not'])}")
    tree.add(f"confidence: {p['confidence']:.0%}")
    return tree
