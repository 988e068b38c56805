"""Write the pages that the code itself knows: rules, thresholds, tables, commands, configuration.

Run by ``make docs`` into ``docs/reference/``, which is not kept: what is generated cannot drift.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from analyser.cli.app import app
from analyser.config import example
from analyser.findings.registry import RULES
from analyser.lake.schema import TABLES
from analyser.pipeline import MODELS

HERE = Path(__file__).parent
TARGET = HERE / "reference"


def main() -> None:
    """Write all pages anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    (TARGET / "rules").mkdir(parents=True)
    pages = {
        "thresholds.md": thresholds(),
        "tables.md": tables(),
        "commands.md": commands(),
        "configuration.md": f"# Configuration\n\n```toml\n{example()}```\n",
        **{f"rules/{rule.id}.md": rule_page(rule) for rule in RULES},
    }
    for name, text in pages.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        text = (HERE.parent / name).read_text(encoding="utf-8")
        (TARGET / name.lower()).write_text(text.replace("docs/sample.md", "../sample.md"), encoding="utf-8")


def rule_page(rule) -> str:  # noqa: ANN001  the class of a rule
    """One rule: why, what instead, what it measures."""
    return (
        f"# {rule.title}\n\n`{rule.id}`\n\n{rule.rationale}\n\n**Instead:** {rule.remedy}\n\n"
        f"Looks at audiences of kind {', '.join(sorted(rule.kinds))}. {rule.thresholds.__doc__}\n\n{_limits(rule.thresholds)}"
    )


def thresholds() -> str:
    """All thresholds by stage."""
    parts = [f"## {stage}\n\n{model.__doc__}\n\n{_limits(model)}" for stage, model in MODELS.items()]
    return "# Thresholds\n\nSet as `[thresholds.<stage>]` in the configuration.\n\n" + "\n".join(parts)


def _limits(model) -> str:  # noqa: ANN001  the class of a model
    rows = ["| threshold | default | meaning | source |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        default = f"{len(field.default)} words" if isinstance(field.default, tuple) else field.default
        rows.append(f"| `{name}` | {default} | {field.description} | {field.json_schema_extra['source']} |")
    return "\n".join(rows) + "\n"


def tables() -> str:
    """All tables of the lake."""
    parts = ["# Tables of the lake\n"]
    for table in TABLES.values():
        rows = [
            f"## {table.name}\n",
            f"{table.meaning}.\n",
            "| column | type | sensitivity | meaning |",
            "|---|---|---|---|",
        ]
        rows += [f"| `{c.name}` | {c.type} | {c.sensitivity} | {c.meaning} |" for c in table.columns]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def commands() -> str:
    """All verbs with their options, as their own help says it."""
    group = typer.main.get_command(app)
    parts = ["# Commands\n"]
    for name, command in group.commands.items():
        rows = [f"## analyser {name}\n", f"{command.help}\n"]
        for parameter in command.params:
            if parameter.name != "help":
                rows.append(f"- `{', '.join(parameter.opts)}` {getattr(parameter, 'help', '') or ''}")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
