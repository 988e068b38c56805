"""The application: global options, verbs, and how errors are said."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from pathlib import Path  # noqa: TC003  Typer reads it at run time
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import analyser
from analyser.cli.console import err, state
from analyser.cli.logs import JsonLines
from analyser.errors import AnalyserError

__all__ = ["app", "main"]

INTERRUPTED = 130

VERBS = (
    "demo",
    "init",
    "check",
    "scan",
    "analyse",
    "people",
    "findings",
    "knowledge",
    "connections",
    "proposals",
    "report",
    "evaluate",
    "status",
    "tables",
    "thresholds",
)
"""One module of `analyser.cli` each, in the order of the help."""


class _Verbs(TyperGroup):
    """Loads the module of a verb when it is called: a scan needs none of the libraries of an analysis."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the same in every context
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"analyser.cli.{cmd_name}")
        one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        one.command(cmd_name)(module.command)
        return typer.main.get_command(one)


app = typer.Typer(
    name="analyser",
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Reads mailbox metadata, never a body, and proposes a handful of collaboration spaces.",
    epilog="Exit status: 0 done, 1 failed or incomplete, 2 wrong call or configuration.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(analyser.__version__)
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path | None, typer.Option("--config", envvar="ANALYSER_CONFIG", help="Configuration file.", show_envvar=True)
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False,
    json_logs: Annotated[
        bool, typer.Option("--log-json", help="Log lines as JSON, for programs that collect them.")
    ] = False,
    version: Annotated[  # noqa: ARG001  Typer calls _version
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read before any verb."""
    state.config = config
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, force=True)
    if json_logs:
        logging.getLogger().handlers[0].setFormatter(JsonLines())
    for library in ("httpx", "httpcore", "hpack", "msal"):  # they log whole addresses, and links name mailboxes
        logging.getLogger(library).setLevel(logging.WARNING)


def main() -> None:
    """Run the command line; errors of the program are said in words, with the fix, on standard error."""
    try:
        app(standalone_mode=True)
    except AnalyserError as error:
        if state.json:
            shape = {"error": type(error).__name__, "message": error.message, "fix": error.fix}
            print(json.dumps(shape | {"key": getattr(error, "key", None)}), file=sys.stderr)  # noqa: T201
        else:
            err.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        err.print("stopped; what was complete before is still there", markup=False)
        sys.exit(INTERRUPTED)
