"""`analyser check`: try everything that a scan needs, before it needs it."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Annotated

import typer

from analyser.cli.console import JsonOption, open_lake, out, print_json, settings, state
from analyser.errors import AnalyserError
from analyser.sources.checks import Check, Verdict, check_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyser.config import Settings

__all__ = ["command"]

SPACE_WARN, SPACE_FAIL = 5 << 30, 1 << 30
"""Bytes free below which a scan may and will run out of disk: a tenant of 10,000 mailboxes needs some gigabytes."""

_STYLES = {Verdict.PASS: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def command(
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Try configuration, credentials, permissions, mailboxes, lake and disk; each line says what to do.

    Exit status 1 when a check fails.
    """
    found: list[Check] = []
    for check in _checks(settings(as_json=as_json), source):
        found.append(check)
        if not as_json:
            _show(check)
    if as_json:
        print_json(
            [
                {"subject": c.subject, "check": c.name, "verdict": str(c.verdict), "said": c.said, "fix": c.fix}
                for c in found
            ]
        )
    if any(check.verdict is Verdict.FAIL for check in found):
        raise typer.Exit(1)


def _show(check: Check) -> None:
    out.print(f"{check.verdict:4}", style=_STYLES[check.verdict], end="")
    out.print(f"  {check.subject}: {check.name}: {check.said}", markup=False)
    if check.fix is not None and check.verdict is not Verdict.PASS:
        for number, line in enumerate(check.fix.splitlines()):
            out.print(f"      {'fix: ' if number == 0 else '     '}{line}", markup=False)


def _checks(config: Settings, names: list[str] | None) -> Iterator[Check]:
    chosen = [entry for entry in config.sources if not names or entry.name in names]
    if chosen:
        yield Check("configuration", "sources", Verdict.PASS, f"{state.config or 'read'}: {len(chosen)} sources")
    else:
        fix = "add a [[sources]] table; see config.example.toml"
        yield Check("configuration", "sources", Verdict.FAIL, "no source is configured", fix)
    if not config.organisation.domains:
        said = "[organisation] domains is empty: it is taken from the people, or nobody is internal"
        yield Check("configuration", "domains", Verdict.WARN, said, 'domains = ["contoso.com"]')
    yield from _lake(config)
    for entry in chosen:
        yield from check_source(entry, batch_size=config.scan.batch_size, earliest=config.scan.earliest)


def _lake(config: Settings) -> Iterator[Check]:
    path = config.lake.path
    fix = "check [lake] path and its permissions"
    try:
        with open_lake(config) as lake, lake.lock(), tempfile.TemporaryFile(dir=path):
            pass
    except (AnalyserError, OSError) as error:
        said = error.message if isinstance(error, AnalyserError) else f"{path} cannot be written: {error}"
        yield Check("lake", "writable", Verdict.FAIL, said, getattr(error, "fix", None) or fix)
        return
    yield Check("lake", "writable", Verdict.PASS, str(path))
    free = shutil.disk_usage(path).free
    verdict = Verdict.FAIL if free < SPACE_FAIL else Verdict.WARN if free < SPACE_WARN else Verdict.PASS
    yield Check("lake", "disk space", verdict, f"{free / 2**30:,.0f} GiB free", "free some space, or move [lake] path")
