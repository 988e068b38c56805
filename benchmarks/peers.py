"""How long `analyse` takes beside simple methods, on the same generated mail.

``python benchmarks/peers.py [--messages 100000] [--people 5000] [--limit 300] [--json PATH]``

The peers are the baselines of `tests/baselines` and Louvain of networkx on the ties that the Leiden baseline uses. Each
runs in a process of its own: `seconds` is the whole process, imports and reading included, `method_seconds` the method
alone. A process is ended at the limit, and the JSON says so. What takes less than a minute runs three times, and the
median is printed. Processor seconds depend less on what else the machine does. The work is not the same: `analyse` also
reads threads, subjects, cadence and topics, finds patterns, and explains its proposals; a peer only returns sets of
people.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta

import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

BASELINES = ("exact_sets", "leiden", "groups_without_tears")
LOUVAIN = "louvain_networkx"
PEERS = (*BASELINES, LOUVAIN)
MOST = 100  # spaces that a peer is asked for
RUNS = 3
CHEAP = 60.0  # seconds up to which a run is repeated


def read_events(folder):
    """Time and people of each message of a `table` source."""
    columns = pq.read_table(folder / "messages.parquet", columns=["sent_at", "sender", "to", "cc"]).to_pydict()
    return [
        (sent, frozenset(address for address in (sender, *to.split(";"), *cc.split(";")) if address))
        for sent, sender, to, cc in zip(*columns.values(), strict=True)
    ]


def louvain(events, now, most):
    """Louvain of networkx on the Leiden baseline's ties, ranked as that is."""
    import networkx as nx  # noqa: PLC0415  # part of what is measured

    leiden = importlib.import_module("baselines.leiden")
    people, ties = leiden.ties(events, now)
    graph = nx.from_scipy_sparse_array(ties)
    found = nx.community.louvain_communities(graph, weight="weight", seed=0)
    return leiden.ranked([frozenset(people[place] for place in group) for group in found], events, now)[:most]


def one(name, folder):
    """Run a peer in this process; print its figures."""
    events = read_events(folder)
    now = max(sent for sent, _ in events) + timedelta(seconds=1)
    spaces = louvain if name == LOUVAIN else importlib.import_module(f"baselines.{name}").spaces
    began = time.perf_counter()
    found = spaces(events, now, MOST)
    print(json.dumps({"method_seconds": round(time.perf_counter() - began, 3), "spaces": len(found)}))


def run(command, limit=None):
    """Seconds, processor seconds and output of a command; None for the output when the limit is hit."""
    before, began = _processor(), time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return time.perf_counter() - began, _processor() - before, None
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - began, _processor() - before, done.stdout


def _processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def repeated(command, limit=None, before=lambda: None):
    """Figures of a command, medians of three runs where one is cheap; `before` is called before each, untimed."""
    seconds, processor, said = [], [], []
    while not seconds or (len(seconds) < RUNS and seconds[0] < CHEAP):
        before()
        took, used, text = run(command, limit)
        if text is None:
            return {"seconds": None, "cpu_seconds": None, "limit_hit": True, "runs": len(seconds) + 1}
        seconds.append(took)
        processor.append(used)
        said.append(json.loads(text))
    figures = {
        "seconds": round(statistics.median(seconds), 2),
        "cpu_seconds": round(statistics.median(processor), 2),
        "limit_hit": False,
        "runs": len(seconds),
    }
    if "method_seconds" in said[0]:
        figures["method_seconds"] = round(statistics.median(run["method_seconds"] for run in said), 3)
        figures["spaces"] = said[0]["spaces"]
    return figures


def beside(figures, ours):
    """Figures with a peer's seconds divided by those of `analyse`; None when the limit was hit."""
    pairs = {"ratio": "seconds", "cpu_ratio": "cpu_seconds"}
    return figures | {
        name: None if figures["limit_hit"] else round(figures[key] / ours[key], 3) for name, key in pairs.items()
    }


def compared(place, options):
    """Generate, scan, then run everything on it; a ratio is a peer's seconds by those of `analyse`."""
    config, mail, lake = place / "analyser.toml", place / "mail", place / "lake"
    config.write_text(f'[lake]\npath = "lake"\n[[sources]]\nname = "generated"\ntype = "table"\npath = "{mail}"\n')
    size = ("--messages", str(options.messages), "--people", str(options.people))
    run((sys.executable, str(HERE / "generate.py"), *size, "--out", str(mail)))
    program = (sys.executable, "-m", "analyser", "--config", str(config))
    scan, _, _ = run((*program, "scan", "--json"))
    lake.rename(place / "scanned")

    def fresh():
        shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(place / "scanned", lake)

    ours = repeated((*program, "analyse", "--json"), before=fresh)
    command = (sys.executable, str(HERE / "peers.py"), "--mail", str(mail), "--one")
    peers = {name: beside(repeated((*command, name), options.limit), ours) for name in PEERS}
    return {
        "benchmark": "peers",
        "messages": options.messages,
        "people": options.people,
        "cores": os.cpu_count(),
        "limit_seconds": options.limit,
        "scan_seconds": round(scan, 2),
        "analyse": ours,
        "peers": peers,
    }


def main():
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for each run of a peer")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--one", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--mail", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.mail)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = compared(pathlib.Path(folder), options)
    text = json.dumps(result, indent=1)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
