"""Columns that exports and Graph share: ids of conversations, kinds of calendar mail, single addresses."""

from __future__ import annotations

import base64

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.addresses import addresses, parse_address
from analyser.sources.columns import conversations, meetings

guids = st.binary(min_size=16, max_size=16)


def exchange_id(mailbox: bytes, conversation: bytes) -> str:
    """As Exchange builds it: the mailbox as text of 36 letters, then what all mailboxes share."""
    text = mailbox.hex()
    name = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}".encode()
    return base64.urlsafe_b64encode(b"\0\x04\x24\0" + name + b"\0\x10\0" + conversation).decode()


@given(guids, guids, guids, guids)
def test_a_conversation_has_one_id_over_all_mailboxes(one, other, conversation, another):
    ids = pa.array([exchange_id(one, conversation), exchange_id(other, conversation), exchange_id(one, another)])
    first, second, third = conversations(ids).to_pylist()
    assert first == second
    assert (first == third) == (conversation == another)
    assert len(first) < 30


@pytest.mark.parametrize("text", ["c7", "", None, "AAQkAGRjNDFj", "AAQkAD" + "x" * 80, "<1@x.example>"])
def test_other_ids_stay_as_they_are(text):
    assert conversations(pa.array([text], pa.string())).to_pylist() == [text]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("#microsoft.graph.message", None),
        (None, None),
        ("#microsoft.graph.eventMessage", "notice"),
        ("#microsoft.graph.eventMessageRequest", "request"),
        ("#microsoft.graph.eventMessageResponse", "response"),
        ("#Microsoft.OutlookServices.EventMessage", "notice"),
    ],
)
def test_calendar_mail_is_told_by_its_type(kind, expected):
    assert meetings(pa.array([kind], pa.string())).to_pylist() == [expected]


odd = st.sampled_from(
    ["SMTP:A@x.example", "/O=X/CN=Ann B", "Ann <a@x.example>", "", "Ann", "o'neil@x.example", "IMCEAEX-_o=x@y"]
)
plain = st.from_regex(r"[A-Za-z0-9._+-]{1,8}@[A-Za-z0-9.-]{1,8}", fullmatch=True)


@given(st.lists(st.one_of(plain, odd, st.none(), st.text("ab@.<>' ", max_size=12))))
def test_a_column_of_addresses_is_read_as_each_of_them_would_be(texts):
    expected = [parse_address(text.strip())[0] if text is not None else None for text in texts]
    assert addresses(pa.array(texts, pa.string())).to_pylist() == expected
