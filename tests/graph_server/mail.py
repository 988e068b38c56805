"""Mail folders and messages: listings, delta rounds, and the properties of a message."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import msgspec

from graph_server.message import Answer, json_answer
from graph_server.odata import (
    PAGE_KINDS,
    Problem,
    chosen,
    clauses,
    instant,
    page,
    page_size,
    parse_instant,
    preferences,
    scramble,
    select,
    token_of,
)

if TYPE_CHECKING:
    from graph_server.app import App
    from graph_server.message import Request
    from graph_server.state import Box, Place
    from graph_server.world import Folder, Message

__all__ = ["Mail"]

CAP = 5_000
CHANGES = frozenset({"created", "updated", "deleted"})


class Mail:
    """Answers below ``/users/{id}/mailFolders`` and ``/users/{id}/messages``."""

    def __init__(self, app: App) -> None:
        self.app, self.names = app, app.tenant.world.names
        self.draw = random.Random(f"pages/{app.options.seed}")
        self._recipients: dict[str, msgspec.Raw] = {}
        self.known = self._properties()

    # properties

    def _recipient(self, address: str | None) -> msgspec.Raw | None:
        if address is None:
            return None
        if address not in self._recipients:
            content = {"emailAddress": {"name": self.names.get(address, address), "address": address}}
            self._recipients[address] = msgspec.Raw(msgspec.json.encode(content))
        return self._recipients[address]

    def _properties(self) -> dict:
        one, many = self._recipient, lambda addresses: [self._recipient(address) for address in addresses]
        return {
            "id": lambda m: m.id,
            "internetMessageId": lambda m: m.message_id,
            "conversationId": lambda m: m.conversation_id,
            "conversationIndex": lambda m: m.conversation_index,
            "subject": lambda m: m.subject,
            "from": lambda m: one(m.sender),
            "sender": lambda m: one(m.sender),
            "replyTo": lambda _: [],
            "toRecipients": lambda m: many(m.to),
            "ccRecipients": lambda m: many(m.cc),
            "bccRecipients": lambda m: many(m.bcc),
            "sentDateTime": lambda m: instant(m.sent),
            "receivedDateTime": lambda m: instant(m.received),
            "createdDateTime": lambda m: instant(m.received),
            "lastModifiedDateTime": lambda m: instant(m.modified),
            "hasAttachments": lambda m: m.has_attachments,
            "isDraft": lambda m: m.is_draft,
            "isRead": lambda m: m.is_read,
            "importance": lambda m: m.importance,
            "inferenceClassification": lambda m: m.classification,
            "parentFolderId": lambda _: None,  # `_render` knows the folder
            "categories": lambda m: m.categories,
            "flag": lambda _: {"flagStatus": "notFlagged"},
            "isReadReceiptRequested": lambda _: False,
            "changeKey": lambda m: f"CQAAABYAAA{m.version:06}",
            "webLink": lambda m: f"https://outlook.example/?ItemID={m.id}",
            "meetingMessageType": lambda m: m.meeting,
        }

    def _render(self, message: Message, names: list[str], place: Place, *, immutable: bool) -> dict:
        item = {"@odata.etag": f'W/"CQAAABYAAA{message.version:06}"'}
        if message.type:
            item["@odata.type"] = message.type
        elif "meetingMessageType" in names:
            names = [name for name in names if name != "meetingMessageType"]
        item |= chosen(message, names, self.known)
        item["id"] = message.id if immutable else _mutable(message.id, place.folder.id)
        if "parentFolderId" in item:
            item["parentFolderId"] = place.folder.id
        return item

    # routes

    def answer(self, request: Request, box: Box, parts: list[str]) -> Answer:
        """`parts`: the path after ``/users/{id}``."""
        match parts:
            case ["mailFolders"]:
                return self._folders(request, box, box.names["msgfolderroot"])
            case ["mailFolders", "delta"]:
                return self._folder_delta(request, box)
            case ["mailFolders", name, *rest]:
                return self._in_folder(request, self._place(box, name), rest)
            case ["messages"]:
                return self._list(request, [place for place in box.places.values() if not place.folder.search])
            case ["messages", key]:
                return self._one(request, box, key)
        raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{parts[-1]}'.")

    def _in_folder(self, request: Request, place: Place, rest: list[str]) -> Answer:
        match rest:
            case []:
                return json_answer(self._folder(place, select(request)))
            case ["childFolders"]:
                return self._folders(request, place.box, place.folder.id)
            case ["messages"]:
                return self._list(request, [self._searched(place)])
            case ["messages", "delta"]:
                return self._delta(request, place)
        raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{rest[-1]}'.")

    @staticmethod
    def _place(box: Box, name: str) -> Place:
        place = box.place(name)
        if place is None:
            raise Problem.of(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return place

    def _one(self, request: Request, box: Box, key: str) -> Answer:
        for place in box.places.values():
            if message := place.get(key):
                return json_answer(self._render(message, select(request), place, immutable=_immutable(request)))
        raise Problem.of(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    # folders

    def _folder(self, place: Place, names: list[str]) -> dict:
        folder: Folder = place.folder
        content = {
            "id": folder.id,
            "displayName": folder.name,
            "parentFolderId": folder.parent,
            "childFolderCount": len(place.box.children(folder.id)),
            "unreadItemCount": sum(not message.is_read for message in place.messages()),
            "totalItemCount": len(place.at),
            "isHidden": folder.hidden,
        }
        if names:
            content = chosen(content, ["id", *names], {name: _item(name) for name in content})
        return ({"@odata.type": "#microsoft.graph.mailSearchFolder"} if folder.search else {}) | content

    def _folders(self, request: Request, box: Box, parent: str) -> Answer:
        token = token_of(request) or {
            "at": 0,
            "hidden": request.query.get("includeHiddenFolders", "").lower() == "true",
            "names": select(request),
        }
        size = page_size(request, default=10, most=self.app.options.max_page_size)
        shown = [p for p in box.children(parent) if token["hidden"] or not p.folder.hidden]
        at, end = token["at"], token["at"] + size
        following = self.app.link(request.path, "skiptoken", token | {"at": end}) if end < len(shown) else None
        value = [self._folder(place, token["names"]) for place in shown[at:end]]
        return page(value, self.app.context("mailFolders"), nextLink=following)

    def _folder_delta(self, request: Request, box: Box) -> Answer:
        start = {"from": None, "to": box.journal.now, "at": 0, "g": box.journal.generation, "names": select(request)}
        token = token_of(request) or start
        if token["g"] != box.journal.generation:
            raise _resync()
        if token["to"] is None:
            token["to"] = box.journal.now
        if token["from"] is None:
            root = box.names["msgfolderroot"]
            keys = [key for key, place in box.places.items() if key != root and place.folder.parent is not None]
        else:
            keys = list(box.journal.between(token["from"], token["to"]))
        size = page_size(request, default=10, most=self.app.options.max_page_size)
        at, end = token["at"], token["at"] + size
        value = [
            self._folder(box.places[key], token["names"])
            if key in box.places
            else {"id": key, "@removed": {"reason": "deleted"}}
            for key in keys[at:end]
        ]
        found = self._next(request, token, end, more=end < len(keys))
        return page(value, self.app.context("Collection(mailFolder)"), **found)

    def _next(self, request: Request, token: dict, end: int, *, more: bool) -> dict[str, str]:
        if more:
            return {"nextLink": self.app.link(request.path, "skiptoken", token | {"at": end})}
        ended = token | {"from": token["to"], "to": None, "at": 0, "e": 0, "left": None}
        return {"deltaLink": self.app.link(request.path, "deltatoken", ended)}

    # messages

    def _list(self, request: Request, places: list[Place]) -> Answer:
        size = page_size(request, default=10, most=1_000)
        token = token_of(request) or {"at": 0, "names": select(request), "filter": request.query.get("$filter", "")}
        keep = _window(token["filter"], "ge|gt|le|lt")
        found = [(message, place) for place in places for message in place.messages() if keep(message)]
        found.sort(key=lambda pair: -pair[0].received)
        at, end = token["at"], token["at"] + size
        immutable = _immutable(request)
        value = [self._render(m, token["names"], p, immutable=immutable) for m, p in found[at:end]]
        following = self.app.link(request.path, "skiptoken", token | {"at": end}) if end < len(found) else None
        return page(value, self.app.context("messages"), nextLink=following)

    def _delta(self, request: Request, place: Place) -> Answer:
        place = self._searched(place)
        token = token_of(request) or self._first(request, place)
        if token["g"] != place.journal.generation or token["f"] != place.folder.id:
            raise _resync()
        if token["to"] is None:
            token["to"] = place.journal.now
        size = page_size(request, default=10, most=self.app.options.max_page_size, top=False)
        size = size if token["left"] is None else min(size, token["left"])
        if self._empty(request, place, token):
            found = self._next(request, token | {"e": 1}, token["at"], more=True)
            return page([], self._context(place), **found)
        if token["from"] is None:
            return self._initial(request, place, token, size)
        return self._changes(request, place, token, size)

    def _context(self, place: Place) -> str:
        return self.app.context(f"users('{place.box.mailbox.user}')/messages")

    @staticmethod
    def _searched(place: Place) -> Place:
        """A search folder shows the messages of the inbox again."""
        return place.box.place("inbox") if place.folder.search else place

    def _first(self, request: Request, place: Place) -> dict:
        query = request.query
        _window(query.get("$filter", ""), "ge|gt")
        if query.get("$orderby", "receivedDateTime desc").lower().split() != ["receiveddatetime", "desc"]:
            raise Problem.of(400, "ErrorInvalidUrlQuery", "Only $orderby=receivedDateTime desc is supported.")
        if query.get("$deltatoken") == "latest":
            raise Problem.of(400, "ErrorInvalidUrlQuery", "Messages have no token that starts from now.")
        if query.get("changeType", "created") not in CHANGES:
            raise Problem.of(400, "BadRequest", "changeType is created, updated or deleted.")
        cap = CAP if query.get("$filter") else None
        if "$top" in query and self.app.options.top == "cap":
            cap = int(query["$top"])
        return {
            "f": place.folder.id,
            "g": place.journal.generation,
            "from": None,
            "to": place.journal.now,
            "at": 0,
            "end": len(place.arrivals),
            "left": cap,
            "names": select(request),
            "filter": query.get("$filter", ""),
            "newest": "$orderby" in query,
            "only": query.get("changeType"),
            "e": 0,
        }

    def _empty(self, request: Request, place: Place, token: dict) -> bool:
        if token.get("e"):
            return False
        if self.app.struck(request, frozenset({"empty"})):
            return True
        drawn = hashlib.sha256(f"{place.folder.id}/{token['from']}/{token['at']}".encode()).digest()[0] / 256
        return drawn < self.app.options.empty_pages

    def _initial(self, request: Request, place: Place, token: dict, size: int) -> Answer:
        keep, arrivals = _window(token["filter"], "ge|gt"), place.arrivals
        order = range(token["end"])
        if token["newest"]:
            present = [position for position in order if arrivals[position] is not None]
            order = sorted(present, key=lambda position: -arrivals[position].received)
        at, items = token["at"], []
        while at < len(order) and len(items) < size:
            message = arrivals[order[at]]
            if message is not None and keep(message) and token["only"] != "deleted":
                items.append(message)
            at += 1
        before = [m for m in (arrivals[p] for p in order[max(0, token["at"] - 3) : token["at"]]) if m and keep(m)]
        left = None if token["left"] is None else token["left"] - len(items)
        more = at < len(order) and left != 0
        found = self._next(request, token | {"left": left, "e": 0}, at, more=more)
        immutable = _immutable(request)
        value = [self._render(message, token["names"], place, immutable=immutable) for message in items]
        again = [self._render(message, token["names"], place, immutable=immutable) for message in before]
        return self._page(request, place, value, again, found)

    def _changes(self, request: Request, place: Place, token: dict, size: int) -> Answer:
        changed = list(place.journal.between(token["from"], token["to"]).items())
        at, end = token["at"], token["at"] + size
        keep, immutable = _window(token["filter"], "ge|gt"), _immutable(request)

        def shown(key: str, verb: str, names: frozenset[str]) -> dict | None:
            message = place.get(key)
            if message is None:
                reason = verb if verb in ("changed", "deleted") else "deleted"
                kind, item = "deleted", {"id": key, "@removed": {"reason": reason}}
            elif not keep(message):
                return None
            else:
                toggled = verb == "updated" and names <= {"is_read"}
                wanted = ["id", "isRead", "parentFolderId"] if toggled else token["names"]
                kind, item = verb, self._render(message, wanted, place, immutable=immutable)
            return item if token["only"] in (None, kind) else None

        value = [shown(key, *change) for key, change in changed[at:end]]
        again = [shown(key, *change) for key, change in changed[max(0, at - 3) : at]]
        found = self._next(request, token | {"e": 0}, end, more=end < len(changed))
        return self._page(request, place, [i for i in value if i], [i for i in again if i], found)

    def _page(self, request: Request, place: Place, value: list, again: list, found: dict[str, str]) -> Answer:
        struck = self.app.struck(request, PAGE_KINDS) if value else []
        return page(scramble(value, again, struck, self.draw), self._context(place), **found)


def _item(name: str) -> object:
    return lambda content: content[name]


def _immutable(request: Request) -> bool:
    return preferences(request).get("idtype", "").lower() == "immutableid"


def _mutable(key: str, folder: str) -> str:
    """The id that a copy has without the preference: it changes with the folder."""
    return "AAMkAD" + hashlib.sha256(f"{key}/{folder}".encode()).hexdigest()[:40]


def _window(text: str, verbs: str) -> object:
    """The test that a `$filter` on receivedDateTime means."""
    if not text:
        return lambda _: True
    tests = []
    for match in clauses(text, rf"receivedDateTime\s+({verbs})\s+(\S+)"):
        verb, limit = match[1], parse_instant(match[2])
        tests.append((verb, limit))
    compare = {
        "ge": lambda a, b: a >= b,
        "gt": lambda a, b: a > b,
        "le": lambda a, b: a <= b,
        "lt": lambda a, b: a < b,
    }
    return lambda message: all(compare[verb](message.received, limit) for verb, limit in tests)


def _resync() -> Problem:
    message = "The sync state generation is not found; generation=149;[highest=157][157][155][156]."
    return Problem.of(410, "SyncStateNotFound", message)
