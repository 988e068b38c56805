"""The side-by-side run: what it reads, what it says at the limit, and its document."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from baselines import leiden

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def peers():
    spec = importlib.util.spec_from_file_location("benchmark_peers", BENCHMARKS / "peers.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("mail")
    size = ("--messages", "2000", "--people", "150")
    subprocess.run([sys.executable, BENCHMARKS / "generate.py", *size, "--out", place], check=True, capture_output=True)
    return place


@pytest.fixture(scope="module")
def events(peers, folder):
    return peers.read_events(folder)


def test_every_message_has_its_sender_and_recipients(events):
    assert len(events) == 2_000
    assert all(sent.tzinfo is not None and len(people) >= 2 for sent, people in events)
    assert all(name.endswith("@contoso.example") for _, people in events for name in people)


def test_louvain_parts_the_same_people_as_leiden(peers, events):
    now = max(sent for sent, _ in events) + timedelta(seconds=1)
    found = peers.louvain(events, now, 100)
    people, _ = leiden.ties(events, now)
    assert sorted(name for group in found for name in group) == people
    assert found == peers.louvain(events, now, 100)


@pytest.mark.parametrize("name", ["exact_sets", "leiden", "groups_without_tears", "louvain_networkx"])
def test_a_peer_prints_its_figures(peers, folder, name, capsys):
    assert name in peers.PEERS
    peers.one(name, folder)
    said = json.loads(capsys.readouterr().out)
    assert said["method_seconds"] >= 0
    assert 0 < said["spaces"] <= peers.MOST


def test_what_is_cheap_runs_three_times(peers, monkeypatch):
    runs = iter([(3.0, 2.0, "{}"), (1.0, 9.0, "{}"), (2.0, 4.0, "{}")])
    monkeypatch.setattr(peers, "run", lambda *_: next(runs))
    ready = []
    figures = peers.repeated((), before=lambda: ready.append(1))
    assert figures == {"seconds": 2.0, "cpu_seconds": 4.0, "limit_hit": False, "runs": 3}
    assert len(ready) == 3


@pytest.mark.parametrize(("seconds", "number"), [(59.9, 3), (60.0, 1)])
def test_what_takes_a_minute_runs_once(peers, monkeypatch, seconds, number):
    monkeypatch.setattr(peers, "run", lambda *_: (seconds, seconds, "{}"))
    assert peers.repeated(())["runs"] == number


def test_the_limit_ends_a_process_and_is_said(peers):
    figures = peers.repeated((sys.executable, "-c", "import time; time.sleep(60)"), limit=0.2)
    assert figures == {"seconds": None, "cpu_seconds": None, "limit_hit": True, "runs": 1}
    found = peers.beside(figures, {"seconds": 2.0, "cpu_seconds": 2.0})
    assert (found["ratio"], found["cpu_ratio"]) == (None, None)


def test_a_ratio_is_the_peers_share_of_ours(peers):
    figures = {"seconds": 1.0, "cpu_seconds": 3.0, "limit_hit": False}
    found = peers.beside(figures, {"seconds": 4.0, "cpu_seconds": 2.0})
    assert (found["ratio"], found["cpu_ratio"]) == (0.25, 1.5)


def test_a_command_that_fails_stops_the_run(peers):
    with pytest.raises(SystemExit, match="ended with 3"):
        peers.run((sys.executable, "-c", "raise SystemExit(3)"))
