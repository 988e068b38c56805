from __future__ import annotations

import contextlib
import io
import mailbox

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources import framing
from analyser.sources.framing import HEADER_LIMIT, frames, is_mbox, is_message, read_header

LINE = b"From x@example.com Mon Jan  1 00:00:00 2024\n"
SEPARATORS = [
    LINE,
    b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n",
    b"From mboxrd@z Thu Jan  1 00:00:00 1970\n",
    b"From 123@xxx Mon Jan 01 00:00:00 +0000 2024\n",
    b"From ???@??? Mon Jan 01 00:00:00 2024\n",
    b"From x@example.com Mon Jan  1 00:00 PST 2024\n",
    b"From x@example.com Mon, 29 Jan 2024 14:03:58 -0800\n",
    b"From x@example.com 2024-01-29 14:03\n",
    b'From "odd sender"@example.com  Mon Jan  1 00:00:00 2024 remote from relay\n',
    b"From x@example.com\n",
    b"From - Mon Jan 01 00:00:00 2024\n",
    b"From -\n",
    b"From \n",
]


def read(content: bytes, start: int = 0):
    stream = io.BytesIO(content)
    stream.seek(start)
    return list(frames(stream, start))


@pytest.fixture(params=[1 << 13, framing._CHUNK], ids=["small chunks", "usual chunks"])
def chunks(request, monkeypatch):
    monkeypatch.setattr(framing, "_CHUNK", request.param)


@pytest.mark.parametrize("line", SEPARATORS, ids=repr)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_separators(line, end):
    mail = (line + b"A: 1\nB: 2\n\nbody\n\n").replace(b"\n", end)
    assert is_mbox(mail)
    found = read(mail * 3)
    assert [frame.header for frame in found] == [b"A: 1\nB: 2\n".replace(b"\n", end)] * 3
    assert [(frame.start, frame.end) for frame in found] == [(n * len(mail), (n + 1) * len(mail)) for n in range(3)]


@pytest.mark.parametrize(
    "body",
    [
        b"From here on it rains\nA: b\n",  # no blank line before
        b"\nFrom here on it rains\nA: b\n",  # no date
        b"\nFrom Monday, 3 Jan 2024 to Friday at 10:30\nwe meet\n",  # no header after
        b"\n>From x@example.com Mon Jan  1 00:00:00 2024\nA: b\n",  # quoted
        b"\nFrom \nhere\n",
        b"\nFrom\n",
    ],
)
def test_lines_of_text_that_look_alike_part_nothing(body, chunks):
    mail = LINE + b"A: 1\n\n" + body + b"\n" + LINE + b"A: 2\n\n"
    assert [frame.header for frame in read(mail)] == [b"A: 1\n", b"A: 2\n"]


def test_sizes_are_known_where_there_is_a_body():
    whole, bare = b"A: 1\n\nbody\n\n", b"A: 2\n\n\n"
    found = read(LINE + whole + LINE + bare + LINE + b"A: 3\n\nlast\n")
    assert [frame.size for frame in found] == [len(whole), None, 11]


def test_headers_without_end():
    assert [frame.header for frame in read(LINE + b"A: 1\n\n\n" + LINE + b"B: 2")] == [b"A: 1\n", b"B: 2\n"]
    assert read(b"") == []
    assert [frame.header for frame in read(b"\n\r\n" + LINE + b"A: 1\n\n")] == [b"A: 1\n"]


def test_mixed_line_ends_do_not_let_the_body_in():
    found = read(LINE + b"A: 1\r\n\r\nsecret: x\n\nmore\n\n" + LINE + b"B: 2\n\nsecret\r\n\r\nmore\n")
    assert [frame.header for frame in found] == [b"A: 1\r\n", b"B: 2\n"]


def test_a_long_message_passes_through_little_memory(monkeypatch):
    monkeypatch.setattr(framing, "_CHUNK", 1 << 13)
    largest = 0

    class Stream(io.BytesIO):
        def read1(self, size=-1):
            nonlocal largest
            largest = max(largest, size)
            return super().read1(size)

    body = b"x" * 70 + b"\n\nFrom afar\n"
    content = LINE + b"A: 1\n\n" + body * 20_000 + b"\n" + LINE + b"A: 2\n\nend\n"
    found = list(frames(Stream(content)))
    assert [frame.header for frame in found] == [b"A: 1\n", b"A: 2\n"]
    assert found[0].end == found[1].start == content.rindex(LINE)
    assert found[0].size == found[0].end - len(LINE)
    assert largest == 1 << 13


def test_a_header_that_is_too_long_is_told_from_the_others(chunks):
    long = b"A: " + b"x" * HEADER_LIMIT + b"\n"
    for end in (b"\n", b""):
        content = LINE + b"A: 1\n\n\n" + LINE + long + end + b"\n" + LINE + b"A: 3\n\n"
        assert [frame.header for frame in read(content)] == [b"A: 1\n", None, b"A: 3\n"]


def test_single_messages():
    assert read_header(io.BytesIO(b"A: 1\nB: 2\n\nbody")) == (b"A: 1\nB: 2\n", True)
    assert read_header(io.BytesIO(b"A: 1\r\n\r\nbody")) == (b"A: 1\r\n", True)
    assert read_header(io.BytesIO(b"A: 1")) == (b"A: 1\n", False)
    assert read_header(io.BytesIO(b"")) == (b"", False)
    assert read_header(io.BytesIO(LINE + b">From y Mon\nA: 1\n\nbody")) == (b"A: 1\n", True)
    assert read_header(io.BytesIO(b"\xef\xbb\xbfA: 1\n\n")) == (b"A: 1\n", False)
    assert read_header(io.BytesIO(b"A: " + b"x" * (HEADER_LIMIT + 9) + b"\n\nbody"))[0] is None


def test_reading_a_single_message_stops_after_its_header():
    stream = io.BytesIO(b"A: 1\n\n" + b"x" * 1_000_000)
    read_header(stream)
    assert stream.tell() < 100_000


def test_what_files_are():
    assert is_message(b"A: 1\n")
    assert is_message(LINE + b"A: 1\n")
    assert not is_message(b"address,name\n")
    assert not is_message(b"From here to there\n")
    assert not is_message(b"")
    assert not is_mbox(b"A: 1\n")
    assert not is_mbox(b"From here to there\nA: 1\n")


bodies = st.lists(st.sampled_from([b"text", b"", b"From me", b">From x", b"A: b", b"x" * 5000]), max_size=6)


@given(st.lists(bodies, min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([8192, 1 << 22]))
def test_frames_agree_with_the_standard_library_and_resume_anywhere(drawn, end, chunk):
    mails = [b"N: %d\n\n" % number + b"".join(line + b"\n" for line in body) for number, body in enumerate(drawn)]
    content = b"".join(LINE + mail + b"\n" for mail in mails).replace(b"\n", end)
    before, framing._CHUNK = framing._CHUNK, chunk
    try:
        found = read(content)
        assert [frame.header for frame in found] == [b"N: %d\n".replace(b"\n", end) % n for n in range(len(mails))]
        assert found[-1].end == len(content)
        for number, frame in enumerate(found, 1):
            assert read(content, frame.end) == found[number:]
    finally:
        framing._CHUNK = before


def test_the_standard_library_counts_the_same(tmp_path):
    mails = [LINE + b"N: %d\n\nto you\n\n" % number for number in range(50)]
    (tmp_path / "mail").write_bytes(b"".join(mails))
    with contextlib.closing(mailbox.mbox(tmp_path / "mail", create=False)) as reference:
        assert len(reference) == len(read(b"".join(mails))) == 50
