"""Labels of a sample organisation: what was planted, and which thread each message truly belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyser.errors import AnalyserError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Label", "Labels", "read_labels"]


@dataclass(frozen=True, slots=True)
class Label:
    """One planted pattern or decoy; fields as `docs/sample.md` describes them."""

    id: str
    pattern: str
    decoy: bool
    expected: str
    members: frozenset[str]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels, and the true thread by Message-ID."""

    labels: tuple[Label, ...]
    threads: dict[str, str]


def read_labels(path: Path) -> Labels:
    """Read a file that the source `sample` wrote.

    Raises
    ------
    AnalyserError
        The file is missing or is no file of labels.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(
            Label(
                entry["id"],
                entry["pattern"],
                bool(entry["decoy"]),
                entry["expected"],
                frozenset(address.lower() for address in _texts(entry, "members")),
                _texts(entry, "messages"),
            )
            for entry in content["labels"]
        )
        return Labels(found, dict(content["threads"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnalyserError(
            f"{path} holds no labels: {error}", fix="'analyser demo' writes labels.json beside its lake"
        ) from error


def _texts(entry: dict[str, object], name: str) -> tuple[str, ...]:
    """A list of texts; JSON may hold anything."""
    value = entry[name]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"'{name}' of label {entry['id']} is no list of texts")
    return tuple(value)
