"""Lazy selection chooses what plain greedy chooses, and remembers what each choice took from the others."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.proposals.readiness import Readiness
from analyser.proposals.selection import Candidate, Selection, jaccard

READY = Readiness(("a", "b"), (), ())


@pytest.fixture(scope="session")
def candidate(make):
    def candidate(people, *, rule="working_group", confidence=1.0, own_benefit=0.0, worth=1.0, kind="circle"):
        of = make.audience("".join(people), kind, people=people)
        found = [make.finding(of, rule)] if rule else []
        return Candidate(
            of, found, rule or "recurring_group", [], READY, frozenset(people), confidence, own_benefit, worth
        )

    return candidate


def selection(candidates, degrees, weight, overlap=0.6, caution=1.0):
    return Selection(candidates, sp.csr_array(np.array(degrees, float)), np.array(weight, float), overlap=overlap,
                     caution=caution)  # fmt: skip


def everyone(candidates):
    return np.ones(len(candidates), bool)


def plain(candidates, degrees, weight, admit, most, overlap):
    """Greedy selection by definition: at every step the gains of all are reckoned anew, and the first best is taken."""
    left, chosen, closed = np.array(weight, float), [], set()
    while len(chosen) < most:
        gains = [
            -1.0
            if n in closed
            else ((np.array(row) * left)[np.array(row) > 0].sum() + c.own_benefit) * c.confidence * c.worth
            for n, (row, c) in enumerate(zip(degrees, candidates, strict=True))
        ]
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        closed.add(best)
        twins = [c for c in chosen if jaccard(candidates[c].members, candidates[best].members) >= overlap]
        if not twins and admit(candidates[best]):
            chosen.append(best)
            left *= 1 - np.array(degrees[best])
    return chosen


@st.composite
def problems(draw):
    """Up to nine candidates, many of them alike, with equal gains not rare."""
    n, sets = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    cell = st.sampled_from([0.0, 0.0, 0.5, 0.75, 1.0])
    return (
        [draw(st.lists(cell, min_size=sets, max_size=sets)) for _ in range(n)],
        draw(st.lists(st.integers(0, 5), min_size=sets, max_size=sets)),
        [draw(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=4)) for _ in range(n)],
        draw(st.lists(st.sampled_from([0.25, 0.5, 1.0]), min_size=n, max_size=n)),
        draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=n, max_size=n)),
        draw(st.frozensets(st.integers(0, 8))),
    )


@settings(max_examples=300, deadline=None)
@given(problem=problems(), most=st.integers(1, 9))
def test_it_chooses_what_plain_greedy_chooses(candidate, problem, most):
    degrees, weight, people, confidence, own, refused = problem
    candidates = [
        candidate(sorted(p), confidence=c, own_benefit=o) for p, c, o in zip(people, confidence, own, strict=True)
    ]
    shut = {id(candidates[n]) for n in refused if n < len(candidates)}
    lazy = selection(candidates, degrees, weight)
    lazy.fill(everyone(candidates), lambda c: id(c) not in shut, most)
    found = [candidates.index(c.candidate) for c in lazy.chosen]
    assert found == plain(candidates, degrees, weight, lambda c: id(c) not in shut, most, 0.6)


@settings(max_examples=100, deadline=None)
@given(problem=problems(), first=st.integers(0, 9))
def test_two_steps_choose_what_one_does(candidate, problem, first):
    degrees, weight, people, confidence, own, _ = problem

    def chosen(*steps):
        candidates = [
            candidate(sorted(p), confidence=c, own_benefit=o) for p, c, o in zip(people, confidence, own, strict=True)
        ]
        lazy = selection(candidates, degrees, weight)
        for most in steps:
            lazy.fill(everyone(candidates), lambda _: True, most)
        return [(candidates.index(c.candidate), c.gain) for c in lazy.chosen]

    assert chosen(first, 9) == chosen(9)


def test_most_candidates_are_looked_at_once(candidate):
    """Where candidates serve different mail, nothing is reckoned twice."""
    candidates = [candidate([f"p{n}"]) for n in range(50)]
    lazy = selection(candidates, np.eye(50), np.arange(50, 0, -1))
    looks = []
    gain = lazy._gain
    lazy._gain = lambda n: looks.append(n) or gain(n)
    lazy.fill(everyone(candidates), lambda _: True, 50)
    assert len(lazy.chosen) == 50
    assert len(looks) == 50


def test_worth_discounts_a_benefit(candidate):
    candidates = [candidate("ab", worth=0.2), candidate("cd")]
    lazy = selection(candidates, np.eye(2), [10, 3])
    lazy.fill(everyone(candidates), lambda _: True, 2)
    assert [(c.candidate, c.gain, c.alone) for c in lazy.chosen] == [
        (candidates[1], 3, pytest.approx(3 / 13)),
        (candidates[0], 2, pytest.approx(2 / 13)),
    ]


# rivals


def told(lazy, candidates, n, least=0.25, most=3):
    return [
        (candidates.index(r.candidate), r.how, pytest.approx(r.alone), pytest.approx(r.share))
        for r in lazy.rivals(candidates[n], least, most)
    ]


def test_who_takes_most_of_a_benefit_and_who_loses_it_tell_the_same(candidate):
    # of the 12 that the third would serve alone, the first takes 8 and the second 2
    candidates = [candidate("ab"), candidate("cd"), candidate("ef")]
    lazy = selection(candidates, [[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 0]], [8, 2, 2, 9])
    lazy.fill(everyone(candidates), lambda _: True, 3)
    assert [candidates.index(c.candidate) for c in lazy.chosen] == [0, 2]
    assert told(lazy, candidates, 0) == [(2, "displaced", 12 / 21, 8 / 12)]
    assert (0, "before", 17 / 21, 8 / 12) in told(lazy, candidates, 2)
    assert told(lazy, candidates, 0, least=0.67) == []


def test_what_was_never_chosen_is_displaced_all_the_same(candidate):
    candidates = [candidate("ab"), candidate("cd", rule=None)]
    lazy = selection(candidates, [[1, 1], [1, 0]], [6, 4])
    lazy.fill(everyone(candidates), lambda _: True, 2)
    assert len(lazy.chosen) == 1
    assert told(lazy, candidates, 0) == [(1, "displaced", 6 / 10, 1.0)]
    assert told(lazy, candidates, 1) == [(0, "before", 1.0, 1.0)]


def test_what_was_absorbed_is_told_as_that_alone(candidate):
    candidates = [candidate("abc"), candidate("abcd")]
    lazy = selection(candidates, [[1], [1]], [10])
    lazy._discount[1] = 0.9
    lazy.fill(everyone(candidates), lambda _: True, 2)
    lazy.recognised(lambda _: True)
    assert told(lazy, candidates, 0) == [(1, "absorbed", 1.0, 0.75)]


def test_the_weightiest_rivals_are_told(candidate):
    candidates = [candidate("ab"), *(candidate(p, rule=None) for p in ("cd", "ef", "gh"))]
    lazy = selection(candidates, [[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], [1, 3, 2, 1])
    lazy.fill(everyone(candidates), lambda _: True, 4)
    assert [n for n, *_ in told(lazy, candidates, 0, most=2)] == [2, 3]
    assert told(lazy, candidates, 0, most=0) == []


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_rivals_agree_whoever_is_asked(candidate, problem):
    degrees, weight, people, confidence, own, _ = problem
    candidates = [
        candidate(sorted(p), confidence=c, own_benefit=o) for p, c, o in zip(people, confidence, own, strict=True)
    ]
    lazy = selection(candidates, degrees, weight)
    lazy.fill(everyone(candidates), lambda _: True, 9)
    lazy.recognised(lambda _: True)
    order = [candidates.index(c.candidate) for c in lazy.chosen]
    for n in range(len(candidates)):
        for rival in lazy.rivals(candidates[n], 0.25, 99):
            other = candidates.index(rival.candidate)
            assert 0 < rival.share <= 1 + 1e-9
            assert 0 <= rival.alone <= 1 + 1e-9
            if rival.how == "before":
                assert n not in order or order.index(other) < order.index(n)
                assert rival.candidate in [c.candidate for c in lazy.chosen]
            if rival.how == "displaced":
                assert any(
                    r.candidate is candidates[n] and r.how == "before" for r in lazy.rivals(rival.candidate, 0.25, 9)
                )


# purposes


@pytest.mark.parametrize(("kind", "listed"), [("talks", 2), ("forum", 2), ("series", 1), ("circle", 1)])
def test_dates_and_cake_become_no_part_of_work(candidate, kind, listed):
    candidates = [candidate("abc"), candidate("abc", kind=kind)]
    lazy = selection(candidates, np.eye(2), [2, 1])
    lazy.fill(everyone(candidates), lambda _: True, 2)
    assert len(lazy.chosen) == listed


def test_the_nearest_of_those_chosen(candidate):
    candidates = [candidate("abc"), candidate("cde")]
    lazy = selection(candidates, np.eye(2), [2, 1])
    assert lazy.nearest(candidates[0]) == (None, 0.0)
    lazy.fill(everyone(candidates), lambda _: True, 2)
    assert lazy.nearest(candidate("abx")) == (candidates[0], 0.5)
    assert lazy.nearby(candidates[1], candidates[0]).share == 0.2


# wider spaces


SETS = [frozenset("abcd"), frozenset("abce"), frozenset("abcde"), frozenset("xyz")]


def by_likeness(members):
    """Serves what has at least three of four people in common."""
    return np.array([float(jaccard(members, people) >= 0.75) for people in SETS])


def widening(candidates, weight, room=lambda _candidate, _people: True, serve=by_likeness):
    degrees = np.array([by_likeness(c.members) for c in candidates])
    return Selection(
        candidates, sp.csr_array(degrees), np.array(weight, float), overlap=0.6, caution=1.0, serve=serve, room=room
    )


def test_what_is_absorbed_brings_its_people_where_that_serves_more(candidate):
    one, other = candidate("abcd"), candidate("abce")
    lazy = widening([one, other], [5, 4, 1, 0])
    lazy.fill(everyone([one, other]), lambda _: True, 9)
    assert [c.candidate for c in lazy.chosen] == [one]
    assert one.members == frozenset("abcde")
    assert one.wider
    assert one.absorbed == [other]
    assert lazy._left.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("other", ["abcf", "abc"], ids=["no mail of its own", "nobody to bring"])
def test_people_who_bring_no_mail_stay_out(candidate, other):
    one, other = candidate("abcd"), candidate(other)
    lazy = widening([one, other], [5, 0, 1, 0])
    lazy.fill(everyone([one, other]), lambda _: True, 9)
    assert one.members == frozenset("abcd")
    assert not one.wider


def test_what_a_wider_space_no_longer_serves_is_left_to_others(candidate):
    def shy(members):  # five people are too many for what four of them write
        return np.array([float(members == people) for people in SETS])

    one, other, third = candidate("abcd"), candidate("abce"), candidate("xyz")
    lazy = Selection(
        [one, other, third], sp.csr_array(np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])),
        np.array([5.0, 4, 9, 1]), overlap=0.6, caution=1.0, serve=shy,
    )  # fmt: skip
    lazy.fill(everyone([one, other, third]), lambda _: True, 9)
    assert one.members == frozenset("abcde")
    assert lazy._left.tolist() == [5, 4, 0, 0]


def test_a_space_without_room_keeps_its_people(candidate):
    one, other = candidate("abcd"), candidate("abce")
    asked = []
    lazy = widening([one, other], [5, 4, 1, 0], room=lambda c, people: bool(asked.append((c, people))))
    lazy.fill(everyone([one, other]), lambda _: True, 9)
    assert asked == [(one, frozenset("e"))]
    assert one.members == frozenset("abcd")
    assert one.absorbed == [other]


def test_only_circles_get_wider(candidate):
    one, other = candidate("abcd", kind="series"), candidate("abce")
    lazy = widening([one, other], [5, 4, 1, 0])
    lazy.fill(everyone([one, other]), lambda _: True, 9)
    assert one.members == frozenset("abcd")


def test_without_knowing_what_people_serve_spaces_keep_theirs(candidate):
    one, other = candidate("abcd"), candidate("abce")
    lazy = widening([one, other], [5, 4, 1, 0], serve=None)
    lazy.fill(everyone([one, other]), lambda _: True, 9)
    assert one.members == frozenset("abcd")


@settings(max_examples=100, deadline=None)
@given(
    weight=st.lists(st.integers(0, 9), min_size=4, max_size=4), order=st.permutations(["abcd", "abce", "abcde", "xyz"])
)
def test_a_wider_space_never_serves_less(candidate, weight, order):
    def served(serve):
        candidates = [candidate(people) for people in order]
        lazy = widening(candidates, weight, serve=serve)
        lazy.fill(everyone(candidates), lambda _: True, 9)
        return sum(weight) - lazy._left.sum()

    assert served(by_likeness) >= served(None)
