"""Where things stand in a network picture. Pure geometry: numbers in, coordinates out, the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["areas", "beside", "concentric", "nearest_slots", "seeds"]

GOLDEN_ANGLE: Final = np.pi * (3 - 5**0.5)


def areas(
    graph: nx.Graph[Any], radius: Mapping[str, float], size: tuple[float, float], gap: float, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Centres of circles that do not overlap, near to what they are tied to.

    Parameters
    ----------
    graph
        Circles and their ties, with `weight`.
    radius
        Radius of each circle.
    size
        Width and height that the centres' circles should fill.
    gap
        Least distance between two circles.

    Returns
    -------
    dict
        Centre of each circle; all circles lie within `size` where they can.
    """
    names = sorted(graph)
    if not names:
        return {}
    width, height = size
    placed = nx.spring_layout(graph, weight="weight", seed=seed, iterations=200, k=2.0 / len(names) ** 0.5)
    points = np.array([placed[name] for name in names], np.float64)
    # from edge to edge in both directions: a spring alone fills a square at best
    points -= points.min(axis=0)
    points *= np.array([width, height]) / np.maximum(points.max(axis=0), 1e-9)
    radii = np.array([radius[name] for name in names])
    return dict(zip(names, map(tuple, _apart(points, radii, size, gap).tolist()), strict=True))


def beside(
    fixed: Sequence[tuple[float, float, float]],
    wanted: Sequence[tuple[float, float]],
    radius: Sequence[float],
    size: tuple[float, float],
    gap: float,
) -> list[tuple[float, float]]:
    """Place further circles near to where they are wanted, clear of the fixed ones and of one another.

    Parameters
    ----------
    fixed
        Centre and radius of circles that stay.
    wanted, radius
        Where each further circle would best be, and its radius.
    """
    if not wanted:
        return []
    middle = np.array(size) / 2
    still = np.array(fixed, np.float64).reshape(-1, 3)
    # a nudge to the middle of the picture and one of its own: equal points would never part
    start = np.array(wanted, np.float64)
    start += (middle - start) * 0.02 + seeds(len(start), 0.5)
    points = np.vstack([still[:, :2], start])
    radii = np.concatenate([still[:, 2], np.array(radius, np.float64)])
    moves = np.arange(len(points)) >= len(still)
    return [(x, y) for x, y in _apart(points, radii, size, gap, moves)[moves].tolist()]


def _apart(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    size: tuple[float, float],
    gap: float,
    moves: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Push circles apart and back into the frame until neither is needed; only those move that `moves` says."""
    free = np.ones(len(points), bool) if moves is None else moves
    # two circles that stay may overlap; that is for who placed them
    movable = free[:, None] | free[None, :]
    lowest, highest = radii[:, None], np.array(size) - radii[:, None]
    wanted = radii[:, None] + radii[None, :] + gap
    for _ in range(600):
        points = np.where(free[:, None], np.clip(points, lowest, np.maximum(lowest, highest)), points)
        offset = points[:, None, :] - points[None, :, :]
        distance = np.linalg.norm(offset, axis=2)
        np.fill_diagonal(distance, np.inf)
        overlap = np.where(movable, np.clip(wanted - distance, 0, None), 0.0)
        if overlap.max() < 0.5:  # noqa: PLR2004  half a pixel is no overlap to the eye
            break
        direction = offset / np.maximum(distance, 1e-9)[:, :, None]
        points = points + free[:, None] * (direction * overlap[:, :, None]).sum(axis=1) * 0.3
    return points


def seeds(count: int, spacing: float) -> NDArray[np.float64]:
    """Points that fill a disc evenly around (0, 0), as seeds fill a sunflower; shape (count, 2)."""
    n = np.arange(count)
    distance, angle = spacing * np.sqrt(n + 0.5), n * GOLDEN_ANGLE
    return np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])


def nearest_slots(slots: NDArray[np.float64], targets: Sequence[tuple[float, float] | None]) -> NDArray[np.int64]:
    """Give each of `targets` a slot of its own near to it; who has no target takes what is left.

    Parameters
    ----------
    slots
        Places, shape (n, 2).
    targets
        As many points or None.

    Returns
    -------
    ndarray of int
        Slot of each target, shape (n,).
    """
    free = np.ones(len(slots), bool)
    result = np.full(len(targets), -1, np.int64)
    for index, target in enumerate(targets):
        if target is not None:
            distance = np.where(free, np.linalg.norm(slots - np.array(target), axis=1), np.inf)
            result[index] = distance.argmin()
            free[result[index]] = False
    result[result < 0] = np.flatnonzero(free)
    return result


def concentric(
    core: Sequence[str], periphery: Sequence[str], pairs: Sequence[tuple[str, str, int]], seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Core inside, periphery on a ring around it, in a disc of radius 1.

    People stand near to those they write with; on the ring, evenly spaced in that order.
    """
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(core)
    inside = set(core)
    graph.add_weighted_edges_from((a, b, n**0.5) for a, b, n in pairs if a in inside and b in inside)
    spring = nx.spring_layout(graph, weight="weight", seed=seed, iterations=100) if core else {}
    # the disc is filled evenly: a spring alone heaps up those who write much
    reach = 0.62 if periphery else 1.0
    slots = seeds(len(core), reach / max(1.0, len(core) - 0.5) ** 0.5)
    names = sorted(core, key=lambda name: (-float(np.hypot(*spring[name])), name))
    chosen = nearest_slots(slots, [tuple(spring[name] * reach) for name in names])
    result = {name: (float(x), float(y)) for name, (x, y) in zip(names, slots[chosen], strict=True)}
    if periphery:
        ring = _ring(periphery, result, pairs)
        turn = 2 * np.pi / len(ring)
        result |= {name: (float(np.cos(n * turn)), float(np.sin(n * turn))) for n, name in enumerate(ring)}
    return result


def _ring(
    periphery: Sequence[str], core: Mapping[str, tuple[float, float]], pairs: Sequence[tuple[str, str, int]]
) -> list[str]:
    """The periphery in the order of the direction in which its ties pull."""
    pull = {name: np.zeros(2) for name in periphery}
    for one, other, count in pairs:
        for outer, inner in ((one, other), (other, one)):
            if outer in pull and inner in core:
                pull[outer] += np.array(core[inner]) * count
    return sorted(pull, key=lambda name: (float(np.arctan2(pull[name][1], pull[name][0])) % (2 * np.pi), name))
