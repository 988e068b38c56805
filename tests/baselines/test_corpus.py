"""Real mail: coverage of later mail by each baseline, printed; asserted is only what holds by construction."""

from __future__ import annotations

import importlib
from collections import Counter
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.corpus
SPLIT = datetime(2001, 9, 18, tzinfo=UTC)
FIRST = (5, 20, 100)


@pytest.fixture(scope="module")
def events(shared, judge):
    folder = shared / "data" / "enron-departments"
    return list(judge.read_events(folder, judge.read_people(folder)))


@pytest.fixture(scope="module")
def future(events):
    weights = Counter()
    for sent, people in events:
        if sent >= SPLIT:
            weights[people] += len(people) - 1
    return weights


@pytest.mark.parametrize("name", ["exact_sets", "leiden", "groups_without_tears"])
def test_coverage_of_later_mail(name, events, future, judge, capsys):
    found = importlib.import_module(f"baselines.{name}").spaces(events, SPLIT, max(FIRST))
    covered = [round(judge.coverage(found[:number], future), 4) for number in FIRST]
    with capsys.disabled():
        print(f"\n{name}: {len(found)} spaces, coverage at {FIRST}: {covered}")  # noqa: T201  # for the eye
    assert covered == sorted(covered)
    if name == "exact_sets":
        assert covered == [0.3136, 0.461, 0.7252]  # as the judge prints for its own baseline
