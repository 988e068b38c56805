"""Address fields: from the text of To, Cc, Bcc and From to addresses and display names.

`split_addresses` and `parse_address` are the grammar, tolerant of what mail programs really write; `AddressBook`
applies them to columns of fields and reads no field and no address twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources.encoded_words import decode_words

__all__ = [
    "HEADER_SEPARATORS",
    "TABLE_SEPARATORS",
    "AddressBook",
    "Entries",
    "addresses",
    "parse_address",
    "split_addresses",
]

HEADER_SEPARATORS: Final = frozenset(",;")  # Outlook's semicolon is no list separator in the standard, but is used
TABLE_SEPARATORS: Final = frozenset(";")

_TEXTS = pa.list_(pa.string())
_PART = re.compile(
    r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|<[^<>]*>|[,;:]|[^",;:()<>]+|.', re.DOTALL
)
_QUOTED_OR_PLAIN = re.compile(r'(?:[^",;:()\\]+|"[^"\\]*")+')
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)')
_SIMPLE = re.compile(r"[^@\s<>\"(),;:\\\[\]]+@[^@\s<>\"'(),;:\\\[\]]+")
_QUOTED_LOCAL = re.compile(r'"([^"]+)"@([^@\s<>"]+)')
_X500 = re.compile(r"/(?:o|ou|c|cn|dc)=", re.IGNORECASE)
_EASY_ADDRESS = r"(?!(?i:imcea|mailto|smtp))([A-Za-z0-9][A-Za-z0-9._+&'-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
_PLAIN_ADDRESS = r"[a-z0-9][a-z0-9._+&-]*@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
# what `parse_address` would read the same way, only slower
_EASY = re.compile(
    rf"""\s*(?:{_EASY_ADDRESS}|(?:"([^"\\<>()=']+)"|([^"\\<>()=@',\s](?:[^"\\<>()=@',]*[^"\\<>()=@',\s])?))?\s*"""
    rf"<{_EASY_ADDRESS}>)\s*"
)
_IMCEA = re.compile(r"imcea([a-z0-9]+)-(.+)@[^@]*", re.IGNORECASE)
_HEXED = re.compile(r"\+([0-9a-f]{2})", re.IGNORECASE)
_NO_GROUP = re.compile(r"@|/|\bmailto\s*$|\bsmtp\s*$|\bx500\s*$", re.IGNORECASE)
_NOBODY = re.compile(r"(?:undisclosed|unlisted)[- ]?recipients?:?;?", re.IGNORECASE)
_PREFIX = re.compile(r"(?:mailto|smtp|x500|ex):\s*", re.IGNORECASE)
_PREFIX_LEFT = re.compile(r"\b(?:mailto|smtp):", re.IGNORECASE)
_STRIPPED = " \t\r\n\0'\"`<>"


def split_addresses(text: str, separators: frozenset[str] = HEADER_SEPARATORS) -> list[str]:
    """Split an address field into its entries; groups are opened, encoded words are left as they are.

    Parameters
    ----------
    text
        The field, decoded to text, without the encoded words replaced: a comma within one parts nothing.
    separators
        Characters that part entries outside quotes, comments and angle brackets.

    Examples
    --------
    >>> split_addresses('"Doe, Jane" <jane@example.com>, Team: a@example.com, b@example.com;')
    ['"Doe, Jane" <jane@example.com>', 'a@example.com', 'b@example.com']
    """
    entries: list[str] = []
    current: list[str] = []
    for part in _PART.findall(text):
        if part in separators or part == ";":
            entries.append("".join(current).strip())
            current = []
        elif part == ":" and not _NO_GROUP.search("".join(current)):
            current = []  # what stood before is the name of a group
        else:
            current.append(part)
    entries.append("".join(current).strip())
    return _rejoin_names([entry for entry in entries if entry])


def parse_address(text: str) -> tuple[str | None, str | None]:
    """Address and display name of one entry.

    Returns
    -------
    tuple
        Address in lower case, or None if the entry holds none; display name, or None. X.500 addresses keep their
        leading slash; an X.500 or SMTP address that Exchange has wrapped (``IMCEAEX-…@…``) is unwrapped.

    Examples
    --------
    >>> parse_address("=?utf-8?Q?Doe=2C_Jane?= <Jane.Doe@Example.COM>")
    ('jane.doe@example.com', 'Doe, Jane')
    >>> parse_address("Jane Doe")
    (None, 'Jane Doe')
    """
    if text.startswith("=?") and "<" not in text:  # some programs encode the address together with the name
        text = decode_words(text)
    comment = ""
    if "(" in text:
        comment = " ".join(match[2] for match in _COMMENT.finditer(text) if match[2])
        text = _COMMENT.sub(lambda match: match[1] or " ", text).strip()
    before, bracket, inside = text.rpartition("<")
    if bracket:
        address, name = _clean(inside.partition(">")[0]), before
        if address is None:  # empty or senseless brackets: the name may hold the address
            address = _clean(before) if "@" in before else None
    elif "@" in text:
        address = _clean(text)
        found = None if _QUOTED_LOCAL.fullmatch(text) else _SIMPLE.search(text)
        name = _PREFIX_LEFT.sub(" ", text.replace(found[0], " ")).strip(_STRIPPED + "[](),;.") if found else ""
    elif _X500.match(_without_prefix(text.strip(_STRIPPED))):
        address, name = _clean(text), ""
    else:
        address, name = None, text
    shown = _clean_name(name or comment)
    return address, shown if shown and shown.lower() != address else None


def addresses(column: pa.Array) -> pa.Array:
    """A column of single addresses, read as by `parse_address`; null for what is no address.

    Examples
    --------
    >>> addresses(pa.array(["Jane.Doe@Example.COM", "SMTP:a@example.com", "Jane Doe", None])).to_pylist()
    ['jane.doe@example.com', 'a@example.com', None, None]
    """
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(column))
    unique = encoded.dictionary
    lower = pc.utf8_lower(unique)
    plain = pc.and_not(pc.match_substring_regex(lower, f"^{_PLAIN_ADDRESS}$"), pc.starts_with(lower, "imcea"))
    odd = [parse_address(text)[0] for text in unique.filter(pc.invert(plain)).to_pylist()]
    read = pc.replace_with_mask(lower, pc.invert(plain), pa.array(odd, pa.string()))
    return read.take(encoded.indices)


@dataclass(frozen=True, slots=True)
class Entries:
    """Addresses of n fields, flat: those of field i are ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    offsets
        int64, shape (n + 1,).
    addresses, names
        int32, one per entry: where the address and the display name stand in the tables of the `AddressBook`.
    unresolved
        int32, shape (n,): entries without an address.
    """

    offsets: npt.NDArray[np.int64]
    addresses: npt.NDArray[np.int32]
    names: npt.NDArray[np.int32]
    unresolved: npt.NDArray[np.int32]

    def take(self, picks: npt.NDArray[np.int64]) -> Entries:
        """The fields `picks`, in that order."""
        lengths = np.diff(self.offsets)[picks]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        flat = np.repeat(self.offsets[picks] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Entries(offsets, self.addresses[flat], self.names[flat], self.unresolved[picks])


class AddressBook:
    """Reads columns of address fields, and numbers the addresses and names that it meets.

    Parameters
    ----------
    separators
        As for `split_addresses`. With `TABLE_SEPARATORS`, a field without semicolons that holds several addresses is
        still read as parted by commas.
    """

    def __init__(self, separators: frozenset[str] = HEADER_SEPARATORS) -> None:
        self._separators = separators
        # fields that a plain split at commas reads rightly: each part has an address, no comma stands within quotes
        part = r'(?:[^",;:()\\@]|"[^",;:()\\]*")*@(?:[^",;:()\\]|"[^",;:()\\]*")*'
        self._mark = "," if "," in separators else ";"
        self._plain = f"^{part}(?:{self._mark}{part})*$"
        self.forget()

    def __len__(self) -> int:
        return len(self._entries)

    def forget(self) -> None:
        """Begin anew: numbers given so far lose their meaning."""
        self._entries: dict[str, tuple[int, int]] = {}
        self._address_numbers: dict[str, int] = {}
        self._name_numbers: dict[str | None, int] = {None: 0}

    @property
    def addresses(self) -> pa.Array:
        """All addresses met so far, by number."""
        return pa.array(self._address_numbers, pa.string())

    @property
    def names(self) -> pa.Array:
        """All display names met so far, by number; number 0 is null."""
        return pa.array(self._name_numbers, pa.string())

    def read(self, fields: pa.Array) -> Entries:
        """Read a string column of shape (n,); a null field has no entries. An address counts once per field."""
        encoded = pc.dictionary_encode(pc.fill_null(fields, ""))
        unique = encoded.dictionary
        plain = pc.match_substring_regex(unique, self._plain)
        lists = pa.chunked_array(
            [
                pc.split_pattern(unique.filter(plain), self._mark),
                pa.array([self._split(text) for text in unique.filter(pc.invert(plain)).to_pylist()], _TEXTS),
            ],
            _TEXTS,
        ).combine_chunks()
        is_plain = plain.to_numpy(zero_copy_only=False)
        place = np.empty(len(unique), dtype=np.int64)  # of each unique field in `lists`
        place[np.concatenate([np.flatnonzero(is_plain), np.flatnonzero(~is_plain)])] = np.arange(len(unique))
        picks = place[encoded.indices.to_numpy(zero_copy_only=False)]
        return self._resolve(lists).take(picks)

    def _resolve(self, lists: pa.ListArray) -> Entries:
        """Numbers for lists of entries."""
        lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
        encoded = pc.dictionary_encode(pc.ascii_trim_whitespace(lists.flatten()))
        known, number = self._entries, self._number
        pairs = np.array([known.get(entry) or number(entry) for entry in encoded.dictionary.to_pylist()], np.int32)
        flat = pairs.reshape(-1, 2)[encoded.indices.to_numpy(zero_copy_only=False)]
        field = np.repeat(np.arange(len(lists)), lengths)
        addresses, names = flat[:, 0], flat[:, 1]
        unresolved = np.bincount(field[(addresses < 0) & (names >= 0)], minlength=len(lists))
        kept = np.flatnonzero(addresses >= 0)
        keys = field[kept] * (len(self._address_numbers) + 1) + addresses[kept]
        kept = kept[np.sort(np.unique(keys, return_index=True)[1])]
        offsets = np.concatenate([[0], np.cumsum(np.bincount(field[kept], minlength=len(lists)))])
        return Entries(offsets, addresses[kept], names[kept], unresolved.astype(np.int32))

    def _split(self, text: str) -> list[str]:
        separators = self._separators
        if "," not in separators and ";" not in text and text.count("@") > 1:
            separators = HEADER_SEPARATORS
        if "," in separators:
            entries = _QUOTED_OR_PLAIN.findall(text)
            if ",".join(entries) == text and all("@" in entry for entry in entries):
                return entries
        return split_addresses(text, separators)

    def _number(self, entry: str) -> tuple[int, int]:
        """Numbers of address and name; (-1, 0) for an entry without an address, (-1, -1) for nobody at all."""
        if "  " not in entry and (easy := _EASY.fullmatch(entry)):
            address, name = (easy[1] or easy[4]).lower(), easy[2] or easy[3] or None
            if name and name.lower() == address:
                name = None
        elif not entry or _NOBODY.fullmatch(entry.strip(_STRIPPED)):
            return -1, -1
        else:
            address, name = parse_address(entry)
        pair = (-1, 0)
        if address is not None:
            pair = (
                self._address_numbers.setdefault(address, len(self._address_numbers)),
                self._name_numbers.setdefault(name, len(self._name_numbers)),
            )
        self._entries[entry] = pair
        return pair


def _rejoin_names(entries: list[str]) -> list[str]:
    """Undo the split of an unquoted ``Doe, Jane <jane@example.com>``; two words before the comma are somebody else."""
    joined: list[str] = []
    for entry in entries:
        before = joined[-1] if joined else ""
        if "<" in entry and not entry.startswith("<") and before and not re.search(r'[@\s"</]|=\?', before):
            joined[-1] = f"{before}, {entry}"
        else:
            joined.append(entry)
    return joined


def _clean(text: str) -> str | None:
    if match := _QUOTED_LOCAL.fullmatch(text.strip()):
        local, domain = match[1].lower(), match[2].lower().rstrip(".")
        return f'"{local}"@{domain}' if re.search(r"[\s@,;:<>]", local) else f"{local}@{domain}"
    text = text.strip(_STRIPPED)
    text = _without_prefix(text).strip(_STRIPPED)
    if text.lower().startswith("imcea") and (match := _IMCEA.fullmatch(text)):
        return _unwrap(match[1], match[2]) or text.lower()
    if _X500.match(text):
        return " ".join(text.lower().split())
    found = _SIMPLE.fullmatch(text) or _SIMPLE.search(text)
    local, _, domain = found[0].lower().partition("?")[0].partition("@") if found else ("", "", "")
    local, domain = local.strip("'"), domain.rstrip(".")
    return f"{local}@{domain}" if local and domain else None


def _without_prefix(text: str) -> str:
    return text[match.end() :] if (match := _PREFIX.match(text)) else text


def _unwrap(kind: str, text: str) -> str | None:
    """What Exchange has wrapped into the local part: ``_`` stands for a slash, ``+20`` for a space."""
    if kind.lower() == "ex":
        text = text.replace("_", "/")
    text = _HEXED.sub(lambda match: chr(int(match[1], 16)), text)
    return _clean(text) if not text.lower().startswith("imcea") else None


def _clean_name(text: str) -> str | None:
    text = text.strip()
    if '"' in text or "\\" in text:
        text = re.sub(r"\\(.)", r"\1", text.replace('\\"', "\0").replace('"', "")).replace("\0", '"')
    text = " ".join(decode_words(text).split())
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1].strip()
    return text.strip("<>\0 ") or None
