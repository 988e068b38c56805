"""Items and folders as XML: only what was asked for, in the order of the schema."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ews_server.soap import attribute, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
SMTP_TAGS = {"0x5d01": "sender", "0x5d02": "sender"}  # PidTagSenderSmtpAddress, PidTagSentRepresentingSmtpAddress
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


class Writer:
    """Writes items and folders of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # folders

    def folder(self, place: Place, fields: Collection[str], above: str | None = None) -> str:
        """`fields` are FieldURIs."""
        folder, kind = place.folder, folder_kind(place.folder)
        parts = [f"<t:FolderId{attribute('Id', folder.id)}{attribute('ChangeKey', change_key(1))}/>"]
        if "folder:ParentFolderId" in fields:
            key = folder.parent or above or folder.id
            parts.append(f"<t:ParentFolderId{attribute('Id', key)}{attribute('ChangeKey', change_key(1))}/>")
        if "folder:FolderClass" in fields and folder.folder_class:
            parts.append(tag("FolderClass", folder.folder_class))
        if "folder:DisplayName" in fields:
            parts.append(tag("DisplayName", folder.name))
        if "folder:TotalCount" in fields:
            parts.append(tag("TotalCount", len(place.at)))
        if "folder:ChildFolderCount" in fields:
            parts.append(tag("ChildFolderCount", len(place.box.children(folder.id))))
        for name in fields:
            if name.lower() in ("0x10f4", "0x10f4000b"):
                parts.append(_extended(name, "Boolean", str(folder.hidden).lower()))
        if "folder:EffectiveRights" in fields:
            parts.append(RIGHTS)
        if "folder:DistinguishedFolderId" in fields and folder.well_known:
            parts.append(tag("DistinguishedFolderId", folder.well_known))
        if "folder:UnreadCount" in fields and kind in ("Folder", "TasksFolder", "SearchFolder"):
            parts.append(tag("UnreadCount", sum(not message.is_read for message in place.messages())))
        return f"<t:{kind}>{''.join(parts)}</t:{kind}>"

    # items

    def item_id(self, message: Message) -> str:
        return f"<t:ItemId{attribute('Id', message.id)}{attribute('ChangeKey', change_key(message.version))}/>"

    def item(self, place: Place, message: Message, fields: Collection[str], *, whole: bool) -> str:
        """`whole`: as GetItem gives it; else recipients are missing and senders have no more than a name."""
        asked = {name.partition(":")[2] for name in fields if ":" in name}
        if not whole:
            asked -= GET_ITEM_ONLY
        parts = [self.item_id(message)]
        for name, write in ORDER:
            if name == "ExtendedProperty" and whole:
                parts += [self._smtp(message, field) for field in fields if field.lower() in SMTP_TAGS]
            elif name in asked:
                parts.append(write(self, place, message, whole))
        kind = item_kind(message)
        return f"<t:{kind}>{''.join(parts)}</t:{kind}>"

    def _smtp(self, message: Message, field: str) -> str:
        return _extended(field, "String", message.sender) if message.sender else ""

    def mailbox(self, address: str, *, exchange: bool = False, kind: str = "Mailbox") -> str:
        """The content of a Mailbox element."""
        world = self.store.world
        shown = world.x500.get(address) if exchange else None
        routing = "EX" if shown else "SMTP"
        name = self._name(address)
        if address not in self.store.boxes and kind == "Mailbox":
            kind = "PublicDL" if address in self.store.groups_by_address else "OneOff"
        return (
            f"<t:Mailbox>{tag('Name', name)}{tag('EmailAddress', shown or address)}{tag('RoutingType', routing)}"
            f"{tag('MailboxType', kind)}</t:Mailbox>"
        )

    def _name(self, address: str) -> str:
        group = self.store.groups_by_address.get(address)
        return group.name if group else self.store.world.names.get(address, address)

    def _author(self, element: str, message: Message, whole: bool) -> str:
        if message.sender is None:
            return ""
        if whole:
            inner = self.mailbox(message.sender, exchange=message.exchange)
        else:
            inner = f"<t:Mailbox>{tag('Name', self._name(message.sender))}</t:Mailbox>"
        return f"<t:{element}>{inner}</t:{element}>"

    def _people(self, element: str, addresses: list[str], message: Message) -> str:
        if not addresses:
            return ""
        inner = "".join(self.mailbox(address, exchange=message.exchange) for address in addresses)
        return f"<t:{element}>{inner}</t:{element}>"

    def _names(self, addresses: list[str]) -> str:
        return "; ".join(map(self._name, addresses))


def _extended(field: str, kind: str, value: str) -> str:
    uri = f"<t:ExtendedFieldURI{attribute('PropertyTag', field)}{attribute('PropertyType', kind)}/>"
    return f"<t:ExtendedProperty>{uri}{tag('Value', value)}</t:ExtendedProperty>"


def _plain(name: str, read: Callable) -> tuple[str, Callable]:
    """A property with text in it; absent where the message has none."""

    def write(writer: Writer, place: Place, message: Message, whole: bool) -> str:
        value = read(message)
        return "" if value is None else tag(name, value)

    return name, write


def _parent(writer: Writer, place: Place, message: Message, whole: bool) -> str:
    return f"<t:ParentFolderId{attribute('Id', place.folder.id)}{attribute('ChangeKey', change_key(1))}/>"


def _categories(writer: Writer, place: Place, message: Message, whole: bool) -> str:
    inner = "".join(tag("String", name) for name in message.categories)
    return f"<t:Categories>{inner}</t:Categories>" if inner else ""


def _topic(message: Message) -> str | None:
    return message.subject and message.subject.removeprefix("RE: ")


ORDER: tuple[tuple[str, Callable], ...] = (
    ("ParentFolderId", _parent),
    _plain("ItemClass", lambda m: m.item_class),
    _plain("Subject", lambda m: m.subject),
    _plain("Sensitivity", lambda m: "Normal"),
    _plain("DateTimeReceived", lambda m: moment(m.received)),
    _plain("Size", lambda m: m.size),
    ("Categories", _categories),
    _plain("Importance", lambda m: m.importance.title()),
    _plain("InReplyTo", lambda m: m.in_reply_to),
    _plain("IsSubmitted", lambda m: False),
    _plain("IsDraft", lambda m: m.is_draft),
    _plain("IsFromMe", lambda m: False),
    _plain("DateTimeSent", lambda m: moment(m.sent)),
    _plain("DateTimeCreated", lambda m: moment(m.received)),
    ("DisplayCc", lambda w, p, m, whole: tag("DisplayCc", w._names(m.cc))),
    ("DisplayTo", lambda w, p, m, whole: tag("DisplayTo", w._names(m.to))),
    _plain("HasAttachments", lambda m: m.has_attachments),
    ("ExtendedProperty", _parent),
    _plain("LastModifiedTime", lambda m: moment(m.modified)),
    _plain("IsAssociated", lambda m: False),
    ("ConversationId", lambda w, p, m, whole: f"<t:ConversationId{attribute('Id', m.conversation_id)}/>"),
    ("Sender", lambda w, p, m, whole: w._author("Sender", m, whole)),
    ("ToRecipients", lambda w, p, m, whole: w._people("ToRecipients", m.to, m)),
    ("CcRecipients", lambda w, p, m, whole: w._people("CcRecipients", m.cc, m)),
    ("BccRecipients", lambda w, p, m, whole: w._people("BccRecipients", m.bcc, m)),
    _plain("IsReadReceiptRequested", lambda m: False),
    _plain("IsDeliveryReceiptRequested", lambda m: False),
    _plain("ConversationIndex", lambda m: m.conversation_index),
    _plain("ConversationTopic", _topic),
    ("From", lambda w, p, m, whole: w._author("From", m, whole)),
    _plain("InternetMessageId", lambda m: m.message_id),
    _plain("IsRead", lambda m: m.is_read),
    _plain("IsResponseRequested", lambda m: False),
    _plain("References", lambda m: m.references),
)
