"""A deterministic tenant: departments, threads whose copies lie in several mailboxes, and what hides in mailboxes."""

from __future__ import annotations

import base64
import hashlib
import random
from uuid import UUID

from graph_server.world import Channel, Folder, Group, Mailbox, Message, User, World

__all__ = ["DOMAIN", "generate", "guid", "make_id"]

DOMAIN = "contoso.example"
DAY = 86_400
FIRST = (
    "Ana",
    "Ben",
    "Carla",
    "Deniz",
    "Eva",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Käthe",
    "Luís",
    "Mia",
    "Nils",
)
LAST = ("Adler", "Brandt", "Costa", "Dietz", "Ebert", "Fuchs", "Gärtner", "Hahn", "Ito", "Jansen", "Klein", "Lang")
DEPARTMENTS = ("Sales", "Finance", "Legal", "Engineering", "Operations", "People")
SUBJECTS = (
    "Weekly figures",
    "Offer for review",
    "Contract draft",
    "Outage of line {n}",
    "Plan {n}",
    "Travel",
    "Minutes",
)
OUTSIDE = ("lena@partner.example", "orders@supplier.example", "press@news.example")
GERMAN = {"inbox": "Posteingang", "sentitems": "Gesendete Elemente", "drafts": "Entwürfe"}
FOLDERS = (
    ("inbox", "Inbox", "msgfolderroot"),
    ("sentitems", "Sent Items", "msgfolderroot"),
    ("drafts", "Drafts", "msgfolderroot"),
    ("deleteditems", "Deleted Items", "msgfolderroot"),
    ("junkemail", "Junk Email", "msgfolderroot"),
    ("outbox", "Outbox", "msgfolderroot"),
    ("archive", "Archive", "msgfolderroot"),
    ("conversationhistory", "Conversation History", "msgfolderroot"),
    ("searchfolders", "Finder", "root"),
    ("syncissues", "Sync Issues", "msgfolderroot"),
    ("conflicts", "Conflicts", "syncissues"),
)
CUSTOM = (
    ("Projects", "inbox", False),
    ("Project 7", "Projects", False),
    ("Old things", "deleteditems", False),
    ("Hidden store", "msgfolderroot", True),
    ("Sent Items", "msgfolderroot", False),  # a folder of the same name as a well-known one, and none
)


def generate(*, mailboxes: int, messages: int, seed: int, now: int) -> World:
    """See `World.generate`."""
    draw = random.Random(f"{seed}/{mailboxes}/{messages}")
    users = _users(mailboxes, draw)
    world = World(organisation="Contoso", domain=DOMAIN, now=now, users=users)
    world.names = {user.address: user.name for user in users} | {a: a.partition("@")[0].title() for a in OUTSIDE}
    for number, user in enumerate(users[:mailboxes]):
        purpose = "shared" if user.department is None else "user"
        box = Mailbox(address=user.address, user=user.id, purpose=purpose, folders=_folders(user.address, number))
        world.mailboxes.append(box)
    world.groups = _groups(users[:mailboxes], users, draw)
    _Post(world, draw).deliver(messages)
    return world


def make_id(*parts: object, prefix: str = "AAkALg") -> str:
    """An Exchange id: case-sensitive, with the letters of base64url."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return prefix + base64.urlsafe_b64encode(digest[:27]).decode()


def guid(*parts: object) -> str:
    return str(UUID(bytes=hashlib.md5("/".join(map(str, parts)).encode(), usedforsecurity=False).digest(), version=4))


def _users(count: int, draw: random.Random) -> list[User]:
    users = []
    for number in range(count):
        first, last = FIRST[number % len(FIRST)], LAST[(number // len(FIRST)) % len(LAST)]
        shared = count >= 8 and number % 20 == 7
        department = None if shared else DEPARTMENTS[number * len(DEPARTMENTS) // count]
        address = f"{'desk' if shared else 'user'}{number}@{DOMAIN}"
        chief = number - number % 10
        users.append(
            User(
                id=guid("user", address),
                address=address,
                name=f"Service Desk {number}" if shared else f"{first} {last}",
                principal_name=f"u{number:05}@{DOMAIN}" if number % 3 == 0 else address,
                aliases=[f"{first.lower().encode('ascii', 'ignore').decode()}.{number}@{DOMAIN}"],
                department=department,
                title=None if shared else draw.choice(("Clerk", "Specialist", "Head")),
                office=draw.choice(("Berlin", "Lisbon")),
                manager=None if number == chief else guid("user", f"user{chief}@{DOMAIN}"),
                enabled=not shared,
                licensed=not shared,
                last_activity="2025-11-20",
            )
        )
    users.append(_extra("guest", f"lena_partner.example#EXT#@{DOMAIN}", OUTSIDE[0], type="Guest"))
    users.append(_extra("contact", "", OUTSIDE[1], contact=True))
    return users


def _extra(name: str, principal_name: str, address: str, **fields: object) -> User:
    return User(
        id=guid("user", name),
        address=address,
        name=name.title(),
        principal_name=principal_name,
        licensed=False,
        **fields,
    )


def _folders(address: str, number: int) -> list[Folder]:
    prefix = "AQMkADk"
    ids = {name: make_id(address, name, prefix=prefix) for name in ("root", "msgfolderroot")}
    folders = [
        Folder(id=ids["root"], name="Root", parent=None, hidden=True),
        Folder(
            id=ids["msgfolderroot"], name="Top of Information Store", parent=ids["root"], well_known="msgfolderroot"
        ),
    ]
    for well_known, name, parent in FOLDERS:
        ids[well_known] = make_id(address, well_known, prefix=prefix)
        shown = GERMAN.get(well_known, name) if number % 4 == 3 else name
        hidden = well_known in ("searchfolders", "conflicts")
        folders.append(Folder(id=ids[well_known], name=shown, parent=ids[parent], well_known=well_known, hidden=hidden))
    for name, parent, hidden in CUSTOM:
        ids.setdefault(name, make_id(address, name, parent, "custom", prefix=prefix))
        folders.append(Folder(id=ids[name], name=name, parent=ids[parent], hidden=hidden))
    search = make_id(address, "search", prefix=prefix)
    folders.append(Folder(id=search, name="Unread mail", parent=ids["searchfolders"], search=True))
    return folders


def _groups(boxes: list[User], users: list[User], draw: random.Random) -> list[Group]:
    def group(name: str, kind: str, members: list[str], **fields: object) -> Group:
        nick = name.lower().replace(" ", "-")
        address = None if kind == "security_group" else f"{nick}@{DOMAIN}"
        return Group(id=guid("group", nick), address=address, name=name, kind=kind, members=members, **fields)

    groups = []
    for department in DEPARTMENTS:
        members = [user.id for user in boxes if user.department == department]
        if members:
            groups.append(group(f"All {department}", "distribution_list", members))
    everyone = group(
        "Everyone", "distribution_list", [g.id for g in groups] + [users[-1].id], aliases=[f"all@{DOMAIN}"]
    )
    ids = [user.id for user in boxes]
    some = draw.sample(ids, min(5, len(ids)))
    channels = [
        Channel(id="19:general@thread.tacv2", name="General"),
        Channel(id="19:secret@thread.tacv2", name="Secret", membership="private", members=some[:2]),
    ]
    return [
        *groups,
        everyone,
        group("Project Seven", "team", [*some, users[-2].id], owners=some[:1], channels=channels),
        group("Book Club", "microsoft_365_group", some, owners=some[:2]),
        group("Admins", "security_group", some[:2]),
        group("Auditors", "mail_security_group", some[1:3]),
        group("Circle A", "distribution_list", [guid("group", "circle-b")]),  # a circle of lists
        group("Circle B", "distribution_list", [guid("group", "circle-a"), *some[:1]]),
    ]


class _Post:
    """Writes threads and lays the copies into mailboxes."""

    def __init__(self, world: World, draw: random.Random) -> None:
        self.world, self.draw, self.copies, self.number = world, draw, 0, 0
        self.boxes = {box.address: box for box in world.mailboxes}
        self.addresses = list(self.boxes)
        self.places = {a: {f.well_known or f.name: f for f in box.folders} for a, box in self.boxes.items()}

    def deliver(self, messages: int) -> None:
        while self.copies < messages:
            self._thread()
        for address in self.addresses:
            self._left_out(address)
        for box in self.boxes.values():
            for folder in box.folders:
                folder.messages.sort(key=lambda message: message.received)

    def _thread(self) -> None:
        draw = self.draw
        start = self.world.now - DAY // 2 - draw.randrange(400) * DAY - draw.randrange(DAY)
        sender = draw.choice(self.addresses) if draw.random() < 0.9 else draw.choice(OUTSIDE)
        near = self.addresses.index(sender) if sender in self.boxes else draw.randrange(len(self.addresses))
        reach = [self.addresses[(near + k) % len(self.addresses)] for k in range(1, 9)]
        people = list(dict.fromkeys([sender, *draw.sample(reach, min(len(reach), draw.randint(1, 5)))]))
        subject = draw.choice(SUBJECTS).format(n=draw.randrange(40))
        conversation = make_id("conversation", self.number, prefix="AAQkAD")
        for turn in range(draw.choice((1, 1, 2, 3, 5))):
            author = people[turn % len(people)]
            others = [person for person in people if person != author] or [OUTSIDE[0]]
            fields = self._fields(turn, subject, conversation, start + turn * 5_400)
            self._lay(author, others[:2], others[2:], fields)
            self.number += 1

    def _fields(self, turn: int, subject: str, conversation: str, sent: int) -> dict:
        index = hashlib.sha256(conversation.encode()).digest()[:22] + bytes(5 * turn)
        draw = self.draw
        meeting = draw.random() < 0.03
        return {
            "message_id": f"<{make_id('mid', self.number, prefix='')}@{DOMAIN}>",
            "conversation_id": conversation,
            "conversation_index": base64.urlsafe_b64encode(index).decode(),
            "subject": f"RE: {subject}" if turn else subject,
            "sent": sent,
            "has_attachments": draw.random() < 0.2,
            "importance": "high" if draw.random() < 0.05 else "normal",
            "type": "#microsoft.graph.eventMessageResponse" if meeting else None,
            "meeting": "meetingAccepted" if meeting else None,
            "size": draw.randrange(2_000, 400_000),
        }

    def _lay(self, author: str, to: list[str], cc: list[str], fields: dict) -> None:
        if author in self.boxes:
            self._copy(author, "sentitems", author, to, cc, fields)
        for reader in dict.fromkeys([*to, *cc]):
            if reader in self.boxes:
                place = self.draw.choice(
                    ("inbox", "inbox", "inbox", "Projects", "Project 7", "archive", "Hidden store")
                )
                self._copy(reader, place, author, to, cc, fields)

    def _copy(self, holder: str, place: str, author: str, to: list[str], cc: list[str], fields: dict) -> None:
        received = fields["sent"] + self.draw.randrange(1, 30)
        message = Message(
            id=make_id(holder, self.number, place),
            sender=author,
            to=to,
            cc=cc,
            received=received,
            modified=received,
            is_read=self.draw.random() < 0.8,
            **fields,
        )
        self.places[holder][place].messages.append(message)
        self.copies += 1

    def _left_out(self, address: str) -> None:
        """What a scan must not bring: a draft, junk, deleted mail, old chats."""
        for place in ("drafts", "junkemail", "deleteditems", "Old things", "conversationhistory"):
            counted, fields = (
                self.copies,
                self._fields(0, f"Left out of {place}", make_id(address, place), self.world.now - DAY),
            )
            self.number += 1
            self._copy(address, place, address, [OUTSIDE[2]], [], fields)
            self.places[address][place].messages[-1].is_draft = place == "drafts"
            self.copies = counted
