"""What the attributes of inetOrgPerson and Active Directory mean for people and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyser.sources.ldif import normal_dn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyser.sources.ldif import Entry

__all__ = ["DirectoryRows", "ldif_rows"]

_GROUPS = frozenset({"group", "groupofnames", "groupofuniquenames", "groupofurls", "groupofmembers"})
_PEOPLE = frozenset({"person", "inetorgperson", "organizationalperson", "user", "contact", "mailrecipient"})
_NO_PEOPLE = frozenset(
    {"computer", "organizationalunit", "organization", "domain", "container", "dcobject", "locality"}
)
# msExchRecipientTypeDetails of mailboxes that belong to nobody
_EXCHANGE_KINDS = {"4": "shared", "16": "room", "32": "room", "1073741824": "service"}
_SECURITY = 0x80000000  # bit of groupType


class DirectoryRows(NamedTuple):
    """Rows with their places, by the columns of the CSV files; problems as (place, reason)."""

    people: list[tuple[str, dict[str, str]]]
    groups: list[tuple[str, dict[str, str]]]
    members: list[tuple[str, dict[str, str]]]
    problems: list[tuple[str, str]]


def ldif_rows(entries: Iterable[Entry], file: str) -> DirectoryRows:
    """Turn entries into the rows that CSV files would hold; managers and members by address instead of by DN.

    Entries of other kinds (units, computers) are passed over; a person or group without an address is a problem.
    """
    rows = DirectoryRows([], [], [], [])
    wanted: list[tuple[str, Entry, str, bool]] = []
    addresses: dict[str, str] = {}
    for entry in entries:
        place = f"{file}: line {entry.line}"
        if entry.trouble:
            rows.problems.append((place, entry.trouble))
        classes = {value.lower() for value in entry.every("objectclass")}
        is_group = bool(classes & _GROUPS) or (not classes and "member" in entry.values)
        if classes & _NO_PEOPLE or not (is_group or classes & _PEOPLE or "mail" in entry.values):
            continue
        address = _primary(entry)
        if address is None:
            rows.problems.append((place, "no address"))
            continue
        addresses[normal_dn(entry.dn)] = address
        wanted.append((place, entry, address, is_group))
    for place, entry, address, is_group in wanted:
        if is_group:
            rows.groups.append((place, _group(entry, address)))
            _add_members(rows, place, entry, address, addresses)
        else:
            rows.people.append((place, _person(entry, address, addresses)))
    return rows


def _primary(entry: Entry) -> str | None:
    # Exchange marks the address that it sends from with capital letters
    sending = next((value[5:] for value in entry.every("proxyaddresses") if value.startswith("SMTP:")), None)
    return entry.first("mail") or sending


def _person(entry: Entry, address: str, addresses: dict[str, str]) -> dict[str, str]:
    proxies = [value for value in entry.every("proxyaddresses") if value[:5].lower() in {"smtp:", "x500:"}]
    aliases = [*entry.every("mail")[1:], *proxies, *entry.every("mailalternateaddress", "legacyexchangedn")]
    manager = entry.first("manager")
    kind = _EXCHANGE_KINDS.get(entry.first("msexchrecipienttypedetails") or "", "person")
    columns = {
        "address": address,
        "display_name": entry.first("displayname", "cn"),
        "department": entry.first("department", "departmentnumber", "ou"),
        "title": entry.first("title"),
        # a manager outside the file stays as DN, and is reported as unknown
        "manager": addresses.get(normal_dn(manager), manager) if manager else None,
        "kind": kind,
        "location": entry.first("physicaldeliveryofficename", "l"),
        "aliases": ";".join(aliases),
    }
    return {name: value for name, value in columns.items() if value}


def _group(entry: Entry, address: str) -> dict[str, str]:
    number = entry.first("grouptype") or ""
    is_security = number.lstrip("-").isdigit() and int(number) & _SECURITY
    columns = {
        "address": address,
        "display_name": entry.first("displayname", "cn") or "",
        "kind": "security_group" if is_security else "distribution_list",
    }
    return {name: value for name, value in columns.items() if value}


def _add_members(rows: DirectoryRows, place: str, entry: Entry, group: str, addresses: dict[str, str]) -> None:
    for member in entry.every("member", "uniquemember"):
        address = addresses.get(normal_dn(member))
        if address is None:
            rows.problems.append((place, "member without an entry or address"))
        else:
            rows.members.append((place, {"group": group, "member": address}))
    rows.members.extend((place, {"group": group, "member": mail}) for mail in entry.every("rfc822mailmember"))
