"""Accuracy that was published may rise; it may not fall."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks import accuracy

FIGURES = json.loads(accuracy.PUBLISHED.read_text(encoding="utf-8"))
ROUNDING = 0.0005


def fallen(published, found):
    """Figures that are lower than they were, by name."""
    return {
        name: (value, found.get(name)) for name, value in published.items() if found.get(name, 0) < value - ROUNDING
    }


def by_rule(result):
    return {f"{name} of {row['rule']}": row[name] for row in result["rules"] for name in ("recall", "precision")}


def covered(result):
    return {
        f"coverage at {row['k']}": row["proposals"] for split in result["coverage"]["splits"] for row in split["rows"]
    }


def recovered(result):
    return {"recovery": result["recovery"]["adjusted_mutual_information"]}


@pytest.mark.slow
def test_rules_threads_and_departments_of_the_sample_are_as_good_as_published():
    published, found = FIGURES["sample"], accuracy.sample()
    assert {name: found[name] for name in accuracy.SAMPLE} == {name: published[name] for name in accuracy.SAMPLE}
    assert [row["rule"] for row in found["rules"]] == [row["rule"] for row in published["rules"]]
    assert fallen(by_rule(published), by_rule(found)) == {}
    assert (
        fallen({"threads": published["threads"]["rebuilt"]["f1"]}, {"threads": found["threads"]["rebuilt"]["f1"]}) == {}
    )
    assert fallen(recovered(published), recovered(found)) == {}


@pytest.mark.slow
@pytest.mark.corpus
def test_later_mail_is_covered_as_well_as_published():
    shared = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[3] / "shared"))
    folder = shared / "data" / "enron-departments"
    if not folder.is_dir():
        pytest.skip(f"no corpus in {folder}: set ANALYSER_SHARED")
    found = accuracy.departments(folder)
    assert fallen(covered(FIGURES["departments"]), covered(found)) == {}
    assert fallen(recovered(FIGURES["departments"]), recovered(found)) == {}


def test_a_lower_figure_is_noticed():
    rows = [{"rule": "alerts", "recall": 1.0, "precision": 0.8}, {"rule": "bridge", "recall": 0.5, "precision": 1.0}]
    worse = [{**rows[0], "precision": 0.799}, {**rows[1], "recall": 0.6}]
    assert fallen(by_rule({"rules": rows}), by_rule({"rules": worse})) == {"precision of alerts": (0.8, 0.799)}
    assert fallen({"gone": 0.1}, {}) == {"gone": (0.1, None)}
