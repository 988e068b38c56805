"""Dates of messages: in bulk where they have the usual form, one by one where they have not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["UNREADABLE", "date_problems", "parse_date", "parse_dates"]

UNREADABLE: Final = np.iinfo(np.int64).min
"""Stands for a date that is absent or unreadable in the arrays of this module."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"(?:[a-z]+,?\s+)??([a-z]{3})[a-z]*\.?\s+(\d\d?),?\s+(\d{4})\s+(\d\d?):(\d\d)(?::(\d\d))?\s*(AM|PM)?", re.IGNORECASE
)
_SLASHED = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})\s+(\d\d?):(\d\d)(?::(\d\d))?\s*(AM|PM)", re.IGNORECASE)
_ISO_START = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?"
_ISO_FORMS = (
    (_ISO_START + r"(Z|[+-]\d\d:?\d\d)$", pa.timestamp("us", tz="UTC")),
    (_ISO_START + "$", pa.timestamp("us")),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIDEST_ZONE = 15 * 3600  # seconds; what lies further from UTC is no time zone
_TAIL = 24  # bytes of " Oct 2001 14:03:58 -0800"


def parse_date(text: str) -> int | None:
    """Read one date: RFC 5322 with its obsolete forms, ISO 8601, or the forms that Exchange writes.

    Returns
    -------
    int | None
        Microseconds since 1970-01-01 UTC; None if unreadable. A date without a zone is read as UTC.

    Examples
    --------
    >>> parse_date("Thu, 1 Jan 1970 01:00:00 +0100"), parse_date("1970-01-01"), parse_date("soon")
    (0, 0, None)
    """
    text = text.strip(" \t\r\n\0\"'")
    for read in (_read_iso, _read_rfc, _read_american):
        try:
            moment = read(text)
        except (ValueError, OverflowError):  # the form fits and the figures do not: 31 February, hour 25
            return None
        if moment is not None:
            return (moment - _EPOCH) // _MICROSECOND
    return None


def parse_dates(texts: pa.Array) -> npt.NDArray[np.int64]:
    """Read many dates; `parse_date` for each, only faster.

    Parameters
    ----------
    texts
        String array of shape (n,); nulls allowed.

    Returns
    -------
    ndarray of int64, shape (n,)
        Microseconds since 1970-01-01 UTC; `UNREADABLE` where absent or unreadable.
    """
    values, usual = _parse_usual(texts)
    odd = np.flatnonzero(~usual)
    for pattern, kind in _ISO_FORMS:
        if len(odd):
            matching = pc.fill_null(pc.match_substring_regex(texts.take(pa.array(odd)), pattern), fill_value=False)
            fits = matching.to_numpy(zero_copy_only=False)
            try:
                moments = texts.take(pa.array(odd[fits])).cast(kind)
            except pa.ArrowInvalid:  # a 31 February among them: one by one, below
                continue
            values[odd[fits]] = moments.cast(pa.int64()).to_numpy(zero_copy_only=False)
            odd = odd[~fits]
    if len(odd):
        encoded = pc.dictionary_encode(texts.take(pa.array(odd)))
        parsed = [parse_date(text) for text in encoded.dictionary.to_pylist()]
        table = np.array([UNREADABLE if value is None else value for value in parsed] + [UNREADABLE], dtype=np.int64)
        codes = encoded.indices.fill_null(len(parsed)).to_numpy(zero_copy_only=False)
        values[odd] = table[codes]
    return values


def date_problems(
    values: npt.NDArray[np.int64], present: npt.NDArray[np.bool_], earliest: datetime, latest: datetime
) -> npt.NDArray[np.object_]:
    """Reason why a date cannot be used, per row: ``no date``, ``unreadable date``, ``absurd date``, or empty.

    Parameters
    ----------
    values
        From `parse_dates`, shape (n,).
    present
        False where the message has no date at all, shape (n,).
    earliest, latest
        Bounds of what can be right, inclusive.
    """
    reasons = np.full(len(values), "", dtype=object)
    low, high = ((bound - _EPOCH) // _MICROSECOND for bound in (earliest, latest))
    reasons[(values < low) | (values > high)] = "absurd date"
    reasons[values == UNREADABLE] = "unreadable date"
    reasons[~present] = "no date"
    return reasons


def _read_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = 0
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * (-1 if zone[0] == "-" else 1)
    moment = _moment((int(year), int(month), int(day)), (int(hour or 0), int(minute or 0), int(second or 0)), offset)
    return moment + timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))


def _read_rfc(text: str) -> datetime | None:
    try:
        parts = parsedate_tz(text)
    except (ValueError, IndexError, TypeError):  # known to happen in the standard library on garbage
        return None
    if parts is None or re.search(r"\d\s*[AP]M\b", text, re.IGNORECASE):  # it drops the half of the day
        return None
    return _moment(parts[0:3], parts[3:6], parts[9] or 0)


def _read_american(text: str) -> datetime | None:
    if match := _LONG.fullmatch(text):
        name, day, year, hour, minute, second, half = match.groups()
        if name.lower() not in _MONTHS:
            return None
        number = _MONTHS.index(name.lower()) + 1
    elif match := _SLASHED.fullmatch(text):  # only Americans write the half of the day with it: month first
        month, day, year, hour, minute, second, half = match.groups()
        number = int(month)
    else:
        return None
    clock = int(hour) % 12 + (12 if half.upper() == "PM" else 0) if half else int(hour)
    return _moment((int(year), number, int(day)), (clock, int(minute), int(second or 0)), 0)


def _moment(day: tuple[int, int, int], clock: tuple[int, int, int], offset: int) -> datetime:
    """A moment in UTC; a leap second is read as the second before, an impossible zone as UTC."""
    hour, minute, second = clock
    zone = offset if abs(offset) <= _WIDEST_ZONE else 0
    return datetime(*day, hour, minute, 59 if second == 60 else second, tzinfo=UTC) - timedelta(seconds=zone)  # noqa: PLR2004


def _parse_usual(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Read what looks like ``[Mon, ]1 Oct 2001 14:03:58 -0800[ (PST)]``; False in the mask where it looks otherwise."""
    count = len(texts)
    values = np.full(count, UNREADABLE, dtype=np.int64)
    plain = pc.fill_null(texts, "").cast(pa.large_binary())
    bounds = np.frombuffer(plain.buffers()[1], dtype=np.int64, count=count + 1, offset=8 * plain.offset)
    payload = plain.buffers()[2]
    # room to look ahead from the end of the last text
    data = np.concatenate([np.frombuffer(payload or b"", dtype=np.uint8), np.zeros(40, dtype=np.uint8)])
    start, end = bounds[:-1].copy(), bounds[1:]
    start += np.where(data[start + 3] == ord(","), 4, 0)
    for _ in range(2):
        start += data[start] == ord(" ")
    two_digits = _is_digit(data[start + 1])
    tail = start + 1 + two_digits
    candidates = np.flatnonzero(_is_digit(data[start]) & (tail + _TAIL <= end))
    start, tail, two_digits = start[candidates], tail[candidates], two_digits[candidates]
    day = np.where(two_digits, data[start] * 10 + data[start + 1] - 16, data[start] - 48)  # wraps within uint8, rightly
    parsed, good = _parse_tail(data[tail[:, None] + np.arange(_TAIL)], day.astype(np.int64) % 256)
    after = tail + _TAIL
    good &= (after == end[candidates]) | (data[after] == ord(" "))
    usual = np.zeros(count, dtype=np.bool_)
    usual[candidates[good]] = True
    values[candidates[good]] = parsed[good]
    return values, usual


def _is_digit(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return (codes >= ord("0")) & (codes <= ord("9"))


def _parse_tail(
    codes: npt.NDArray[np.uint8], day: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Microseconds since 1970 of rows of `_TAIL` bytes ``" Oct 2001 14:03:58 -0800"``, and where they are right."""
    wide = codes.astype(np.int64)
    spots = [5, 6, 7, 8, 10, 11, 13, 14, 16, 17, 20, 21, 22, 23]  # where the digits stand
    good = _is_digit(codes[:, spots]).all(axis=1)
    for spot, mark in ((0, " "), (4, " "), (9, " "), (12, ":"), (15, ":"), (18, " ")):
        good &= codes[:, spot] == ord(mark)
    good &= (codes[:, 19] == ord("+")) | (codes[:, 19] == ord("-"))
    lower = wide[:, 1:4] | 0x20
    name = (lower[:, 0] << 16) | (lower[:, 1] << 8) | lower[:, 2]
    known = np.array([int.from_bytes(month.encode(), "big") for month in _MONTHS])
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], name), len(known) - 1)
    good &= known[order][place] == name
    digit = wide - ord("0")
    year = digit[:, 5] * 1000 + digit[:, 6] * 100 + digit[:, 7] * 10 + digit[:, 8]
    hour, minute, second, zone_hour, zone_minute = (
        digit[:, spot] * 10 + digit[:, spot + 1] for spot in (10, 13, 16, 20, 22)
    )
    good &= (hour < 24) & (minute < 60) & (second < 60) & (zone_hour < 15) & (year >= 1900)  # noqa: PLR2004
    months = ((year - 1970) * 12 + order[place]).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    good &= (day >= 1) & (days.astype("datetime64[M]") == months)
    east = np.where(codes[:, 19] == ord("-"), -1, 1) * (zone_hour * 60 + zone_minute)
    minutes = days.astype(np.int64) * 1440 + hour * 60 + minute - east
    return (minutes * 60 + second) * 1_000_000, good
