import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.report import layout

SIZE = (900.0, 600.0)


def ring(count):
    graph = nx.cycle_graph(count)
    nx.set_edge_attributes(graph, 1.0, "weight")
    return nx.relabel_nodes(graph, {n: f"d{n}" for n in graph})


@pytest.mark.parametrize("count", [1, 2, 5, 24])
def test_areas_do_not_overlap_and_stay_in_the_frame(count):
    radius = {f"d{n}": 20.0 + 2 * n for n in range(count)}
    place = layout.areas(ring(count), radius, SIZE, 10.0)
    assert set(place) == set(radius)
    for one, other in itertools.combinations(radius, 2):
        assert math.dist(place[one], place[other]) >= radius[one] + radius[other]
    for name, (x, y) in place.items():
        assert radius[name] - 1 <= x <= SIZE[0] - radius[name] + 1
        assert radius[name] - 1 <= y <= SIZE[1] - radius[name] + 1


def test_areas_use_the_width_and_the_height():
    radius = {f"d{n}": 20.0 for n in range(8)}
    xs, ys = zip(*layout.areas(ring(8), radius, SIZE, 10.0).values(), strict=True)
    assert max(xs) - min(xs) > 0.9 * (SIZE[0] - 40)
    assert max(ys) - min(ys) > 0.9 * (SIZE[1] - 40)


def test_areas_lie_alike_in_every_run():
    radius = {f"d{n}": 30.0 for n in range(6)}
    assert layout.areas(ring(6), radius, SIZE, 10.0) == layout.areas(ring(6), radius, SIZE, 10.0)


def test_no_areas_need_no_place():
    assert layout.areas(nx.Graph(), {}, SIZE, 10.0) == {}


def test_what_lies_beside_moves_off_the_fixed_circles_and_off_one_another():
    fixed = [(300.0, 300.0, 100.0), (600.0, 300.0, 80.0)]
    wanted = [(300.0, 300.0), (300.0, 300.0), (450.0, 300.0)]
    places = layout.beside(fixed, wanted, [15.0, 15.0, 15.0], SIZE, 4.0)
    for x, y in places:
        for other_x, other_y, radius in fixed:
            assert math.dist((x, y), (other_x, other_y)) >= radius + 15
    for one, other in itertools.combinations(places, 2):
        assert math.dist(one, other) >= 30


def test_nothing_to_place_beside():
    assert layout.beside([(1.0, 1.0, 1.0)], [], [], SIZE, 4.0) == []


@given(st.integers(1, 300))
def test_seeds_fill_a_disc_without_touching(count):
    points = layout.seeds(count, 1.0)
    assert points.shape == (count, 2)
    assert np.linalg.norm(points, axis=1).max() <= count**0.5
    if count > 1:
        offset = np.linalg.norm(points[:, None] - points[None], axis=2)
        np.fill_diagonal(offset, np.inf)
        assert offset.min() > 1.0


@given(st.lists(st.none() | st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=60))
def test_every_target_gets_a_slot_of_its_own(targets):
    chosen = layout.nearest_slots(layout.seeds(len(targets), 1.0), targets)
    assert sorted(chosen) == list(range(len(targets)))


def test_a_target_gets_the_slot_that_is_nearest():
    slots = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    assert layout.nearest_slots(slots, [None, (6.0, 1.0), (0.0, 4.0)]).tolist() == [0, 1, 2]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.randoms(use_true_random=False))
def test_the_core_lies_inside_and_the_periphery_on_the_ring(inside, outside, random):
    core, periphery = [f"c{n}" for n in range(inside)], [f"p{n}" for n in range(outside)]
    pairs = [
        (a, b, random.randint(1, 9)) for a, b in itertools.combinations(core + periphery, 2) if random.random() < 0.4
    ]
    place = layout.concentric(core, periphery, pairs)
    assert set(place) == {*core, *periphery}
    assert len(set(place.values())) == len(place)
    for name in core:
        assert math.hypot(*place[name]) < (0.7 if periphery else 1.01)
    for name in periphery:
        assert math.hypot(*place[name]) == pytest.approx(1)


def test_the_ring_lies_towards_those_with_whom_mail_is_exchanged():
    core = ["a", "b", "c", "d"]
    place = layout.concentric(core, ["east", "west"], [("a", "b", 1), ("a", "east", 5), ("b", "west", 5)])
    # in the order of the angles at which their partners lie
    angle = {name: math.atan2(place[name][1], place[name][0]) % (2 * math.pi) for name in place}
    assert (angle["a"] < angle["b"]) == (angle["east"] < angle["west"])
