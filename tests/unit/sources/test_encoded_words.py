from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.encoded_words import decode_bytes, decode_words


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?caf=C3=A9_noir?=", "café noir"),
        ("=?UTF-8?b?Y2Fmw6k=?=", "café"),
        ("a =?utf-8?Q?b?= c", "a b c"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?=\r\n\t=?iso-8859-1?Q?=E9?=", "aé"),
        ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),  # a character cut in two
        ("=?iso-8859-1?Q?=E9?=", "é"),
        ("=?utf-8*en?Q?x?=", "x"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?no-such-charset?Q?caf=C3=A9?=", "café"),
        ("=?no-such-charset?Q?caf=E9?=", "café"),
        ("=?us-ascii?Q?caf=E9?=", "café"),
        ("=?utf-8?B?Y2Fmw6k?=", "café"),  # padding lost
        ("=?utf-8?B?Y2Fm*!w6k=?=", "café"),  # rubbish within
        ("=?utf-8?Q?why? because?=", "why? because"),
        ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        ("=?utf-8?X?x?=", "=?utf-8?X?x?="),
        ("=?utf-8?Q??=", ""),
    ],
)
def test_encoded_words(text, meaning):
    assert decode_words(text) == meaning


def test_bytes_are_utf8_or_else_windows_1252():
    assert decode_bytes("café €".encode()) == "café €"
    assert decode_bytes("café €".encode("cp1252")) == "café €"
    assert decode_bytes(b"\x81") == "\ufffd"


@given(st.binary(max_size=60), st.sampled_from(["utf-8", "x", "iso-2022-jp", "utf-16", "idna", "rot13", "base64"]))
def test_nothing_fails(raw, charset):
    for encoding in "QB":
        assert isinstance(decode_words(f"=?{charset}?{encoding}?{raw.decode('latin-1')}?="), str)
    assert isinstance(decode_bytes(raw), str)


@given(st.text("abcäöü€ ", min_size=1, max_size=20))
def test_what_is_encoded_is_decoded(text):
    from email.header import Header  # noqa: PLC0415  only here: the reference

    assert decode_words(Header(text, "utf-8").encode()) == text
