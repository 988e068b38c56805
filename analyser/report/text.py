"""Words for people: hostile text made harmless, lists, ranges, moments and rhythms in a sentence."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["capitalised", "clean", "clipped", "counted", "hours", "initials", "listed", "moment", "number", "rhythm"]

LONGEST: Final = 10_000
"""Characters of a text that are shown at all."""

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_SMALL: Final = (
    "No",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)
_JOINERS: Final = frozenset("\u200c\u200d\u00ad")
"""Format characters that Persian, Indic scripts and emoji need, and the soft hyphen."""

_PERIODS: Final = {
    "workday": "Every working day",
    "week": "Every {day}",
    "fortnight": "Every second {day}",
    "month": "Once a month",
    "quarter": "Once a quarter",
}
_ANY_DAY: Final = {"week": "Every week", "fortnight": "Every second week"}


def clean(text: str, longest: int = LONGEST) -> str:
    """A text of unknown origin on one line, with everything that could hide or turn it made visible.

    Control, format (bidirectional overrides among them), private and lone surrogate characters stand as ``⟦U+202E⟧``.

    Parameters
    ----------
    longest
        Characters of the original that are kept; the rest is cut and said to be.
    """
    kept = text[:longest]
    if not kept.isascii() or not kept.isprintable():
        kept = " ".join("".join(_visible(character) for character in kept).split())
    return f"{kept} … ({len(text):,} characters)" if len(text) > longest else kept


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category.startswith("C") and character not in _JOINERS:
        return f"⟦U+{ord(character):04X}⟧"
    return character


def clipped(text: str, longest: int) -> str:
    """A text cut to so many characters, the last of them an ellipsis where something is missing."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def capitalised(text: str) -> str:
    """The text with its first letter in upper case and the others as they are."""
    return text[:1].upper() + text[1:]


def number(count: int) -> str:
    """A count at the start of a sentence: a word up to twelve, digits beyond."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 message``, ``2,000 messages``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str], word: str = "and") -> str:
    """Items as English lists them: ``a, b and c``."""
    return f" {word} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def hours(low: float, high: float) -> str:
    """A range of hours: whole from ten on, one decimal below; one figure where both ends round alike."""
    ends = [f"{end:,.0f}" if high >= 10 else f"{end:.1f}".removesuffix(".0") for end in (low, high)]  # noqa: PLR2004
    return ends[0] if ends[0] == ends[1] else "\u2013".join(ends)


def initials(name: str) -> str:
    """At most two letters for a picture: of the first and last word of a name or of an address."""
    words = [w for w in name.partition("@")[0].replace(".", " ").replace("_", " ").split() if w[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def moment(time: datetime) -> str:
    """A moment in full: ``Monday 3 November 2025, 08:12``; the caller has set the time zone."""
    return f"{WEEKDAYS[time.weekday()]} {time.day} {time:%B %Y}, {time:%H:%M}"


def rhythm(evidence: Mapping[str, object]) -> str:
    """The rhythm of a proposal's mail in a sentence, from the `evidence` of its document."""
    period, weekday, hour = evidence.get("rhythm"), evidence.get("weekday"), evidence.get("hour")
    if isinstance(period, str) and period in _PERIODS:
        known = isinstance(weekday, int)
        words = _PERIODS[period] if known or period not in _ANY_DAY else _ANY_DAY[period]
        at = f", usually about {hour:02d}:00" if isinstance(hour, int) else ""
        return words.format(day=WEEKDAYS[weekday] if isinstance(weekday, int) else "") + at
    active = max(1, int(str(evidence.get("weeks_active") or 1)))
    pace = int(str(evidence.get("messages") or 0)) / active
    often = f"about {pace:,.0f} mails" if pace >= 1.5 else "about one mail"  # noqa: PLR2004
    return f"No fixed rhythm: {often} in a week with mail"
