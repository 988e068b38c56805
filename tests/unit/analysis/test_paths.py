"""Paths: requests that go from hand to hand; the local part is held equal to a plain reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations, pairwise

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.audiences import paths

LEAD, HEAD, CASH = 1, 2, 3
ASKERS = (11, 12, 13)
LIMITS = paths.PathsThresholds()


def request(thread, *hands, start=0.0, **row):
    """One thread: each hand writes to the next, an hour later."""
    return [
        {"thread": thread, "day": thread + start + n / 24, "sender": hand, "to": (to,), "people": 2, **row}
        for n, (hand, to) in enumerate(pairwise(hands))
    ]


@pytest.fixture
def told(posted, table):
    """Steps and hand-ons of these messages, in the order in which they are given."""

    def told(*rows, external=False, limits=LIMITS):
        mail, parts = posted("mail", [{**row, "message": n} for n, row in enumerate(rows)])
        first = {}
        for row in rows:
            first.setdefault(row["thread"], row["sender"])
        known = [{"thread": t, "first_sender": who, "external": external} for t, who in first.items()]
        people = table("people", [{"actor": actor} for actor in range(40)])
        sent = paths.steps(mail, parts, people, table("threads", known), limits)
        return sent, paths.hand_ons(sent)

    return told


@pytest.fixture
def found(told, table, engine):
    """Threads, roles and measures by path."""

    def found(*rows, **limits):
        limits = LIMITS.model_copy(update=limits)
        sent, on = told(*rows, limits=limits)
        order = ["thread", "source", "target"]
        hands = engine.memory(paths.families(on.select(*order).distinct().order_by(*order).to_pyarrow(), limits))
        rows = engine.keep(paths.requests(on, hands))
        threads, roles = defaultdict(set), defaultdict(dict)
        for row in rows.to_pyarrow().to_pylist():
            threads[row["path"]].add(row["thread"])
        for row in paths.members(rows).to_pyarrow().to_pylist():
            roles[row["path"]][row["actor"]] = row["role"]
        measured = {row.pop("path"): row for row in paths.measures(rows, sent).to_pyarrow().to_pylist()}
        return dict(threads), dict(roles), measured

    return found


def pairs_of(told, *rows, **further):
    return [(r["source"], r["target"]) for r in told(*rows, **further)[1].order_by("message").to_pyarrow().to_pylist()]


def test_who_got_it_hands_it_on(told):
    assert pairs_of(told, *request(0, 11, LEAD, HEAD, CASH, 11)) == [(LEAD, HEAD), (HEAD, CASH)]


@pytest.mark.parametrize(
    ("hands", "expected"),
    [
        ((11, LEAD, 11), []),
        ((11, LEAD, 11, LEAD, HEAD, 11), [(LEAD, HEAD)]),
        ((11, LEAD, HEAD, LEAD, HEAD, CASH), [(LEAD, HEAD), (HEAD, CASH)]),
        ((11, HEAD, CASH, 11), [(HEAD, CASH)]),
    ],
    ids=["an answer", "a question in between", "to and fro", "a hand is skipped"],
)
def test_answers_and_questions_are_no_hand_ons(told, hands, expected):
    assert pairs_of(told, *request(0, *hands)) == expected


def test_who_never_got_it_hands_nothing_on(told):
    stranger = {"thread": 0, "day": 1, "sender": 30, "to": (CASH,), "people": 2}
    assert pairs_of(told, *request(0, 11, LEAD, HEAD), stranger) == [(LEAD, HEAD)]


@pytest.mark.parametrize(
    "change",
    [{"automatic": True}, {"external": True}, {"sensitive": True}, {"people": 4}],
    ids=lambda change: next(iter(change)),
)
def test_only_ordinary_mail_to_one_person_counts(told, change):
    assert pairs_of(told, *request(0, 11, LEAD, HEAD, **change)) == []


def test_a_thread_with_somebody_outside_is_left_out(told):
    assert pairs_of(told, *request(0, 11, LEAD, HEAD), external=True) == []


def test_one_in_copy_is_allowed_and_two_in_to_are_not(told):
    assert pairs_of(told, *request(0, 11, LEAD, HEAD, cc=(20,), people=3)) == [(LEAD, HEAD)]
    assert pairs_of(told, *[{**row, "to": (*row["to"], 20)} for row in request(0, 11, LEAD, HEAD)]) == []


def chain(count, *hands):
    return [row for n in range(count) for row in request(n, ASKERS[n % 3], *hands, ASKERS[n % 3])]


def test_the_same_hands_in_the_same_order_are_a_path(found):
    threads, roles, measured = found(*chain(6, LEAD, HEAD, CASH))
    assert threads == {0: set(range(6))}
    assert roles[0] == {LEAD: "core", HEAD: "core", CASH: "core", **dict.fromkeys(ASKERS, "peripheral")}
    assert measured[0] == {"requesters": 3.0, "ordered": 1.0, "hours": pytest.approx(1.0), "returned": 1.0}


def test_a_path_survives_skips_and_what_is_sent_back(found):
    skipped = [*request(10, 11, LEAD, CASH, 11), *request(11, 12, HEAD, CASH, 12), *request(12, 13, LEAD, HEAD, 13)]
    threads, _, measured = found(*chain(6, LEAD, HEAD, CASH), *skipped)
    assert threads == {0: {*range(6), 10, 11, 12}}
    assert measured[0]["ordered"] == 1.0


def test_requests_of_several_teams_are_one_path(found):
    other = [row for n in range(10, 14) for row in request(n, 20 + n % 2, 5, HEAD, CASH, 20 + n % 2)]
    threads, roles, _ = found(*chain(4, LEAD, HEAD, CASH), *other)
    assert len(threads) == 1
    assert {a for a, role in roles[0].items() if role == "core"} == {LEAD, HEAD, CASH, 5}


def test_two_hand_ons_are_no_path_unless_two_are_enough(found):
    assert found(*chain(2, LEAD, HEAD))[0] == {}
    assert len(found(*chain(2, LEAD, HEAD), min_support=2)[0]) == 1


def test_paths_that_share_a_hand_only_are_two(found):
    other = [row for n in range(10, 15) for row in request(n, 20, CASH, 30, 20)]
    assert len(found(*chain(5, LEAD, HEAD, CASH), *other)[0]) == 2


def test_disorder_and_what_never_comes_back_are_measured(found):
    back = [row for n in range(10, 13) for row in request(n, 12, HEAD, LEAD)]
    _, _, measured = found(*chain(5, LEAD, HEAD), *back, together=0.01)
    assert min(row["returned"] for row in measured.values()) <= 5 / 8
    assert min(row["ordered"] for row in measured.values()) == pytest.approx(5 / 8)


STEPS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5), st.integers(0, 5)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, support=st.integers(2, 4), together=st.sampled_from([0.3, 0.5, 1.0]))
def test_families_are_those_of_the_definition(steps, support, together):
    rows = sorted({step for step in steps if step[1] != step[2]})
    table = pa.table(
        {n: pa.array([r[i] for r in rows], pa.int64()) for i, n in enumerate(["thread", "source", "target"])}
    )
    limits = paths.PathsThresholds(min_support=support, together=together)
    found = defaultdict(set)
    for row in paths.families(table, limits).to_pylist():
        found[row["path"]].add(row["actor"])
    assert Counter(map(frozenset, found.values())) == Counter(map(frozenset, _reference(rows, support, together)))


def _reference(rows, support, together):
    """Hands of each connected component of the recurring steps."""
    threads = defaultdict(set)
    for thread, source, target in rows:
        threads[source, target].add(thread)
    often = {step: on for step, on in threads.items() if len(on) >= support}
    graph = nx.Graph()
    graph.add_nodes_from(often)
    for one, other in combinations(often, 2):
        shared = len(often[one] & often[other])
        if shared and shared >= together * min(len(often[one]), len(often[other])):
            graph.add_edge(one, other)
    return [{actor for step in part for actor in step} for part in nx.connected_components(graph)]
