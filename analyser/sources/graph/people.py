"""People and groups as a delta tells them, bit by bit, and as the state of a scan keeps them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

__all__ = ["Contact", "DirectoryState", "Group", "Person", "read_directory_state"]

VERSION: Final = 1


class Person(msgspec.Struct, omit_defaults=True):
    """A user of the tenant; `manager` is an id, `purpose` what kind of mailbox it is, where that was asked."""

    address: str | None = None
    principal_name: str | None = None
    name: str | None = None
    aliases: list[str] = []
    department: str | None = None
    title: str | None = None
    office: str | None = None
    hired: str | None = None
    manager: str | None = None
    is_enabled: bool | None = None
    is_guest: bool = False
    is_licensed: bool = True
    purpose: str | None = None

    @property
    def is_unclear(self) -> bool:
        """True for a mailbox that may be shared or a room: nobody signs in to those, and they need no licence."""
        can_be = self.is_enabled is False or not self.is_licensed
        return self.purpose is None and not self.is_guest and self.address is not None and can_be

    def told(self, item: dict[str, Any]) -> Person:
        """With what a delta tells; what it does not mention stays."""
        values: dict[str, Any] = msgspec.structs.asdict(self)
        for name, key in _PERSON.items():
            if key in item:
                values[name] = item[key]
        if "mail" in item or "proxyAddresses" in item:
            proxies = [text for text in item.get("proxyAddresses") or () if ":" in text]
            primary = next((text[5:] for text in proxies if text.startswith("SMTP:")), None)
            values["address"] = _lower(item.get("mail") or primary or self.address)
            if "proxyAddresses" in item:
                values["aliases"] = [alias for text in proxies if (alias := _alias(text)) is not None]
        if "userType" in item:
            values["is_guest"] = (item["userType"] or "").lower() == "guest"
        if "assignedLicenses" in item:
            values["is_licensed"] = bool(item["assignedLicenses"])
        for one in item.get("manager@delta") or ():
            values["manager"] = None if "@removed" in one else one["id"]
        return Person(**values)


_PERSON: Final = {
    "principal_name": "userPrincipalName",
    "name": "displayName",
    "department": "department",
    "title": "jobTitle",
    "office": "officeLocation",
    "hired": "employeeHireDate",
    "is_enabled": "accountEnabled",
}


class Group(msgspec.Struct, omit_defaults=True):
    """A group; `members` are ids, `channels` those of a team: id to name and kind of membership."""

    address: str | None = None
    name: str | None = None
    mail_enabled: bool = False
    security_enabled: bool = False
    types: list[str] = []
    provisioned: list[str] = []
    created: str | None = None
    renewed: str | None = None
    members: list[str] = []
    channels: dict[str, tuple[str | None, str]] = {}

    @property
    def is_team(self) -> bool:
        """True if the group is a team."""
        return "Team" in self.provisioned

    @property
    def kind(self) -> str:
        """Kind as in the contract of directories."""
        if self.is_team:
            return "team"
        if "Unified" in self.types:
            return "microsoft_365_group"
        return "security_group" if self.security_enabled else "distribution_list"

    def told(self, item: dict[str, Any]) -> Group:
        """With what a delta tells; members are added and taken out one by one."""
        values: dict[str, Any] = msgspec.structs.asdict(self)
        for name, key in _GROUP.items():
            if key in item and item[key] is not None:
                values[name] = item[key]
        if "mail" in item:
            values["address"] = _lower(item["mail"])
        members = dict.fromkeys(self.members)
        for one in item.get("members@delta") or ():
            if "@removed" in one:
                members.pop(one["id"], None)
            else:
                members[one["id"]] = None
        return Group(**values | {"members": list(members)})


_GROUP: Final = {
    "name": "displayName",
    "mail_enabled": "mailEnabled",
    "security_enabled": "securityEnabled",
    "types": "groupTypes",
    "provisioned": "resourceProvisioningOptions",
    "created": "createdDateTime",
    "renewed": "renewedDateTime",
}


class Contact(msgspec.Struct, omit_defaults=True):
    """Somebody from outside whom the directory lists."""

    address: str | None = None
    name: str | None = None


class DirectoryState(msgspec.Struct, omit_defaults=True):
    """All that is known, by id, and the links that tell what changes."""

    people_link: str | None = None
    groups_link: str | None = None
    people: dict[str, Person] = {}
    groups: dict[str, Group] = {}
    contacts: dict[str, Contact] = {}
    version: int = VERSION


def read_directory_state(text: str | None) -> DirectoryState:
    """The state of the last scan; an empty one for the first, or where another version wrote it."""
    if text is None:
        return DirectoryState()
    known = msgspec.json.decode(text, type=DirectoryState)
    return known if known.version == VERSION else DirectoryState()


def _lower(text: str | None) -> str | None:
    return text.strip().lower() if text and text.strip() else None


def _alias(text: str) -> str | None:
    """An address out of proxyAddresses: SMTP without its prefix, X.500 with its slash; others are no mail addresses."""
    kind, _, value = text.partition(":")
    if kind.lower() == "smtp":
        return _lower(value)
    if kind.lower() == "x500" and value.startswith("/"):
        return _lower(value)
    return None
