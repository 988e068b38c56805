"""The communication graph as networkx objects, for notebooks and for other programs (GraphML).

Networkx is the interface; what is computed is computed on arrays. Attributes are set by name, never by the order of
rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

__all__ = ["communication_graph", "department_graph", "graphml", "write_graphml"]

_NODE = ("display_name", "kind", "department", "location", "is_internal")
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML 1.0 cannot hold."""


def communication_graph(interactions: pa.Table, principals: pa.Table) -> nx.DiGraph:
    """Who writes to whom.

    Parameters
    ----------
    interactions, principals
        Tables of the lake with these names.

    Returns
    -------
    networkx.DiGraph
        A node per principal that sends or receives, named by its primary address, with `display_name`, `kind`,
        `department`, `location` and `is_internal` where they are known; an edge per tie with `weight` (messages, each
        shared out among its recipients), `to_count` and `cc_count`. Nodes and edges stand in alphabetical order.

    Examples
    --------
    >>> import pyarrow as pa
    >>> ties = pa.table({"source": ["b@x"], "target": ["a@x"], "weight": [2.5], "to_count": [3], "cc_count": [0]})
    >>> people = pa.table({"principal": ["a@x", "b@x"], "kind": ["person"] * 2, "department": ["Sales", None]})
    >>> graph = communication_graph(ties, people)
    >>> graph.nodes["a@x"]
    {'kind': 'person', 'department': 'Sales'}
    >>> graph.edges["b@x", "a@x"]["weight"]
    2.5
    """
    told = [name for name in _NODE if name in principals.column_names]
    known = {row["principal"]: row for row in principals.select(["principal", *told]).to_pylist()}
    rows = interactions.select(["source", "target", "weight", "to_count", "cc_count"]).to_pylist()
    rows.sort(key=lambda row: (row["source"], row["target"]))
    graph = nx.DiGraph()
    for name in sorted({row[end] for row in rows for end in ("source", "target")}):
        attributes = known.get(name, {})
        graph.add_node(name, **{key: attributes[key] for key in told if attributes.get(key) is not None})
    for row in rows:
        graph.add_edge(row.pop("source"), row.pop("target"), **row)
    return graph


def department_graph(interactions: pa.Table, principals: pa.Table, minimum_group: int = 5) -> nx.DiGraph:
    """Who writes to whom by department, ties within a department as a loop.

    Parameters
    ----------
    interactions, principals
        Tables of the lake with these names.
    minimum_group
        Departments with fewer people, and edges on which fewer take part, are left out.

    Returns
    -------
    networkx.DiGraph
        A node per department with `people`, those who send or receive; an edge with `weight`, `ties` (pairs of people)
        and `people` who take part in it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> ties = pa.table({"source": ["b@x"], "target": ["a@x"], "weight": [2.5], "to_count": [3], "cc_count": [0]})
    >>> people = pa.table({"principal": ["a@x", "b@x"], "department": ["Sales", "Legal"],
    ...                    "kind": ["person"] * 2, "is_internal": [True] * 2})
    >>> department_graph(ties, people, minimum_group=1).edges["Legal", "Sales"]
    {'weight': 2.5, 'ties': 1, 'people': 2}
    >>> department_graph(ties, people).number_of_nodes()
    0
    """
    homes: dict[str, str] = {
        row["principal"]: row["department"]
        for row in principals.select(["principal", "department", "kind", "is_internal"]).to_pylist()
        if row["department"] is not None and row["kind"] == "person" and row["is_internal"]
    }
    members: dict[str, set[str]] = {}
    links: dict[tuple[str, str], dict[str, Any]] = {}
    rows = interactions.select(["source", "target", "weight"]).to_pylist()
    rows.sort(key=lambda row: (row["source"], row["target"]))  # sums of floats depend on the order
    for row in rows:
        ends = row["source"], row["target"]
        for end in ends:
            if end in homes:
                members.setdefault(homes[end], set()).add(end)
        if all(end in homes for end in ends) and ends[0] != ends[1]:
            link = links.setdefault((homes[ends[0]], homes[ends[1]]), {"weight": 0.0, "ties": 0, "people": set()})
            link["weight"] += row["weight"]
            link["ties"] += 1
            link["people"].update(ends)
    graph = nx.DiGraph()
    graph.add_nodes_from(
        (name, {"people": len(own)}) for name, own in sorted(members.items()) if len(own) >= minimum_group
    )
    for (one, other), link in sorted(links.items()):
        if one in graph and other in graph and len(link["people"]) >= minimum_group:
            graph.add_edge(one, other, **(link | {"people": len(link["people"])}))
    return graph


def graphml(graph: nx.DiGraph) -> str:
    """The graph as GraphML, the format that graph programs share; signs that XML cannot hold are dropped.

    Examples
    --------
    >>> "<node id=" in graphml(nx.DiGraph([("a", "b")]))
    True
    """
    clean = nx.relabel_nodes(graph, _clean)
    for attributes in (*(data for _, data in clean.nodes(data=True)), *(data for *_, data in clean.edges(data=True))):
        attributes.update({key: _clean(value) for key, value in attributes.items() if isinstance(value, str)})
    return "\n".join(nx.generate_graphml(clean)) + "\n"


def write_graphml(graph: nx.DiGraph, path: Path) -> None:
    """Write the graph to a file in GraphML (UTF-8)."""
    path.write_text(graphml(graph), encoding="utf-8")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)
