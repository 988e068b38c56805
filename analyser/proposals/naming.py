"""Names of spaces, made of the audience's own subject terms."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from analyser.findings.contract import Audience

__all__ = ["frequencies", "name", "telling", "topic", "unique"]

_LONGEST = 50
"""Channel names may have 50 characters (Microsoft Teams)."""

_WORDS = 5
_TELLING = 3
"""Words of a name, and telling words among them, at the most."""

_FILLER_WORDS = """
the a an of for to in on at and or by with from re fw fwd about your our my this that is are was were as into through
until till per vs dated ending ended beginning week weeks month day year date kw cw wk
i you he she it we they me him her us them who what which when where how why
be been do does did has have had will would can could shall should might must not no
today tomorrow yesterday tonight thanks thank
der die das und für fuer von zu zum zur im am mit bis vom ab woche monat um heute morgen gestern danke ich wir sie
le la les de des du et pour sur avec au aux semaine mois hier demain merci je nous vous
el los las y para con del al semana mes hoy ayer gracias il lo gli di da per e settimana mese oggi ieri domani grazie
"""
_FILLER = frozenset(_FILLER_WORDS.split())
"""Words that stand at neither end of a name: closed classes of grammar (articles, prepositions, pronouns, auxiliaries),
days counted from the speaker's, thanks."""

_VERB_FOLLOWS = frozenset({"please", "kindly", "pls", "veuillez", "favor", "prega"})
_VERB_AFTER_OF = frozenset({"merci", "favor", "prega"})
_VERB_ENDS = frozenset({"bitte"})
"""Words that open a request: its verb follows at once, follows on "de" or "di", or closes the sentence as German
infinitives do. A place is named after what is asked about, not after the asking."""

_COMMON_WORDS = """
new please urgent important fyi update updates question questions query meeting meetings call calls report reports info
information draft final version request reminder bitte neu neue wichtig frage fragen bericht anfrage
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words that name nothing alone."""


def frequencies(audiences: Iterable[Audience]) -> Counter[str]:
    """In how many audiences each word stands: words of many audiences name none."""
    return Counter(word for audience in audiences for word in {w for stem in audience.stems for w in stem.split()})


def telling(words: Iterable[str]) -> list[str]:
    """Distinct words of three letters or more that are neither filler nor common, in order."""
    return [w for w in dict.fromkeys(words) if len(w) > 2 and w not in _FILLER and w not in _COMMON]  # noqa: PLR2004


def topic(audience: Audience, common: Counter[str]) -> str:
    """What the audience writes about, in a few of its own words; its departments where the subjects say nothing."""
    if audience.kind == "outside":
        return audience.stem or "partners"
    if audience.kind == "forum":  # any single subject of it would be as wrong as the next
        return "social life"
    # a space is named after its work, not after the people who do it
    people = {w for m in audience.members for w in re.findall(r"[^\W\d_]{3,}", m.principal.partition("@")[0].lower())}
    if audience.stem:
        # a desk bears several terms, the one that most people ask about first: cut between terms, never within one
        stem = audience.stem.partition(", ")[0] if audience.kind == "desk" else audience.stem
        words = _asked_about([w for w in stem.split() if w != "#" and w not in people])
        if whole := " ".join(_trimmed(words)[:6]):
            return whole
    for stem in audience.stems:
        if phrase := _phrase(_asked_about(["#" if w in people else w for w in stem.split()]), common):
            return phrase
    return " and ".join(audience.departments[:2]) or "group mail"


def _asked_about(words: list[str]) -> list[str]:
    """What a request is about: the words without those that ask, its verb included; all of them where nothing is left.

    >>> _asked_about("please note open positions".split())
    ['open', 'positions']
    >>> _asked_about("bitte stückliste prüfen".split())
    ['stückliste']
    """
    for place, word in enumerate(words):
        rest = words[place + 1 :]
        if word in _VERB_AFTER_OF and rest[:1] in (["de"], ["di"]):
            rest = rest[2:]
        elif word in _VERB_ENDS:
            ends = [n for n in (len(rest) - 1, 0) if len(rest) > 1 and rest[n].endswith("en")]
            rest = [w for n, w in enumerate(rest) if n != (ends or [-1])[0]]
        elif word in _VERB_FOLLOWS:
            rest = rest[1:]
        else:
            continue
        return next((part for part in (rest, words[:place]) if telling(part)), words)
    return words


def _trimmed(words: list[str]) -> list[str]:
    """Words without filler at either end."""
    kept = [n for n, word in enumerate(words) if word not in _FILLER]
    return words[kept[0] : kept[-1] + 1] if kept else []


def _phrase(words: list[str], common: Counter[str]) -> str:
    """The part of a stem, without masked words, whose words stand in the fewest other audiences; empty where none
    tells anything.
    """
    best, best_score = "", 0.0
    for start in range(len(words)):
        for stop in range(start + 1, min(start + _WORDS, len(words)) + 1):
            part = words[start:stop]
            named = telling(part)
            if "#" in part or len(named) > _TELLING or part != _trimmed(part) or 1 in (len(part[0]), len(part[-1])):
                continue
            # of equals the longer: a common word such as "report" makes a name readable
            score = sum(1 / max(1, common[w]) for w in named) + 1e-6 * len(part)
            if named and score > best_score:
                best, best_score = " ".join(part), score
    return best


def name(subject: str, audience: Audience) -> str:
    """A title from a topic, within the limits of a channel name."""
    text = re.sub(r"[^\w &+().,-]", " ", subject).strip(" .,-")
    text = re.sub(r"\s+", " ", text)
    words = [
        w if any(c.isupper() for c in w) or (place and w in _FILLER) else w[:1].upper() + w[1:]
        for place, w in enumerate(text.split(" ") if text else [])
    ]
    title = " ".join(words) or (audience.departments[0] if audience.departments else "Group")
    return title[:_LONGEST].rstrip(" .,-")


def unique(title: str, audience: Audience, taken: Collection[str]) -> str:
    """The title, with a department or a number added where another space already bears it."""
    if title not in taken:
        return title
    for extra in (*audience.departments, *(str(n) for n in range(2, len(taken) + 3))):
        extra = extra[: _LONGEST // 2]  # noqa: PLW2901
        longer = f"{title[: _LONGEST - len(extra) - 3]} ({extra})"
        if longer not in taken:
            return longer
    raise AssertionError("one of the numbers is free")
