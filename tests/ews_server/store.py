"""The mailboxes while they live. An item id is good for one folder: a move gives a new one, as in Exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ews_server.generate import item_id
from ews_server.world import Folder, Message
from graph_server.state import Place, Tenant

if TYPE_CHECKING:
    from ews_server.world import World
    from graph_server.state import Box

__all__ = ["Store"]


class Store(Tenant):
    """Indices over a `World`, and the only place that changes it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.by_x500 = {key.lower(): address for address, key in world.x500.items()}
        self.groups_by_address = {g.address: g for g in world.groups if g.address}

    def impersonated(self, kind: str, name: str) -> tuple[Box | None, str]:
        """The mailbox that a ConnectingSID names, and the code if there is none."""
        name = name.lower()
        for user in self.users.values():
            aliases = {alias.lower() for alias in user.aliases}
            if kind == "PrincipalName" and name == user.principal_name.lower():
                return self.boxes.get(user.address), "ErrorNonExistentMailbox"
            if kind == "SID" and name == f"s-1-5-21-{int(user.id[:8], 16)}":
                return self.boxes.get(user.address), "ErrorNonExistentMailbox"
            if kind in ("SmtpAddress", "PrimarySmtpAddress") and name == user.address:
                return self.boxes.get(user.address), "ErrorNonExistentMailbox"
            if name in aliases and kind == "SmtpAddress":
                return self.boxes.get(user.address), "ErrorNonExistentMailbox"
            if name in aliases and kind == "PrimarySmtpAddress":
                return None, "ErrorNonPrimarySmtpAddress"
        codes = {"PrincipalName": "ErrorInvalidUserPrincipalName", "SID": "ErrorInvalidUserSid"}
        return None, codes.get(kind, "ErrorNonExistentMailbox")

    def holder(self, box: Box, key: str) -> tuple[Place, Message] | None:
        """Where this mailbox keeps the item, and the item."""
        place = self._holders.get(key)
        if place is None or place.box is not box:
            return None
        return place, place.get(key)

    def below(self, box: Box, root: str) -> list[Place]:
        """All folders below this one, parents first."""
        found, at = box.children(root), 0
        while at < len(found):
            found += box.children(found[at].folder.id)
            at += 1
        return found

    # changes

    def add_messages(self, mailbox: str, folder: str = "inbox", count: int = 1, **properties: object) -> list[str]:
        box = self.boxes[mailbox]
        place, keys = self._place(box, folder), []
        for _ in range(count):
            key, at = item_id(self._key(mailbox)), self.world.now + self._made
            fields = {
                "id": key,
                "message_id": f"<{self._key('mid')}@{self.world.domain}>",
                "conversation_id": self._key("conversation"),
                "conversation_index": "AQHb",
                "subject": f"News {self._made}",
                "sender": next(iter(self.boxes)),
                "to": [mailbox],
                "sent": at,
                "received": at + 1,
                "modified": at + 1,
            }
            place.put(Message(**(fields | properties)))
            place.journal.note("created", key)
            self._holders[key] = place
            keys.append(key)
        return keys

    def move_message(self, key: str, folder: str) -> str:
        old = self._holders.pop(key)
        new = self._place(old.box, folder)
        message = old.take(key)
        message.id = item_id(self._key("moved", key))
        new.put(message)
        old.journal.note("deleted", key)
        new.journal.note("created", message.id)
        self._holders[message.id] = new
        return message.id

    def add_folder(self, mailbox: str, name: str, parent: str = "msgfolderroot") -> str:
        box = self.boxes[mailbox]
        above = self._place(box, parent).folder
        folder = Folder(id=self._key(mailbox, name), name=name, parent=above.id, archive=above.archive)
        box.places[folder.id] = Place(folder, box)
        box.mailbox.folders.append(folder)
        box.journal.note("created", folder.id)
        return folder.id

    def rename_folder(self, key: str, name: str) -> str:
        place = self._folder(key)
        place.folder.name = name
        place.box.journal.note("updated", key)
        return key
