"""Results of `analyser evaluate` as tables, for people or as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Section", "markdown", "sections", "shown"]

_UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Section:
    """One table: what it is about, names of its columns, and texts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(result: dict[str, Any]) -> list[Section]:
    """The tables of one evaluated lake, in the order in which they are read.

    Parameters
    ----------
    result
        An entry of what `analyser evaluate --json` prints.
    """
    makers = (
        ("rules", _rules),
        ("threads", _threads),
        ("coverage", _coverage),
        ("recovery", _recovery),
        ("stability", _stability),
    )
    return [make(result[name]) for name, make in makers if result.get(name)]


def shown(section: Section) -> Table:
    """A table for people."""
    table = Table(*section.columns, title=section.title, title_justify="left")
    for row in section.rows:
        table.add_row(*row)
    return table


def markdown(title: str, parts: Sequence[Section]) -> str:
    """A heading and all tables as Markdown; figures are aligned to the right, the first column is a name."""
    blocks = [f"## {_escaped(title)}"]
    for part in parts:
        line = "| --- |" + " ---: |" * (len(part.columns) - 1)
        rows = [f"| {' | '.join(map(_escaped, row))} |" for row in (part.columns, *part.rows)]
        blocks += [f"### {part.title}", "\n".join([rows[0], line, *rows[1:]])]
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _figure(value: float | None, digits: int = 4) -> str:
    return _UNKNOWN if value is None else f"{value:.{digits}f}"


def _rules(rows: list[dict[str, Any]]) -> Section:
    return Section(
        "Rules",
        ("rule", "planted", "recall", "findings", "precision", "F1"),
        tuple(
            (
                row["rule"],
                str(row["labels"]),
                _figure(row["recall"], 2),
                str(row["findings"]),
                _figure(row["precision"], 2),
                _figure(row["f1"], 2),
            )
            for row in rows
        ),
    )


def _threads(methods: dict[str, dict[str, Any]]) -> Section:
    return Section(
        "Threads",
        ("method", "messages", "precision", "recall", "F1"),
        tuple(
            (name, f"{row['messages']:,}", *(_figure(row[key], 3) for key in ("precision", "recall", "f1")))
            for name, row in methods.items()
        ),
    )


def _coverage(found: dict[str, Any]) -> Section:
    """Rows of every split, and the means where there are several."""
    rows = []
    for split in (*found["splits"], *([{"split": "mean", "rows": found["mean"]}] if found["mean"] else [])):
        rows += [
            (
                split["split"],
                str(row["k"]),
                *(_figure(row[name]) for name in ("proposals", "baseline", "clairvoyant", "regret")),
                _figure(row["mean_size"], 1),
            )
            for row in split["rows"]
        ]
    columns = ("split", "first", "proposals", "baseline", "clairvoyant", "proposals / clairvoyant", "mean size")
    return Section("Coverage of later group mail", columns, tuple(rows))


def _recovery(found: dict[str, Any]) -> Section:
    names = ("people", "departments", "communities")
    row = ("departments by communities", *(str(found[name]) for name in names))
    return Section(
        "Department recovery",
        ("partition", *names, "adjusted mutual information"),
        ((*row, _figure(found["adjusted_mutual_information"])),),
    )


def _stability(found: dict[str, Any]) -> Section:
    rows = [
        (f"sample {n}", str(found["pilots"]), _figure(kept, 2), _figure(listed, 2))
        for n, (kept, listed) in enumerate(zip(found["kept"], found["listed"], strict=True), 1)
    ]
    mean = ("mean", str(found["pilots"]), _figure(found["mean_kept"], 2), _figure(found["mean_listed"], 2))
    return Section(
        "Stability: one per cent of the messages left out",
        ("left out", "pilots", "pilots again", "proposed again"),
        (*rows, mean),
    )
