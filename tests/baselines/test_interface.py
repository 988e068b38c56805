"""What holds for every baseline: one interface, and the same answer for the same mail."""

from __future__ import annotations

import importlib
import os
import pickle
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

NAMES = ("exact_sets", "leiden", "groups_without_tears")


@pytest.fixture(params=NAMES)
def baseline(request):
    return importlib.import_module(f"baselines.{request.param}")


@pytest.fixture(scope="module")
def events(now):
    draw = random.Random(7)
    groups = [frozenset(f"p{draw.randrange(40)}" for _ in range(draw.randint(3, 9))) for _ in range(25)]
    found = []
    for _ in range(600):
        people = draw.choice(groups) if draw.random() < 0.7 else frozenset(f"p{draw.randrange(40)}" for _ in range(4))
        found.append((now - timedelta(hours=draw.uniform(1, 9_000)), people))
    return found


def test_at_most_so_many_different_sets_in_rank_order(baseline, events, now):
    found = baseline.spaces(events, now, 50)
    assert found
    assert len(set(found)) == len(found) <= 50
    assert all(isinstance(space, frozenset) for space in found)
    for most in (0, 1, 3):
        assert baseline.spaces(events, now, most) == found[:most]


def test_neither_order_nor_the_future_matters(baseline, events, now):
    expected = baseline.spaces(events, now, 20)
    mixed = [*events, *[(now, frozenset("xyz"))] * 50]
    random.Random(3).shuffle(mixed)
    assert baseline.spaces(iter(mixed), now, 20) == expected


def test_no_mail_no_spaces(baseline, now):
    assert baseline.spaces([], now, 5) == []
    assert baseline.spaces([(now - timedelta(days=1), frozenset("a"))], now, 5) == []


def test_the_seed_of_hashes_does_not_show(events, now):
    script = "\n".join(
        [
            "import importlib, pickle, sys",
            "events, now = pickle.load(sys.stdin.buffer)",
            *(
                f"print([sorted(s) for s in importlib.import_module('baselines.{name}').spaces(events, now, 20)])"
                for name in NAMES
            ),
        ]
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=pickle.dumps((events, now)),
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1
