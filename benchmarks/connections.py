"""CPU seconds of the kernels behind `analyser connections` on an invented organisation; prints one line per kernel."""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import pyarrow as pa

from analyser.analysis.brokerage import BrokerageThresholds, bridges, links, openness, practice, talk


def organisation(people, ties, departments, seed=0):
    """Two thirds of the ties inside uneven departments, degrees with a heavy tail, words; three bridges are missing."""
    rng = np.random.default_rng(seed)
    home = np.sort(rng.choice(departments, people, p=rng.dirichlet(np.full(departments, 3.0))))
    begin, size = np.searchsorted(home, np.arange(departments)), np.bincount(home, minlength=departments)
    active = rng.pareto(2.5, people) + 1
    source = rng.choice(people, ties, p=active / active.sum())
    inside = begin[home[source]] + (rng.random(ties) * size[home[source]]).astype(np.int64)
    target = np.where(rng.random(ties) < 2 / 3, inside, rng.integers(0, people, ties))
    # departments 0 and 1, 2 and 3, 4 and 5 write the same words and never to one another
    kept = (source != target) & ~((home[source] ^ 1 == home[target]) & (home[source] < 6))
    pair = np.unique(np.stack([source, target])[:, kept], axis=1)
    number = rng.integers(2, 12, pair.shape[1])
    mail = pa.table({"source": pair[0], "target": pair[1], "messages": number, "weight": number / 3.0})
    who = pa.table({"actor": np.arange(people), "department": [f"d{d:03}" for d in home]})
    subject = np.where(home < 6, home & ~1, home)
    word = (subject[:, None] * 40 + rng.zipf(1.4, (people, 30))) % (departments * 50)
    rows = np.unique(np.stack([np.repeat(np.arange(people), 30), word.ravel()]), axis=1)
    words = pa.table({"actor": rows[0], "word": [f"w{w}" for w in rows[1]]})
    communities = pa.table({"actor": np.arange(people), "community": home, "stability": np.ones(people)})
    return mail, who, words, communities


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--ties", type=int, default=3_000_000)
    parser.add_argument("--departments", type=int, default=100)
    options = parser.parse_args()
    mail, who, words, communities = organisation(options.people, options.ties, options.departments)
    limits, total = BrokerageThresholds(), 0.0

    def timed(name, kernel, *arguments):
        nonlocal total
        start = time.process_time()
        result = kernel(*arguments)
        spent = time.process_time() - start
        total += spent
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"kernel": name, "cpu_seconds": round(spent, 1), "peak_mib": memory}), flush=True)
        return result

    network = timed("ties", talk.talk, mail, who, limits)
    timed("openness", openness.openness, network, limits)
    timed("links", links.links, network)
    missing = timed("missing bridges", bridges.missing_bridges, network, words, 5, limits)
    timed("communities of practice", practice.practice_communities, network, communities, words, 5, limits)
    print(
        json.dumps(
            {
                "people": len(network.actors),
                "ties": network.tied.nnz // 2,
                "missing": missing.num_rows,
                "cpu_seconds": round(total, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
