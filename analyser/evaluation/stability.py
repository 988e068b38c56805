"""Stability: do the same pilots come back when about one per cent of the messages is left out?

A set of proposals that a handful of missing messages overturns says more about chance than about the organisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

__all__ = ["LEFT_OUT", "SAMPLES", "Stability", "in_sample", "stability"]

LEFT_OUT = 0.01
"""Share of the messages in a sample."""
SAMPLES = 100
"""Disjoint samples that there are."""
_ALIKE = 0.5
"""Jaccard similarity of members from which two pilots of one kind are the same."""
_DIGITS = 8
"""Hexadecimal digits of a digest that are compared."""


@dataclass(frozen=True, slots=True)
class Stability:
    """Pilots of the whole mail, and of each sample left out the shares of them that come back.

    Parameters
    ----------
    kept
        Shares that are pilots again.
    listed
        Shares that are proposed again, as a pilot or behind the pilots.
    """

    pilots: int
    kept: tuple[float, ...]
    listed: tuple[float, ...]


def in_sample(key: ir.StringValue, number: int, seed: int = 0) -> ir.BooleanValue:
    """True for the messages of one of `SAMPLES` disjoint samples, drawn by a digest of the key.

    Parameters
    ----------
    key
        `message_key`.
    number
        0 to `SAMPLES` - 1.
    seed
        Another seed draws other samples.

    Raises
    ------
    ValueError
        There is no sample of that number.
    """
    if not 0 <= number < SAMPLES:
        raise ValueError(f"there are samples 0 to {SAMPLES - 1}, not {number}")
    # digests of fixed length are ordered as texts: no engine needs to read hexadecimal numbers
    digest = (ibis.literal(f"{seed}-") + key).hexdigest("sha256").left(_DIGITS)
    low, high = (int(16**_DIGITS * n * LEFT_OUT) for n in (number, number + 1))
    above = digest >= f"{low:0{_DIGITS}x}"
    inside: ir.BooleanValue = above & (digest < f"{high:0{_DIGITS}x}") if number < SAMPLES - 1 else above
    return inside


def stability(proposals: Sequence[dict[str, Any]], others: Sequence[Sequence[dict[str, Any]]]) -> Stability | None:
    """Which share of the pilots comes back: same kind, and members alike; None without pilots.

    Parameters
    ----------
    proposals
        Documents of the whole mail.
    others
        Documents of each analysis with a sample left out.
    """
    pilots = [p for p in proposals if p["pilot"]]
    if not pilots:
        return None
    kept = tuple(_recurring(pilots, [p for p in other if p["pilot"]]) for other in others)
    return Stability(len(pilots), kept, tuple(_recurring(pilots, other) for other in others))


def _recurring(pilots: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> float:
    return sum(any(_same(pilot, other) for other in others) for pilot in pilots) / len(pilots)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, theirs = set(one["members"]), set(other["members"])
    return one["kind"] == other["kind"] and len(mine & theirs) >= _ALIKE * len(mine | theirs)
