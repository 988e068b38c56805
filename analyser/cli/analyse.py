"""`analyser analyse`: from the lake to findings and proposals."""

from __future__ import annotations

from typing import Annotated

import typer

from analyser import pipeline
from analyser.cli import hindered
from analyser.cli.console import JsonOption, day, open_lake, out, print_json, settings
from analyser.cli.progress import progress

__all__ = ["command"]


def command(
    since: Annotated[str | None, typer.Option("--since", help="Only mail sent at or after this date (UTC).")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Hide mail sent at or after this date (UTC).")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Recognise people, threads, audiences and patterns, and choose the spaces to propose."""
    config = settings(as_json=as_json)
    pipeline.thresholds(config)  # a wrong threshold is said before the work, not after it
    with open_lake(config) as lake, progress(as_json=as_json) as listener:
        run = pipeline.analyse(
            lake, config, since=day(since, "--since"), until=day(until, "--until"), listener=listener
        )
        counts = {
            name: run[name].count().to_pyarrow().as_py()
            for name in ("messages", "threads", "audiences", "findings", "proposals")
        }
        verdicts = hindered.of_analysis(lake, config)
    if as_json:
        print_json({"until": run.now, "counts": counts, "hindered": hindered.as_rows(verdicts)})
        return
    hindered.say(verdicts)
    out.print(", ".join(f"{number:,} {name}" for name, number in counts.items()))
    out.print("next: 'analyser proposals', or 'analyser report --out report.html'")
