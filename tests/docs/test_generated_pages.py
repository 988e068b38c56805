"""What the pages say as the code says it is what the code says now."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from analyser.config import Thresholds, threshold
from analyser.findings.contract import Audience, Rule, all_of, at_least, at_most
from analyser.findings.registry import RULES
from analyser.lake.schema import TABLES
from analyser.pipeline import MODELS


@pytest.fixture(scope="module")
def generated(generate) -> dict[str, str]:
    return generate.pages()


def test_committed_pages_are_what_the_code_says(generate, generated):
    stale = [path for path, text in generated.items() if (generate.FOLDER / path).read_text(encoding="utf-8") != text]

    assert stale == [], "run 'make docs' and commit what it writes"


def test_every_rule_has_its_page_and_no_other_page_is_there(generate):
    found = {path.stem for path in (generate.FOLDER / "rules").glob("*.md")}

    assert found == {"index", *(rule.id for rule in RULES)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_page_of_a_rule_holds_its_reasons_and_thresholds(generated, rule):
    page = generated[f"rules/{rule.id}.md"]

    assert rule.rationale in page
    assert rule.remedy in page
    for name, field in rule.thresholds.model_fields.items():
        assert f"| `{name}` | `{field.default}` |" in page
        assert field.json_schema_extra["source"] in page


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_threshold_of_a_rule_decides_a_signal(generate, rule):
    limits = {re.match(r"`(\w+)` \(", row[2])[1] for row in generate._signals(rule) if not row[2].endswith("(fixed)")}

    assert limits == set(rule.thresholds.model_fields)


def test_signals_are_read_from_the_code(generate):
    class Limits(Thresholds):
        few: int = threshold(3, "Few", ge=1)

    class Example(Rule[Limits]):
        id = "example"
        kinds: ClassVar[frozenset[str]] = frozenset({"circle"})
        thresholds = Limits

        def signals(self, audience: Audience):
            limits = self.limits
            return all_of(at_least("people", audience.people, limits.few), at_most("hhi", audience.hhi, 0.5))

    assert generate._signals(Example) == [
        ["`people`", "at least", "`few` (`3`)"],
        ["`hhi`", "at most", "`0.5` (fixed)"],
    ]


def test_all_stages_and_tables_are_there(generated):
    assert re.findall(r"^## `(\w+)`", generated["thresholds.md"], re.MULTILINE) == list(MODELS)
    assert re.findall(r"^### `(\w+)`", generated["tables.md"], re.MULTILINE) == list(TABLES)


def test_sensitive_columns_are_marked(generated):
    for column in (column for table in TABLES.values() for column in table.columns):
        marks = re.findall(rf"^\| `{column.name}` \| `[^`]+` \| (\w*) ?\|", generated["tables.md"], re.MULTILINE)
        if column.sensitivity != "none":
            assert str(column.sensitivity) in marks


def test_a_block_is_replaced_and_the_rest_stands(generate):
    text = "before\n<!-- begin: one -->\nold\nolder\n<!-- end: one -->\nafter\n"

    once = generate.filled(text, {"one": "new\n"}, "page.md")

    assert once == "before\n<!-- begin: one -->\n\nnew\n\n<!-- end: one -->\nafter\n"
    assert generate.filled(once, {"one": "new\n"}, "page.md") == once


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "one"),
        ("<!-- begin: two -->\n<!-- end: two -->\n", "one, two"),
        ("<!-- begin: one -->\n<!-- end: one -->\n" * 2, "one"),
        ("<!-- begin: one -->\n", "one"),
    ],
    ids=["missing", "unknown", "twice", "not closed"],
)
def test_a_page_without_its_blocks_is_an_error(generate, text, wrong):
    with pytest.raises(ValueError, match=rf"^page\.md: .*: {wrong}$"):
        generate.filled(text, {"one": "new"}, "page.md")


def test_main_writes_what_is_stale_and_removes_rules_that_are_gone(generate, generated, tmp_path, monkeypatch, capsys):
    docs = tmp_path / "docs"
    for path, text in generated.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text, encoding="utf-8")
    for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        (tmp_path / name).write_text(
            "[page](docs/tables.md) [other](CHANGELOG.md) [start](README.md)\n", encoding="utf-8"
        )
    (docs / "accuracy.json").write_bytes((generate.FOLDER / "accuracy.json").read_bytes())
    (docs / "thresholds.md").write_text("old", encoding="utf-8")
    (docs / "rules/gone.md").write_text("old", encoding="utf-8")
    monkeypatch.setattr(generate, "FOLDER", docs)

    generate.main()

    copied = [f"wrote docs/project/{name}.md" for name in ("architecture", "changelog", "contributing")]
    assert capsys.readouterr().out.splitlines() == ["wrote docs/thresholds.md", *copied, "removed docs/rules/gone.md"]
    assert (docs / "thresholds.md").read_text(encoding="utf-8") == generated["thresholds.md"]
    assert not (docs / "rules/gone.md").exists()
    links = "[page](../tables.md) [other](changelog.md) [start](../index.md)\n"
    assert (docs / "project/changelog.md").read_text(encoding="utf-8") == links
    generate.main()
    assert capsys.readouterr().out == ""
