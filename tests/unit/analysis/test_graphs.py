"""Graphs for notebooks: attributes by name, small groups left out, GraphML that can be read again."""

from __future__ import annotations

import doctest
import random

import networkx as nx
import pyarrow as pa
import pytest

from analyser.analysis import graphs

PEOPLE = [
    {
        "principal": f"{d.lower()}{n}@x",
        "kind": "person",
        "department": d,
        "is_internal": True,
        "display_name": f"{d} {n}",
    }
    for d in ("Sales", "Legal")
    for n in range(5)
]
OTHERS = [
    {"principal": "desk@x", "kind": "shared", "department": "Legal", "is_internal": True, "display_name": None},
    {
        "principal": "guest@y",
        "kind": "person",
        "department": "Legal",
        "is_internal": False,
        "display_name": "G\x0buest <&>",
    },
]
TIES = [(f"sales{n}@x", f"legal{n}@x", 1.5) for n in range(5)]
TIES += [
    ("legal0@x", "sales0@x", 2.0),
    ("legal0@x", "legal1@x", 1.0),
    ("guest@y", "desk@x", 1.0),
    ("desk@x", "sales1@x", 0.5),
]


def tables(seed=0):
    """Interactions and principals in any order."""
    ties = [{"source": s, "target": t, "weight": w, "to_count": 2, "cc_count": 1} for s, t, w in TIES]
    people = PEOPLE + OTHERS
    for rows in (ties, people):
        random.Random(seed).shuffle(rows)
    return pa.Table.from_pylist(ties), pa.Table.from_pylist(people)


def test_examples_run():
    found = doctest.testmod(graphs)
    assert found.attempted >= 8
    assert found.failed == 0


@pytest.mark.parametrize("seed", range(5))
def test_attributes_belong_to_the_name_whatever_the_order(seed):
    graph = graphs.communication_graph(*tables(seed))
    for row in PEOPLE + OTHERS:
        if row["principal"] in graph:
            wanted = {key: value for key, value in row.items() if key != "principal" and value is not None}
            assert graph.nodes[row["principal"]] == wanted
    assert {(s, t, d["weight"]) for s, t, d in graph.edges(data=True)} == set(TIES)
    assert list(graph) == sorted(graph)


def test_who_writes_to_nobody_is_no_node_and_who_is_unknown_has_no_attributes():
    ties, people = tables()
    graph = graphs.communication_graph(ties, people.slice(0, 0))
    assert graph.nodes["sales0@x"] == {}
    assert len(graphs.communication_graph(ties.slice(0, 0), people)) == 0


def test_departments_count_people_inside_alone():
    graph = graphs.department_graph(*tables(), minimum_group=2)
    assert dict(graph.nodes(data="people")) == {"Legal": 5, "Sales": 5}
    assert graph.edges["Sales", "Legal"] == {"weight": 7.5, "ties": 5, "people": 10}
    assert graph.edges["Legal", "Sales"] == {"weight": 2.0, "ties": 1, "people": 2}
    assert graph.edges["Legal", "Legal"] == {"weight": 1.0, "ties": 1, "people": 2}


@pytest.mark.parametrize(("minimum", "nodes", "edges"), [(5, 2, 1), (3, 2, 1), (2, 2, 3), (6, 0, 0)])
def test_small_groups_are_left_out(minimum, nodes, edges):
    graph = graphs.department_graph(*tables(), minimum_group=minimum)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (nodes, edges)


def test_graphml_reads_back_the_same(tmp_path):
    graph = graphs.communication_graph(*tables())
    graphs.write_graphml(graph, tmp_path / "g.graphml")
    found = nx.read_graphml(tmp_path / "g.graphml")
    assert isinstance(found, nx.DiGraph)
    assert found.nodes["guest@y"].pop("display_name") == "Guest <&>"
    assert graph.nodes["guest@y"].pop("display_name") == "G\x0buest <&>"  # the graph itself was left alone
    assert dict(found.nodes(data=True)) == dict(graph.nodes(data=True))
    assert {e[:2]: e[2]["weight"] for e in found.edges(data=True)} == {(s, t): w for s, t, w in TIES}
