"""SyncFolderHierarchy and SyncFolderItems. A state is signed, and says whose it is and how far it came."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from ews_server.items import Writer, change_key
from ews_server.soap import M, Refusal, T, attribute, success, tag

if TYPE_CHECKING:
    from ews_server.app import App, Exchange
    from graph_server.state import Box, Journal, Place

__all__ = ["Sync"]

KEY = b"the states of this server"
MOST = 512


class State(msgspec.Struct, array_like=True):
    """`left`: how many of the first arrivals are still to be told; `seen`: entries of the journal that are known."""

    owner: str
    generation: int
    left: int
    seen: int

    def text(self) -> str:
        content = msgspec.json.encode(self)
        return base64.b64encode(hmac.digest(KEY, content, "sha256")[:12] + content).decode()

    @classmethod
    def read(cls, text: str, owner: str, journal: Journal) -> State:
        """Raises Refusal for a state that is forged, of another folder, or void."""
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Refusal("ErrorInvalidSyncStateData") from None
        mark, content = content[:12], content[12:]
        if not hmac.compare_digest(mark, hmac.digest(KEY, content, "sha256")[:12]):
            raise Refusal("ErrorInvalidSyncStateData")
        state = msgspec.json.decode(content, type=cls)
        if (state.owner, state.generation) != (owner, journal.generation):
            raise Refusal("ErrorInvalidSyncStateData")
        return state


def _owner(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:16]


class Sync:
    """Each method answers one operation with its response messages."""

    def __init__(self, app: App) -> None:
        self.app, self.writer = app, Writer(app.store)

    def journal(self, exchange: Exchange) -> Journal:
        """Whose states are asked for."""
        if exchange.call.operation == "SyncFolderHierarchy":
            return exchange.box.journal
        return self.app.mail.place(exchange, exchange.call.ids()[0], "ErrorSyncFolderNotFound").journal

    # items

    def items(self, exchange: Exchange) -> list[tuple[str, str]]:
        call = exchange.call
        place = self.app.mail.place(exchange, call.ids()[0], "ErrorSyncFolderNotFound")
        if place.folder.search:
            raise Refusal("ErrorInvalidFolderTypeForOperation", text="Search folders cannot be synchronised.")
        owner, journal = _owner("items", place.folder.id), place.journal
        asked = call.text("SyncState")
        state = State.read(asked, owner, journal) if asked else None
        if state is None:
            state = State(owner, journal.generation, len(place.arrivals), journal.now)
        ignored = {node.get("Id") for node in call.element.iterfind(f"{M}Ignore/{T}ItemId")}
        most = min(MOST, int(call.text("MaxChangesReturned")))
        changes = self._first(place, state, most, call.fields, ignored)
        if not state.left:
            changes += self._later(place, state, most - len(changes), call.fields, ignored)
        exchange.entry.items = len(changes)
        done = not state.left and state.seen == journal.now
        return [success(_changes(state, "IncludesLastItemInRange", changes, done=done))]

    def _first(self, place: Place, state: State, most: int, fields: list[str], ignored: set[str]) -> list[str]:
        """What lay there when the synchronisation began, the newest first."""
        changes = []
        while state.left and len(changes) < most:
            state.left -= 1
            message = place.arrivals[state.left]
            if message is not None and message.id not in ignored:
                changes.append(f"<t:Create>{self.writer.item(place, message, fields, whole=False)}</t:Create>")
        return changes

    def _later(self, place: Place, state: State, most: int, fields: list[str], ignored: set[str]) -> list[str]:
        """What happened since; an item that has left meanwhile is told of when its leaving is."""
        changes = []
        end = min(state.seen + most, place.journal.now)
        for key, (verb, names) in place.journal.between(state.seen, end).items():
            message = place.get(key)
            if verb == "deleted":
                changes.append(f"<t:Delete><t:ItemId{attribute('Id', key)}/></t:Delete>")
            elif message is None or key in ignored:
                continue
            elif verb == "updated" and names == {"is_read"}:
                inner = self.writer.item_id(message) + tag("IsRead", message.is_read)
                changes.append(f"<t:ReadFlagChange>{inner}</t:ReadFlagChange>")
            else:
                element = "Create" if verb == "created" else "Update"
                changes.append(f"<t:{element}>{self.writer.item(place, message, fields, whole=False)}</t:{element}>")
        state.seen = end
        return changes

    # folders

    def hierarchy(self, exchange: Exchange) -> list[tuple[str, str]]:
        call, box, journal = exchange.call, exchange.box, exchange.box.journal
        ids = call.ids()
        root = (self.app.mail.place(exchange, ids[0]) if ids else box.place("root")).folder.id
        below = {place.folder.id: place for place in self.app.store.below(box, root)}
        asked = call.text("SyncState")
        if asked:
            state = State.read(asked, _owner("folders", root), journal)
            changes = self._folders_since(box, state, below, call.fields)
        else:
            state = State(_owner("folders", root), journal.generation, 0, journal.now)
            changes = [f"<t:Create>{self.writer.folder(place, call.fields)}</t:Create>" for place in below.values()]
        state.seen = journal.now
        exchange.entry.items = len(changes)
        return [success(_changes(state, "IncludesLastFolderInRange", changes, done=True))]

    def _folders_since(self, box: Box, state: State, below: dict[str, Place], fields: list[str]) -> list[str]:
        changes = []
        for key, (verb, _) in box.journal.between(state.seen, box.journal.now).items():
            if key not in below:
                mark = attribute("ChangeKey", change_key(1))
                changes.append(f"<t:Delete><t:FolderId{attribute('Id', key)}{mark}/></t:Delete>")
            else:
                element = "Create" if verb == "created" else "Update"
                changes.append(f"<t:{element}>{self.writer.folder(below[key], fields)}</t:{element}>")
        return changes


def _changes(state: State, name: str, changes: list[str], *, done: bool) -> str:
    return (
        f"<m:SyncState>{state.text()}</m:SyncState><m:{name}>{str(done).lower()}</m:{name}>"
        f"<m:Changes>{''.join(changes)}</m:Changes>"
    )
