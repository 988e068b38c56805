"""Who is behind an X.500 address or a distribution list: the directory first, then the server's address list."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from analyser.errors import SourceError
from analyser.sources.contract import DIRECTORY_GROUP_MEMBERS, DIRECTORY_GROUPS, DIRECTORY_PEOPLE, Directory
from analyser.sources.ews import soap
from analyser.sources.ews.outcomes import RefusedError
from analyser.sources.ews.soap import M, T
from analyser.sources.service.answers import OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml import etree

    from analyser.sources.ews.client import Client

__all__ = ["AddressList"]

_log = logging.getLogger(__name__)

LISTS: Final = frozenset({"PublicDL", "PrivateDL", "GroupMailbox"})
PEOPLE: Final = frozenset({"Mailbox", "OneOff", "Unknown"})
NOBODY: Final = "ErrorNameResolutionNoResults"


class _Person(msgspec.Struct, omit_defaults=True):
    """Whom an X.500 address belongs to, as the address list says it."""

    address: str
    name: str | None = None
    department: str | None = None
    title: str | None = None
    location: str | None = None


class _State(msgspec.Struct):
    people: dict[str, _Person] = {}


class AddressList:
    """Asks the server's address list, each question once.

    Parameters
    ----------
    client
        Asks Exchange, as the account itself.
    source
        Name of the source.
    aliases
        SMTP addresses by X.500 address, of a directory: for these nobody is asked.
    state
        What earlier scans found; None for the first.
    """

    def __init__(self, client: Client, source: str, aliases: Mapping[str, str], state: str | None) -> None:
        self._client, self._source, self._aliases = client, source, aliases
        self._state = _State() if state is None else msgspec.json.decode(state, type=_State)
        self._gate = client.gate()
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._lists: dict[str, tuple[str | None, list[tuple[str, str]]]] = {}
        self.unknown: set[str] = set()

    # X.500 addresses

    async def resolve(self, addresses: Iterable[str]) -> dict[str, str]:
        """SMTP addresses by X.500 address; those that nobody knows are left out, and keep what they are.

        Raises
        ------
        OverBudgetError
            The server does not answer.
        """
        wanted = [address for address in addresses if address not in self._aliases]
        waiting = []
        for address in wanted:
            if address not in self._state.people and address not in self._asked:
                self._asked[address] = asyncio.create_task(self._look_up(address))
            if address in self._asked:
                waiting.append(self._asked[address])
        # shielded: another mailbox may wait for the same answer
        await asyncio.gather(*map(asyncio.shield, waiting))
        found = {address: self._state.people[address].address for address in wanted if address in self._state.people}
        return found | {address: self._aliases[address] for address in addresses if address in self._aliases}

    async def _look_up(self, address: str) -> None:
        try:
            answer = (await self._client.call(soap.resolve_name(address), self._gate, passing=(NOBODY,)))[0]
        except RefusedError as error:  # the address stays as it is, and is counted
            _log.info("%s is not looked up: %s", address, error)
            self.unknown.add(address)
            return
        except OverBudgetError:
            del self._asked[address]  # another mailbox may ask again
            raise
        hits = list(answer.element.iterfind(f"{M}ResolutionSet/{T}Resolution"))
        people = [person for hit in hits if (person := _person(hit)) is not None]
        if len(people) == 1:
            self._state.people[address] = people[0]
        else:
            self.unknown.add(address)

    # distribution lists

    async def members_of(self, address: str) -> list[str]:
        """Addresses of all mailboxes below a list, however deep lists lie in lists, each once.

        Raises
        ------
        SourceError
            There is no such list.
        """
        found: dict[str, None] = {}
        seen, waiting = {address.lower()}, [address.lower()]
        while waiting:
            group = waiting.pop(0)
            try:
                name_and_members = await self._expand(group)
            except RefusedError as error:
                if group != address.lower():
                    continue  # a group that the address list shows and does not open: of Microsoft 365, or hidden
                raise SourceError(
                    f"no distribution list has the address {address} ({error.code})",
                    source=self._source,
                    fix="correct 'mailboxes' of the source; name single mailboxes as a list: [\"ann@contoso.com\"]",
                    reason=f"no distribution list has the address {address}",
                ) from error
            self._lists[group] = name_and_members
            for member, kind in name_and_members[1]:
                if kind in LISTS and member not in seen:
                    seen.add(member)
                    waiting.append(member)
                elif kind in PEOPLE:
                    found[member] = None
        return list(found)

    async def _expand(self, address: str) -> tuple[str | None, list[tuple[str, str]]]:
        answer = (await self._client.call(soap.expand_list(address), self._gate))[0]
        members = [
            (text.strip().lower(), mailbox.findtext(f"{T}MailboxType") or "Unknown")
            for mailbox in answer.element.iterfind(f"{M}DLExpansion/{T}Mailbox")
            if (text := mailbox.findtext(f"{T}EmailAddress"))
        ]
        smtp = await self._smtp([member for member, _ in members])
        return None, [(smtp.get(member, member), kind) for member, kind in members]

    async def _smtp(self, addresses: Iterable[str]) -> dict[str, str]:
        try:
            return await self.resolve([address for address in addresses if address.startswith("/")])
        except OverBudgetError as error:
            raise SourceError(f"the address list does not answer: {error}", source=self._source) from error

    # what was found

    def directory(self) -> Directory:
        """Those who were looked up, and the lists that were opened."""
        by_address: dict[str, list[str]] = {}
        for alias, person in self._state.people.items():
            by_address.setdefault(person.address, []).append(alias)
        known = {person.address: person for person in self._state.people.values()}
        people = [
            {
                "address": address,
                "display_name": known[address].name,
                "department": known[address].department,
                "title": known[address].title,
                "location": known[address].location,
                "aliases": sorted(aliases),
            }
            for address, aliases in sorted(by_address.items())
        ]
        groups = [
            {"address": address, "display_name": name, "kind": "distribution_list"}
            for address, (name, _) in self._lists.items()
        ]
        members = [{"group": group, "member": member} for group, (_, told) in self._lists.items() for member, _ in told]
        return Directory(
            pa.Table.from_pylist(people, DIRECTORY_PEOPLE),
            pa.Table.from_pylist(groups, DIRECTORY_GROUPS),
            pa.Table.from_pylist(members, DIRECTORY_GROUP_MEMBERS),
            state=msgspec.json.encode(self._state).decode(),
        )


def _person(hit: etree._Element) -> _Person | None:
    mailbox, contact = hit.find(f"{T}Mailbox"), hit.find(f"{T}Contact")
    address = mailbox.findtext(f"{T}EmailAddress") if mailbox is not None else None
    if not address or "@" not in address or mailbox is None:
        return None

    def told(name: str) -> str | None:
        return contact.findtext(f"{T}{name}") if contact is not None else None

    name = told("DisplayName") or mailbox.findtext(f"{T}Name")
    return _Person(address.strip().lower(), name, told("Department"), told("JobTitle"), told("OfficeLocation"))
