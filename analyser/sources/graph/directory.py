"""People and groups of a tenant by delta: the first scan asks for all, later ones for what has changed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from analyser.errors import SourceError
from analyser.sources.contract import Directory
from analyser.sources.graph.answers import RefusedError, is_resync
from analyser.sources.graph.directory_tables import tables
from analyser.sources.graph.people import Contact, Group, Person, read_directory_state
from analyser.sources.graph.permissions import ENDPOINTS
from analyser.sources.service.answers import OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from analyser.sources.graph.client import Client

__all__ = ["DirectoryReader"]

_log = logging.getLogger(__name__)

PEOPLE: Final = (
    "id,displayName,mail,userPrincipalName,proxyAddresses,department,jobTitle,officeLocation,accountEnabled,userType,"
    "assignedLicenses,employeeHireDate,manager"
)
GROUPS: Final = (
    "id,displayName,mail,mailEnabled,securityEnabled,groupTypes,resourceProvisioningOptions,createdDateTime,"
    "renewedDateTime,members"
)
PAGE: Final = 999
AT_ONCE: Final = 4
FORBIDDEN: Final = 403
RESTARTS: Final = 5
"""Times that a delta round may be told to begin anew."""


class _Page(msgspec.Struct):
    value: list[dict[str, Any]] = []
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


_PAGE: Final = msgspec.json.Decoder(_Page)
_ONE: Final = msgspec.json.Decoder(dict[str, Any])


class DirectoryReader:
    """Reads the directory once per scan.

    Parameters
    ----------
    client
        Asks Graph.
    root
        Address of Graph.
    source
        Name of the source.
    state
        What the last scan kept; None for the first.
    """

    def __init__(self, client: Client, root: str, source: str, state: str | None) -> None:
        self._client, self._root, self._source = client, root, source
        self._state = read_directory_state(state)
        self._gate = client.gate()
        self._keys: dict[str, str] = {}
        self.is_loaded = False

    # people

    async def load_people(self) -> None:
        """Bring the people up to date."""
        self._state.people_link = await self._delta(
            "users", PEOPLE, self._state.people_link, self._state.people, self._person
        )
        self._keys = {}
        for key, person in self._state.people.items():
            for name in (person.principal_name, *person.aliases, person.address):
                if name:
                    self._keys[name.lower()] = key
        self.is_loaded = True

    def _person(self, item: dict[str, Any]) -> None:
        known = self._state.people.get(item["id"], Person())
        self._state.people[item["id"]] = known.told(item)

    def mailboxes(self) -> list[str]:
        """Addresses of all who may have a mailbox, in alphabetical order: not of guests."""
        people = self._state.people.values()
        return sorted(person.address for person in people if person.address and not person.is_guest)

    def key_of(self, address: str) -> str:
        """By what Graph knows the user of a mailbox: the id, or the address itself where nobody is known by it."""
        return self._keys.get(address.lower(), address)

    # groups

    async def members_of(self, address: str) -> list[str]:
        """Addresses of all people below a group."""
        quoted = address.replace("'", "''")
        url = ENDPOINTS["group"].url(self._root, query={"$filter": f"mail eq '{quoted}'", "$select": "id"})
        found = (await self._client.get(url, _PAGE, self._gate, mail=False)).value
        if not found:
            raise SourceError(
                f"no group has the address {address}",
                source=self._source,
                fix="correct 'mailboxes' of the source; name single mailboxes as a list: [\"ann@contoso.com\"]",
                reason=f"no group has the address {address}",
            )
        members = await self._members(found[0]["id"])
        users = [item for item in members if item.get("@odata.type", "").endswith(".user")]
        return [item.get("mail") or item.get("userPrincipalName") or "" for item in users]

    async def _members(self, group: str) -> list[dict[str, Any]]:
        query = {"$select": "id,mail,userPrincipalName,displayName", "$top": str(PAGE)}
        url: str | None = ENDPOINTS["members"].url(self._root, query=query, group=group)
        found = []
        while url is not None:
            page = await self._client.get(url, _PAGE, self._gate, mail=False)
            found += page.value
            url = page.next_link
        return found

    async def load_groups(self) -> None:
        """Bring groups, their members, the channels of teams and the kinds of mailboxes up to date."""
        self._state.groups_link = await self._delta(
            "groups", GROUPS, self._state.groups_link, self._state.groups, self._group
        )
        await self._meet_contacts()
        await self._optional("channels", self._channels, [k for k, g in self._state.groups.items() if g.is_team])
        unclear = [key for key, person in self._state.people.items() if person.is_unclear]
        await self._optional("mailbox kinds", self._purpose, unclear)

    def _group(self, item: dict[str, Any]) -> None:
        known = self._state.groups.get(item["id"], Group())
        self._state.groups[item["id"]] = known.told(item)

    async def _meet_contacts(self) -> None:
        """Organisation contacts are told by id alone: whoever is unknown is asked for once, by a group that has him."""
        state = self._state
        known = state.people.keys() | state.groups.keys() | state.contacts.keys()
        for key, group in state.groups.items():
            if set(group.members) - known:
                for item in await self._members(key):
                    state.contacts.setdefault(item["id"], Contact(item.get("mail"), item.get("displayName")))
                known |= state.contacts.keys()

    async def _channels(self, team: str) -> None:
        query = {"$select": "id,displayName,membershipType,createdDateTime"}
        url: str | None = ENDPOINTS["channels"].url(self._root, query=query, team=team)
        found: dict[str, dict[str, Any]] = {}
        while url is not None:
            page = await self._client.get(url, _PAGE, self._gate, mail=False)
            found |= {item["id"]: item for item in page.value}
            url = page.next_link
        self._state.groups[team].channels = {
            key: (item.get("displayName"), item.get("membershipType") or "standard") for key, item in found.items()
        }

    async def _purpose(self, key: str) -> None:
        url = ENDPOINTS["purpose"].url(self._root, query={"$select": "mailboxSettings"}, user=key)
        try:
            answer = await self._client.get(url, _ONE, self._gate, mail=False)
        except RefusedError as error:
            if error.status == FORBIDDEN:
                raise
            answer = {}  # an account without a mailbox
        self._state.people[key].purpose = (answer.get("mailboxSettings") or {}).get("userPurpose") or "unknown"

    async def _optional(self, what: str, ask: Callable[[str], Any], keys: Iterable[str]) -> None:
        """Ask about each; a permission that was not given ends the asking, and the log tells."""
        free, closed = asyncio.Semaphore(AT_ONCE), False

        async def one(key: str) -> None:
            nonlocal closed
            async with free:
                if closed:
                    return
                try:
                    await ask(key)
                except RefusedError as error:
                    # anything but 403 concerns this one alone: a team that is just being made
                    closed |= error.status == FORBIDDEN
                    _log.warning("%s: %s of %s are not known: %s", self._source, what, key, error)

        await asyncio.gather(*(one(key) for key in keys))

    # delta

    async def _delta(
        self, endpoint: str, select: str, link: str | None, held: dict[str, Any], take: Callable[[dict[str, Any]], None]
    ) -> str | None:
        """One delta round over people or groups; from the start where the last link is of no use any more."""
        first = ENDPOINTS[endpoint].url(self._root, query={"$select": select})
        for _ in range(RESTARTS):
            try:
                return await self._round(link or first, held, take, afresh=link is None)
            except RefusedError as error:
                if not is_resync(error):
                    raise
                link = None
        raise OverBudgetError(f"the list of {endpoint} lost its place {RESTARTS} times")

    async def _round(
        self, url: str | None, held: dict[str, Any], take: Callable[[dict[str, Any]], None], *, afresh: bool
    ) -> str | None:
        link = None
        if afresh:
            held.clear()
        while url is not None:
            page = await self._client.get(url, _PAGE, self._gate, page_size=PAGE, mail=False)
            for item in page.value:
                if "@removed" in item:
                    held.pop(item["id"], None)
                else:
                    take(item)
            url, link = page.next_link, page.delta_link
        return link

    def directory(self) -> Directory:
        """What has been loaded, as the tables of the contract."""
        people, groups, members = tables(self._state)
        return Directory(people, groups, members, state=msgspec.json.encode(self._state).decode())
