"""Items and folders as XML: only what was asked for, in the order of the schema."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from ews_server.soap import attribute, tag

if TYPE_CHECKING:
    from collections.abc import Collection

    from ews_server.store import Store
    from ews_server.world import Folder, Message
    from graph_server.state import Place

__all__ = ["CONTENT", "GET_ITEM_ONLY", "Writer", "change_key", "folder_kind", "moment"]

CONTENT = frozenset(
    {
        "item:Attachments",
        "item:Body",
        "item:EntityExtractionResult",
        "item:InternetMessageHeader",
        "item:InternetMessageHeaders",
        "item:MimeContent",
        "item:MimeContentUTF8",
        "item:NormalizedBody",
        "item:Preview",
        "item:TextBody",
        "item:UniqueBody",
        "0x1000",
        "0x1009",
        "0x1013",
        "0x1014",
        "0x3701",
        "0x7d",
        "0x007d",
    }
)
"""Fields (property tags in lower case) that hold what a metadata reader must not ask for."""

GET_ITEM_ONLY = frozenset(
    {
        "BccRecipients",
        "CcRecipients",
        "ConversationIndex",
        "DisplayCc",
        "DisplayTo",
        "InReplyTo",
        "InternetMessageId",
        "References",
        "ReplyTo",
        "ToRecipients",
    }
)
EXTENDED = "ExtendedProperty"
HIDDEN_TAG = "0x10f4"  # PidTagAttributeHidden
SMTP_TAGS = ("0x5d01", "0x5d02")  # PidTagSenderSmtpAddress, PidTagSentRepresentingSmtpAddress
KINDS = (
    ("IPM.Schedule.Meeting.Request", "MeetingRequest"),
    ("IPM.Schedule.Meeting.Resp", "MeetingResponse"),
    ("IPM.Schedule.Meeting.Canceled", "MeetingCancellation"),
)
FOLDERS = {"IPF.Appointment": "CalendarFolder", "IPF.Contact": "ContactsFolder", "IPF.Task": "TasksFolder"}
RIGHTS = (
    "<t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated><t:CreateContents>false</t:CreateContents>"
    "<t:CreateHierarchy>false</t:CreateHierarchy><t:Delete>false</t:Delete><t:Modify>false</t:Modify>"
    "<t:Read>true</t:Read><t:ViewPrivateItems>true</t:ViewPrivateItems></t:EffectiveRights>"
)


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def change_key(version: int) -> str:
    return base64.b64encode(b"\x09\x00\x00\x00\x16\x00\x00\x00" + version.to_bytes(4, "big")).decode()


def folder_kind(folder: Folder) -> str:
    """The element's name."""
    return "SearchFolder" if folder.search else FOLDERS.get(folder.folder_class or "", "Folder")


def item_kind(message: Message) -> str:
    return next((name for prefix, name in KINDS if message.item_class.startswith(prefix)), "Message")


@dataclass(slots=True)
class Scene:
    """A message where it is written: in its folder, with the fields asked for, and whether as GetItem gives it."""

    writer: Writer
    place: Place
    message: Message
    fields: Collection[str]
    whole: bool


class Writer:
    """Writes items and folders of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # folders

    def folder(self, place: Place, fields: Collection[str]) -> str:
        """`fields` are FieldURIs and property tags."""
        folder, kind = place.folder, folder_kind(place.folder)
        inner = "".join(write(place) for name, write in FOLDER_ORDER if f"folder:{name}" in fields)
        hidden = next((name for name in fields if name.lower() == HIDDEN_TAG), None)
        if hidden:
            before, mark, after = inner.partition("<t:EffectiveRights>")
            inner = f"{before}{_extended(hidden, 'Boolean', str(folder.hidden).lower())}{mark}{after}"
        key = f"<t:FolderId{attribute('Id', folder.id)}{attribute('ChangeKey', change_key(1))}/>"
        return f"<t:{kind}>{key}{inner}</t:{kind}>"

    # items

    def item_id(self, message: Message) -> str:
        return f"<t:ItemId{attribute('Id', message.id)}{attribute('ChangeKey', change_key(message.version))}/>"

    def item(self, place: Place, message: Message, fields: Collection[str], *, whole: bool) -> str:
        """`whole`: as GetItem gives it; else recipients are missing and senders have no more than a name."""
        scene = Scene(self, place, message, fields, whole)
        inner = "".join(write(scene) for write in _writes(tuple(fields), whole=whole))
        kind = item_kind(message)
        return f"<t:{kind}>{self.item_id(message)}{inner}</t:{kind}>"

    def mailbox(self, address: str, *, exchange: bool = False, kind: str = "Mailbox") -> str:
        """The content of a Mailbox element."""
        world = self.store.world
        shown = world.x500.get(address) if exchange else None
        routing = "EX" if shown else "SMTP"
        name = self.name(address)
        if address not in self.store.boxes and kind == "Mailbox":
            kind = "PublicDL" if address in self.store.groups_by_address else "OneOff"
        return (
            f"<t:Mailbox>{tag('Name', name)}{tag('EmailAddress', shown or address)}{tag('RoutingType', routing)}"
            f"{tag('MailboxType', kind)}</t:Mailbox>"
        )

    def name(self, address: str) -> str:
        group = self.store.groups_by_address.get(address)
        return group.name if group else self.store.world.names.get(address, address)

    def author(self, element: str, scene: Scene) -> str:
        message = scene.message
        if message.sender is None:
            return ""
        if scene.whole:
            inner = self.mailbox(message.sender, exchange=message.exchange)
        else:
            inner = f"<t:Mailbox>{tag('Name', self.name(message.sender))}</t:Mailbox>"
        return f"<t:{element}>{inner}</t:{element}>"

    def people(self, element: str, addresses: list[str], scene: Scene) -> str:
        if not addresses:
            return ""
        inner = "".join(self.mailbox(address, exchange=scene.message.exchange) for address in addresses)
        return f"<t:{element}>{inner}</t:{element}>"

    def names(self, addresses: list[str]) -> str:
        return "; ".join(map(self.name, addresses))


@lru_cache(100)
def _writes(fields: tuple[str, ...], *, whole: bool) -> list[Write]:
    asked = {name.partition(":")[2] for name in fields if ":" in name} | {EXTENDED}
    if not whole:
        asked -= GET_ITEM_ONLY
    return [write for name, write in ORDER if name in asked]


def _extended(field: str, kind: str, value: str) -> str:
    uri = f"<t:ExtendedFieldURI{attribute('PropertyTag', field)}{attribute('PropertyType', kind)}/>"
    return f"<t:ExtendedProperty>{uri}{tag('Value', value)}</t:ExtendedProperty>"


def _above(place: Place) -> str:
    key = place.folder.parent or place.folder.id
    return f"<t:ParentFolderId{attribute('Id', key)}{attribute('ChangeKey', change_key(1))}/>"


def _said(name: str, read: Callable[[Place], object]) -> tuple[str, Callable[[Place], str]]:
    """A property of a folder; absent where it has none."""

    def write(place: Place) -> str:
        value = read(place)
        return "" if value is None else tag(name, value)

    return name, write


def _unread(place: Place) -> int | None:
    """Calendars and contacts do not say it."""
    if folder_kind(place.folder) in ("CalendarFolder", "ContactsFolder"):
        return None
    return sum(not message.is_read for message in place.messages())


FOLDER_ORDER: tuple[tuple[str, Callable[[Place], str]], ...] = (
    ("ParentFolderId", _above),
    _said("FolderClass", lambda p: p.folder.folder_class),
    _said("DisplayName", lambda p: p.folder.name),
    _said("TotalCount", lambda p: len(p.at)),
    _said("ChildFolderCount", lambda p: len(p.box.children(p.folder.id))),
    ("EffectiveRights", lambda _: RIGHTS),
    _said("DistinguishedFolderId", lambda p: p.folder.well_known),
    _said("UnreadCount", _unread),
)
"""Properties of a folder in the order of the schema."""

Write = Callable[[Scene], str]


def _plain(name: str, read: Callable[[Message], object]) -> tuple[str, Write]:
    """A property with text in it; absent where the message has none."""

    def write(scene: Scene) -> str:
        value = read(scene.message)
        return "" if value is None else tag(name, value)

    return name, write


def _fixed(name: str, value: object) -> tuple[str, Write]:
    """A property that is the same for every message here."""
    text = tag(name, value)
    return name, lambda _: text


def _authors(name: str) -> tuple[str, Write]:
    return name, lambda scene: scene.writer.author(name, scene)


def _recipients(name: str, read: Callable[[Message], list[str]]) -> tuple[str, Write]:
    return name, lambda scene: scene.writer.people(name, read(scene.message), scene)


def _displayed(name: str, read: Callable[[Message], list[str]]) -> tuple[str, Write]:
    return name, lambda scene: tag(name, scene.writer.names(read(scene.message)))


def _parent(scene: Scene) -> str:
    return f"<t:ParentFolderId{attribute('Id', scene.place.folder.id)}{attribute('ChangeKey', change_key(1))}/>"


def _categories(scene: Scene) -> str:
    inner = "".join(tag("String", name) for name in scene.message.categories)
    return f"<t:Categories>{inner}</t:Categories>" if inner else ""


def _conversation(scene: Scene) -> str:
    return f"<t:ConversationId{attribute('Id', scene.message.conversation_id)}/>"


def _smtp(scene: Scene) -> str:
    """The extended properties that were asked for; GetItem alone has them."""
    sender = scene.message.sender
    if not scene.whole or sender is None:
        return ""
    return "".join(_extended(field, "String", sender) for field in scene.fields if field.lower() in SMTP_TAGS)


def _topic(message: Message) -> str | None:
    return message.subject and message.subject.removeprefix("RE: ")


ORDER: tuple[tuple[str, Write], ...] = (
    ("ParentFolderId", _parent),
    _plain("ItemClass", lambda m: m.item_class),
    _plain("Subject", lambda m: m.subject),
    _fixed("Sensitivity", "Normal"),
    _plain("DateTimeReceived", lambda m: moment(m.received)),
    _plain("Size", lambda m: m.size),
    ("Categories", _categories),
    _plain("Importance", lambda m: m.importance.title()),
    _plain("InReplyTo", lambda m: m.in_reply_to),
    _fixed("IsSubmitted", value=False),
    _plain("IsDraft", lambda m: m.is_draft),
    _fixed("IsFromMe", value=False),
    _plain("DateTimeSent", lambda m: moment(m.sent)),
    _plain("DateTimeCreated", lambda m: moment(m.received)),
    _displayed("DisplayCc", lambda m: m.cc),
    _displayed("DisplayTo", lambda m: m.to),
    _plain("HasAttachments", lambda m: m.has_attachments),
    (EXTENDED, _smtp),
    _plain("LastModifiedTime", lambda m: moment(m.modified)),
    _fixed("IsAssociated", value=False),
    ("ConversationId", _conversation),
    _authors("Sender"),
    _recipients("ToRecipients", lambda m: m.to),
    _recipients("CcRecipients", lambda m: m.cc),
    _recipients("BccRecipients", lambda m: m.bcc),
    _fixed("IsReadReceiptRequested", value=False),
    _fixed("IsDeliveryReceiptRequested", value=False),
    _plain("ConversationIndex", lambda m: m.conversation_index),
    _plain("ConversationTopic", _topic),
    _authors("From"),
    _plain("InternetMessageId", lambda m: m.message_id),
    _plain("IsRead", lambda m: m.is_read),
    _fixed("IsResponseRequested", value=False),
    _plain("References", lambda m: m.references),
)
"""Properties of an item in the order of the schema."""
