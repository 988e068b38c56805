"""Users, groups, teams and the organisation: lists, single objects, members, delta rounds."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from graph_server.message import Answer, json_answer
from graph_server.odata import (
    PAGE_KINDS,
    Problem,
    chosen,
    page,
    page_size,
    scramble,
    select,
    token_of,
)
from graph_server.properties import CONTACT_DEFAULT, GROUP, GROUP_DEFAULT, TEAM, USER, USER_DEFAULT, filtered
from graph_server.world import Group, User

if TYPE_CHECKING:
    from graph_server.app import App
    from graph_server.message import Request
    from graph_server.state import Journal

__all__ = ["Directory"]


class Directory:
    """Answers below ``/users``, ``/groups``, ``/teams`` and ``/organization``."""

    def __init__(self, app: App) -> None:
        self.app, self.tenant = app, app.tenant
        self.draw = random.Random(f"directory/{app.options.seed}")

    def answer(self, request: Request, parts: list[str]) -> Answer:
        match parts:
            case ["organization"]:
                return self._list(request, [self._organisation()], {}, [], "organization")
            case ["users" | "groups" | "teams"]:
                return self._list(request, *self._all(parts[0]), parts[0])
            case ["users" | "groups", "delta"]:
                journal = self.tenant.journal if parts[0] == "users" else self.tenant.group_journal
                return self._delta(request, journal, *self._all(parts[0]))
            case ["users", "$count"]:
                people, _, _ = self._all("users")
                return Answer(200, str(len(people)).encode(), content_type="text/plain")
            case [kind, key, *rest]:
                single = {"users": self._user, "groups": self._group, "teams": self._team}
                return single[kind](request, key, rest)
        raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{parts[-1]}'.")

    def _all(self, kind: str) -> tuple[list, dict, list[str]]:
        """All objects of a kind, their properties, and which of these come without `$select`."""
        if kind == "users":
            return [user for user in self.tenant.users.values() if not user.contact], USER, USER_DEFAULT
        groups = list(self.tenant.groups.values())
        if kind == "groups":
            return groups, GROUP, GROUP_DEFAULT
        names = ["id", "displayName", "description", "visibility"]
        return [group for group in groups if group.kind == "team"], TEAM, names

    # lists

    def _list(self, request: Request, items: list, known: dict, default: list[str], context: str) -> Answer:
        token = token_of(request) or self._query(request, default)
        items = filtered(items, token["filter"])
        size = page_size(request, default=100, most=999) if token["size"] is None else token["size"]
        at, end = token["at"], token["at"] + size
        following = None
        if end < len(items):
            following = self.app.link(request.path, "skiptoken", token | {"at": end, "size": size})
        value = [self._shown(item, token, known) for item in items[at:end]]
        again = [self._shown(item, token, known) for item in items[max(0, at - 2) : at]]
        struck = self.app.struck(request, PAGE_KINDS - {"partial"}) if value else []
        value = scramble(value, again, struck, self.draw)
        return page(value, self.app.context(f"{context}"), nextLink=following)

    @staticmethod
    def _query(request: Request, default: list[str]) -> dict:
        query = request.query
        return {
            "at": 0,
            "size": None,
            "names": select(request) or default,
            "filter": query.get("$filter", ""),
            "expand": query.get("$expand", ""),
        }

    def _shown(self, item: object, token: dict, known: dict) -> dict:
        if isinstance(item, dict):
            return {name: item[name] for name in token["names"] or item if name in item}
        if not known:
            return self._object(item, token["names"])
        shown = chosen(item, token["names"], known)
        if token.get("expand", "").startswith("manager") and item.manager in self.tenant.users:
            names = re.findall(r"\w+", token["expand"].partition("$select=")[2]) or USER_DEFAULT
            shown["manager"] = self._object(self.tenant.users[item.manager], names)
        return shown

    def _object(self, item: User | Group, names: list[str]) -> dict:
        """A directory object of any type, which says its type; properties that the type lacks are left out."""
        if isinstance(item, Group):
            kind, known, default = "group", GROUP, GROUP_DEFAULT
        elif item.contact:
            kind, known, default = "orgContact", {name: USER[name] for name in CONTACT_DEFAULT}, CONTACT_DEFAULT
        else:
            kind, known, default = "user", USER, USER_DEFAULT
        shown = {name: known[name](item) for name in ["id", *(names or default)] if name in known}
        return {"@odata.type": f"#microsoft.graph.{kind}"} | shown

    # delta rounds

    def _delta(self, request: Request, journal: Journal, items: list, known: dict, default: list[str]) -> Answer:
        token = token_of(request) or self._first(request, journal, default)
        if token["g"] != journal.generation:
            raise Problem.of(410, "syncStateNotFound", "Resync required. The sync state is not found.")
        if token["to"] is None:
            token["to"] = journal.now
        present = {item.id: item for item in items}
        changed = journal.between(token["from"], token["to"]) if token["from"] is not None else None
        keys = list(present) if changed is None else list(changed)
        if token["ids"]:
            keys = [key for key in keys if key in token["ids"]]
        size = page_size(request, default=100, most=999)
        at, end = token["at"], token["at"] + size
        value = []
        for key in keys[at:end]:
            names = changed[key][1] if changed else frozenset()
            value.append(self._changed(present.get(key), key, token, known, names))
        if end < len(keys):
            found = {"nextLink": self.app.link(request.path, "skiptoken", token | {"at": end})}
        else:
            ended = token | {"from": token["to"], "to": None, "at": 0}
            found = {"deltaLink": self.app.link(request.path, "deltatoken", ended)}
        struck = self.app.struck(request, PAGE_KINDS - {"partial", "replay"}) if value else []
        return page(scramble(value, [], struck, self.draw), self.app.context("delta"), **found)

    @staticmethod
    def _first(request: Request, journal: Journal, default: list[str]) -> dict:
        query = request.query
        for name in ("$top", "$expand", "$orderby"):
            if name in query:
                raise Problem.of(400, "Request_UnsupportedQuery", f"{name} is not supported by a delta query.")
        ids = re.findall(r"id eq '([^']+)'", query.get("$filter", ""))
        if query.get("$filter") and not 1 <= len(ids) <= 50:
            raise Problem.of(400, "Request_UnsupportedQuery", "$filter takes up to 50 ids.")
        now = query.get("$deltatoken") == "latest"
        names = select(request) or default
        start = journal.now if now else None
        return {"from": start, "to": journal.now, "at": 0, "g": journal.generation, "names": names, "ids": ids}

    def _changed(self, item: User | Group | None, key: str, token: dict, known: dict, names: frozenset[str]) -> dict:
        if item is None:
            return {"id": key, "@removed": {"reason": "changed"}}
        shown = chosen(item, ["id", *(name for name in token["names"] if name in known)], known)
        if isinstance(item, User) and "manager" in token["names"] and item.manager:
            shown["manager@delta"] = [{"@odata.type": "#microsoft.graph.user", "id": item.manager}]
        if isinstance(item, Group) and "members" in token["names"]:
            shown["members@delta"] = self._members_delta(item, token, names)
        return shown

    def _members_delta(self, group: Group, token: dict, names: frozenset[str]) -> list[dict]:
        if token["from"] is None:
            return [{"@odata.type": self._type(key), "id": key} for key in group.members]
        keys = {name[1:] for name in names if name[0] in "+-"}
        return [
            {"@odata.type": self._type(key), "id": key}
            | ({} if key in group.members else {"@removed": {"reason": "deleted"}})
            for key in sorted(keys)
        ]

    def _type(self, key: str) -> str:
        if key in self.tenant.groups:
            return "#microsoft.graph.group"
        user = self.tenant.users.get(key)
        return "#microsoft.graph.orgContact" if user and user.contact else "#microsoft.graph.user"

    # single objects

    def _user(self, request: Request, name: str, rest: list[str]) -> Answer:
        user = self.tenant.user(name)
        if user is None or user.contact:
            message = (
                f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
            )
            raise Problem.of(404, "Request_ResourceNotFound", message)
        groups = self.tenant.groups.values()
        match rest:
            case []:
                return json_answer(self._single(request, user))
            case ["manager"]:
                if user.manager not in self.tenant.users:
                    message = "Resource 'manager' does not exist or one of its queried objects are not present."
                    raise Problem.of(404, "Request_ResourceNotFound", message)
                return json_answer(self._object(self.tenant.users[user.manager], select(request)))
            case ["directReports"]:
                items = [other for other in self.tenant.users.values() if other.manager == user.id]
            case ["memberOf"]:
                items = [group for group in groups if user.id in group.members]
            case ["joinedTeams"]:
                teams = [group for group in groups if group.kind == "team" and user.id in group.members]
                return self._list(request, teams, TEAM, ["id", "displayName"], "teams")
            case _:
                raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{rest[-1]}'.")
        return self._list(request, items, {}, [], "directoryObjects")

    def _single(self, request: Request, user: User) -> dict:
        names = select(request) or USER_DEFAULT
        token = {"names": [n for n in names if n != "mailboxSettings"], "expand": request.query.get("$expand", "")}
        shown = self._shown(user, token, USER)
        if "mailboxSettings" in names:
            self.app.permit(request, "MailboxSettings.Read", "MailboxSettings.ReadWrite")
            box = self.tenant.boxes.get(user.address)
            if box is None:
                raise self.app.unreachable("unlicensed")
            shown["mailboxSettings"] = {"userPurpose": box.mailbox.purpose, "timeZone": "UTC"}
        return shown

    def _group(self, request: Request, key: str, rest: list[str]) -> Answer:
        group = self.tenant.groups.get(key)
        if group is None:
            raise Problem.of(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist.")
        match rest:
            case []:
                return json_answer(chosen(group, select(request) or GROUP_DEFAULT, GROUP))
            case ["members"]:
                items = self._objects(group.members)
            case ["owners"]:
                items = self._objects(group.owners)
            case ["transitiveMembers"]:
                items = self._objects(self._transitive(group))
            case ["team"] if group.kind == "team":
                return json_answer(chosen(group, select(request) or list(TEAM), TEAM))
            case _:
                raise Problem.of(404, "NotFound", f"No {'/'.join(rest)} of group {key}.")
        return self._list(request, items, {}, [], "directoryObjects")

    def _objects(self, keys: list[str]) -> list[User | Group]:
        found = [self.tenant.users.get(key) or self.tenant.groups.get(key) for key in keys]
        return [item for item in found if item is not None]

    def _transitive(self, group: Group) -> list[str]:
        """All below the group, the group itself left out, however lists contain one another."""
        seen: dict[str, None] = {}
        waiting = list(group.members)
        while waiting:
            key = waiting.pop(0)
            if key not in seen and key != group.id:
                seen[key] = None
                waiting += self.tenant.groups[key].members if key in self.tenant.groups else []
        return list(seen)

    def _team(self, request: Request, key: str, rest: list[str]) -> Answer:
        team = self.tenant.groups.get(key)
        if team is None or team.kind != "team":
            raise Problem.of(404, "NotFound", f"No team found with Group Id {key}.")
        match rest:
            case []:
                return json_answer(chosen(team, select(request) or list(TEAM), TEAM))
            case ["members"]:
                return self._members(request, team.members, team.owners)
            case ["channels"]:
                return self._list(request, [_channel(c) for c in team.channels], {}, [], "channels")
            case ["channels", name, *more]:
                channel = next((c for c in team.channels if c.id == name), None)
                if channel is None:
                    raise Problem.of(404, "NotFound", f"No channel {name} in team {key}.")
                if not more:
                    return json_answer(_channel(channel))
                if more == ["members"]:
                    private = channel.membership == "private"
                    return self._members(request, channel.members if private else team.members, team.owners)
        raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{rest[-1]}'.")

    def _members(self, request: Request, keys: list[str], owners: list[str]) -> Answer:
        people = [self.tenant.users[key] for key in keys if key in self.tenant.users]
        items = [
            {
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "id": f"member-{user.id}",
                "roles": ["owner"] if user.id in owners else ["guest"] if user.type == "Guest" else [],
                "displayName": user.name,
                "userId": user.id,
                "email": user.address,
            }
            for user in people
        ]
        return self._list(request, items, {}, [], "members")

    def _organisation(self) -> dict:
        world, own = self.tenant.world, self.app.entra.credentials
        domain = {"name": world.domain, "isDefault": True, "isInitial": True, "type": "Managed"}
        return {"id": own.tenant, "displayName": world.organisation, "verifiedDomains": [domain]}


def _channel(channel: object) -> dict:
    return {
        "id": channel.id,
        "displayName": channel.name,
        "description": None,
        "membershipType": channel.membership,
        "createdDateTime": "2024-01-01T00:00:00Z",
    }
