"""What the documentation says as the code says it: rules, thresholds, tables, kinds of space, settings, options.

Run by ``make docs``; a test holds the pages to the code. Whole pages are written anew; in pages that people write, the
lines between ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->`` are. Pages of the project's root are copied into
``docs/project/``, which is not kept.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer
from pydantic import BaseModel

from analyser import config
from analyser.cli.app import app
from analyser.cli.evaluation_tables import markdown, sections
from analyser.findings.needs import MEANINGS, Need, declared
from analyser.findings.registry import RULES
from analyser.lake.schema import TABLES
from analyser.pipeline import MODELS
from analyser.proposals.catalogue import catalogue
from analyser.sources.ews.check import SCOPE, THROTTLING
from analyser.sources.ews.outcomes import REASONS as EWS_REASONS
from analyser.sources.ews.soap import FIELDS
from analyser.sources.ews.state import SKIPPED
from analyser.sources.graph.check import RBAC
from analyser.sources.graph.outcomes import REASONS
from analyser.sources.graph.permissions import ENDPOINTS
from analyser.sources.registry import declarations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyser.config import Thresholds
    from analyser.findings.contract import Rule

__all__ = ["FOLDER", "copies", "filled", "main", "pages"]

FOLDER = Path(__file__).parent
_COPIED = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")
_BLOCK = re.compile(r"(<!-- begin: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
_COMPARISONS = {"at_least": "at least", "at_most": "at most"}
_LONGEST_DEFAULT = 6  # values of a list that a table has room for
_NO_LIMIT = 100_000  # people, as the catalogue writes it


def pages() -> dict[str, str]:
    """All pages that are written anew, or in part, by their path below `FOLDER`.

    Raises
    ------
    ValueError
        A page lacks a block, or asks for one that does not exist.
    """
    whole = {f"rules/{rule.id}.md": _rule_page(rule) for rule in RULES}
    whole |= {"rules/index.md": _rules_page(), "rules-and-sources.md": _needs_page(), "spaces.md": _spaces_page()}
    whole |= {"thresholds.md": _thresholds_page(), "tables.md": _tables_page()}
    parts = {"commands.md": _options(), "configuration.md": _settings(), "exchange-online.md": _graph()}
    parts |= {"exchange-on-premises.md": _ews(), "accuracy.md": _accuracy()}
    return whole | {path: filled(_read(path), blocks, path) for path, blocks in parts.items()}


def copies() -> dict[str, str]:
    """Pages of the project's root with links that hold below ``docs/project/``, by their path below `FOLDER`."""
    result = {}
    for name in _COPIED:
        text = (FOLDER.parent / name).read_text(encoding="utf-8")
        text = re.sub(r"\]\(docs/", "](../", text)
        result[f"project/{name.lower()}"] = re.sub(
            r"\]\(([A-Z]+\.md)", lambda match: f"]({match[1].lower().replace('readme', '../index')}", text
        )
    return result


def filled(text: str, blocks: dict[str, str], path: str) -> str:
    """The text with every block in its place; each of them must occur once."""
    names = [match[2] for match in _BLOCK.finditer(text)]
    if sorted(names) != sorted(blocks):
        wrong = sorted({*names} ^ {*blocks}) or sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{path}: blocks that are missing, unknown or there twice: {', '.join(wrong)}")
    return _BLOCK.sub(lambda match: f"{match[1]}\n{blocks[match[2]]}\n{match[3]}", text)


def main() -> None:
    """Write the pages that are no longer what they should be, and remove those of rules that are gone."""
    found = pages() | copies()
    for path, text in found.items():
        place = FOLDER / path
        place.parent.mkdir(exist_ok=True)
        if not place.exists() or _read(path) != text:
            place.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote docs/{path}\n")
    for place in FOLDER.glob("rules/*.md"):
        if f"rules/{place.name}" not in found:
            place.unlink()
            sys.stdout.write(f"removed docs/rules/{place.name}\n")


def _read(path: str) -> str:
    return (FOLDER / path).read_text(encoding="utf-8")


# accuracy


def _accuracy() -> dict[str, str]:
    """Tables of what was published last, by block."""
    published = json.loads((FOLDER / "accuracy.json").read_text(encoding="utf-8"))
    return {
        name: "\n".join(markdown(name, sections(result)).splitlines()[2:]) + "\n" for name, result in published.items()
    }


# rules


def _rules_page() -> str:
    rows = [[f"[{rule.title}]({rule.id}.md)", f"`{rule.id}`", rule.rationale, rule.remedy] for rule in RULES]
    return _page(
        "Rules",
        "Each rule recognises one pattern of recurring mail. It looks at audiences of certain kinds, measures signals,"
        " and reports a finding where all of them meet their thresholds. Guards stand first: what"
        " [confidential mail](confidential.md) claims, no other rule sees.",
        _table(["pattern", "id", "why it costs", "what replaces it"], rows),
    )


def _needs_page() -> str:
    """Rules against types of source: what each gives a rule by itself."""
    given = {name: declared(one) for name, one in declarations().items() if "messages" in one.provides}
    tells = [[MEANINGS[need], *("yes" if need in found else "no" for found in given.values())] for need in Need]
    rows = []
    for rule in RULES:
        cells = []
        for found in given.values():
            vital, helpful = (_listed(wanted - found) for wanted in (rule.needs, rule.helped_by))
            cells.append(f"**no**: {vital}" if vital else f"less: {helpful}" if helpful else "yes")
        rows.append([f"[{rule.title}](rules/{rule.id}.md)", *cells])
    places = {name: f"sources.md#{name.replace('_', '-')}" for name in given} | {"graph": "exchange-online.md"}
    places["ews"] = "exchange-on-premises.md"
    heads = [f"[`{name}`]({places[name]})" for name in given]
    return _page(
        "Rules and sources",
        "Each type of source declares what it tells, and each rule what it needs (without it the rule finds nothing)"
        " and what helps it (without it the rule finds less, or is less sure). This page is what the declarations say;"
        " `analyser status`, `analyse` and `findings` say it of the mail at hand, from what the lake holds. Sources"
        " complement each other: departments usually come from a `directory` beside the mail.",
        "## What sources tell",
        _table(["", *heads], tells),
        "## What that means for rules",
        _table(["pattern", *heads], rows),
    )


def _rule_page(rule: type[Rule[Any]]) -> str:
    book, module = catalogue(), inspect.getmodule(rule)
    text = book.patterns[rule.id]
    kinds = ", ".join(f"[{book.kinds[kind].label}](../spaces.md#{kind})" for kind in text.kinds)
    parts = [
        f"`{rule.id}`: {_sentence(inspect.getdoc(module) or '')}",
        "## Why it costs",
        rule.rationale,
        "## What replaces it",
        rule.remedy,
        f"Kinds of space that are weighed: {kinds}.",
        "## Signals",
        (
            f"Looks at audiences of kind {', '.join(f'`{each}`' for each in sorted(rule.kinds))}"
            " (see [`audiences`](../tables.md#audiences)). All of these must hold:"
        ),
        _table(["signal", "must be", "threshold"], _signals(rule)),
        *_needed(rule),
        "## Thresholds",
        f"Set them under `[thresholds.{rule.id}]`; [references](../references.md) tells what the sources are.",
        _table(["threshold", "default", "bounds", "meaning", "source"], _threshold_rows(rule.thresholds)),
    ]
    if text.first_posts:
        parts += [
            "## First posts of the space",
            "\n".join(f"{n}. {post}" for n, post in enumerate(text.first_posts, 1)),
        ]
    return _page(rule.title, *parts)


def _listed(needs: frozenset[Need]) -> str:
    return ", ".join(need for need in Need if need in needs)


def _needed(rule: type[Rule[Any]]) -> list[str]:
    parts = []
    for said, needs in (("Needs", rule.needs), ("Is helped by", rule.helped_by)):
        if needs:
            parts.append(f"{said}: {'; '.join(MEANINGS[need] for need in Need if need in needs)}.")
    return ["## Needs", *parts, "[Which sources tell that](../rules-and-sources.md)."] if parts else []


def _signals(rule: type[Rule[Any]]) -> list[list[str]]:
    """Rows of a rule's signals, read from the calls of `at_least` and `at_most` in its method `signals`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule.signals)))
    defaults = {name: field.default for name, field in rule.thresholds.model_fields.items()}
    rows = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if not (isinstance(call.func, ast.Name) and call.func.id in _COMPARISONS):
            continue
        name, _, limit = call.args
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            raise TypeError(f"{rule.id}: a signal without a plain name")
        if isinstance(limit, ast.Attribute):
            shown = f"`{limit.attr}` ({_value(defaults[limit.attr])})"
        else:
            shown = f"`{ast.unparse(limit)}` (fixed)"
        rows.append([f"`{name.value}`", _COMPARISONS[call.func.id], shown])
    return rows


# thresholds, tables, spaces


def _thresholds_page() -> str:
    parts = [
        (
            "Every number that decides. The values are stored with every analysis in the table"
            " [`runs`](tables.md#runs), and `analyser thresholds` prints this list; [references](references.md) tells"
            " what the sources are. Set one in the configuration under the name of its stage or rule:"
        ),
        "```toml\n[thresholds.status_report]\nslot_coverage = 0.7\n```",
    ]
    for stage, model in MODELS.items():
        rule = f" [Rule](rules/{stage}.md)." if any(stage == rule.id for rule in RULES) else ""
        parts += [
            f"## `{stage}` {{ #{stage} }}",
            _sentence(model.__doc__ or "") + rule,
            _table(["threshold", "default", "bounds", "meaning", "source"], _threshold_rows(model)),
        ]
    return _page("Thresholds", *parts)


def _threshold_rows(model: type[Thresholds]) -> list[list[str]]:
    rows = []
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else ""
        rows.append([f"`{name}`", _value(field.default), _bounds(field.metadata), field.description or "", source])
    return rows


def _bounds(metadata: Iterable[object]) -> str:
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    found = [f"{sign} {getattr(item, key):g}" for item in metadata for key, sign in signs.items() if hasattr(item, key)]
    return ", ".join(found)


def _tables_page() -> str:
    parts = [
        (
            "One folder of Parquet files per table below `lake.path`; any Parquet reader opens them."
            " `analyser tables` prints this list. *Sensitivity* says what a column may reveal: `personal` names or"
            " identifies one person, `content` holds words that somebody wrote, `relational` tells who deals with whom."
        ),
    ]
    for derived, group in groupby(TABLES.values(), key=lambda table: table.derived):
        parts += (
            ["## Derived tables", "Written anew by every `analyser analyse`, all in one commit."]
            if derived
            else ["## Facts", "Written by `analyser scan` alone."]
        )
        for table in group:
            months = " Partitioned by month of `sent_at` (UTC)." if table.partitioned else ""
            rows = [
                [f"`{c.name}`", f"`{c.type}`", "" if c.sensitivity == "none" else str(c.sensitivity), c.meaning]
                for c in table.columns
            ]
            parts += [
                f"### `{table.name}` {{ #{table.name} }}",
                f"{_sentence(table.meaning)}{months}",
                _table(["column", "type", "sensitivity", "meaning"], rows),
            ]
    return _page("Tables of the lake", *parts)


def _spaces_page() -> str:
    book = catalogue()
    parts = [
        (
            "The catalogue of `analyser/proposals/catalogue.toml`. A pattern names the kinds that are weighed for it;"
            " [how proposals are chosen](proposals.md) tells how."
        ),
    ]
    for kind in book.kinds.values():
        (fewest, most), (low, high) = kind.people, kind.replies
        people = f"{fewest} people or more" if most >= _NO_LIMIT else f"{fewest} to {most} people"
        patterns = [
            f"[{rule.title}](rules/{rule.id}.md)" for rule in RULES if kind.name in book.patterns[rule.id].kinds
        ]
        parts += [
            f"## {kind.label} {{ #{kind.name} }}",
            (
                f"`{kind.name}`, on `{kind.platform}`. Good for {kind.good_for}; bad for {kind.bad_for}."
                f" Suits {people} and {low:.0%} to {high:.0%} of threads answered."
            ),
            f"Weighed for: {', '.join(patterns) or 'none of the present rules'}.",
        ]
    return _page("Kinds of space", *parts)


# settings and options


def _settings() -> dict[str, str]:
    """Tables of the keys: one block per section, one per type of source."""
    blocks = {}
    for name, field in config.Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            blocks[name] = _setting_table(model)
    for source in get_args(get_args(config.SourceSettings)[0]):
        (type_,) = get_args(source.model_fields["type"].annotation)
        blocks[f"source-{type_}"] = _setting_table(source)
    return blocks


def _setting_table(model: type[BaseModel]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if name != "type":
            default = "required" if field.is_required() else _value(field.default)
            rows.append([f"`{name}`", default, _bounds(field.metadata), field.description or ""])
    return _table(["key", "default", "bounds", "meaning"], rows)


def _graph() -> dict[str, str]:
    """What an administrator grants, types and reads."""
    purposes: dict[str, list[str]] = {}
    for endpoint in ENDPOINTS.values():
        shown = f"`GET {endpoint.path}`: {endpoint.purpose}"
        purposes.setdefault(endpoint.permission, []).append(shown)
    optional = {endpoint.permission for endpoint in ENDPOINTS.values() if endpoint.optional}
    rows = [[f"`{name}`", "no" if name in optional else "yes", "<br>".join(found)] for name, found in purposes.items()]
    reasons = [[f"`{code}`", words] for code, words in REASONS.items()]
    return {
        "permissions": _table(["application permission", "needed", "for"], rows),
        "rbac": _powershell(RBAC),
        "reasons": _table(["Graph says", "meaning"], reasons),
    }


def _ews() -> dict[str, str]:
    """What an administrator of Exchange Server types and reads."""
    reasons = [[f"`{code}`", words] for code, words in EWS_REASONS.items()]
    return {
        "ews-fields": ", ".join(f"`{field}`" for field in FIELDS),
        "ews-skipped": ", ".join(f"`{name}`" for name in SKIPPED),
        "ews-scope": _powershell(SCOPE),
        "ews-throttling": _powershell(THROTTLING),
        "ews-reasons": _table(["Exchange says", "meaning"], reasons),
    }


def _powershell(text: str) -> str:
    """Commands, which are indented, with the words around them as comments."""
    lines = [line.strip() if line.startswith(" ") else f"# {line}" for line in text.splitlines()]
    return "\n".join(["```powershell", *lines, "```"])


def _options() -> dict[str, str]:
    """Tables of the options: one block for the global ones, one per verb."""
    program: Any = typer.main.get_command(app)
    blocks = {"global": _option_table(program.params)}
    verbs = program.list_commands(None)
    return blocks | {verb: _option_table(program.get_command(None, verb).params) for verb in verbs}


def _option_table(params: Iterable[Any]) -> str:
    rows = []
    for param in params:
        is_option = param.param_type_name == "option"
        shown = ", ".join(f"`{each}`" for each in param.opts) if is_option else f"`{param.name.upper()}`"
        default = "" if param.default in {None, False} else _value(param.default).replace('"', "")
        least = getattr(param, "min", None)
        rows.append([shown, default, "" if least is None else f"≥ {least}", param.help or ""])
    return _table(["option", "default", "bounds", "meaning"], rows)


# Markdown


def _page(title: str, *parts: str) -> str:
    note = "<!-- Written by docs/generate.py from the code; do not edit. -->"
    return "\n\n".join([f"# {title}", note, *(part.strip("\n") for part in parts)]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the columns that are empty throughout."""
    body = [[" ".join(cell.split()).replace("|", r"\|") for cell in row] for row in rows]
    kept = [n for n in range(len(head)) if any(row[n] for row in body)]
    lines = [[head[n] for n in kept], ["---"] * len(kept), *([row[n] for n in kept] for row in body)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _value(default: object) -> str:
    """A default as the configuration writes it."""
    if default is None:
        return "unset"
    more = ""
    if isinstance(default, tuple) and len(default) > _LONGEST_DEFAULT:
        default, more = default[:3], f" and {len(default) - 3} more"
    match default:
        case bool():
            text = str(default).lower()
        case tuple():
            text = str(list(default)).replace("'", '"')
        case Path():
            text = f'"{default.as_posix()}"'
        case str():
            text = f'"{default}"'
        case _:
            text = str(default).replace(" ", "T")  # a moment; nothing else has a space
    return f"`{text}`{more}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith(".") else f"{text}."


if __name__ == "__main__":
    main()
