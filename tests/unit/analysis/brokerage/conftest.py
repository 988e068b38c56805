"""Organisations of a few departments, as the tables that the analysis reads."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from analyser.analysis.brokerage import BrokerageThresholds, talk


@pytest.fixture(scope="session")
def csr():
    """A networkx graph as an array, weights of edges as entries."""

    def csr(graph):
        return sp.csr_array(nx.to_scipy_sparse_array(graph, nodelist=sorted(graph), dtype=np.float64, weight="weight"))

    return csr


@pytest.fixture(scope="session")
def network():
    """Ties `(one, other[, messages one way])` and departments by actor as `Talk`."""

    def network(ties, homes, **limits):
        rows = [(*tie, 4)[:3] for tie in ties]
        mail = pa.table(
            {
                "source": pa.array([r[0] for r in rows], pa.int32()),
                "target": pa.array([r[1] for r in rows], pa.int32()),
                "messages": pa.array([r[2] for r in rows], pa.int64()),
                "weight": pa.array([float(r[2]) for r in rows]),
            }
        )
        people = pa.table({"actor": pa.array(homes, pa.int32()), "department": pa.array(homes.values(), pa.string())})
        return talk.talk(mail, people, BrokerageThresholds(**limits))

    return network


class Organisation:
    """Departments of equal size in which everybody is tied to everybody, and a given number of ties between them."""

    def __init__(self, size=8, names=("Finance", "Legal", "Production", "Sales"), across=12, **between):
        self.size, self.names = size, names
        self.homes = {d * size + i: name for d, name in enumerate(names) for i in range(size)}
        self.ties = [pair for d in range(len(names)) for pair in combinations(range(d * size, (d + 1) * size), 2)]
        rng = np.random.default_rng(3)
        for one, other in combinations(range(len(names)), 2):
            number = between.get(f"{names[one]}_{names[other]}", across)
            chosen = rng.choice(size * size, number, replace=False)
            self.ties += [(one * size + int(c) // size, other * size + int(c) % size) for c in chosen]

    def members(self, name):
        return [actor for actor, home in self.homes.items() if home == name]

    def words(self, **said):
        """Table of words: `Finance=["tax"]` says that all of Finance writes it; everybody writes the name of its
        department.
        """
        rows = {(actor, home.lower()) for actor, home in self.homes.items() if home}
        rows |= {(actor, word) for name, words in said.items() for word in words for actor in self.members(name)}
        ordered = sorted(rows)
        return pa.table({"actor": pa.array([r[0] for r in ordered], pa.int32()), "word": [r[1] for r in ordered]})


@pytest.fixture(scope="session")
def organisation():
    return Organisation
