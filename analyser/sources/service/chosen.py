"""Which mailboxes are read, as the settings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["distinct", "listed"]


def listed(path: Path, source: str) -> list[str]:
    """Addresses of a file with one a line; what follows # is a remark.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} cannot be read: {error}", source=source, fix="correct 'mailboxes' of the source"
        ) from error
    return [text for line in lines if (text := line.partition("#")[0].strip())]


def distinct(names: Iterable[str]) -> list[str]:
    """In lower case, each once, in their order."""
    return [name for name in dict.fromkeys(name.strip().lower() for name in names) if name]
