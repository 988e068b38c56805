"""What is asked of Microsoft Graph, and the least permission that each request needs. Nothing else is ever asked.

Every address that the client builds comes from `ENDPOINTS`; the documentation's table is made from it, and a test
holds the requests that a server has recorded to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ENDPOINTS", "TOO_MUCH", "Endpoint", "endpoint_of", "judge"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of request.

    Parameters
    ----------
    name
        Key of `ENDPOINTS`.
    path
        Below ``/v1.0``; names in braces are filled in.
    permission
        The least application permission.
    enough
        Others that serve as well.
    purpose
        What it is for.
    optional
        True if a scan does without it, and says so.
    """

    path: str
    permission: str
    purpose: str
    enough: frozenset[str] = frozenset()
    optional: bool = False

    def url(self, root: str, *, query: dict[str, str] | None = None, **names: str) -> str:
        """The whole address, names quoted."""
        path = self.path.format(**{name: quote(value, safe="@=-_.") for name, value in names.items()})
        # Graph reads a plus sign as itself: spaces must be %20
        shown = f"?{urlencode(query, quote_via=quote, safe='$,:()')}" if query else ""
        return f"{root}/v1.0{path}{shown}"

    def matches(self, path: str) -> bool:
        """True if a path below ``/v1.0`` is of this kind."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        return re.fullmatch(pattern, path) is not None


_MAIL, _USERS, _GROUPS = "Mail.ReadBasic.All", "User.Read.All", "GroupMember.Read.All"
_MORE_MAIL = frozenset({"Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"})
_MORE_USERS = frozenset({"Directory.Read.All", "User.ReadWrite.All", "Directory.ReadWrite.All"})
_MORE_GROUPS = frozenset({"Group.Read.All", "Directory.Read.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"})

ENDPOINTS: Final[dict[str, Endpoint]] = {
    "folders": Endpoint("/users/{user}/mailFolders/delta", _MAIL, "the folders of a mailbox", _MORE_MAIL),
    "folder": Endpoint(
        "/users/{user}/mailFolders/{folder}", _MAIL, "which folders are drafts, junk, deleted items, …", _MORE_MAIL
    ),
    "messages": Endpoint(
        "/users/{user}/mailFolders/{folder}/messages/delta", _MAIL, "messages and their changes", _MORE_MAIL
    ),
    "window": Endpoint(
        "/users/{user}/mailFolders/{folder}/messages", _MAIL, "older messages where a start date is set", _MORE_MAIL
    ),
    "message": Endpoint("/users/{user}/messages/{message}", _MAIL, "a message that was only told in part", _MORE_MAIL),
    "users": Endpoint("/users/delta", _USERS, "people, aliases, departments, managers", _MORE_USERS),
    "groups": Endpoint("/groups/delta", _GROUPS, "groups, distribution lists and their members", _MORE_GROUPS),
    "group": Endpoint("/groups", _GROUPS, "the group that limits a scan", _MORE_GROUPS),
    "members": Endpoint(
        "/groups/{group}/transitiveMembers", _GROUPS, "mailboxes of the group that limits a scan", _MORE_GROUPS
    ),
    "purpose": Endpoint(
        "/users/{user}",
        "MailboxSettings.Read",
        "whether an account that cannot sign in is a shared mailbox or a room",
        frozenset({"MailboxSettings.ReadWrite"}),
        optional=True,
    ),
    "channels": Endpoint(
        "/teams/{team}/channels",
        "Channel.ReadBasic.All",
        "channels that exist already",
        frozenset({"ChannelSettings.Read.All", "Group.Read.All", "Directory.Read.All"}),
        optional=True,
    ),
}

TOO_MUCH: Final = {
    "Mail.Read": "opens the bodies of all mail",
    "Mail.ReadWrite": "lets the application change and delete mail",
    "Mail.Send": "lets the application send mail as anybody",
}
"""Permissions that the program never needs, and what they would allow."""


def endpoint_of(path: str) -> str | None:
    """Name of the endpoint of a path below ``/v1.0``; None if the program never asks for it."""
    exact = [name for name, endpoint in ENDPOINTS.items() if endpoint.path == path]
    return next(iter(exact or [name for name, endpoint in ENDPOINTS.items() if endpoint.matches(path)]), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Permissions of a token against what is needed: missing ones with their purposes, and those that are too much."""

    missing: dict[str, list[str]]
    missing_optional: dict[str, list[str]]
    too_much: dict[str, str]


def judge(held: Collection[str], used: Collection[str] = tuple(ENDPOINTS)) -> Verdict:
    """Compare the roles of a token with the endpoints that a source uses.

    Parameters
    ----------
    held
        The `roles` claim.
    used
        Names of `ENDPOINTS`.
    """
    missing: dict[str, list[str]] = {}
    optional: dict[str, list[str]] = {}
    for name in used:
        endpoint = ENDPOINTS[name]
        if not {endpoint.permission, *endpoint.enough} & set(held):
            (optional if endpoint.optional else missing).setdefault(endpoint.permission, []).append(endpoint.purpose)
    return Verdict(missing, optional, {name: why for name, why in TOO_MUCH.items() if name in held})
