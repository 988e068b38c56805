"""What is kept of a subject line, how people are shown under other names, and when a figure is too small to show.

This module knows no table: what is personal in a table stands in `analyser.lake.schema`, and callers pass it in.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from analyser.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import Literal

    import ibis.expr.types as ir

__all__ = ["Pseudonyms", "keep_subject", "lake_secret", "pseudonymise", "subject_key", "suppress", "suppressed"]

SECRET_BYTES: Final = 32
DIGITS: Final = 12
"""Hexadecimal digits of a pseudonym: 48 bits, so that 100,000 people share one with a chance of 2 in 100,000."""


def lake_secret(folder: Path) -> bytes:
    """The secret of a lake, made at the first call: 32 random bytes that only its owner may read.

    Raises
    ------
    LakeError
        The file is not a secret.
    """
    path = folder / ".secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".secret-{secrets.token_hex(8)}"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(aside, path)  # unlike a rename, never replaces
        aside.unlink()
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise LakeError(f"{path} is damaged: {len(secret)} bytes", fix="restore it from a backup of the lake")
    return secret


def subject_key(base_subject: ir.StringColumn, secret: bytes) -> ir.StringColumn:
    """Keyed digest of a base subject, 32 hexadecimal digits: equal for equal subjects, and no more than that.

    ``md5(secret || md5(secret || base subject))``: the nesting of HMAC, in functions that every engine has. Without
    the secret nobody can try out subjects. Null stays null.
    """
    key = ibis.literal(secret.hex())
    return (key + (key + base_subject).hexdigest("md5")).hexdigest("md5")


def keep_subject(
    mode: Literal["full", "terms", "none"], subject: ir.StringColumn, base_subject: ir.StringColumn
) -> tuple[ir.StringColumn, ir.StringColumn]:
    """Subject and base subject as far as `privacy.subjects` lets them be kept.

    Parameters
    ----------
    mode
        ``full`` keeps both. ``terms`` keeps the words of the base subject instead of either: letters only, at least
        three of them, distinct, sorted (numbers, names of cases and the order of words are lost). ``none`` keeps
        nothing.
    """
    if mode == "full":
        return subject, base_subject
    if mode == "none":
        nothing = ibis.null("string")
        return nothing, nothing
    words = base_subject.re_replace(r"[^\p{L}\p{M}]+", " ").split(" ")
    kept = words.filter(lambda word: word.re_search(r"^\p{M}*\p{L}\p{M}*\p{L}\p{M}*\p{L}")).unique().sort()
    terms = ibis.literal(" ").join(kept).nullif("")
    return terms, terms


class Pseudonyms:
    """Stable other names for addresses: the same address has the same one in every table and every run of a lake.

    Parameters
    ----------
    secret
        Secret of the lake.
    enabled
        False: addresses are shown as they are.
    """

    def __init__(self, secret: bytes, *, enabled: bool) -> None:
        self._secret = secret
        self.enabled = enabled

    def of(self, address: str) -> str:
        """The pseudonym of an address, or of a name: only its domain can be recognised."""
        if not self.enabled:
            return address
        digest = hmac.new(self._secret, address.lower().encode(), hashlib.sha256).hexdigest()[:DIGITS]
        _, at, domain = address.rpartition("@")
        return f"p-{digest}@{domain.lower()}" if at else f"p-{digest}"


def pseudonymise(table: pa.Table, personal: Collection[str], pseudonyms: Pseudonyms) -> pa.Table:
    """Replace the values of personal columns.

    Parameters
    ----------
    table
        Any table.
    personal
        Names of its columns that identify a person; texts and lists of texts are replaced, dates become null.
    """
    if not pseudonyms.enabled:
        return table
    for index, field in enumerate(table.schema):
        if field.name in personal:
            column = table.column(index).combine_chunks()
            table = table.set_column(index, field, _replaced(column, pseudonyms))
    return table


def _replaced(column: pa.Array, pseudonyms: Pseudonyms) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_list(column.type):
        values = _replaced(column.flatten(), pseudonyms)
        # offsets of the flattened values, which leave out what lies under a null list
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        offsets = pa.array([0, *pc.cumulative_sum(lengths).to_pylist()], pa.int32())
        return pa.ListArray.from_arrays(offsets, values, type=column.type, mask=pc.is_null(column))
    if not pa.types.is_string(column.type):
        return pa.nulls(len(column), column.type)
    encoded = column.dictionary_encode()
    names = pa.array([pseudonyms.of(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return names.take(encoded.indices)


def suppress(count: int, minimum: int) -> bool:
    """True if a figure about so many people must not be shown. Nobody is no one's secret: zero may be shown."""
    return 0 < count < minimum


def suppressed(minimum: int) -> str:
    """What is shown instead."""
    return f"not shown: fewer than {minimum} people"
