"""Messages as Graph tells them, and as records: the border where JSON becomes columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType

from analyser.sources import columns as convert
from analyser.sources.headers import first_id
from analyser.sources.records import ROLES, Records, assemble
from analyser.sources.service.people import empty_lists, recipient_lists, senders_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

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
    sender, sender_name = senders_of(*_people([[author or _Recipient()] for author in authors]))
    lists = [[getattr(item, f"{role}Recipients") or () for item in items] for role in ROLES]
    people, unresolved = _recipients(lists)
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
            "meeting": _meeting(kinds),
            "recipients": people,
            "unresolved_recipients": pa.array(unresolved, pa.int32()),
        },
        reasons,
    )
    return Records(table, problems)


def _meeting(kinds: pa.Array) -> pa.Array:
    """From the derived type: an answer to an invitation, an invitation, or another calendar message; null for mail."""
    lower = pc.utf8_lower(kinds)
    none = pa.scalar(None, pa.string())
    other = pc.if_else(pc.match_substring(lower, "#microsoft.graph.eventmessage"), "notice", none)
    asked = pc.if_else(pc.ends_with(lower, "eventmessagerequest"), "request", other)
    return pc.if_else(pc.fill_null(pc.ends_with(lower, "eventmessageresponse"), fill_value=False), "response", asked)


def _people(lists: Sequence[Sequence[_Recipient]]) -> tuple[pa.Array, pa.Array]:
    """Addresses and names of m recipients, in their order."""
    found = [entry.emailAddress or _EmailAddress() for entries in lists for entry in entries]
    return pa.array([one.address for one in found], pa.string()), pa.array([one.name for one in found], pa.string())


def _recipients(lists: Sequence[Sequence[Sequence[_Recipient]]]) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Recipients of n messages from the lists of each role; see `recipient_lists`."""
    count, flat = len(lists[0]), [entries for role in lists for entries in role]
    of_list = np.repeat(np.arange(count * len(lists)), np.array([len(entries) for entries in flat], np.int64))
    width = max(count, 1)
    return recipient_lists(count, of_list % width, of_list // width, *_people(flat))
