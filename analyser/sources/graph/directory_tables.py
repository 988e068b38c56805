"""The directory of a tenant as tables of the contract."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analyser.sources.addresses import parse_address
from analyser.sources.contract import DIRECTORY_GROUP_MEMBERS, DIRECTORY_GROUPS, DIRECTORY_PEOPLE

if TYPE_CHECKING:
    from analyser.sources.graph.people import DirectoryState, Group, Person

__all__ = ["tables"]

_PURPOSES = {"user": "person", "linked": "person", "shared": "shared", "room": "room", "equipment": "room"}


def tables(state: DirectoryState) -> tuple[pa.Table, pa.Table, pa.Table]:
    """People, groups and memberships.

    Nested groups are dissolved: a member of a member is a member. A standard channel has the members of its team;
    whom a private one admits is not asked.
    """
    people = _people(state)
    groups: dict[str, dict[str, Any]] = {}
    members: dict[tuple[str, str], None] = {}
    addresses = _addresses(state)
    for key, group in state.groups.items():
        if group.address is None:  # nobody can write to it
            continue
        below = sorted({addresses[one] for one in _below(state, key) if one in addresses})
        last = _day(group.renewed or group.created)
        groups[group.address] = {"address": group.address, "name": group.name, "kind": group.kind, "last": last}
        members |= dict.fromkeys((group.address, address) for address in below)
        for channel, (name, membership) in group.channels.items():
            own = channel.lower()
            groups[own] = {"address": own, "name": f"{group.name}: {name}", "kind": "channel", "last": None}
            if membership == "standard":
                members |= dict.fromkeys((own, address) for address in below)
    rows = [
        {"address": g["address"], "display_name": g["name"], "kind": g["kind"], "last_activity": g["last"]}
        for g in groups.values()
    ]
    pairs = [{"group": group, "member": member} for group, member in members]
    return (
        pa.Table.from_pylist(people, schema=DIRECTORY_PEOPLE),
        pa.Table.from_pylist(rows, schema=DIRECTORY_GROUPS),
        pa.Table.from_pylist(pairs, schema=DIRECTORY_GROUP_MEMBERS),
    )


def _people(state: DirectoryState) -> list[dict[str, Any]]:
    owners: dict[str, str] = {}
    rows = []
    for key, person in sorted(state.people.items(), key=lambda pair: pair[1].address or ""):
        if person.address is None or person.address in owners:
            continue
        owners[person.address] = key
        rows.append(_person(state, person))
    for row in rows:  # an alias belongs to one person; a primary address goes before an alias
        kept = [alias for alias in row["aliases"] if owners.setdefault(alias, row["address"]) == row["address"]]
        row["aliases"] = list(dict.fromkeys(kept))
    return rows


def _person(state: DirectoryState, person: Person) -> dict[str, Any]:
    chief = state.people.get(person.manager or "")
    name = parse_address(person.principal_name or "")[0]
    aliases = [*person.aliases, *([name] if name else [])]
    return {
        "address": person.address,
        "display_name": person.name,
        "department": person.department,
        "title": person.title,
        "manager": chief.address if chief is not None else None,
        "kind": _kind(person),
        "location": person.office,
        "joined_on": _day(person.hired),
        "left_on": None,
        "aliases": [alias for alias in aliases if alias != person.address and "#ext#" not in alias],
        "is_enabled": person.is_enabled,
    }


def _kind(person: Person) -> str | None:
    if person.is_guest:
        return "external"
    if person.purpose is not None:
        return _PURPOSES.get(person.purpose.lower())
    return None if person.is_unclear else "person"


def _addresses(state: DirectoryState) -> dict[str, str]:
    """Addresses of people and contacts by id."""
    found = {key: person.address for key, person in state.people.items() if person.address}
    return found | {
        key: address
        for key, contact in state.contacts.items()
        if key not in state.groups and (address := parse_address(contact.address or "")[0])
    }


def _below(state: DirectoryState, key: str) -> set[str]:
    """Ids of all below a group, however groups contain one another."""
    seen: set[str] = set()
    waiting = [key]
    while waiting:
        group: Group | None = state.groups.get(waiting.pop())
        for member in group.members if group is not None else ():
            if member not in seen:
                seen.add(member)
                waiting.append(member)
    return seen


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
