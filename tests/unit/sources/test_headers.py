from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import compat32
from itertools import chain

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources import signals
from analyser.sources.headers import WANTED, HeaderTable, first_id, message_ids, subjects


def first(name: str, *blocks: bytes):
    return HeaderTable(blocks).first(name).to_pylist()


def test_values_by_name_whatever_the_case():
    blocks = (b"Subject: a\nTo: x\n", b"SUBJECT:b\n", b"subject:\tc \n", b"X-Subject: no\nSubjects: no\n", b"")
    assert first("subject", *blocks) == ["a", "b", "c", None, None]


@pytest.mark.parametrize("name", WANTED)
def test_every_wanted_name_is_found_and_its_neighbours_are_not(name):
    block = f"X{name}: no\n{name}x: no\n{name.title()}: yes\n{name[:-1]}: no\n".encode()
    assert first(name, block, b"A: b\n", block) == ["yes", None, "yes"]


def test_folding_control_characters_and_white_space():
    assert first("to", b"To: a,\n b,\r\n\tc\r\nX: y\r\n", b"To:\n a\n", b"To: a\0b\x01c\n", b"To:\n") == [
        "a,  b,   c",
        "a",
        "ab c",
        "",
    ]


def test_a_block_does_not_run_into_the_next():
    assert first("to", b"To: a\n", b" b\nTo: c\n", b"\td\n", b"", b"To: e\n") == ["a", "c", None, None, "e"]


def test_bytes_that_are_no_ascii():
    blocks = ("Subject: café\n".encode(), "Subject: café\n".encode("cp1252"), b"Subject: plain\n")
    assert first("subject", *blocks) == ["café", "café", "plain"]


def test_of_several_values_the_first_or_all():
    table = HeaderTable([b"To: a\nSubject: x\nTo: b\nSubject: y\n", b"Cc: z\n", b"To: c\n"])
    rows, texts = table.every("to")
    assert (rows.tolist(), texts.to_pylist()) == ([0, 0, 2], ["a", "b", "c"])
    assert table.first("subject").to_pylist() == ["x", None, None]
    assert table.has("cc")
    assert not table.has("bcc")


def test_no_blocks():
    table = HeaderTable([])
    assert table.first("to").to_pylist() == []
    assert table.every("to")[1].to_pylist() == []


values = st.text('ab<>@,"=?é \t', max_size=20)
fields = st.tuples(
    st.sampled_from(["To", "SUBJECT", "X-Other", "Message-Id", "Received", "X-Auto-Response-Suppress"]), values
)


@given(
    st.lists(st.lists(fields, max_size=6), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n ", "\n\t"]),
)
def test_the_table_agrees_with_the_standard_library(drawn, end, fold):
    texts = ["".join(f"{name}: x{fold}{value}\n" for name, value in block).replace("\n", end) for block in drawn]
    blocks = [text.encode("utf-8") for text in texts]
    table = HeaderTable(blocks)
    for name in WANTED:
        expected: list[list[str]] = [
            [raw for key, raw in message_from_bytes(block, policy=compat32).raw_items() if key.lower() == name]
            for block in blocks
        ]
        clean = [
            re.sub(r"[\s]+", "", str(raw).encode("utf-8", "surrogateescape").decode())
            for raw in chain.from_iterable(expected)
        ]
        rows, found = table.every(name)
        assert rows.tolist() == [row for row, of_block in enumerate(expected) for _ in of_block]
        assert [re.sub(r"\s+", "", text) for text in found.to_pylist()] == clean


def test_subjects():
    texts = pa.array(["=?utf-8?Q?caf=C3=A9?=", "a  b", None, "", "plain"])
    assert subjects(texts).to_pylist() == ["café", "a b", None, "", "plain"]


def test_first_ids():
    texts = [
        "<a@b>",
        "<a@b> (added by x)",
        "Your message of Monday",
        "a@b",
        None,
        "",
        "<a@b> <c@d>",
        "=?utf-8?Q?=3Ca=40b=3E?=",
    ]
    assert first_id(pa.array(texts)).to_pylist() == [
        "<a@b>", "<a@b>", None, "a@b", None, None, "<a@b>", "<a@b>",
    ]  # fmt: skip


def test_all_ids():
    texts = ["<a@b> <c@d>", "<a@b><c@d>", "<a@b>,<c@d>", "text <a@b>", None, "", "none", "<a@b>   <c@d>"]
    both = ["<a@b>", "<c@d>"]
    assert message_ids(pa.array(texts)).to_pylist() == [both, both, both, ["<a@b>"], [], [], [], both]
    assert message_ids(pa.array([], pa.string())).to_pylist() == []


def told(signal, *headers: str):
    return getattr(signals, signal)(HeaderTable([f"{header}\nTo: x\n".encode() for header in headers])).to_pylist()


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("Auto-Submitted: auto-generated", True),
        ("Auto-Submitted: auto-replied (vacation)", True),
        ("Auto-Submitted: no", False),
        ("Auto-Submitted:", None),
        ("Precedence: bulk", True),
        ("Precedence: JUNK", True),
        ("Precedence: auto_reply", True),
        ("Precedence: list", None),
        ("Precedence: bulk\nList-Id: <l.example.com>", None),
        ("Precedence: auto_reply\nList-Id: <l.example.com>", True),
        ("Precedence: bulk\nAuto-Submitted: no", True),
        ("X-Auto-Response-Suppress: All", True),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", True),
        ("X-Auto-Response-Suppress: DR, RN", None),
        ("X-Autoreply: yes", True),
        ("X-Autoreply: no", None),
        ("Content-Type: multipart/report; report-type=delivery-status", True),
        ("Content-Type: text/plain", None),
        ("X-Other: yes", None),
    ],
)
def test_what_programs_send(header, answer):
    assert told("is_automatic", header, "A: b") == [answer, None]


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("Content-Type: multipart/mixed; boundary=x", True),
        ("Content-Type: Application/PDF", True),
        ("Content-Type: text/html", False),
        ("Content-Type: multipart/alternative", False),
        ("Content-Type: multipart/signed", None),
        ("X-MS-Has-Attach: yes\nContent-Type: multipart/related", True),
        ("X-MS-Has-Attach:\nContent-Type: multipart/mixed", False),
        ("X-Other: yes", None),
    ],
)
def test_attachments(header, answer):
    assert told("has_attachments", header, "A: b") == [answer, None]


def test_importance():
    headers = [
        "Importance: HIGH",
        "Importance: odd",
        "X-Priority: 1 (Highest)",
        "X-Priority: 5",
        "X-Priority: x",
        "A: b",
    ]
    assert told("importance", *headers) == ["high", None, "high", "low", None, None]
    assert told("importance", "Importance: low\nX-Priority: 1", "Importance: normal") == ["low", "normal"]


def test_lists_and_lengths():
    assert told("list_id", "List-Id: The List <L.Example.com>", "List-ID: l.example.com", "List-Id:", "A: b") == [
        "l.example.com",
        "l.example.com",
        None,
        None,
    ]
    assert told("size", "Content-Length: 12", "Content-Length: many", "A: b") == [12, None, None]
