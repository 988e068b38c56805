"""Mail made up for the baselines, and the folder of real corpora."""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def now():
    return NOW


@pytest.fixture(scope="session")
def mail():
    """Events from rows of age in days and people's letters."""

    def make(*rows):
        return [(NOW - timedelta(days=days), frozenset(people)) for days, people in rows]

    return make


@pytest.fixture(scope="session")
def shared():
    folder = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[3] / "shared"))
    if not (folder / "evaluate" / "coverage.py").is_file():
        pytest.skip(f"no evaluation in {folder}: set ANALYSER_SHARED to the folder that holds evaluate/ and data/")
    return folder


@pytest.fixture(scope="session")
def judge(shared):
    """The script that measures coverage of future mail."""
    spec = importlib.util.spec_from_file_location("shared_coverage", shared / "evaluate" / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
