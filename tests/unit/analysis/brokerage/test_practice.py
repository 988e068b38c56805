"""Communities of practice: across enough departments, about something, stable, and not one department's own."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyser.analysis.brokerage import BrokerageThresholds, practice

NAMES = ("Finance", "Legal", "Production", "Sales")
TOPIC = ["welding", "robot", "safety"]


@pytest.fixture
def find(network, organisation):
    """Six people, two of each of three departments, in community 1, who write about one thing."""

    def find(minimum=5, stability=1.0, per_department=2, departments=3, extra=(), topic=TOPIC, unknown=0, **limits):
        made = organisation(names=NAMES, across=4)
        chosen = [a for name in NAMES[:departments] for a in made.members(name)[:per_department]]
        chosen += [made.members(name)[3 + n] for n, name in enumerate(extra)]
        made.ties += [(a, b) for a in chosen for b in chosen if a < b]
        for actor in chosen[:unknown]:
            made.homes[actor] = None
        words = made.words()
        said = pa.table(
            {
                "actor": pa.array([a for a in chosen for _ in topic], pa.int32()),
                "word": pa.array([w for _ in chosen for w in topic], pa.string()),
            }
        )
        communities = pa.table(
            {
                "actor": pa.array(list(made.homes), pa.int32()),
                "community": pa.array([int(a in chosen) for a in made.homes], pa.int32()),
                "stability": pa.array([stability if a in chosen else 1.0 for a in made.homes]),
            }
        )
        words = pa.concat_tables([words, said])
        net = network(made.ties, made.homes)
        found = practice.practice_communities(net, communities, words, minimum, BrokerageThresholds(**limits))
        assert found.schema == practice.SCHEMA
        return [row for row in found.to_pylist() if row["community"] == 1]

    return find


def test_a_planted_community_is_found(find):
    (row,) = find()
    assert (row["people"], row["departments"]) == (6, ["Finance", "Legal", "Production"])
    assert row["shared_words"] == sorted(TOPIC)
    assert row["density"] == 1 > row["density_overall"]
    assert row["across_share"] == pytest.approx(12 / 15)
    assert row["stability"] == 1


@pytest.mark.parametrize(
    ("given", "is_found"),
    [
        ({"minimum": 6}, True),
        ({"minimum": 7}, False),
        ({"stability": 0.5}, True),
        ({"stability": 0.49}, False),
        ({"practice_departments": 4}, False),
        ({"departments": 4, "practice_departments": 4}, True),
        ({"practice_members": 3}, False),
        ({"topic": TOPIC[:2]}, False),
        ({"topic": TOPIC[:2], "shared_words": 2}, True),
        # 4 of 8 members, and 5 of 9, are of one department
        ({"extra": ["Finance", "Finance"]}, True),
        ({"extra": ["Finance", "Finance", "Finance"]}, False),
        # of 8 members the department of 4 is known, or of 3
        ({"departments": 4, "unknown": 4, "practice_departments": 2}, True),
        (
            {"departments": 4, "unknown": 5, "practice_departments": 2, "practice_members": 1, "practice_home": 1.0},
            False,
        ),
    ],
)
def test_each_condition_has_an_edge(find, given, is_found):
    assert bool(find(**given)) is is_found


def test_departments_themselves_are_no_communities_of_practice(network, organisation):
    made = organisation(names=NAMES)
    number = {name: n for n, name in enumerate(NAMES)}
    communities = pa.table(
        {
            "actor": pa.array(list(made.homes), pa.int32()),
            "community": pa.array([number[home] for home in made.homes.values()], pa.int32()),
            "stability": pa.array([1.0] * len(made.homes)),
        }
    )
    words = made.words(Sales=TOPIC, Legal=TOPIC)
    net = network(made.ties, made.homes)
    assert practice.practice_communities(net, communities, words, 5, BrokerageThresholds()).num_rows == 0


def test_nobody_has_none(network):
    none = pa.table(
        {
            "actor": pa.array([], pa.int32()),
            "community": pa.array([], pa.int32()),
            "stability": pa.array([], pa.float64()),
        }
    )
    words = pa.table({"actor": pa.array([], pa.int32()), "word": pa.array([], pa.string())})
    for net in (network([], {}), network([(0, 1)], {0: "A", 1: "B"})):
        assert practice.practice_communities(net, none, words, 5, BrokerageThresholds()).num_rows == 0
