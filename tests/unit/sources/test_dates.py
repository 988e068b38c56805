from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.dates import UNREADABLE, date_problems, parse_date, parse_dates

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: str) -> int:
    return (datetime.fromisoformat(moment) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 29 Oct 2001 14:03:58 -0800 (PST)", "2001-10-29T22:03:58+00:00"),
        ("Mon, 29 Oct 2001 14:03:58 -0800", "2001-10-29T22:03:58+00:00"),
        ("Mon,29 Oct 2001 14:03:58 -0800", "2001-10-29T22:03:58+00:00"),
        ("9 Oct 2001 14:03:58 +0530", "2001-10-09T08:33:58+00:00"),
        ("Tue,  9 Oct 2001 14:03:58 +0000", "2001-10-09T14:03:58+00:00"),
        ("Tue, 9 OCT 2001 14:03:58 +0000", "2001-10-09T14:03:58+00:00"),
        ("Tue, 09 Oct 01 14:03:58 GMT", "2001-10-09T14:03:58+00:00"),  # two digits
        ("Tue, 09 Oct 99 14:03:58 GMT", "1999-10-09T14:03:58+00:00"),
        ("Mon, 29 Oct 2001 14:03:58 PST", "2001-10-29T22:03:58+00:00"),  # obsolete zone
        ("Mon, 29 Oct 2001 14:03:58", "2001-10-29T14:03:58+00:00"),  # none
        ("Mon, 29 Oct 2001 14:03 +0100", "2001-10-29T13:03:00+00:00"),
        ("Mon, 29 Oct 2001 14:03:60 +0000", "2001-10-29T14:03:59+00:00"),  # leap second
        ("Mon, 29 Oct 2001 14:03:58 +9900", "2001-10-29T14:03:58+00:00"),  # no zone on Earth
        ("Monday, 29 October 2001 14:03:58 +0000", "2001-10-29T14:03:58+00:00"),
        ("29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00+00:00"),
        ("Mon, 5 Nov 2001 08:51:39 -0800 (GMT-08:00)", "2001-11-05T16:51:39+00:00"),
        ("Monday, November 05, 2001 8:51 PM", "2001-11-05T20:51:00+00:00"),
        ("November 5, 2001 12:00 AM", "2001-11-05T00:00:00+00:00"),
        ("11/5/2001 8:51:39 AM", "2001-11-05T08:51:39+00:00"),
        ("2001-11-05T08:51:39Z", "2001-11-05T08:51:39+00:00"),
        ("2001-11-05 08:51:39", "2001-11-05T08:51:39+00:00"),
        ("2001-11-05T08:51:39.123456+02:00", "2001-11-05T06:51:39.123456+00:00"),
        ("2001-11-05T08:51:39.1234567-0130", "2001-11-05T10:21:39.123456+00:00"),
        ("2001-11-05T08:51", "2001-11-05T08:51:00+00:00"),
        ("2001-11-05", "2001-11-05T00:00:00+00:00"),
        ("Wed, 1 Jan 0102 00:00:00 +0000", "0102-01-01T00:00:00+00:00"),
        ("Wed, 1 Jan 2044 00:00:00 +0000\0", "2044-01-01T00:00:00+00:00"),
    ],
)
def test_dates(text, moment):
    assert parse_date(text) == microseconds(moment)
    assert parse_dates(pa.array([text, None, text])).tolist() == [
        microseconds(moment),
        UNREADABLE,
        microseconds(moment),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "31 Feb 2001 00:00:00 +0000",
        "30 Feb 2001 00:00:00",
        "2001-02-31T00:00:00Z",
        "Mon, 29 Oct 2001 25:00:00 +0000",
        "Mon, 29 Oct 2001 14:61:00 +0000",
        "0 Oct 2001 14:00:00 +0000",
        "Mon, 29 Foo 2001 14:00:00 +0000",
        "Monday, Foobar 05, 2001 8:51 PM",
        "13/31/2001 8:51:39 AM",
        "é" * 30,
        ",,,,",
        "1 Jan 99999999999 00:00:00 +0000",
    ],
)
def test_what_is_no_date(text):
    assert parse_date(text) is None
    assert parse_dates(pa.array([text])).tolist() == [UNREADABLE]


def test_one_bad_date_does_not_spoil_the_column():
    texts = [
        "2001-02-31T00:00:00Z",
        "2001-02-03T00:00:00Z",
        "2001-02-03T00:00:00",
        None,
        "Sat, 3 Feb 2001 00:00:00 +0000",
    ]
    day = microseconds("2001-02-03T00:00:00+00:00")
    assert parse_dates(pa.array(texts)).tolist() == [UNREADABLE, day, day, UNREADABLE, day]


def test_slices_of_a_column_are_read_from_their_place():
    texts = pa.array(["1 Jan 2001 00:00:00 +0000", "2 Jan 2001 00:00:00 +0000", "2001-01-03", "x"])
    assert parse_dates(texts.slice(1, 2)).tolist() == parse_dates(texts).tolist()[1:3]
    assert parse_dates(texts.slice(0, 0)).tolist() == []


def test_reasons():
    low, high = datetime(1995, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    texts = ["2000-01-01", "0102-01-01", "2044-01-01", "soon", None]
    present = np.array([text is not None for text in texts])
    assert date_problems(parse_dates(pa.array(texts)), present, low, high).tolist() == [
        "", "absurd date", "absurd date", "unreadable date", "no date",
    ]  # fmt: skip


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001  zones are drawn


@given(st.lists(moments, min_size=1, max_size=20))
def test_what_the_standard_library_writes_is_read_back(drawn):
    expected = [(moment.replace(microsecond=0) - EPOCH) // timedelta(microseconds=1) for moment in drawn]
    texts = [format_datetime(moment) for moment in drawn]
    assert parse_dates(pa.array(texts)).tolist() == expected
    assert [parse_date(text) for text in texts] == expected
    exact = [(moment - EPOCH) // timedelta(microseconds=1) for moment in drawn]
    assert parse_dates(pa.array([moment.isoformat() for moment in drawn])).tolist() == exact


@given(st.lists(st.text("0123456789 :,+-/()ODecJanMonTZAPM.", max_size=34), max_size=20))
def test_the_column_agrees_with_the_single_date(texts):
    expected = [UNREADABLE if (value := parse_date(text)) is None else value for text in texts]
    assert parse_dates(pa.array(texts, pa.string())).tolist() == expected
