"""`analyser thresholds`: every number that decides, with its default, meaning and source."""

from __future__ import annotations

from typing import Annotated, Any

from rich.table import Table

from analyser.cli.console import JsonOption, print_json, print_table
from analyser.pipeline import MODELS

__all__ = ["command"]


def command(as_json: Annotated[bool, JsonOption] = False) -> None:
    """List all thresholds; set them as [thresholds.STAGE] in the configuration."""
    found: list[dict[str, Any]] = []
    for stage, model in MODELS.items():
        for name, field in model.model_fields.items():
            extra = field.json_schema_extra
            source = extra.get("source") if isinstance(extra, dict) else None
            found.append(
                {"stage": stage, "name": name, "default": field.default, "meaning": field.description, "source": source}
            )
    if as_json:
        print_json(found)
        return
    table = Table("stage", "threshold", "default", "meaning", "source")
    for row in found:
        shown = ", ".join(row["default"][:3]) + ", …" if isinstance(row["default"], tuple) else str(row["default"])
        table.add_row(row["stage"], row["name"], shown, row["meaning"], row["source"])
    print_table(table)
