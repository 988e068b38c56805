"""What a pre-flight check of a source says: one line each, with the fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analyser import config
from analyser.errors import AnalyserError, SourceError
from analyser.sources.registry import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analyser.sources.contract import Source

__all__ = ["Check", "Verdict", "check_source"]


class Verdict(StrEnum):
    """How a check ended; only ``fail`` keeps a scan from being complete."""

    PASS = "pass"  # noqa: S105  no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line.

    Parameters
    ----------
    subject
        What was checked: a source by name, the configuration, the lake.
    name
        Which check.
    verdict
        How it ended.
    said
        What was found.
    fix
        What to do about it; None where nothing needs to be done.
    """

    subject: str
    name: str
    verdict: Verdict
    said: str
    fix: str | None = None


def check_source(settings: config.SourceSettings, *, batch_size: int, earliest: datetime) -> Iterator[Check]:
    """Try everything that a scan of a source needs; mail is listed, never stored.

    Parameters
    ----------
    settings
        One entry of `Settings.sources`.
    """
    if isinstance(settings, config.GraphSource | config.EwsSource):
        yield from _check_service(settings)
        return
    try:
        source = open_source(settings, batch_size=batch_size, earliest=earliest)
    except AnalyserError as error:
        yield Check(settings.name, "readable", Verdict.FAIL, error.message, error.fix)
        return
    try:
        yield from _try(source)
    finally:
        source.close()


def _try(source: Source) -> Iterator[Check]:
    """List the mailboxes of a source and read the beginning of the first."""
    try:
        mailboxes = list(source.mailboxes())
    except AnalyserError as error:
        yield Check(source.name, "readable", Verdict.FAIL, error.message, error.fix)
        return
    yield Check(source.name, "readable", Verdict.PASS, f"{len(mailboxes):,} mailboxes")
    if mailboxes:
        try:
            first = next(iter(source.read(mailboxes[0].name)), None)
        except SourceError as error:
            yield Check(source.name, "first mailbox", Verdict.FAIL, error.message, error.fix)
        else:
            count = first.messages.num_rows if first is not None else 0
            found = Verdict.PASS if count else Verdict.WARN
            fix = None if count else "see if the file is what its source expects"
            yield Check(source.name, "first mailbox", found, f"{mailboxes[0].name}: {count:,} messages", fix)
    elif "messages" in source.declaration.provides:
        yield Check(source.name, "first mailbox", Verdict.WARN, "no mailbox", "see if the path is the right one")


def _check_service(settings: config.GraphSource | config.EwsSource) -> Iterator[Check]:
    try:  # their libraries are extras
        if isinstance(settings, config.EwsSource):
            from analyser.sources.ews.check import check_ews  # noqa: PLC0415

            found = check_ews(settings)
        else:
            from analyser.sources.graph.check import check_graph  # noqa: PLC0415

            found = check_graph(settings)
    except AnalyserError as error:
        yield Check(settings.name, "installed", Verdict.FAIL, error.message, error.fix)
        return
    yield from found
