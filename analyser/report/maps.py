"""The organisation as a map: departments as areas, proposed spaces as hubs among the people whom they join."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import numpy as np

from analyser.privacy import suppress
from analyser.report import layout, palette
from analyser.report.canvas import frame, line, rules
from analyser.report.svg import altair, picture
from analyser.report.text import clipped, counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyser.report.measures import Flow
    from analyser.report.svg import Picture

__all__ = ["MARKS", "Hub", "organisation_map"]

MARKS: Final = 2_000
"""Marks of a picture at the most."""

_MAP: Final = (940.0, 600.0)
_MOST_AREAS: Final = 24
_LETTERS: Final = 22
_NAME_ROOM: Final = 20.0  # above the highest area
_HALF_LETTER: Final = 4.4  # at 13 pixels, semi-bold
_OTHERS: Final = "Other departments"
_PILOT, _OTHER = 16.0, 7.0  # radius of a hub


@dataclass(frozen=True, slots=True)
class Hub:
    """A proposed space on the map: its number (None behind the pilots), name, and members by department."""

    number: int | None
    name: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Ground:
    """The map before drawing: departments (small ones folded), their people, where everything lies."""

    people: dict[str, list[str]]
    radius: dict[str, float]
    centre: dict[str, tuple[float, float]]
    hubs: list[tuple[str, Hub]]
    folded: int


def organisation_map(
    key: str, departments: Mapping[str, str], hubs: Sequence[Hub], flows: Sequence[Flow], minimum: int
) -> Picture:
    """The organisation: departments as areas, pilots as coloured hubs among the people whom they join.

    Parameters
    ----------
    departments
        Department of each internal person.
    hubs
        Proposed spaces: pilots have a number, others are grey.
    flows
        Mail between departments.
    minimum
        Ties with fewer people behind them are folded.
    """
    alt = altair()
    ground = _ground(departments, hubs, flows)
    home = {principal: name for name, people in ground.people.items() for principal in people}
    ties, thin, hidden = _ties(flows, ground, minimum)
    slots = _places(ground, home)
    dots, spokes = _dots(ground, slots, departments), _spokes(ground, slots, home)
    everyone = len(home) <= MARKS - 400
    layers = [
        rules(ties, _MAP, palette.LINE, 0.7),
        frame(alt.Chart(alt.Data(values=_area_marks(ground))), _MAP)
        .mark_circle(opacity=1, color=palette.FAINT, stroke=palette.LINE)
        .encode(size=alt.Size("size:Q", scale=None), description="said:N"),
        _dot_layer([d for d in dots if everyone or d["colour"] != palette.LINE][: MARKS - 400]),
        rules(spokes, _MAP, None, 0.85),
        *_hub_layers(ground),
        _names(ground),
    ]
    chart = alt.layer(*layers).properties(width=_MAP[0], height=_MAP[1])
    pilots = [hub for hub in hubs if hub.number is not None]
    joined = {departments[p] for hub in pilots for p in hub.members if p in departments}
    return picture(
        chart,
        key,
        "The organisation and the proposed spaces",
        f"{counted(len(ground.people), 'department')} as areas; {counted(len(pilots), 'pilot')}"
        f" {'joins' if len(pilots) == 1 else 'join'} people of {counted(len(joined), 'department')}."
        if pilots
        else f"{counted(len(ground.people), 'department')} as areas; no pilot yet.",
        data=(("Space", "Department", "People"), _hub_rows(hubs, departments)),
        caption=_map_caption(ground, len(ties), thin, hidden, everyone=everyone),
    )


def _ground(departments: Mapping[str, str], hubs: Sequence[Hub], flows: Sequence[Flow]) -> _Ground:
    sizes = Counter(departments.values())
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    own = set(order if len(order) <= _MOST_AREAS else order[: _MOST_AREAS - 1])
    people: dict[str, list[str]] = defaultdict(list)
    for principal, name in sorted(departments.items()):
        people[name if name in own else _OTHERS].append(principal)
    # all areas together take a quarter of the picture: room for the ties and the hubs between them
    unit = (0.26 * _MAP[0] * _MAP[1] / np.pi / max(1, len(departments))) ** 0.5
    radius = {name: max(20.0, unit * len(inside) ** 0.5) for name, inside in people.items()}
    shrink = min(1.0, 0.42 * _MAP[1] / max(radius.values(), default=1.0))
    radius = {name: r * shrink for name, r in radius.items()}
    keyed = [(f"\0hub {n}", hub) for n, hub in enumerate(hubs)]
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(people)
    for flow in flows:
        one, other = (name if name in own else _OTHERS for name in (flow.source, flow.target))
        if one != other and one in people and other in people:
            graph.add_edge(
                one, other, weight=graph.get_edge_data(one, other, {"weight": 0})["weight"] + flow.deliveries
            )
    peak = max((data["weight"] for *_, data in graph.edges(data=True)), default=1)
    for *_, data in graph.edges(data=True):
        data["weight"] = 0.8 * (data["weight"] / peak) ** 0.5
    home = {principal: name for name, inside in people.items() for principal in inside}
    # the gap leaves room for a name above each area and for a hub between two
    below = layout.areas(graph, radius, (_MAP[0], _MAP[1] - _NAME_ROOM), 40.0)
    centre = {name: (x, y + _NAME_ROOM) for name, (x, y) in below.items()}
    fixed = [(*centre[name], radius[name]) for name in sorted(people)]
    fixed += [spot for name in sorted(people) for spot in _name_spots(name, centre[name], radius[name])]
    wanted = [_middle(hub, home, centre) for _, hub in keyed]
    reach = [_PILOT if hub.number is not None else _OTHER for _, hub in keyed]
    centre |= dict(zip((node for node, _ in keyed), layout.beside(fixed, wanted, reach, _MAP, 4.0), strict=True))
    return _Ground(dict(people), radius, centre, keyed, len(order) - len(own))


def _middle(hub: Hub, home: Mapping[str, str], centre: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Mean of the departments of a space's people, each department once: a hub stands between what it joins."""
    inside = sorted({home[p] for p in hub.members if p in home})
    if not inside:
        return _MAP[0] / 2, _MAP[1] / 2
    x, y = np.mean([centre[name] for name in inside], axis=0).tolist()
    return x, y


def _ties(flows: Sequence[Flow], ground: _Ground, minimum: int) -> tuple[list[dict[str, object]], int, int]:
    """Lines between departments; how many were too thin to draw; how many have too few people behind them."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    hidden = 0
    for flow in flows:
        one, other = sorted(n if n in ground.people else _OTHERS for n in (flow.source, flow.target))
        if one == other or _OTHERS in {one, other} - ground.people.keys():
            continue
        if suppress(flow.people, minimum):
            hidden += 1
            continue
        sums[one, other] += flow.deliveries
    order = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    kept = [item for item in order if item[1] >= 0.08 * order[0][1]][: 2 * len(ground.people)]
    peak = kept[0][1] if kept else 1
    lines = [
        line(
            ground.centre[one],
            ground.centre[other],
            0.8 + 9 * (n / peak) ** 0.5,
            said=f"{one} and {other}: {counted(n, 'delivery', 'deliveries')}",
        )
        for (one, other), n in kept
    ]
    return lines, len(order) - len(kept), hidden


def _places(ground: _Ground, home: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Where each person's dot lies: in the department's area, on the side of the first pilot that it belongs to."""
    target: dict[str, tuple[float, float]] = {}
    for node, hub in reversed([(node, hub) for node, hub in ground.hubs if hub.number is not None]):
        target.update(dict.fromkeys((p for p in hub.members if p in home), ground.centre[node]))
    result: dict[str, tuple[float, float]] = {}
    for name, people in ground.people.items():
        spacing = (ground.radius[name] - 7) / max(1.0, len(people)) ** 0.5
        slots = layout.seeds(len(people), spacing) + np.array(ground.centre[name])
        # by target, so that the members of one pilot lie together
        ordered = sorted(people, key=lambda p: (target.get(p, (0.0, 0.0)), p))
        chosen = layout.nearest_slots(slots, [target.get(p) for p in ordered])
        result.update(zip(ordered, map(tuple, slots[chosen].tolist()), strict=True))
    return result


def _dots(
    ground: _Ground, slots: Mapping[str, tuple[float, float]], departments: Mapping[str, str]
) -> list[dict[str, object]]:
    colour = dict.fromkeys(departments, palette.LINE)
    for _, hub in reversed(ground.hubs):
        if hub.number is not None:
            colour.update(dict.fromkeys((p for p in hub.members if p in colour), _pilot_colour(hub.number)))
    order = sorted(slots, key=lambda p: (colour[p] == palette.LINE, p))
    return [{"x": slots[p][0], "y": slots[p][1], "colour": colour[p]} for p in order]


def _pilot_colour(number: int) -> str:
    return palette.SERIES[(number - 1) % len(palette.SERIES)]


def _spokes(
    ground: _Ground, slots: Mapping[str, tuple[float, float]], home: Mapping[str, str]
) -> list[dict[str, object]]:
    """From each hub to the middle of its members in each department."""
    lines = []
    for node, hub in ground.hubs:
        inside: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for principal in sorted(hub.members):
            if principal in home:
                inside[home[principal]].append(slots[principal])
        for name, points in sorted(inside.items()):
            middle = tuple(np.mean(points, axis=0).tolist()) if hub.number is not None else ground.centre[name]
            colour = palette.LINE if hub.number is None else _pilot_colour(hub.number)
            width = 1.0 if hub.number is None else min(5.0, 1.0 + 0.6 * len(points) ** 0.5)
            lines.append(line(ground.centre[node], middle, width, colour=colour))
    return lines


def _area_marks(ground: _Ground) -> list[dict[str, object]]:
    return [
        {
            "x": ground.centre[name][0],
            "y": ground.centre[name][1],
            "size": (2 * ground.radius[name]) ** 2,  # Vega takes the square of the diameter
            "said": f"{name}: {counted(len(people), 'person', 'people')}",
        }
        for name, people in ground.people.items()
    ]


def _dot_layer(dots: Sequence[dict[str, object]]) -> Any:
    alt = altair()
    chart = frame(alt.Chart(alt.Data(values=list(dots))), _MAP)
    return chart.mark_circle(size=26, opacity=1, aria=False).encode(fill=alt.Fill("colour:N", scale=None))


def _hub_layers(ground: _Ground) -> list[Any]:
    alt = altair()
    marks = [
        {
            "x": ground.centre[node][0],
            "y": ground.centre[node][1],
            "size": 760 if hub.number is not None else 70,
            "colour": _pilot_colour(hub.number) if hub.number is not None else palette.OTHER,
            "text": str(hub.number or ""),
            "said": f"{hub.name}: {counted(len(hub.members), 'member')}",
        }
        for node, hub in reversed(ground.hubs)
    ]
    base = frame(alt.Chart(alt.Data(values=marks)), _MAP)
    return [
        base.mark_circle(opacity=1, stroke=palette.GROUND, strokeWidth=2).encode(
            size=alt.Size("size:Q", scale=None), fill=alt.Fill("colour:N", scale=None), description="said:N"
        ),
        base.mark_text(fontSize=15, fontWeight=700, color=palette.GROUND, aria=False).encode(text="text:N"),
    ]


def _names(ground: _Ground) -> Any:
    alt = altair()
    marks = [
        {"x": x, "y": y, "text": clipped(name, _LETTERS)}
        for name in ground.people
        for x, y in [_name_place(name, ground.centre[name], ground.radius[name])]
    ]
    chart = frame(alt.Chart(alt.Data(values=marks)), _MAP)
    chart = chart.encode(text="text:N")
    font = {"fontSize": 13, "fontWeight": 600, "aria": False}
    # a halo, so that a name is read over lines
    halo = chart.mark_text(color=palette.GROUND, stroke=palette.GROUND, strokeWidth=4, strokeJoin="round", **font)
    return halo + chart.mark_text(color=palette.INK, **font)


def _name_spots(name: str, centre: tuple[float, float], radius: float) -> list[tuple[float, float, float]]:
    """Small circles along a name, which keep hubs off it."""
    x, y = _name_place(name, centre, radius)
    half = _HALF_LETTER * min(len(name), _LETTERS)
    return [(x + half * part, y, 8.0) for part in (-0.9, -0.3, 0.3, 0.9)]


def _name_place(name: str, centre: tuple[float, float], radius: float) -> tuple[float, float]:
    """Above the area, as far as the frame leaves room for the whole name."""
    half = _HALF_LETTER * min(len(name), _LETTERS)
    return min(max(centre[0], half), _MAP[0] - half), max(8.0, centre[1] - radius - 9)


def _hub_rows(hubs: Sequence[Hub], departments: Mapping[str, str]) -> list[tuple[str, str, int]]:
    rows = []
    for hub in hubs:
        counts = Counter(departments[p] for p in hub.members if p in departments)
        label = f"{hub.number}. {hub.name}" if hub.number is not None else hub.name
        rows += [(label, name, n) for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return rows


def _map_caption(ground: _Ground, ties: int, thin: int, hidden: int, *, everyone: bool) -> str:
    parts = ["Areas are departments", "a dot is a person" if everyone else "dots are members of the pilots"]
    parts.append("numbers are pilots, in the colour of their members; small grey hubs are the next in the backlog")
    folded = [
        f"{counted(thin, 'thinner tie')}" if thin else "",
        f"{counted(hidden, 'flow')} of too few people" if hidden else "",
        counted(ground.folded, "small department") if ground.folded else "",
    ]
    folded = [part for part in folded if part]
    return (
        f"{'; '.join(parts)}. Lines between areas: mail, width by the square root of deliveries; {ties} are drawn"
        + (f", {listed(folded)} folded." if folded else ".")
    )
