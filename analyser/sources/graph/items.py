"""Messages as Graph tells them, and as records: the border where JSON becomes columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType

from analyser.sources import columns as convert
from analyser.sources.addresses import addresses
from analyser.sources.headers import first_id
from analyser.sources.nested import Entries, recipients
from analyser.sources.records import ROLES, Records, assemble
from analyser.sources.service.people import empty_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.sources.records import Period

__all__ = ["ITEM", "PAGE", "SELECT", "Item", "Page", "is_partial", "is_worth_asking", "records"]

SELECT: Final = (
    "id",
    "internetMessageId",
    "conversationId",
    "subject",
    "from",
    "sender",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "sentDateTime",
    "receivedDateTime",
    "hasAttachments",
    "importance",
)
"""All that is ever asked for of a message."""


class _EmailAddress(msgspec.Struct, gc=False):
    address: str | None = None
    name: str | None = None


class _Recipient(msgspec.Struct, gc=False):
    emailAddress: _EmailAddress | None = None  # noqa: N815  Graph's own names


class _Removed(msgspec.Struct, gc=False):
    reason: str = ""


class Item(msgspec.Struct, gc=False):
    """A message, part of one, or the word that it is gone. What was not told is UNSET, or None where that is enough."""

    id: str
    removed: _Removed | None = msgspec.field(name="@removed", default=None)
    kind: str | None = msgspec.field(name="@odata.type", default=None)
    internetMessageId: str | None = None  # noqa: N815
    conversationId: str | None = None  # noqa: N815
    subject: str | UnsetType | None = UNSET
    sentDateTime: str | UnsetType | None = UNSET  # noqa: N815
    receivedDateTime: str | None = None  # noqa: N815
    author: _Recipient | None = msgspec.field(name="from", default=None)
    sender: _Recipient | None = None
    toRecipients: list[_Recipient] | None = None  # noqa: N815
    ccRecipients: list[_Recipient] | None = None  # noqa: N815
    bccRecipients: list[_Recipient] | None = None  # noqa: N815
    hasAttachments: bool | None = None  # noqa: N815
    importance: str | None = None


class Page(msgspec.Struct, gc=False):
    """One page of messages, with the link that goes on or the one that ends the round."""

    value: list[Item] = []
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


# lenient: samples of the documentation show flags as text
PAGE: Final = msgspec.json.Decoder(Page, strict=False)
ITEM: Final = msgspec.json.Decoder(Item, strict=False)


def is_partial(item: Item) -> bool:
    """True for an update that names only what changed; a whole message always tells its date, even if it has none."""
    return item.sentDateTime is UNSET


def is_worth_asking(item: Item) -> bool:
    """True if a partial update touches something that is kept: marking mail as read does not."""
    told = (item.author, item.sender, item.toRecipients, item.ccRecipients, item.bccRecipients, item.hasAttachments)
    return item.subject is not UNSET or item.importance is not None or any(one is not None for one in told)


def records(items: Sequence[Item], folder: str, period: Period) -> Records:
    """Whole messages of one folder as records."""
    names = ("internetMessageId", "conversationId", "subject", "sentDateTime", "importance")
    texts = {name: convert.texts(pa.array([getattr(item, name) for item in items], pa.string())) for name in names}
    values, reasons = convert.moments(texts["sentDateTime"], period)
    # From is who wrote it, Sender who sent it in their name: a message without From has only the latter
    authors = [item.author or item.sender for item in items]
    sender, sender_name = _people([[author] if author else [] for author in authors])
    told = {role: _entries([getattr(item, f"{role}Recipients") or () for item in items]) for role in ROLES}
    people, unresolved = recipients(len(items), told)
    kinds = pa.array([item.kind for item in items], pa.string())
    table, problems = assemble(
        {
            "internet_message_id": first_id(texts["internetMessageId"]),
            "item_id": pa.array([item.id for item in items], pa.string()),
            "folder": pa.repeat(folder, len(items)),
            "sent_at": values,
            "sender": sender,
            "sender_name": sender_name,
            "subject": pc.replace_substring_regex(texts["subject"], r"\s+", " "),
            "conversation_id": texts["conversationId"],
            "references": empty_lists(len(items)),
            "has_attachments": pa.array([item.hasAttachments for item in items], pa.bool_()),
            "importance": convert.one_of(pc.utf8_lower(texts["importance"]), ("low", "normal", "high")),
            "meeting": convert.meetings(kinds),
            "recipients": people,
            "unresolved_recipients": pa.array(unresolved, pa.int32()),
        },
        reasons,
    )
    return Records(table, problems)


def _people(lists: Sequence[Sequence[_Recipient]]) -> tuple[pa.Array, pa.Array]:
    """Address and name of the only entry of each list; null where there is none."""
    ones = [entries[0].emailAddress if entries else None for entries in lists]
    known = addresses(pa.array([one.address if one else None for one in ones], pa.string()))
    names = convert.texts(pa.array([one.name if one else None for one in ones], pa.string()))
    return known, pc.if_else(known.is_valid(), names, pa.scalar(None, pa.string()))


def _entries(lists: Sequence[Sequence[_Recipient]]) -> Entries:
    """The people of one role."""
    people = [entry.emailAddress or _EmailAddress() for listed in lists for entry in listed]
    names = convert.texts(pa.array([one.name for one in people], pa.string()))
    rows = np.repeat(np.arange(len(lists)), [len(listed) for listed in lists])
    return Entries(rows, pa.array([one.address for one in people], pa.string()), names)
