"""Names of spaces, made of the audience's own subject terms."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from analyser.findings.contract import Audience

__all__ = ["frequencies", "name", "topic", "unique"]

_LONGEST = 50
"""Channel names may have 50 characters (Microsoft Teams)."""

_PLAIN = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "for",
        "to",
        "in",
        "on",
        "at",
        "and",
        "or",
        "by",
        "with",
        "from",
        "re",
        "fw",
        "fwd",
        "about",
        "your",
        "our",
        "my",
        "new",
        "please",
        "urgent",
        "important",
        "fyi",
        "update",
        "updates",
        "question",
        "questions",
        "query",
        "meeting",
        "meetings",
        "call",
        "calls",
        "report",
        "reports",
        "info",
        "information",
        "draft",
        "final",
        "version",
        "request",
        "der",
        "die",
        "das",
        "und",
        "für",
        "von",
        "zu",
        "im",
        "am",
        "mit",
        "bitte",
        "le",
        "la",
        "les",
        "de",
        "des",
        "du",
        "et",
        "pour",
        "sur",
        "avec",
        "el",
        "los",
        "las",
        "y",
        "para",
        "con",
    ]
)


def frequencies(audiences: Iterable[Audience]) -> Counter[str]:
    """In how many audiences each word stands: words of many audiences name none."""
    return Counter(word for audience in audiences for word in {w for stem in audience.stems for w in stem.split()})


def topic(audience: Audience, common: Counter[str]) -> str:
    """What the audience writes about, in at most four of its own words; its departments where the
    subjects say nothing.
    """
    if audience.kind == "outside":
        return audience.stem or "partners"
    if audience.stem:
        words = [w for w in audience.stem.split() if w != "#"]
        return " ".join(words[:6])
    best: list[str] = []
    for stem in audience.stems:
        words = [w for w in stem.split() if w not in _PLAIN and len(w) > 2 and w != "#"]  # noqa: PLR2004
        if words and not best:
            best = sorted(words, key=lambda w: common[w])[:3]
            best = [w for w in words if w in best]
    if best:
        return " ".join(dict.fromkeys(best))
    return " and ".join(audience.departments[:2]) or "group mail"


def name(subject: str, audience: Audience) -> str:
    """A title from a topic, within the limits of a channel name."""
    text = re.sub(r"[^\w &+().,-]", " ", subject).strip(" .,-")
    text = re.sub(r"\s+", " ", text)
    words = [w if any(c.isupper() for c in w) else w[:1].upper() + w[1:] for w in text.split(" ")] if text else []
    title = " ".join(words) or (audience.departments[0] if audience.departments else "Group")
    return title[:_LONGEST].rstrip(" .,-")


def unique(title: str, audience: Audience, taken: Collection[str]) -> str:
    """The title, with a department or a number added where another space already bears it."""
    if title not in taken:
        return title
    for extra in (*audience.departments, *(str(n) for n in range(2, len(taken) + 3))):
        longer = f"{title[: _LONGEST - len(extra) - 3]} ({extra})"
        if longer not in taken:
            return longer
    raise AssertionError("one of the numbers is free")
