"""From rows of a trace, one per recipient or step, to messages with their recipients.

A trace knows neither To and Cc nor conversations, attachments or headers. Rows of the same message id and sender are
one message; what lies further apart than a batch becomes one in the lake, which joins copies of a message.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import columns as convert
from analyser.sources.addresses import addresses
from analyser.sources.headers import first_id
from analyser.sources.nested import Entries, recipients
from analyser.sources.records import assemble

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

__all__ = ["FIELDS", "Rows", "Taken", "take"]

FIELDS: Final = frozenset({"internet_message_id", "sent_at", "sender", "subject", "size", "recipients"})
"""Columns of records that a trace can fill."""

_STATUS: Final = (
    ("spam", "delivery taken for spam"),
    ("quarantin", "delivery in quarantine"),
    ("fail|reject|badmail|poison|drop|undeliver", "delivery that failed"),
)
_LOGGED: Final = pa.array(["DELIVER", "SEND", "EXPAND"])
_FAILED: Final = pa.array(["FAIL", "BADMAIL", "POISONMESSAGE", "DROP"])
_SYSTEM: Final = r"^<>$|^(?:microsoftexchange[0-9a-f]{32}|postmaster)@"
_PROBE: Final = r"^(?:healthmailbox[0-9a-f]*|(?:inbound|outbound)proxy|maildeliveryprobe)@"
_ADDRESSED: Final = "##"  # parts recipient and status in reports of a historical search


class Rows(NamedTuple):
    """Rows of a trace; all of shape (n,), text unless said otherwise, null where the trace does not tell.

    Parameters
    ----------
    sent
        Microseconds since 1970-01-01 UTC, int64.
    reasons
        Why `sent` cannot be used; empty where it can.
    sender, subject, size, message_id
        Of the message.
    recipients
        Addresses, parted by semicolons.
    status
        What became of the delivery; in reports of a historical search ``address##status`` of each recipient.
    event, list
        Of tracking logs: which step the row tells, and the list that an EXPAND opens.
    """

    sent: npt.NDArray[np.int64]
    reasons: npt.NDArray[np.object_]
    sender: pa.Array
    subject: pa.Array
    size: pa.Array
    message_id: pa.Array
    recipients: pa.Array
    status: pa.Array
    event: pa.Array
    list: pa.Array


class Taken(NamedTuple):
    """Records, (place of the row, reason) of what cannot be read, and what was no delivery, by reason."""

    table: pa.Table
    problems: list[tuple[int, str]]
    left_out: Mapping[str, int]


class _Deliveries(NamedTuple):
    """Deliveries of rows, flat: the row of each, the recipient, and why it does not count (null if it does)."""

    rows: npt.NDArray[np.int64]
    recipients: pa.Array
    against: pa.Array


def take(rows: Rows) -> Taken:
    """Collapse rows to messages."""
    count = len(rows.sent)
    left_out: Counter[str] = Counter()
    against = _against_row(rows)
    left_out.update(reason for reason in against.to_pylist() if reason is not None)
    stays = np.asarray(against.is_null())
    found = _deliveries(rows)
    here = pa.array(stays[found.rows])
    found = _Deliveries(found.rows[np.asarray(here)], found.recipients.filter(here), found.against.filter(here))
    left_out.update(reason for reason in found.against.to_pylist() if reason is not None)
    delivered = np.asarray(found.against.is_null())
    kept_rows, kept = found.rows[delivered], addresses(found.recipients.filter(pa.array(delivered)))
    named = np.bincount(kept_rows[np.asarray(kept.is_valid())], minlength=count)
    meant = np.bincount(kept_rows, minlength=count)
    told = np.bincount(found.rows, minlength=count)
    senders = addresses(rows.sender)
    reasons = rows.reasons.copy()
    reasons[(reasons == "") & np.asarray(senders.is_null())] = "no sender"
    reasons[(reasons == "") & (named == 0) & ((meant > 0) | (told == 0))] = "no recipient"
    bad = np.flatnonzero(stays & (reasons != "") & ((meant > 0) | (told == 0)))
    good = stays & (reasons == "") & (named > 0)
    table = _messages(rows, senders, good, kept_rows, kept)
    return Taken(table, [(int(row), str(reasons[row])) for row in bad], dict(left_out))


def _against_row(rows: Rows) -> pa.Array:
    """Why a whole row tells no delivery between people; null where it may."""
    none = pa.nulls(len(rows.sent), pa.string())
    sender = pc.utf8_lower(rows.sender)
    probe = pc.or_kleene(_is(sender, _PROBE), _is(pc.utf8_lower(rows.recipients), _PROBE))
    against = pc.if_else(probe, "probe of the mail system", none)
    system = pc.or_(_is(sender, _SYSTEM), sender.is_null())  # without a sender nobody can answer, or report back
    against = pc.if_else(system, "report of the mail system", against)
    event = pc.utf8_upper(rows.event)
    failed = pc.fill_null(pc.is_in(event, _FAILED), fill_value=False)
    step = pc.and_(event.is_valid(), pc.invert(pc.fill_null(pc.is_in(event, _LOGGED), fill_value=False)))
    return pc.coalesce(pc.if_else(failed, "delivery that failed", pc.if_else(step, "step on the way", none)), against)


def _deliveries(rows: Rows) -> _Deliveries:
    """One per recipient of a row; a list that was opened is a recipient beside its members."""
    # what a step of a log says beside it is the answer of a server
    status = pc.if_else(rows.event.is_valid(), pa.scalar(None, pa.string()), rows.status)
    summed = pc.fill_null(pc.match_substring(status, _ADDRESSED), fill_value=False)
    each = pc.if_else(summed, status, rows.recipients)
    opened = pc.if_else(pc.equal(pc.utf8_upper(rows.event), "EXPAND"), rows.list, pa.scalar(None, pa.string()))
    each = pc.if_else(opened.is_valid(), pc.binary_join_element_wise(opened, pc.fill_null(each, ""), ";"), each)
    parted = pc.split_pattern_regex(pc.utf8_trim(pc.fill_null(each, ""), "{} "), r"\s*[;,]\s*")
    of_row = pc.list_parent_indices(parted).to_numpy(zero_copy_only=False).astype(np.int64)
    flat = pc.list_flatten(parted)
    # a status of several words, parted by commas, follows its address: "a@x##Receive, Deliver"
    row_summed = np.asarray(summed)[of_row]
    is_address = pc.or_(pc.match_substring(flat, "@"), pa.array(~row_summed))
    starts = np.asarray(pc.and_(is_address, pc.not_equal(flat, "")))
    pair = pc.split_pattern(flat, _ADDRESSED, max_splits=1)
    who = pc.list_element(pair, 0)
    status = _statuses(flat, row_summed, starts, status.take(pa.array(of_row)))
    return _Deliveries(of_row[starts], who.filter(pa.array(starts)), _against(status))


def _statuses(
    flat: pa.Array, summed: npt.NDArray[np.bool_], starts: npt.NDArray[np.bool_], of_row: pa.Array
) -> pa.Array:
    """Status of each delivery: its row's, or all words that follow its address in a summed one."""
    places = np.flatnonzero(starts)
    if not summed[places].any():
        return of_row.filter(pa.array(starts))
    words = pa.ListArray.from_arrays(pa.array(np.append(places, len(flat)).astype(np.int32)), flat)
    joined = pc.binary_join(words, " ")
    after = pc.list_element(pc.split_pattern(pc.binary_join_element_wise(joined, "", _ADDRESSED), _ADDRESSED), 1)
    return pc.if_else(pa.array(summed[places]), after, of_row.filter(pa.array(starts)))


def _against(status: pa.Array) -> pa.Array:
    """Why a delivery with such a status does not count; null where it does."""
    lower = pc.utf8_lower(status)
    against = pa.nulls(len(status), pa.string())
    for pattern, reason in reversed(_STATUS):
        against = pc.if_else(_is(lower, pattern), reason, against)
    return against


def _messages(
    rows: Rows, senders: pa.Array, good: npt.NDArray[np.bool_], of_row: npt.NDArray[np.int64], who: pa.Array
) -> pa.Table:
    """One record per message id and sender; without an id, per sender, time and subject."""
    picks = np.flatnonzero(good)
    chosen = pa.array(picks)
    ids = first_id(convert.texts(rows.message_id.take(chosen)))
    subjects = pc.fill_null(rows.subject.take(chosen), "")
    times = rows.sent[picks]
    own = pc.binary_join_element_wise(pa.array(times).cast(pa.string()), subjects, " ")
    keys = pc.binary_join_element_wise(senders.take(chosen), pc.coalesce(ids, own), " ")
    codes = pc.dictionary_encode(keys).indices.to_numpy(zero_copy_only=False).astype(np.int64)
    number = int(codes.max(initial=-1)) + 1
    order = np.lexsort((times, codes))
    first = order[np.searchsorted(codes[order], np.arange(number))]  # of each message, its earliest row
    sizes = convert.whole_numbers(rows.size.take(chosen))
    largest = np.full(number, -1, np.int64)
    np.maximum.at(largest, codes, sizes.fill_null(-1).to_numpy(zero_copy_only=False))
    message_of = np.full(len(rows.sent), -1, np.int64)
    message_of[picks] = codes
    mine = message_of[of_row] >= 0
    nobody = pa.nulls(int(mine.sum()), pa.string())
    people, unresolved = recipients(
        number, {"to": Entries(message_of[of_row][mine], who.filter(pa.array(mine)), nobody)}
    )
    of_first = pa.array(picks[first])
    columns = {
        "internet_message_id": ids.take(pa.array(first)),
        "sent_at": times[first],
        "sender": senders.take(of_first),
        "subject": pc.replace_substring_regex(rows.subject.take(of_first), r"\s+", " "),
        "size": pa.array(largest, mask=largest < 0),
        "recipients": people,
        "unresolved_recipients": pa.array(unresolved, pa.int32()),
    }
    return assemble(columns, np.full(number, "", dtype=object)).table


def _is(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False)
