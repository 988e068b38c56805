"""The catalogue of spaces: kinds and patterns, read from `catalogue.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["Catalogue", "Kind", "PatternText", "catalogue"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of space; the fields are explained in the file."""

    name: str
    label: str
    platform: str
    good_for: str
    bad_for: str
    people: tuple[int, int]
    replies: tuple[float, float]
    prior: dict[str, float]
    joined: bool = True


@dataclass(frozen=True, slots=True)
class PatternText:
    """What a pattern asks of a space, and the words of its proposals."""

    name: str
    requirements: tuple[str, ...]
    kinds: tuple[str, ...]
    conversation: bool
    purpose: str
    replaces: str
    first_posts: tuple[str, ...]
    worth: float = 1.0
    whole_list: bool = True

    @property
    def converts(self) -> bool:
        """A distribution list of the same people may become its space: people talk, and all who are on it."""
        return self.conversation and self.whole_list


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds and patterns by name."""

    kinds: dict[str, Kind]
    patterns: dict[str, PatternText]


@cache
def catalogue() -> Catalogue:
    """Read the catalogue that comes with the program."""
    text = resources.files("analyser.proposals").joinpath("catalogue.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return Catalogue(
        kinds={
            name: Kind(name, **{**entry, "people": tuple(entry["people"]), "replies": tuple(entry["replies"])})
            for name, entry in content["kinds"].items()
        },
        patterns={name: _pattern(name, entry) for name, entry in content["patterns"].items()},
    )


def _pattern(name: str, entry: dict[str, Any]) -> PatternText:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return PatternText(name, **fields)
