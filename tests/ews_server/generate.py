"""The tenant of the Graph server as it would be on an Exchange server: item classes, X.500, languages, an archive."""

from __future__ import annotations

import base64
import hashlib
import random
from collections import defaultdict

import msgspec

import graph_server.world
from ews_server.world import Folder, Mailbox, Message, World
from graph_server.generate import guid, make_id

__all__ = ["generate", "item_id"]

X500 = "/o=CONTOSO/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}"
NAMES = {
    "de": {
        "msgfolderroot": "Oberste Ebene des Informationsspeichers",
        "inbox": "Posteingang",
        "sentitems": "Gesendete Elemente",
        "drafts": "Entwürfe",
        "deleteditems": "Gelöschte Elemente",
        "junkemail": "Junk-E-Mail",
        "outbox": "Postausgang",
        "conversationhistory": "Aufgezeichnete Unterhaltungen",
        "syncissues": "Synchronisierungsprobleme",
        "conflicts": "Konflikte",
        "calendar": "Kalender",
        "contacts": "Kontakte",
        "tasks": "Aufgaben",
        "searchfolders": "Finder",
    },
    "ja": {
        "msgfolderroot": "インフォメーション ストアの先頭",
        "inbox": "受信トレイ",
        "sentitems": "送信済みアイテム",
        "drafts": "下書き",
        "deleteditems": "削除済みアイテム",
        "junkemail": "迷惑メール",
        "outbox": "送信トレイ",
        "conversationhistory": "会話の履歴",
        "syncissues": "同期の失敗",
        "conflicts": "競合",
        "calendar": "予定表",
        "contacts": "連絡先",
        "tasks": "タスク",
        "searchfolders": "ファインダー",
    },
}
MORE = (
    ("calendar", "Calendar", "msgfolderroot", "IPF.Appointment"),
    ("contacts", "Contacts", "msgfolderroot", "IPF.Contact"),
    ("tasks", "Tasks", "msgfolderroot", "IPF.Task"),
    ("recoverableitemsroot", "Recoverable Items", "root", None),
    ("recoverableitemsdeletions", "Deletions", "recoverableitemsroot", None),
)
ARCHIVE = (
    ("archiveroot", "Root", None),
    ("archivemsgfolderroot", "Top of Information Store", "archiveroot"),
    ("archiverecoverableitemsroot", "Recoverable Items", "archiveroot"),
    ("archivedeleteditems", "Deleted Items", "archivemsgfolderroot"),
    (None, "2019", "archivemsgfolderroot"),
)
UNKNOWN_TO_EWS = ("archive",)
MEETING = "IPM.Schedule.Meeting."
CLASSES = (
    (4, f"{MEETING}Request"),
    (2, f"{MEETING}Resp.Tent"),
    (1, f"{MEETING}Canceled"),
    (3, "REPORT.IPM.Note.IPNRN"),
    (2, "IPM.Note.SMIME"),
)
"""In a hundred messages."""


def generate(*, mailboxes: int, messages: int, seed: int, now: int) -> World:
    """See `World.generate`."""
    base = graph_server.world.World.generate(mailboxes=mailboxes, messages=messages, seed=seed, now=now)
    draw = random.Random(f"ews/{seed}/{mailboxes}/{messages}")
    before = _replies(base)
    world = World(
        organisation=base.organisation,
        domain=base.domain,
        now=now,
        users=base.users,
        groups=base.groups,
        names=base.names,
        x500={
            user.address: X500.format(f"{guid('dn', user.id)[:8]}-{user.name}") for user in base.users if user.office
        },
    )
    for number, box in enumerate(base.mailboxes):
        language = {2: "ja", 3: "de"}.get(number % 4, "en")
        folders = [_folder(folder, language, before, draw) for folder in box.folders]
        folders += _more(box.address, folders)
        if number % 5 == 0:
            folders += _archive(box.address, folders)
        world.mailboxes.append(
            Mailbox(address=box.address, user=box.user, purpose=box.purpose, language=language, folders=folders)
        )
    return world


def item_id(*parts: object) -> str:
    """An id with all letters of base64: ``+``, ``/`` and ``=`` too."""
    return make_id(*parts, prefix="AAMkAD").replace("-", "+").replace("_", "/") + "AAA="


def _replies(base: graph_server.world.World) -> dict[str, list[str]]:
    """Message ids of each conversation, oldest first."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for box in base.mailboxes:
        for folder in box.folders:
            for message in folder.messages:
                found[message.conversation_id][message.message_id] = message.sent
    return {key: sorted(sent, key=sent.__getitem__) for key, sent in found.items()}


def _folder(
    folder: graph_server.world.Folder, language: str, before: dict[str, list[str]], draw: random.Random
) -> Folder:
    known = None if folder.well_known in UNKNOWN_TO_EWS else folder.well_known
    if folder.parent is None:
        known = "root"
    fields = {name: getattr(folder, name) for name in ("id", "name", "parent", "hidden", "search")}
    messages = [_message(message, before[message.conversation_id], draw) for message in folder.messages]
    _look_alike(messages)
    made = Folder(**fields, well_known=known, messages=messages)
    made.name = NAMES.get(language, {}).get(known, folder.name)
    if known in ("root", "msgfolderroot", "searchfolders"):
        made.folder_class = None
    return made


def _message(message: graph_server.world.Message, thread: list[str], draw: random.Random) -> Message:
    earlier = thread[: thread.index(message.message_id)]
    index = base64.urlsafe_b64decode(message.conversation_index + "==")
    fields = msgspec.structs.asdict(message) | {
        "id": item_id(message.id),
        "conversation_index": base64.b64encode(index).decode(),
        "item_class": f"{MEETING}Resp.Pos" if message.meeting else _class(message.message_id),
        "in_reply_to": earlier[-1] if earlier else None,
        "references": " ".join(earlier) or None,
        "exchange": draw.random() < 1 / 3,
    }
    return Message(**fields)


def _class(message_id: str) -> str:
    """The same for each copy."""
    chance = int(hashlib.sha256(message_id.encode()).hexdigest()[:8], 16) % 100
    for share, name in CLASSES:
        if chance < share:
            return name
        chance -= share
    return "IPM.Note"


def _look_alike(messages: list[Message]) -> None:
    """Some ids differ from those before them in the case of a letter alone."""
    for first, second in zip(messages[::25], messages[1::25], strict=False):
        place = next(at for at in range(8, len(first.id)) if first.id[at].isalpha())
        second.id = first.id[:place] + first.id[place].swapcase() + first.id[place + 1 :]


def _more(address: str, folders: list[Folder]) -> list[Folder]:
    ids = {folder.well_known: folder.id for folder in folders}
    made = []
    for known, name, parent, kind in MORE:
        ids[known] = make_id(address, known, prefix="AQMkADk")
        made.append(Folder(id=ids[known], name=name, parent=ids[parent], well_known=known, folder_class=kind))
    language = "de" if any(folder.name == "Posteingang" for folder in folders) else None
    language = "ja" if any(folder.name == "受信トレイ" for folder in folders) else language
    for folder in made:
        folder.name = NAMES.get(language, {}).get(folder.well_known, folder.name)
    made[-1].messages = [_copy(address, folder, "purged") for folder in folders if folder.well_known == "deleteditems"]
    return made


def _archive(address: str, folders: list[Folder]) -> list[Folder]:
    """The older half of what lies in the inbox has copies here, and so has one deleted message."""
    ids: dict[str | None, str] = {}
    made = []
    for known, name, parent in ARCHIVE:
        ids[known] = make_id(address, "archive", name, known, prefix="AQMkADm")
        kind = "IPF.Note" if known in ("archivedeleteditems", None) else None
        fields = {"id": ids[known], "name": name, "parent": ids.get(parent), "well_known": known, "folder_class": kind}
        made.append(Folder(**fields, archive=True))
    inbox = next(folder for folder in folders if folder.well_known == "inbox")
    made[-1].messages = [
        msgspec.structs.replace(message, id=item_id("archive", message.id), message_id=f"<old.{message.message_id[1:]}")
        for message in inbox.messages[: len(inbox.messages) // 2]
    ]
    made[-2].messages = [_copy(address, folder, "gone") for folder in folders if folder.well_known == "deleteditems"]
    return made


def _copy(address: str, folder: Folder, name: str) -> Message:
    return msgspec.structs.replace(folder.messages[0], id=item_id(name, address), message_id=f"<{name}@{address}>")
