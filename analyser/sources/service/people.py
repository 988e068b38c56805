"""Addresses and recipients of messages, from flat columns to the lists of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.sources import columns as convert
from analyser.sources.addresses import parse_address
from analyser.sources.contract import RECIPIENT
from analyser.sources.records import ROLES

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["addresses_of", "empty_lists", "recipient_lists", "senders_of"]


def senders_of(addresses: pa.Array, names: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Address and name of n senders; both null where there is no address."""
    clean = addresses_of(addresses)
    return clean, pc.if_else(clean.is_valid(), convert.texts(names), pa.scalar(None, pa.string()))


def recipient_lists(
    count: int, of_row: npt.NDArray[np.int64], of_role: npt.NDArray[np.int64], given: pa.Array, called: pa.Array
) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Recipients of n messages: an address once per role, To before Cc before Bcc.

    Parameters
    ----------
    count
        n.
    of_row, of_role
        Message and position in `ROLES` of each of m recipients, shape (m,); those of one role in their order.
    given, called
        Their addresses and names, shape (m,).

    Returns
    -------
    tuple
        List array of `RECIPIENT`, shape (n,), and the number of recipients with a name but no address, shape (n,).
    """
    width = len(ROLES)
    addresses, names = addresses_of(given), convert.texts(called)
    known = np.asarray(addresses.is_valid())
    unresolved = np.bincount(of_row[~known & np.asarray(names.is_valid())], minlength=count).astype(np.int32)
    encoded = pc.dictionary_encode(addresses.filter(pa.array(known)))
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    kept = np.flatnonzero(known)
    keys = (of_row[kept] * width + of_role[kept]) * (len(encoded.dictionary) + 1) + codes
    kept = kept[np.sort(np.unique(keys, return_index=True)[1])]
    kept = kept[np.argsort(of_row[kept] * width + of_role[kept], kind="stable")]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_row[kept], minlength=count))]).astype(np.int32)
    picks = pa.array(kept)
    roles = pa.array(ROLES).take(pa.array(of_role[kept]))
    people = pa.StructArray.from_arrays([addresses.take(picks), names.take(picks), roles], fields=list(RECIPIENT))
    return pa.ListArray.from_arrays(pa.array(offsets), people), unresolved


def addresses_of(column: pa.Array) -> pa.Array:
    """Lower case, without white space around; null for what is no address."""
    encoded = pc.dictionary_encode(pc.utf8_lower(pc.utf8_trim_whitespace(column)))
    unique = encoded.dictionary
    plain = pc.match_substring_regex(unique, r"^[^\s<>()\[\],;:\\\"@']+@[^\s<>()\[\],;:\\\"@']+$")
    odd = [parse_address(text)[0] for text in unique.filter(pc.invert(plain)).to_pylist()]
    cleaned = pc.replace_with_mask(unique, pc.invert(plain), pa.array(odd, pa.string()))
    return cleaned.take(encoded.indices)


def empty_lists(count: int) -> pa.Array:
    """N empty lists of texts."""
    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], pa.string()))
