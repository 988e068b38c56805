"""`analyser evaluate`: how good the results are, on labelled organisations or on the configured lake."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyser import config, pipeline
from analyser.cli import evaluation_tables
from analyser.cli.console import JsonOption, day, open_lake, out, print_json, print_table, settings, state
from analyser.cli.progress import progress
from analyser.errors import EmptyLakeError, UsageError
from analyser.evaluation.communities import department_recovery
from analyser.evaluation.labels import read_labels
from analyser.evaluation.rules import score_rules
from analyser.evaluation.threads import score_subjects, score_threads
from analyser.findings.registry import RULES
from analyser.lake import ingest
from analyser.pipeline import trials
from analyser.sources.sample import SampleOrganisationSource

if TYPE_CHECKING:
    from datetime import datetime

    from analyser.config import Settings
    from analyser.evaluation.coverage import Coverage
    from analyser.evaluation.stability import Stability

__all__ = ["command"]

_DIGITS = 4
_MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is judged besides the published results."""

    splits: tuple[datetime, ...]
    runs: int
    as_json: bool


def command(
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Evaluate the configured lake against this file of labels.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Coverage of mail from this date (UTC) on by proposals from before; repeatable."),
    ] = None,
    stability: Annotated[
        int,
        typer.Option("--stability", min=0, max=_MOST_RUNS, help="Analyses with one per cent of the messages left out."),
    ] = 0,
    people: Annotated[int, typer.Option("--people", min=60, help="Size of the sample organisation.")] = 400,
    weeks: Annotated[int, typer.Option("--weeks", min=12, help="Length of its history.")] = 40,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Seed; may be repeated.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Judge the results: rules, threads, coverage of later mail, recovery of departments, stability.

    With --labels, --split or --stability the configured lake is judged, and nothing is written into it. Otherwise, and
    with --seed, sample organisations are generated, scanned and analysed in a temporary folder.
    """
    state.json = as_json
    splits = tuple(sorted(moment for text in split or () if (moment := day(text, "--split"))))
    if labels is not None and seed:
        raise UsageError("--labels and --seed exclude each other", fix="evaluate a lake or a sample organisation")
    wanted = _Wanted(splits, stability, as_json)
    if not seed and (labels is not None or splits or stability):
        given = settings(as_json=as_json)
        results = [{"lake": str(labels or given.lake.path), **_evaluate(given, labels, wanted)}]
    else:
        results = [{"seed": n, **_sample(people, weeks, n, wanted)} for n in seed or [7]]
    if as_json:
        print_json(results)
        return
    for result in results:
        title = f"seed {result['seed']}" if "seed" in result else result["lake"]
        parts = evaluation_tables.sections(result)
        if markdown:
            typer.echo(evaluation_tables.markdown(title, parts))
            continue
        out.print(title, markup=False)
        for part in parts:
            print_table(evaluation_tables.shown(part))


def _sample(people: int, weeks: int, seed: int, wanted: _Wanted) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        given = config.Settings(lake=config.Lake(path=place / "lake"))
        source = SampleOrganisationSource("sample", people, weeks, seed)
        with open_lake(given) as lake, progress(as_json=wanted.as_json) as listener:
            ingest.scan(lake, [source], given, listener=listener)
            pipeline.analyse(lake, given, since=None, until=None, listener=listener)
        source.write_labels(place / "labels.json")
        return _evaluate(given, place / "labels.json", wanted)


def _evaluate(given: Settings, labels: Path | None, wanted: _Wanted) -> dict[str, Any]:
    """Everything that was asked for, as `--json` prints it."""
    pipeline.thresholds(given)  # a wrong threshold is said before the work, not after it
    result = _labelled(given, labels) if labels is not None else {}
    with progress(as_json=wanted.as_json) as listener:
        if wanted.splits:
            found = trials.cross_validate(given, wanted.splits, listener)
            result["coverage"] = _coverage(wanted.splits, found)
        with open_lake(given) as lake:
            recovery = department_recovery(lake.arrow("communities"), lake.arrow("principals"))
        if recovery is not None:
            result["recovery"] = _rounded(asdict(recovery))
        if wanted.runs:
            result["stability"] = _stability(trials.leave_out(given, wanted.runs, listener))
    return result


def _labelled(given: Settings, path: Path) -> dict[str, Any]:
    truth = read_labels(path)
    with open_lake(given) as lake:
        if not lake.exists("findings"):
            raise EmptyLakeError("findings", fix="run 'analyser analyse' first")
        copies = lake.arrow("copies").select(["message_key", "internet_message_id"])
        scores = score_rules(
            truth.labels,
            lake.arrow("findings").to_pylist(),
            lake.arrow("audience_messages"),
            copies,
            [rule.id for rule in RULES],
        )
        threads = score_threads(truth.threads, lake.arrow("message_threads"), copies)
        plain = score_subjects(truth.threads, lake.arrow("messages").select(["message_key", "subject_key"]), copies)
    return {
        "rules": [
            {
                "rule": s.rule,
                "labels": s.labels,
                "recall": round(s.recall, 3),
                "findings": s.findings,
                "precision": round(s.precision, 3),
                "f1": round(s.f1, 3),
                "missed": list(s.missed),
                "false": list(s.false),
            }
            for s in scores
        ],
        "threads": {
            name: {
                "messages": t.messages,
                "precision": round(t.precision, 4),
                "recall": round(t.recall, 4),
                "f1": round(t.f1, 4),
            }
            for name, t in (("rebuilt", threads), ("base subject", plain))
        },
    }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in row.items()}


def _coverage(splits: tuple[datetime, ...], found: list[Coverage]) -> dict[str, Any]:
    """Rows of every split, and their means where there are several."""
    tables = [[asdict(row) for row in coverage.rows] for coverage in found]
    means = [_mean(list(rows)) for rows in zip(*tables, strict=True)] if len(tables) > 1 else []
    return {
        "splits": [
            {
                "split": f"{split:%Y-%m-%d}",
                "sets_before": coverage.sets_before,
                "sets_after": coverage.sets_after,
                "spaces": coverage.spaces,
                "rows": [_rounded(row) for row in rows],
            }
            for split, coverage, rows in zip(splits, found, tables, strict=True)
        ],
        "mean": [_rounded(row) for row in means],
    }


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means of what is known."""
    known = {name: [row[name] for row in rows if row[name] is not None] for name in rows[0] if name != "k"}
    return {"k": rows[0]["k"]} | {name: fmean(values) if values else None for name, values in known.items()}


def _stability(found: Stability | None) -> dict[str, Any] | None:
    if found is None:
        return None
    means = {"mean_kept": fmean(found.kept), "mean_listed": fmean(found.listed)}
    shares = {name: [round(x, _DIGITS) for x in getattr(found, name)] for name in ("kept", "listed")}
    return {"pilots": found.pilots, **shares, **_rounded(means)}
