"""Rows of the mail datasets as records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import columns as convert
from analyser.sources import nested
from analyser.sources.addresses import addresses
from analyser.sources.headers import first_id
from analyser.sources.records import ROLES, assemble

if TYPE_CHECKING:
    from analyser.sources.json_lines import Tree
    from analyser.sources.records import Period

__all__ = ["COLUMNS", "Taken", "take"]

_TEXTS: Final = ("internetMessageId", "id", "conversationId", "subject", "importance", "ODataType")
_MOMENTS: Final = ("sentDateTime", "createdDateTime", "receivedDateTime")

COLUMNS: Final[Tree] = {
    **dict.fromkeys((*_TEXTS, *_MOMENTS), pa.string()),
    "hasAttachments": pa.bool_(),
    "isDraft": pa.bool_(),
    "from": nested.PERSON,
    "sender": nested.PERSON,
    **{f"{role}Recipients": [nested.PERSON] for role in ROLES},
    "rowinformation": {"isUserSummaryRow": pa.bool_(), "errorInformation": pa.string()},
}
"""All that is read of a mail."""


class Taken(NamedTuple):
    """Records, (place among the rows, reason) of what gave none, and what is no mail that was sent, by reason."""

    table: pa.Table
    problems: list[tuple[int, str]]
    left_out: dict[str, int]


def take(rows: pa.StructArray, period: Period) -> Taken:
    """Read rows of a mail dataset, v0 or v1.

    Parameters
    ----------
    rows
        At least some of `COLUMNS` as fields, in any letter case.
    period
        When mail can have been sent.
    """
    problems: list[tuple[int, str]] = []
    left_out: Counter[str] = Counter()
    summary, failed = _bookkeeping(rows)
    draft = np.asarray(nested.flag(rows, "isDraft").fill_null(fill_value=False))
    problems += [(int(place), "mailbox not extracted") for place in np.flatnonzero(failed)]
    left_out["summary of a mailbox"] = int((summary & ~failed).sum())
    left_out["draft"] = int((draft & ~summary & ~failed).sum())
    places = np.flatnonzero(~(summary | failed | draft))
    table, reasons = _records(rows.take(pa.array(places)), period)
    problems += [(int(places[place]), reason) for place, reason in reasons]
    return Taken(table, sorted(problems), {reason: count for reason, count in left_out.items() if count})


def _bookkeeping(rows: pa.StructArray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that tell about a mailbox instead of a mail, and those that say that it could not be read."""
    summary, failed = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for told in nested.fields(rows, "rowinformation"):
        if pa.types.is_struct(told.type):
            summary |= np.asarray(nested.flag(told, "isUserSummaryRow").fill_null(fill_value=False))
            for error in nested.fields(told, "errorInformation"):  # text, or an object
                is_text = pa.types.is_string(error.type)
                failed |= np.asarray(pc.is_valid(convert.texts(error) if is_text else error))
    return summary, failed


def _records(rows: pa.StructArray, period: Period) -> tuple[pa.Table, list[tuple[int, str]]]:
    count = len(rows)
    texts = {name: nested.text(rows, name) for name in _TEXTS}
    moments, reasons = _sent(rows, period)
    sender, sender_name = _author(rows)
    people, unresolved = nested.recipients(count, {role: nested.people_of(rows, f"{role}Recipients") for role in ROLES})
    return assemble(
        {
            "internet_message_id": first_id(texts["internetMessageId"]),
            "item_id": texts["id"],
            "sent_at": moments,
            "sender": sender,
            "sender_name": sender_name,
            "subject": pc.replace_substring_regex(texts["subject"], r"\s+", " "),
            "conversation_id": texts["conversationId"],
            "has_attachments": nested.flag(rows, "hasAttachments"),
            "importance": convert.one_of(pc.utf8_lower(texts["importance"]), ("low", "normal", "high")),
            "meeting": convert.meetings(texts["ODataType"]),
            "recipients": people,
            "unresolved_recipients": pa.array(unresolved, pa.int32()),
        },
        reasons,
    )


def _sent(rows: pa.StructArray, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """When mail was sent; created or received where only that was landed."""
    values, reasons = convert.moments(nested.value(rows, _MOMENTS[0]), period)
    for name in _MOMENTS[1:]:
        if (reasons == "no date").any():
            other, why = convert.moments(nested.value(rows, name), period)
            use = (reasons == "no date") & (why != "no date")
            values, reasons = np.where(use, other, values), np.where(use, why, reasons)
    return values, reasons


def _author(rows: pa.StructArray) -> tuple[pa.Array, pa.Array]:
    """Address and name in From; in Sender where From holds none."""
    found = []
    for name in ("from", "sender"):
        people = nested.people_of(rows, name)
        places = np.full(len(rows), -1, np.int64)
        places[people.rows[::-1]] = np.arange(len(people.rows))[::-1]  # of several, the first
        picks = pa.array(places, mask=places < 0)
        found.append((addresses(people.addresses).take(picks), people.names.take(picks)))
    (author, author_name), (sender, sender_name) = found
    known = author.is_valid()
    return pc.if_else(known, author, sender), pc.if_else(known, author_name, sender_name)
