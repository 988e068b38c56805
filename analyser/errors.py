"""The exceptions that callers may meet.

::

    AnalyserError
    ├── ConfigError            a key, type or secret is wrong: names the key, the places looked in, the fix
    ├── MissingExtraError      an optional part is not installed: names its install line
    ├── SourceError            a source cannot be read at all
    │   └── FormatError        a file is not what it should be: names the place
    ├── LakeError              the lake cannot be read or written
    │   ├── LakeLockedError    another process writes the lake
    │   └── EmptyLakeError     the lake holds nothing that the command needs
    ├── StoppedError           the user has stopped the command
    └── UsageError             the command was called with values that contradict one another
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "AnalyserError",
    "ConfigError",
    "EmptyLakeError",
    "FormatError",
    "LakeError",
    "LakeLockedError",
    "MissingExtraError",
    "SourceError",
    "StoppedError",
    "UsageError",
]


class AnalyserError(Exception):
    """Anything that the program says instead of a traceback.

    Parameters
    ----------
    message
        What happened, with the place.
    fix
        What the user can do about it; None where nothing can be advised.
    """

    exit_status = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class ConfigError(AnalyserError):
    """A setting is wrong or missing.

    Parameters
    ----------
    key
        Dotted name of the setting, as it stands in the TOML.
    places
        Where the value was looked for, in order.
    """

    exit_status = 2

    def __init__(self, message: str, *, key: str, places: Sequence[str] = (), fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.key = key
        self.places = tuple(places)

    def __str__(self) -> str:
        lines = [f"{self.key}: {self.message}"]
        if self.places:
            lines.append(f"  looked in: {'; '.join(self.places)}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class MissingExtraError(AnalyserError):
    """An optional dependency is not installed.

    Parameters
    ----------
    extra
        Name of the extra in `pyproject.toml`.
    wanted_for
        What the user asked for.
    """

    exit_status = 2

    def __init__(self, extra: str, *, wanted_for: str) -> None:
        super().__init__(f"{wanted_for} needs the extra '{extra}'", fix=f"pip install 'analyser[{extra}]'")
        self.extra = extra


class SourceError(AnalyserError):
    """A source cannot be read at all; single unreadable messages are `Problem` values instead.

    Parameters
    ----------
    reason
        Few countable words for the account of the mailbox; without them the message stands there.
    """

    def __init__(self, message: str, *, source: str, fix: str | None = None, reason: str | None = None) -> None:
        super().__init__(f"source '{source}': {message}", fix=fix)
        self.source = source
        self.reason = reason if reason is not None else self.message


class FormatError(SourceError):
    """A file is not in the format that its source expects.

    Parameters
    ----------
    path, line
        The place; `line` is None where the format has no lines.
    """

    def __init__(
        self, message: str, *, source: str, path: Path, line: int | None = None, fix: str | None = None
    ) -> None:
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {message}", source=source, fix=fix)
        self.path = path
        self.line = line


class LakeError(AnalyserError):
    """The lake cannot be read or written."""


class LakeLockedError(LakeError):
    """Another process holds the lake's lock.

    Parameters
    ----------
    holder
        What the lock file says about the holder: process, host, since when.
    """

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"the lake {path} is being written by {holder}", fix="wait for it to end, or stop it")
        self.path = path
        self.holder = holder


class EmptyLakeError(LakeError):
    """A table that the command needs has no rows, or does not exist yet.

    Parameters
    ----------
    table
        Name of the table.
    """

    def __init__(self, table: str, *, fix: str) -> None:
        super().__init__(f"the lake has no {table} yet", fix=fix)
        self.table = table


class StoppedError(AnalyserError):
    """The user has stopped the command; what was complete before is still there."""

    exit_status = 130  # as shells report Ctrl-C

    def __init__(self, *, fix: str) -> None:
        super().__init__("stopped; what was complete before is still there", fix=fix)


class UsageError(AnalyserError):
    """Options of a command contradict one another."""

    exit_status = 2
