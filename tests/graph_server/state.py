"""The tenant while it lives: folders with a journal, so that a delta round can tell what changed since a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph_server.generate import make_id
from graph_server.world import Folder, Group, Mailbox, Message, User

if TYPE_CHECKING:
    from graph_server.world import World

__all__ = ["Box", "Journal", "Place", "Tenant"]


@dataclass(slots=True)
class Journal:
    """What happened to whom, in order. An entry is (verb, id, names of properties)."""

    entries: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)
    generation: int = 1

    def note(self, verb: str, key: str, *names: str) -> None:
        self.entries.append((verb, key, frozenset(names)))

    @property
    def now(self) -> int:
        return len(self.entries)

    def between(self, start: int, end: int) -> dict[str, tuple[str, frozenset[str]]]:
        """Last verb of each id, and all names that changed; ``created`` outlives later updates."""
        seen: dict[str, tuple[str, frozenset[str]]] = {}
        for verb, key, names in self.entries[start:end]:
            before, known = seen.pop(key, (verb, frozenset()))
            kept = before if before == "created" and verb == "updated" else verb
            seen[key] = (kept, known | names)
        return seen


@dataclass(slots=True)
class Place:
    """A folder: `arrivals` in order of arrival (None where a message has left), `at` says where each stands."""

    folder: Folder
    box: Box
    arrivals: list[Message | None] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)

    def put(self, message: Message) -> None:
        self.at[message.id] = len(self.arrivals)
        self.arrivals.append(message)

    def take(self, key: str) -> Message:
        position = self.at.pop(key)
        message, self.arrivals[position] = self.arrivals[position], None
        return message

    def get(self, key: str) -> Message | None:
        position = self.at.get(key)
        return None if position is None else self.arrivals[position]

    def messages(self) -> list[Message]:
        return [message for message in self.arrivals if message is not None]


@dataclass(slots=True)
class Box:
    """A mailbox: places by folder id, and the journal of its folders."""

    mailbox: Mailbox
    places: dict[str, Place] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)

    def place(self, name: str) -> Place | None:
        """By id or well-known name."""
        return self.places.get(name) or self.places.get(self.names.get(name.lower(), ""))

    def children(self, parent: str) -> list[Place]:
        return [place for place in self.places.values() if place.folder.parent == parent]


class Tenant:
    """Indices over a `World`, and the only place that changes it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.users = {user.id: user for user in world.users}
        self.groups = {group.id: group for group in world.groups}
        self.journal = Journal()
        self.group_journal = Journal()
        self.boxes = {box.address: self._box(box) for box in world.mailboxes}
        self._holders = {key: place for box in self.boxes.values() for place in box.places.values() for key in place.at}
        self._made = 0
        self._index()

    def _index(self) -> None:
        self._by_name = {}
        for user in self.users.values():
            self._by_name |= {name.lower(): user for name in (user.id, user.principal_name, user.address) if name}

    @staticmethod
    def _box(mailbox: Mailbox) -> Box:
        box = Box(mailbox)
        for folder in mailbox.folders:
            place = Place(folder, box)
            for message in folder.messages:
                place.put(message)
            folder.messages = []
            box.places[folder.id] = place
            if folder.well_known:
                box.names[folder.well_known] = folder.id
        return box

    def snapshot(self) -> World:
        """The world as it is now; its folders hold their messages only until `release`."""
        for box in self.boxes.values():
            for place in box.places.values():
                place.folder.messages = place.messages()
        return self.world

    def release(self) -> None:
        for box in self.boxes.values():
            for place in box.places.values():
                place.folder.messages = []

    def user(self, name: str) -> User | None:
        """By id, principal name or address."""
        return self._by_name.get(name.lower())

    def box_of(self, name: str) -> Box | None:
        user = self.user(name)
        return self.boxes.get(user.address) if user else None

    def _key(self, *parts: object) -> str:
        self._made += 1
        return make_id("made", self._made, *parts)

    # changes of mail

    def add_messages(self, mailbox: str, folder: str = "inbox", count: int = 1, **properties: object) -> list[str]:
        box = self.boxes[mailbox]
        place, keys = self._place(box, folder), []
        for _ in range(count):
            key, at = self._key(mailbox), self.world.now + self._made
            fields = {
                "id": key,
                "message_id": f"<{key}@{self.world.domain}>",
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

    def update_message(self, key: str, /, **properties: object) -> str:
        place = self._holders[key]
        message = place.get(key)
        for name, value in properties.items():
            setattr(message, name, value)
        message.version += 1
        place.journal.note("updated", key, *properties)
        return key

    def move_message(self, key: str, folder: str) -> str:
        old = self._holders[key]
        new = self._place(old.box, folder)
        new.put(old.take(key))
        old.journal.note("changed", key)
        new.journal.note("created", key)
        self._holders[key] = new
        return key

    def delete_message(self, key: str) -> str:
        place = self._holders.pop(key)
        place.take(key)
        place.journal.note("deleted", key)
        return key

    @staticmethod
    def _place(box: Box, folder: str) -> Place:
        place = box.place(folder)
        if place is None:
            raise KeyError(f"{box.mailbox.address} has no folder {folder}")
        return place

    def _folder(self, key: str) -> Place:
        return next(box.places[key] for box in self.boxes.values() if key in box.places)

    def add_folder(self, mailbox: str, name: str, parent: str = "msgfolderroot") -> str:
        box = self.boxes[mailbox]
        folder = Folder(id=self._key(mailbox, name), name=name, parent=self._place(box, parent).folder.id)
        box.places[folder.id] = Place(folder, box)
        box.mailbox.folders.append(folder)
        box.journal.note("created", folder.id)
        return folder.id

    def move_folder(self, key: str, parent: str) -> str:
        place = self._folder(key)
        place.folder.parent = self._place(place.box, parent).folder.id
        place.box.journal.note("updated", key)
        return key

    def delete_folder(self, key: str) -> str:
        """For good, with all below it."""
        place = self._folder(key)
        for child in place.box.children(key):
            self.delete_folder(child.folder.id)
        for message in list(place.at):
            del self._holders[message]
        del place.box.places[key]
        place.box.mailbox.folders.remove(place.folder)
        place.box.journal.note("deleted", key)
        return key

    def set_state(self, mailbox: str, state: str) -> str:
        self.boxes[mailbox].mailbox.state = state
        return state

    def expire_sync(self, mailbox: str, folder: str | None = None) -> int:
        """Make the tokens of one folder invalid; without `folder`, those of all and of the list of folders."""
        box = self.boxes[mailbox]
        places = list(box.places.values()) if folder is None else [self._place(box, folder)]
        journals = [place.journal for place in places] + ([box.journal] if folder is None else [])
        for journal in journals:
            journal.generation += 1
        return len(journals)

    # changes of the directory

    def expire_directory(self) -> int:
        """Make the tokens of users and groups invalid, as after seven days."""
        self.group_journal.generation += 1
        self.journal.generation += 1
        return self.journal.generation

    def add_user(self, **properties: object) -> str:
        name = f"new{self.journal.now}"
        address = properties.get("address", f"{name}@{self.world.domain}")
        fields = {"id": self._key(name), "address": address, "name": name, "principal_name": address}
        user = User(**(fields | properties))
        self.users[user.id] = user
        self.world.users.append(user)
        self._index()
        self.journal.note("created", user.id)
        return user.address

    def update_user(self, address: str, /, **properties: object) -> str:
        user = self.user(address)
        for name, value in properties.items():
            setattr(user, name, value)
        self._index()
        self.journal.note("updated", user.id, *properties)
        return user.address

    def delete_user(self, address: str) -> str:
        user = self.user(address)
        del self.users[user.id]
        self.world.users.remove(user)
        self._index()
        self.journal.note("deleted", user.id)
        return address

    def group(self, name: str) -> Group:
        return next(group for group in self.groups.values() if name in (group.id, group.address, group.name))

    def update_group(self, address: str, /, **properties: object) -> str:
        group = self.group(address)
        for name, value in properties.items():
            setattr(group, name, value)
        self.group_journal.note("updated", group.id, *properties)
        return group.id

    def add_member(self, group: str, member: str) -> str:
        found, key = self.group(group), self._member(member)
        found.members.append(key)
        self.group_journal.note("updated", found.id, f"+{key}")
        return key

    def remove_member(self, group: str, member: str) -> str:
        found, key = self.group(group), self._member(member)
        found.members.remove(key)
        self.group_journal.note("updated", found.id, f"-{key}")
        return key

    def _member(self, name: str) -> str:
        user = self.user(name)
        return user.id if user else self.group(name).id
