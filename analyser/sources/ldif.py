"""LDIF (RFC 2849): entries of a directory as it is exported, with the line on which each begins."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from analyser.sources.encoded_words import decode_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Entry", "is_ldif", "normal_dn", "read_ldif"]

_ATTRIBUTE = re.compile(rb"([A-Za-z0-9][A-Za-z0-9.-]*)(?:;[^:]*)?:(:|<)? *(.*)", re.DOTALL)
_FIRST_LINE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n|#[^\n]*\n(?: [^\n]*\n)*)*(?:version|dn)::? ?", re.IGNORECASE
)


class Entry(NamedTuple):
    """One entry: its first line, its name, its values by attribute in lower case, and what is wrong with it."""

    line: int
    dn: str
    values: dict[str, list[str]]
    trouble: str = ""

    def first(self, *names: str) -> str | None:
        """First value of the first of these attributes that has one."""
        return next((self.values[name][0] for name in names if self.values.get(name)), None)

    def every(self, *names: str) -> list[str]:
        """All values of these attributes."""
        return [value for name in names for value in self.values.get(name, ())]


def is_ldif(head: bytes) -> bool:
    """True if a file that begins with `head` is LDIF."""
    return _FIRST_LINE.match(head) is not None


def read_ldif(content: bytes) -> Iterator[Entry]:
    """Entries of an LDIF file; what cannot be read of one is its `trouble`, and the others are read all the same."""
    lines: list[tuple[int, bytes]] = []
    for number, line in enumerate((*content.removeprefix(b"\xef\xbb\xbf").splitlines(), b""), 1):
        if line.startswith(b" ") and lines:
            lines[-1] = lines[-1][0], lines[-1][1] + line[1:]
        elif line:
            lines.append((number, line))
        elif lines:
            yield from _entry(lines)
            lines = []


def normal_dn(dn: str) -> str:
    """A distinguished name as it is compared: lower case, no space around commas and equal signs."""
    return re.sub(r"\s*(?<!\\)([,=+])\s*", r"\1", dn.strip().lower())


def _entry(lines: list[tuple[int, bytes]]) -> Iterator[Entry]:
    values: dict[str, list[str]] = {}
    trouble = ""
    lines = [(number, line) for number, line in lines if not line.startswith(b"#")]
    if not lines:
        return
    first = lines[0][0]
    for _, line in lines:
        match = _ATTRIBUTE.fullmatch(line)
        value = _value(match[2], match[3]) if match else None
        if match and value is not None:
            values.setdefault(match[1].decode("ascii").lower(), []).append(value)
        elif match is None or match[2] == b":":  # values in other files are not fetched, nor missed
            trouble = "attribute cannot be read"
    values.pop("version", None)
    if values.get("changetype", ["add"])[0].lower() != "add":
        trouble = trouble or "a change, no entry"
    if not values and not trouble:  # the version alone
        return
    yield Entry(first, values.pop("dn", [""])[0], values, trouble)


def _value(mark: bytes | None, raw: bytes) -> str | None:
    if mark == b":":
        try:
            return decode_bytes(base64.b64decode(raw.strip(), validate=True)).strip()
        except binascii.Error:
            return None
    return None if mark == b"<" else decode_bytes(raw).strip()
