"""Vocabulary of the sample organisation, and the filling of its templates."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from analyser.sources.sample.dice import Dice

__all__ = ["LANGUAGES", "fill", "stem", "vocabulary", "words"]

LANGUAGES = ("en", "de", "fr")
_SLOT = re.compile(r"\{(\w+)\}")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Any]:
    """The whole of `words.toml`."""
    return tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def words(section: str, key: str) -> tuple[str, ...]:
    """One list of words."""
    return tuple(vocabulary()[section][key])


def fill(template: str, dice: Dice, language: str = "en", day: date | None = None, **fixed: str) -> str:
    """A subject line from a template.

    Parameters
    ----------
    template
        Text with names in braces.
    dice
        Chooses what `fixed` leaves open.
    language
        Of the words that are chosen.
    day
        Day of sending, for {week}, {date} and {month}.
    fixed
        Values that stand.
    """

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        return fixed[slot] if slot in fixed else _chosen(slot, dice, language, day)

    return _SLOT.sub(value, template)


def stem(template: str, **fixed: str) -> str:
    """What stays the same in every subject of a template: lower case, numbers and dates left out.

    >>> stem("Weekly report {topic} week {week}", topic="Returns")
    'weekly report returns week'
    """
    kept = _SLOT.sub(lambda match: fixed.get(match[1], " "), template)
    return " ".join(re.sub(r"[\W\d_]+", " ", kept).lower().split())


def _chosen(slot: str, dice: Dice, language: str, day: date | None) -> str:
    if slot in {"week", "date", "month"}:
        return _time(slot, language, day)
    if slot == "number":
        return str(dice.whole(2, 9999))
    if slot == "topic":
        return str(dice.pick([topic for entry in vocabulary()["departments"] for topic in entry["topics"]]))
    lists = {
        "name": ("names", f"{language}_last"),
        "thing": ("background", f"things_{language}"),
        "weekday": ("background", f"weekdays_{language}"),
        "place": ("background", "places"),
        "child": ("social", "children"),
        "lost": ("social", "lost"),
    }
    return dice.pick(words(*lists[slot]))


def _time(slot: str, language: str, day: date | None) -> str:
    if day is None:
        raise ValueError(f"the template needs a day for {{{slot}}}")
    if slot == "week":
        return str(day.isocalendar().week)
    if slot == "month":
        return f"{_MONTHS[day.month - 1]} {day.year}"
    return day.strftime({"en": "%d/%m/%Y", "de": "%d.%m.%Y", "fr": "%Y-%m-%d"}[language])
