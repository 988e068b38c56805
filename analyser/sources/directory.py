"""People and groups: CSV tables, or LDIF as Active Directory and OpenLDAP export it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from analyser.errors import SourceError
from analyser.sources.addresses import parse_address
from analyser.sources.contract import (
    DIRECTORY_GROUP_MEMBERS,
    DIRECTORY_GROUPS,
    DIRECTORY_PEOPLE,
    Batch,
    Declaration,
    Directory,
    Mailbox,
    Problem,
    Source,
)
from analyser.sources.dates import parse_date
from analyser.sources.delimited import read_rows
from analyser.sources.files import UNREADABLE, opened
from analyser.sources.ldif import is_ldif, read_ldif
from analyser.sources.ldif_people import ldif_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["DirectoryBuilder", "DirectorySource", "read_directory"]

_KINDS = frozenset({"person", "shared", "room", "list", "service", "external"})
_GROUP_KINDS = frozenset({"distribution_list", "security_group", "microsoft_365_group", "team", "channel", "community"})
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_DAY = 86_400_000_000  # microseconds


class DirectorySource(Source):
    """Reads a people file, CSV or LDIF.

    Parameters
    ----------
    name
        Name of the source.
    path
        The people; LDIF holds the groups as well.
    groups, group_members
        CSV files of groups and of their members; None where there are none.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="directory", provides=frozenset({"people", "groups"}), fields=frozenset(), resumable=False
    )

    def __init__(self, name: str, path: Path, *, groups: Path | None = None, group_members: Path | None = None) -> None:
        super().__init__(name)
        self._path = path
        self._groups = groups
        self._group_members = group_members

    def mailboxes(self) -> Iterator[Mailbox]:
        """None; but what is configured must exist."""
        self._check()
        yield from ()

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:  # noqa: ARG002  nothing to go on from
        """A directory holds no messages."""
        raise SourceError(f"no mailbox '{mailbox}': a directory holds no messages", source=self.name)

    def directory(self) -> Directory:
        """All people and groups; see `read_directory`."""
        self._check()
        return read_directory(self._path, self._groups, self._group_members, source=self.name)

    def _check(self) -> None:
        for key, path in (("path", self._path), ("groups", self._groups), ("group_members", self._group_members)):
            if path is not None and not path.is_file():
                raise SourceError(f"{path} is no file", source=self.name, fix=f"correct '{key}' of the source")


def read_directory(people: Path | None, groups: Path | None, group_members: Path | None, *, source: str) -> Directory:
    """Read the files of a directory; those that are None give no rows.

    Rows that contradict earlier ones (an address or alias of somebody else) are problems: the first one stands.

    Raises
    ------
    FormatError
        A file lacks a column or cannot be read.
    """
    builder = DirectoryBuilder()
    if people is not None:
        ldif = _ldif_content(people, source)
        if ldif is None:
            builder.people.extend(_csv(people, source, ("address",), DIRECTORY_PEOPLE.names))
        else:
            found = ldif_rows(read_ldif(ldif), people.name)
            builder.people.extend(found.people)
            builder.groups.extend(found.groups)
            builder.members.extend(found.members)
            builder.problems.extend(Problem(people.name, place, reason) for place, reason in found.problems)
    if groups is not None:
        builder.groups.extend(_csv(groups, source, ("address",), DIRECTORY_GROUPS.names))
    if group_members is not None:
        builder.members.extend(_csv(group_members, source, ("group", "member"), DIRECTORY_GROUP_MEMBERS.names))
    return builder.build()


def _ldif_content(path: Path, source: str) -> bytes | None:
    """The file if it is LDIF, None if it is not."""
    try:
        with opened(path) as (stream, _):
            head = stream.read(1 << 16)
            return head + stream.read() if is_ldif(head) else None
    except UNREADABLE as error:
        raise SourceError(f"{path} cannot be read: {error}", source=source, fix="restore the file") from error


def _csv(path: Path, source: str, required: tuple[str, ...], known: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for row in read_rows(path, source=source, required=required, known=known):
        yield f"{path.name}: row {row.number}", row.fields


@dataclass(slots=True)
class DirectoryBuilder:
    """Rows as they are read, with their places, and the tables that they make."""

    people: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    groups: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    members: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)  # address or alias -> primary address

    def build(self) -> Directory:
        people = self._accepted(self.people)
        self._claim_aliases(people)
        names = Counter(row["display_name"] for _, row in people if row["display_name"])
        by_name = {row["display_name"]: row["address"] for _, row in people if names[row["display_name"]] == 1}
        for place, row in people:
            row["manager"] = self._manager(place, row["manager"], by_name)
            row["kind"] = self._kind(place, row["kind"], _KINDS)
            row["is_enabled"] = _FLAGS.get((row["is_enabled"] or "").strip().lower())
            row["joined_on"], row["left_on"] = (self._day(place, row[name]) for name in ("joined_on", "left_on"))
        groups = self._accepted(self.groups, DIRECTORY_GROUPS.names)
        for place, row in groups:
            row["kind"] = self._kind(place, row["kind"], _GROUP_KINDS)
            row["last_activity"] = self._day(place, row["last_activity"])
        return Directory(
            pa.Table.from_pylist([row for _, row in people], schema=DIRECTORY_PEOPLE),
            pa.Table.from_pylist([row for _, row in groups], schema=DIRECTORY_GROUPS),
            pa.Table.from_pylist(self._memberships({row["address"] for _, row in groups}), DIRECTORY_GROUP_MEMBERS),
            tuple(self.problems),
        )

    def _problem(self, place: str, reason: str) -> None:
        self.problems.append(Problem(place.partition(":")[0], place, reason))

    def _accepted(
        self, rows: Iterable[tuple[str, dict[str, str]]], names: Iterable[str] = tuple(DIRECTORY_PEOPLE.names)
    ) -> list[tuple[str, dict[str, Any]]]:
        """Rows with an address of their own, all columns present."""
        accepted = []
        for place, fields in rows:
            address = parse_address(fields.get("address", ""))[0]
            if address is None:
                self._problem(place, "no address")
            elif address in self.owners:
                self._problem(place, "address listed twice")
            else:
                self.owners[address] = address
                accepted.append((place, {**{name: fields.get(name) for name in names}, "address": address}))
        return accepted

    def _claim_aliases(self, people: list[tuple[str, dict[str, Any]]]) -> None:
        for place, row in people:
            row["aliases"], claimed = [], re.split(r"[;|]", row["aliases"] or "")
            for text in filter(str.strip, claimed):
                alias = parse_address(text)[0]
                if alias is None:
                    self._problem(place, "alias is no address")
                elif self.owners.setdefault(alias, row["address"]) != row["address"]:
                    self._problem(place, "alias of somebody else")
                elif alias != row["address"] and alias not in row["aliases"]:
                    row["aliases"].append(alias)

    def _manager(self, place: str, text: str | None, by_name: dict[str, str]) -> str | None:
        """Primary address of a manager who is given by address, alias or unique name."""
        if not text:
            return None
        address = parse_address(text)[0]
        known = self.owners.get(address or "", address) or by_name.get(text)
        if known is None:
            self._problem(place, "manager unknown")
        return known

    def _kind(self, place: str, text: str | None, kinds: frozenset[str]) -> str | None:
        kind = text.lower().replace(" ", "_") if text else None
        if kind is None or kind in kinds:
            return kind
        self._problem(place, "kind unknown")
        return None

    def _day(self, place: str, text: str | None) -> date | None:
        moment = parse_date(text) if text else None
        if text and moment is None:
            self._problem(place, "unreadable date")
        return None if moment is None else date.fromordinal(date(1970, 1, 1).toordinal() + moment // _DAY)

    def _memberships(self, groups: set[str]) -> list[dict[str, str]]:
        """Distinct memberships; a member by its primary address where that is known."""
        found: dict[tuple[str, str], None] = {}
        for place, fields in self.members:
            group, member = (parse_address(fields.get(name, ""))[0] for name in ("group", "member"))
            if group is None or member is None:
                self._problem(place, "no address")
            elif group not in groups:
                self._problem(place, "group unknown")
            else:
                found[group, self.owners.get(member, member)] = None
        return [{"group": group, "member": member} for group, member in found]
