"""Text of mail headers: bytes of unknown encoding, and encoded words (RFC 2047), as they are found in the wild."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

__all__ = ["decode_bytes", "decode_words"]

# the text part is not greedy and may hold spaces and question marks: both occur in mail of careless programs
_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?(.*?)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_UTF8_NAMES = frozenset({"utf8", "utf-8"})
# what programs call a charset, where Python knows only a subset or another name
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "iso-8859-8-i": "iso-8859-8"}


def decode_bytes(raw: bytes) -> str:
    """Text of raw header bytes: UTF-8 where they are valid UTF-8, else Windows-1252."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def decode_words(text: str) -> str:
    """Replace the encoded words of a header by what they mean; never fails.

    Words with an unknown charset or with bytes that it forbids are read as UTF-8, then as Windows-1252; broken base64
    is read as far as it goes. Neighbours of one charset are joined before decoding, because some programs cut
    characters in two.

    Examples
    --------
    >>> decode_words("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?IGFuIGFsbGU=?=")
    'Grüße an alle'
    """
    if "=?" not in text:
        return text
    text = _BETWEEN_WORDS.sub(r"\1", text)
    parts: list[str] = []
    pending, charset, position = b"", "", 0
    for word in _WORD.finditer(text):
        name = word[1].lower()
        if word.start() > position or name != charset:
            parts.append(_decode(pending, charset))
            pending = b""
        parts.append(text[position : word.start()])
        pending += _unquote(word[3]) if word[2] in "qQ" else _unbase64(word[3])
        charset, position = name, word.end()
    parts.extend((_decode(pending, charset), text[position:]))
    return "".join(parts)


def _unquote(text: str) -> bytes:
    return quopri.decodestring(text.encode("utf-8"), header=True)


def _unbase64(text: str) -> bytes:
    clean = _NOT_BASE64.sub(b"", text.encode("ascii", errors="ignore"))
    if len(clean) % 4 == 1:  # a lone last character holds no byte
        clean = clean[:-1]
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:  # pragma: no cover - cleaned and padded text is always valid
        return b""


def _decode(raw: bytes, charset: str) -> str:
    if not raw:
        return ""
    if charset not in _UTF8_NAMES:
        try:
            return raw.decode(_WIDER.get(charset, charset))
        except (LookupError, UnicodeError):  # unknown charset, or not what it says: read it like raw bytes
            pass
    return decode_bytes(raw)
