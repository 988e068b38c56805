"""Who is who: addresses become principals, before anything is counted.

Only certain evidence merges addresses: a directory's aliases, letter case, plus-addresses. Everything that merely looks
alike is listed as a suggestion and left apart.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyser.config import Organisation

__all__ = ["People", "organisation_domains", "resolve"]

_MOST_ALIKE = 5
"""A name borne by more principals than this says nothing about any two of them."""

_ROBOT = re.compile(
    r"^(no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|mailer-daemon|postmaster|bounces?|notifications?|alerts?"
    r"|automated|daemon|root|cron|nagios|jenkins|jira|monitoring|backup|newsletter|news|subscriptions?"
    r"|autoreply|auto-reply|robot|bot|system|noreply.*|.*-noreply|.*-bounces)$"
)


@dataclass(frozen=True, slots=True)
class People:
    """Result of `resolve`: tables of the lake with the same names."""

    addresses: pa.Table
    principals: pa.Table
    suggested_merges: pa.Table


def resolve(
    seen: pa.Table, names: pa.Table, directory: pa.Table, groups: pa.Table, list_addresses: set[str], domains: set[str]
) -> People:
    """Resolve addresses to principals.

    Parameters
    ----------
    seen
        Distinct addresses of the mail: one column `address`.
    names
        Table `address_names` of the lake.
    directory, groups
        Tables `directory_people` and `groups` of the lake.
    list_addresses
        Addresses that List-Id headers show to be mailing lists.
    domains
        Result of `organisation_domains`.
    """
    canon, entries = _from_directory(directory)
    observed = sorted(set(seen["address"].to_pylist()) - canon.keys())
    known = set(observed) | canon.keys()
    rows = [
        (address, principal, "directory" if address == principal else "alias") for address, principal in canon.items()
    ]
    shown = _display_names(names)
    group_names = dict(zip(groups["address"].to_pylist(), groups["display_name"].to_pylist(), strict=True))
    for address in observed:
        base = _without_tag(address)
        if base != address and base in known:
            rows.append((address, canon.get(base, base), "alias"))
            continue
        rows.append((address, address, "observed"))
        entries[address] = _observed_entry(address, shown, group_names, list_addresses, domains)
    for address in sorted(group_names.keys() - known):
        rows.append((address, address, "directory"))
        entries[address] = _observed_entry(address, shown, group_names, list_addresses, domains)
    for address, entry in entries.items():
        entry["is_internal"] = _is_internal(address, domains) or (
            entry["kind_reason"] == "directory" and entry["kind"] != "external"
        )
        if entry["kind"] == "person" and not entry["is_internal"]:
            entry.update(kind="external", kind_reason="domain outside the organisation")
        entry["manager"] = canon.get(str(entry["manager"]), entry["manager"])
    return People(
        addresses=_table(rows, ("address", "principal", "how")),
        principals=pa.Table.from_pylist(
            [{"principal": address, **entry} for address, entry in sorted(entries.items())], schema=_PRINCIPALS
        ),
        suggested_merges=_table(_suggest(entries), ("principal", "other", "reason")),
    )


def organisation_domains(organisation: Organisation, directory: pa.Table, senders: pa.Table | None) -> set[str]:
    """Mail domains of the organisation: configured, else those of the directory, else the commonest of the senders.

    Parameters
    ----------
    senders
        `address` and `n`, the messages that it sent; None where the directory tells.
    """
    if organisation.domains:
        return set(organisation.domains)
    kinds = directory["kind"].to_pylist()
    found = {
        _domain(address)
        for address, kind in zip(directory["address"].to_pylist(), kinds, strict=True)
        if kind != "external" and "@" in address
    }
    if not found and senders is not None:
        sent: Counter[str] = Counter()
        for address, n in zip(senders["address"].to_pylist(), senders["n"].to_pylist(), strict=True):
            if "@" in address:
                sent[_domain(address)] += n
        found = {domain for domain, _ in sent.most_common(1)}
    return found


_PRINCIPALS = pa.schema(
    [
        *((name, pa.string()) for name in ("principal", "kind", "display_name", "department", "title", "manager")),
        ("location", pa.string()),
        ("is_internal", pa.bool_()),
        ("joined_on", pa.date32()),
        ("left_on", pa.date32()),
        ("kind_reason", pa.string()),
    ]
)


def _table(rows: list[tuple[str, str, str]], names: tuple[str, ...]) -> pa.Table:
    columns = list(zip(*sorted(rows), strict=True)) or [()] * len(names)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def _from_directory(directory: pa.Table) -> tuple[dict[str, str], dict[str, dict[str, object]]]:
    """Address -> principal, and principal -> columns; of several rows for one address the first known value counts."""
    entries: dict[str, dict[str, object]] = {}
    canon: dict[str, str] = {}
    for row in directory.to_pylist():
        address = row["address"]
        entry = entries.setdefault(
            address, dict.fromkeys(field.name for field in _PRINCIPALS if field.name != "principal")
        )
        for name in entry:
            if entry[name] is None:
                entry[name] = row.get(name)
        canon[address] = address
    for row in directory.to_pylist():
        for alias in row["aliases"] or ():
            canon.setdefault(alias, row["address"])
    for address, entry in entries.items():
        if entry["kind"] is None:
            entry["kind"] = "service" if _ROBOT.match(_local(address)) else "person"
        entry["kind_reason"] = "directory"
    return canon, entries


def _observed_entry(
    address: str,
    shown: Mapping[str, str],
    group_names: Mapping[str, str],
    list_addresses: set[str],
    domains: set[str],
) -> dict[str, object]:
    kind, reason = "person", "observed address"
    if address in group_names:
        kind, reason = "list", "directory group"
    elif address in list_addresses:
        kind, reason = "list", "List-Id header"
    elif _ROBOT.match(_local(address)):
        kind, reason = "service", "name of the address"
    elif not _is_internal(address, domains):
        kind, reason = "external", "domain outside the organisation"
    entry: dict[str, object] = dict.fromkeys(field.name for field in _PRINCIPALS if field.name != "principal")
    entry.update(kind=kind, kind_reason=reason, display_name=group_names.get(address) or shown.get(address))
    return entry


def _display_names(names: pa.Table) -> dict[str, str]:
    """One name per address: the longest, then the first in order; a name that repeats the address is none."""
    best: dict[str, str] = {}
    for address, name in zip(names["address"].to_pylist(), names["display_name"].to_pylist(), strict=True):
        if name and "@" not in name and (-len(name), name) < (-len(best.get(address, "")), best.get(address, "")):
            best[address] = name
    return best


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _local(address: str) -> str:
    return address.rpartition("@")[0]


def _without_tag(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}" if "+" in local[1:] else address


def _is_internal(address: str, domains: set[str]) -> bool:
    """An X.500 address never left the organisation; a subdomain belongs to its domain."""
    if address.startswith("/"):
        return True
    domain = _domain(address)
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


def _name_key(name: str) -> str:
    """Words of a name without accents, order or punctuation: ``Müller, Jörg`` and ``Jorg Muller`` agree."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W\d_]{2,}", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(sorted(words)) if len(words) > 1 else ""


def _initial_and_surname(name: str) -> str:
    """``Phillip K. Allen`` and ``Allen, Phillip K.`` both give ``pallen``; empty for a single word."""
    last, comma, first = name.casefold().partition(",")
    words = re.findall(r"[^\W\d_]+", f"{first} {last}" if comma else name.casefold())
    return words[0][0] + words[-1] if len(words) > 1 else ""


def _suggest(entries: Mapping[str, Mapping[str, object]]) -> list[tuple[str, str, str]]:
    """Pairs of internal people that look alike, unless the directory says that both exist."""
    found: dict[tuple[str, str], str] = {}
    for (reason, _), block in sorted(_blocks(entries).items()):
        alike = sorted(set(block))
        if not 1 < len(alike) <= _MOST_ALIKE:
            continue
        for one, other in itertools.combinations(alike, 2):
            both_known = entries[one]["kind_reason"] == entries[other]["kind_reason"] == "directory"
            if not both_known:
                found.setdefault((one, other), reason)
    return [(one, other, reason) for (one, other), reason in found.items()]


def _blocks(entries: Mapping[str, Mapping[str, object]]) -> dict[tuple[str, str], list[str]]:
    """Internal people by what could make two of them one: (reason, key) -> addresses."""
    blocks: dict[tuple[str, str], list[str]] = defaultdict(list)
    for address, entry in entries.items():
        if entry["kind"] != "person" or not entry["is_internal"]:
            continue
        name = entry["display_name"]
        if isinstance(name, str):
            if key := _name_key(name):
                blocks["the same display name", key].append(address)
            if entry["kind_reason"] == "directory" and (short := _initial_and_surname(name)):
                blocks["initial and surname", short].append(address)
        local = re.sub(r"[^a-z0-9]", "", _local(address))
        if local:
            blocks["the same address but for dots and domain", local].append(address)
            blocks["initial and surname", local].append(address)
    return blocks
