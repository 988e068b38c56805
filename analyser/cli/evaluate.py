"""`analyser evaluate`: precision and recall on labelled organisations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from analyser import config, pipeline
from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, progress, settings, state
from analyser.errors import EmptyLakeError
from analyser.evaluation.labels import read_labels
from analyser.evaluation.rules import score_rules
from analyser.evaluation.threads import score_subjects, score_threads
from analyser.findings.registry import RULES
from analyser.lake import ingest
from analyser.sources.sample import SampleOrganisationSource

if TYPE_CHECKING:
    from analyser.config import Settings

__all__ = ["command"]


def command(
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Evaluate the configured lake against this file of labels.")
    ] = None,
    people: Annotated[int, typer.Option("--people", min=60, help="Size of the sample organisation.")] = 400,
    weeks: Annotated[int, typer.Option("--weeks", min=12, help="Length of its history.")] = 40,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Seed; may be repeated.")] = None,
    as_json: Annotated[bool, JsonOption] = False,
) -> None:
    """Print recall and precision of every rule, and of the threads, on labelled organisations.

    Without --labels, sample organisations are generated, scanned and analysed in a temporary folder.
    """
    state.json = as_json
    if labels is not None:
        results = [{"lake": str(labels), **_evaluate(settings(as_json=as_json), labels)}]
    else:
        results = [{"seed": n, **_sample(people, weeks, n, as_json=as_json)} for n in seed or [7]]
    if as_json:
        print_json(results)
        return
    for result in results:
        _show(result)


def _sample(people: int, weeks: int, seed: int, *, as_json: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        given = config.Settings(lake=config.Lake(path=place / "lake"))
        source = SampleOrganisationSource("sample", people, weeks, seed)
        with open_lake(given) as lake, progress(as_json=as_json) as listener:
            ingest.scan(lake, [source], given, listener=listener)
            pipeline.analyse(lake, given, since=None, until=None, listener=listener)
        source.write_labels(place / "labels.json")
        return _evaluate(given, place / "labels.json")


def _evaluate(given: Settings, path: Path) -> dict[str, Any]:
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


def _show(result: dict[str, Any]) -> None:
    title = f"seed {result['seed']}" if "seed" in result else result["lake"]
    table = Table("rule", "planted", "recall", "findings", "precision", "F1", title=title, title_justify="left")
    for row in result["rules"]:
        table.add_row(
            row["rule"],
            str(row["labels"]),
            f"{row['recall']:.2f}",
            str(row["findings"]),
            f"{row['precision']:.2f}",
            f"{row['f1']:.2f}",
        )
    print_table(table)
    for name, row in result["threads"].items():
        out.print(
            f"threads, {name}: F1 {row['f1']:.3f} (precision {row['precision']:.3f}, recall {row['recall']:.3f},"
            f" {row['messages']:,} messages)"
        )
