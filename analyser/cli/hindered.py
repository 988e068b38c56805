"""Rules that the mail at hand does not serve, as lines for people and as rows for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analyser.analysis.evidence import EvidenceThresholds, told
from analyser.cli.console import out
from analyser.config import thresholds_of
from analyser.findings.needs import Verdict, judge, sentences
from analyser.findings.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analyser.config import Settings
    from analyser.lake.store import Lake

__all__ = ["as_rows", "of_analysis", "of_lake", "say"]


def of_analysis(lake: Lake, config: Settings) -> list[Verdict]:
    """Rules that were hindered in the last analysis; none if it left no account of what mail told."""
    rows = lake.arrow("evidence").to_pylist() if lake.exists("evidence") else []
    return _judged(rows, config)


def of_lake(lake: Lake, config: Settings) -> list[Verdict]:
    """Rules that an analysis of all that the lake holds would find hindered."""
    messages, recipients, people = (lake.table(name) for name in ("messages", "recipients", "directory_people"))
    return _judged(told(messages, recipients, people, "message_key").to_pyarrow().to_pylist(), config)


def say(verdicts: Iterable[Verdict]) -> None:
    """One line per thing that is missing, with the rules that it costs."""
    for sentence in sentences(verdicts):
        out.print(sentence, markup=False)


def as_rows(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """For JSON: each rule, whether it works at all, and what it misses."""
    return [
        {
            "rule": verdict.rule,
            "works": verdict.works,
            "lacks": {str(need): asdict(lack) for need, lack in verdict.lacks.items()},
        }
        for verdict in verdicts
    ]


def _judged(rows: Iterable[Mapping[str, Any]], config: Settings) -> list[Verdict]:
    return judge(RULES, rows, thresholds_of(config, "evidence", EvidenceThresholds))
