"""Messages as Exchange tells them, and as records: the border where XML becomes columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import columns as convert
from analyser.sources.ews.soap import T
from analyser.sources.headers import first_id, message_ids
from analyser.sources.records import assemble
from analyser.sources.service.buffer import Words
from analyser.sources.service.people import recipient_lists, senders_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lxml import etree

    from analyser.sources.records import Period

__all__ = ["Columns"]

_TEXTS: Final = {
    f"{T}{name}": name
    for name in (
        *("ItemClass", "Subject", "Size", "Importance", "InReplyTo", "IsDraft", "DateTimeSent", "HasAttachments"),
        *("InternetMessageId", "References"),
    )
}
_ROLES: Final = {f"{T}ToRecipients": 0, f"{T}CcRecipients": 1, f"{T}BccRecipients": 2}
_SENDERS: Final = {f"{T}Sender": "Sender", f"{T}From": "From"}
_ID, _CONVERSATION = f"{T}ItemId", f"{T}ConversationId"
_NAME, _ADDRESS = f"{T}Name", f"{T}EmailAddress"

NO_MAIL: Final = r"^ipm\.(appointment|contact|distlist|task|stickynote|activity|document|configuration)\b"
AUTOMATIC: Final = r"^(report\.|ipm\.note\.rules\.)"
"""Receipts and reports of delivery, and what rules and absence notes send."""
MEETING: Final = "ipm.schedule.meeting."


class Columns:
    """The fields of n items, read from their elements; people as flat columns of all recipients.

    Parameters
    ----------
    elements
        Items in the order in which they become rows.
    """

    def __init__(self, elements: Iterable[etree._Element]) -> None:
        self.ids: list[str] = []
        self._texts: dict[str, list[str | None]] = {name: [] for name in (*_TEXTS.values(), "Conversation")}
        self._senders: list[tuple[str | None, str | None]] = []
        self._of_row: list[int] = []
        self._of_role: list[int] = []
        self._people: list[tuple[str | None, str | None]] = []
        for element in elements:
            self._read(element)

    def _read(self, element: etree._Element) -> None:
        row, found, people = len(self.ids), {}, {}
        for field in element:
            tag = field.tag
            if tag in _TEXTS:
                found[_TEXTS[tag]] = field.text
            elif tag in _ROLES:
                for mailbox in field:
                    self._of_row.append(row)
                    self._of_role.append(_ROLES[tag])
                    self._people.append(_person(mailbox))
            elif tag in _SENDERS and len(field):
                people[_SENDERS[tag]] = _person(field[0])
            elif tag == _CONVERSATION:
                found["Conversation"] = field.get("Id")
            elif tag == _ID:
                self.ids.append(field.get("Id"))
        for name, values in self._texts.items():
            values.append(found.get(name))
        # From is who wrote it, Sender who sent it in their name: a message without From has only the latter
        self._senders.append(people.get("From") or people.get("Sender") or (None, None))

    def exchange_addresses(self) -> set[str]:
        """X.500 addresses of people, in lower case."""
        return {
            address.lower() for address, _ in (*self._senders, *self._people) if address and address.startswith("/")
        }

    def words(
        self, folder: str, period: Period, known: Mapping[str, str], removed: Sequence[str], changed: set[str]
    ) -> Words:
        """The items as records of a folder, without those that are no mail.

        Parameters
        ----------
        known
            SMTP addresses by X.500 address in lower case.
        removed
            Ids of items that are gone.
        changed
            Ids of items that were told before: what was mail and is none any more is removed.
        """
        texts = {name: convert.texts(pa.array(values, pa.string())) for name, values in self._texts.items()}
        reasons = _left_out(texts)
        values, dates = convert.moments(texts["DateTimeSent"], period)
        out = np.asarray(reasons.is_valid())
        dates = np.where(out, "left out", dates)
        table, problems = assemble(self._columns(folder, values, texts, known), dates)
        ids = np.array(self.ids, object)
        gone = [key for key in ids[out] if key in changed]
        counts = pc.value_counts(reasons.drop_null()).to_pylist()
        return Words(
            table,
            told=[key for key in self.ids if key not in set(gone)],
            removed=[*removed, *gone],
            problems=[(self.ids[row], reason) for row, reason in problems if not out[row]],
            left_out={one["values"]: one["counts"] for one in counts},
        )

    def _columns(self, folder: str, sent_at: Any, texts: Mapping[str, pa.Array], known: Mapping[str, str]) -> Any:
        count = len(self.ids)
        sender, sender_name = senders_of(*_flat(self._senders, known))
        rows = (np.array(self._of_row, np.int64), np.array(self._of_role, np.int64))
        people, unresolved = recipient_lists(count, *rows, *_flat(self._people, known))
        kinds = pc.utf8_lower(texts["ItemClass"])
        automatic = pc.match_substring_regex(kinds, AUTOMATIC)
        return {
            "internet_message_id": first_id(texts["InternetMessageId"]),
            "item_id": pa.array(self.ids, pa.string()),
            "folder": pa.repeat(folder, count),
            "sent_at": sent_at,
            "sender": sender,
            "sender_name": sender_name,
            "subject": pc.replace_substring_regex(texts["Subject"], r"\s+", " "),
            # as Graph writes the same id: https://learn.microsoft.com/office/dev/add-ins, convertToRestId
            "conversation_id": pc.replace_substring(pc.replace_substring(texts["Conversation"], "/", "-"), "+", "_"),
            "in_reply_to": first_id(texts["InReplyTo"]),
            "references": message_ids(texts["References"]),
            "has_attachments": convert.flags(texts["HasAttachments"]),
            "importance": convert.one_of(pc.utf8_lower(texts["Importance"]), ("low", "normal", "high")),
            "size": convert.whole_numbers(texts["Size"]),
            "is_automatic": pc.if_else(automatic, True, pa.scalar(None, pa.bool_())),  # noqa: FBT003  a value
            "meeting": _meeting(kinds),
            "recipients": people,
            "unresolved_recipients": pa.array(unresolved, pa.int32()),
        }


def _person(mailbox: etree._Element) -> tuple[str | None, str | None]:
    """Address and name."""
    return mailbox.findtext(_ADDRESS), mailbox.findtext(_NAME)


def _flat(people: Sequence[tuple[str | None, str | None]], known: Mapping[str, str]) -> tuple[pa.Array, pa.Array]:
    """Addresses, X.500 addresses replaced where they are known, and names."""
    addresses = [
        known.get(address.lower(), address) if address and address.startswith("/") else address for address, _ in people
    ]
    return pa.array(addresses, pa.string()), pa.array([name for _, name in people], pa.string())


def _left_out(texts: Mapping[str, pa.Array]) -> pa.Array:
    """Why an item is no mail that arrived: a draft, or of a class that is not mail; null for mail."""
    none = pa.scalar(None, pa.string())
    other = pc.fill_null(pc.match_substring_regex(pc.utf8_lower(texts["ItemClass"]), NO_MAIL), fill_value=False)
    draft = pc.fill_null(convert.flags(texts["IsDraft"]), fill_value=False)
    return pc.if_else(draft, "draft", pc.if_else(other, "no mail", none))


def _meeting(kinds: pa.Array) -> pa.Array:
    """From item classes in lower case: an invitation, an answer to one, or another calendar message; null for mail."""
    none = pa.scalar(None, pa.string())
    other = pc.if_else(pc.starts_with(kinds, MEETING), "notice", none)
    answer = pc.if_else(pc.fill_null(pc.starts_with(kinds, f"{MEETING}resp"), fill_value=False), "response", other)
    return pc.if_else(pc.fill_null(pc.starts_with(kinds, f"{MEETING}request"), fill_value=False), "request", answer)
