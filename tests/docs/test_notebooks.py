"""Worked analyses are kept without outputs, use the product alone, and have a page each; nbmake executes them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text(encoding="utf-8"))["cells"]


def code(cells):
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["before_and_after", "email_load", "locked_topic"]


def test_nothing_of_a_run_is_kept(cells):
    kept = [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count") is not None]
    assert kept == [], "clear the outputs: jupyter nbconvert --clear-output --inplace notebooks/*.ipynb"


def test_only_the_product_is_imported(cells):
    nodes = [node for text in code(cells) for node in ast.walk(ast.parse(text))]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    assert modules
    assert {module.partition(".")[0] for module in modules} == {"analyser"}


def test_each_begins_with_a_title_and_draws_something(cells):
    assert "".join(cells[0]["source"]).startswith("# ")
    assert any("workbench.weekly(" in text or "workbench.bars(" in text for text in code(cells))


def test_each_has_a_page():
    pages = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [path.stem for path in NOTEBOOKS if f"project/notebooks/{path.stem}.md" not in pages] == []
