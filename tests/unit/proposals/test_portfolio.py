"""The handful is chosen together: each adds what the others leave, within limits, and the rest hear why not."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.proposals.portfolio import PortfolioThresholds, choose
from analyser.proposals.readiness import Readiness
from analyser.proposals.selection import Candidate

LIMITS = PortfolioThresholds()
READY = Readiness(("a", "b"), (), ())


@pytest.fixture(scope="session")
def candidate(make):
    def candidate(people, *, rule="working_group", sponsor="Sales", confidence=1.0, own_benefit=0.0):
        of = make.audience(people=people, departments=(sponsor,))
        found = [make.finding(of, rule)] if rule else []
        members = frozenset(people)
        return Candidate(of, found, rule or "recurring_group", [], READY, members, confidence, own_benefit)

    return candidate


def order(candidates, degrees, weight, **limits):
    """The backlog where nothing may be a pilot: greedy selection alone."""
    found = choose(
        candidates, sp.csr_array(np.array(degrees, float)), np.array(weight, float), PortfolioThresholds(**limits),
        lambda _: "no pilot",
    )  # fmt: skip
    assert found.pilots == []
    assert all(reason == "no pilot" for _, reason in found.backlog)
    chosen = [choice for choice, _ in found.backlog]
    return ["".join(sorted(c.candidate.members)) for c in chosen], [c.gain for c in chosen], chosen


# choosing


def test_a_set_that_is_served_counts_no_second_time(candidate):
    # alone, "cd" serves more than "ef"; after "ab" it adds less
    names, gains, _ = order(
        [candidate("ab"), candidate("cd", rule=None), candidate("ef")], [[1, 1, 0], [0, 1, 0], [0, 0, 1]], [10, 6, 5]
    )
    assert names == ["ab", "ef"]
    assert gains == [16, 5]


def test_what_was_recognised_is_listed_even_where_it_adds_nothing(candidate):
    shy, sure = candidate("gh", confidence=0.5), candidate("ij", confidence=0.9)
    alike = candidate("abc")  # nearly the people of "ab", which absorbs it
    degrees = [[1, 1], [0, 0], [0, 0], [0, 0], [0, 1]]
    found = [candidate("ab"), shy, sure, alike, candidate("kl", rule=None)]
    names, gains, chosen = order(found, degrees, [10, 6], proposals=1)
    assert (names, gains) == (["ab", "ij", "gh"], [16, 0, 0])
    assert chosen[0].candidate.absorbed == [alike]


def test_a_set_half_served_is_half_left(candidate):
    _, gains, _ = order([candidate("ab"), candidate("cd")], [[0.5, 1], [1, 0]], [10, 8])
    assert gains == [13, 5]


@pytest.mark.parametrize(
    ("confidence", "caution", "factor", "first"),
    [(0.5, 1, 0.5, "cd"), (0.9, 1, 0.9, "ab"), (0.5, 0, 1, "ab"), (0.0625, 0.25, 0.5, "cd")],
)
def test_confidence_discounts_the_benefit_as_far_as_caution_says(candidate, confidence, caution, factor, first):
    candidates = [candidate("ab", confidence=confidence), candidate("cd")]
    names, gains, _ = order(candidates, [[1, 0], [0, 1]], [10, 8], caution=caution)
    assert names[0] == first
    assert sorted(gains) == pytest.approx(sorted([10 * factor, 8]))


def test_own_benefit_is_added_and_shares_are_of_all_benefit(candidate):
    desk = candidate("cd", own_benefit=30.0, confidence=0.5)
    names, gains, chosen = order([candidate("ab"), desk], [[1], [0]], [10], caution=1)
    assert (names, gains) == (["cd", "ab"], [15, 10])
    assert [c.share for c in chosen] == [15 / 40, 10 / 40]


@pytest.mark.parametrize(
    ("other", "kept"),
    [("abcde", ["abc"]), ("abcdef", ["abc", "abcdef"])],  # 3 of 5 people are shared, 3 of 6
)
def test_two_alike_become_one_that_bears_both_patterns(candidate, other, kept):
    names, _, chosen = order([candidate("abc"), candidate(other, rule="broadcast")], [[1, 0], [0, 1]], [10, 8])
    assert names == kept
    both = ["working_group", "broadcast"]
    assert chosen[0].candidate.patterns == (both if len(kept) == 1 else both[:1])


def test_overlap_is_a_setting(candidate):
    def names(overlap):
        return order([candidate("abc"), candidate("abcdef")], [[1, 0], [0, 1]], [10, 8], overlap=overlap)[0]

    assert names(0.5) == ["abc"]
    assert names(0.51) == ["abc", "abcdef"]


def test_what_was_absorbed_takes_nothing_from_those_after_it(candidate):
    twin = candidate("abcd")
    names, gains, _ = order([candidate("abc"), twin, candidate("xyz")], [[1, 0], [0, 1], [0, 1]], [10, 8])
    assert (names, gains) == (["abc", "xyz"], [10, 8])


def test_patterns_are_named_once_its_own_first(candidate):
    one = candidate("ab")
    one.absorbed += [candidate("ab", rule="broadcast"), candidate("ab"), candidate("ab", rule=None)]
    assert one.patterns == ["working_group", "broadcast"]


def test_no_more_proposals_than_the_limit(candidate):
    candidates = [candidate(c, rule=None) for c in "abcdef"]
    names, _, _ = order(candidates, np.eye(6), [6, 5, 4, 3, 2, 1], proposals=4)
    assert names == ["a", "b", "c", "d"]


def test_nothing_to_choose_from(candidate):
    assert order([], np.zeros((0, 2)), [1, 1])[0] == []
    assert order([candidate("ab", rule=None)], [[0, 0]], [1, 1])[0] == []
    assert order([candidate("ab", rule=None)], np.zeros((1, 0)), [])[0] == []


@st.composite
def problems(draw):
    """Up to six candidates of disjoint people over up to six sets, with benefits that differ."""
    n, sets = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    degrees = draw(
        st.lists(st.lists(st.sampled_from([0, 0.5, 1]), min_size=sets, max_size=sets), min_size=n, max_size=n)
    )
    weight = draw(st.lists(st.integers(1, 50), min_size=sets, max_size=sets))
    # powers of two below any sum of halves of the weights: no two gains are the same
    return np.array(degrees, float), np.array(weight, float), [2.0**-k for k in range(10, 10 + n)]


@settings(max_examples=60, deadline=None)
@given(problem=problems(), random=st.randoms(use_true_random=False))
def test_gains_fall_and_the_order_of_input_does_not_matter(candidate, problem, random):
    degrees, weight, own = problem
    candidates = [candidate(chr(97 + n), own_benefit=benefit) for n, benefit in enumerate(own)]
    names, gains, chosen = order(candidates, degrees, weight)
    assert all(later <= earlier for earlier, later in itertools.pairwise(gains))
    assert sum(c.share for c in chosen) <= 1 + 1e-9
    assert sorted(names) == [chr(97 + n) for n in range(len(own))]
    shuffled = list(range(len(own)))
    random.shuffle(shuffled)
    again = order([candidates[n] for n in shuffled], degrees[shuffled], weight)
    assert again[:2] == (names, gains)


@settings(max_examples=40, deadline=None)
@given(problem=problems(), first=st.integers(1, 3))
def test_greedy_is_within_its_guarantee_of_the_best(candidate, problem, first):
    degrees, weight, _ = problem
    _, gains, _ = order([candidate(chr(97 + n)) for n in range(len(degrees))], degrees, weight)
    best = max(
        float((weight * (1 - np.prod(1 - degrees[list(some)], axis=0))).sum())
        for some in itertools.combinations(range(len(degrees)), min(first, len(degrees)))
    )
    assert sum(gains[:first]) >= (1 - 1 / np.e) * best - 1e-9


# pilots


@pytest.fixture
def pick(candidate):
    """Pilots and reasons of candidates given as (people, sponsor, rule), the heaviest first."""

    def pick(*rows, obstacle=lambda _: None, **limits):
        candidates = [candidate(p, sponsor=s, rule=r) for p, s, r in rows]
        weight = np.arange(100.0, 100 - len(rows), -1)
        found = choose(candidates, sp.csr_array(np.eye(len(rows))), weight, PortfolioThresholds(**limits), obstacle)
        taken = [candidates.index(c.candidate) for c in found.pilots]
        why_not = {candidates.index(c.candidate): reason for c, reason in found.backlog}
        # every candidate is either a pilot or hears why not
        assert sorted([*taken, *why_not]) == list(range(len(rows)))
        assert all(why_not.values())
        return taken, why_not

    return pick


def rows(n, rule="working_group"):
    """People and sponsors of their own."""
    return [(f"{chr(97 + k)}", f"D{k}", rule) for k in range(n)]


@pytest.mark.parametrize(("limits", "taken"), [({}, 7), ({"pilots": 5}, 5), ({"pilots": 12}, 10)])
def test_seven_pilots_at_the_most(pick, limits, taken):
    found, why_not = pick(*rows(10), **limits)
    assert found == list(range(taken))
    assert list(why_not) == list(range(taken, 10))
    for n, reason in why_not.items():
        assert reason == f"Ranked behind the {taken} pilots: it adds {(100 - n) / 955:.1%} to what they serve"


def test_a_sponsor_has_one_pilot(pick):
    found, why_not = pick(("a", "Sales", "broadcast"), ("b", "Sales", "broadcast"), ("c", "IT", "broadcast"))
    assert found == [0, 2]
    assert why_not == {1: "Sales already has a pilot; one at a time for each sponsor"}
    assert pick(("a", "Sales", "broadcast"), ("b", "Sales", "broadcast"), per_sponsor=2)[0] == [0, 1]


def test_an_unknown_sponsor_is_nobody_twice(pick):
    assert pick(*[(p, None, "broadcast") for p in "abc"])[0] == [0, 1, 2]


def test_a_person_is_in_two_pilots_at_the_most(pick):
    crowded = [(f"a{k}", f"D{k}", "broadcast") for k in range(4)]
    found, why_not = pick(*crowded)
    assert found == [0, 1]
    assert set(why_not.values()) == {"Some of its people would be in more than 2 pilots"}
    assert pick(*crowded, per_person=3)[0] == [0, 1, 2]


def test_an_obstacle_takes_no_place_of_sponsor_or_person(pick):
    found, why_not = pick(
        ("ab", "Sales", "broadcast"), ("bc", "Sales", "broadcast"),
        obstacle=lambda c: "not yet" if "a" in c.members else None, per_person=1,
    )  # fmt: skip
    assert (found, why_not) == ([1], {0: "not yet"})


def test_a_limit_takes_no_mail_from_those_after_it(candidate):
    """The second is refused for its sponsor: the third, a pilot, still serves the mail that the second would have."""
    candidates = [candidate("ab"), candidate("cd"), candidate("ef", sponsor="IT")]
    degrees, weight = sp.csr_array(np.array([[1.0, 0], [0, 1], [0, 0.5]])), np.array([10.0, 8])
    found = choose(candidates, degrees, weight, LIMITS, lambda _: None)
    assert [(c.candidate, c.gain) for c in found.pilots] == [(candidates[0], 10), (candidates[2], 4)]
    assert [(c.candidate, c.gain) for c, _ in found.backlog] == [(candidates[1], 4)]


def test_what_resembles_a_pilot_is_absorbed_by_it_whatever_speaks_against_it(candidate):
    candidates = [candidate("abc", rule="broadcast"), candidate("abc"), candidate("abc", rule=None)]
    found = choose(
        candidates, sp.csr_array(np.eye(3)), np.array([1.0, 2, 3]), LIMITS,
        lambda c: "too young" if "working_group" in c.patterns else None,
    )  # fmt: skip
    assert [c.candidate for c in found.pilots] == [candidates[0]]
    assert found.backlog == []
    assert found.pilots[0].candidate.patterns == ["broadcast", "working_group"]


def test_recognised_patterns_come_before_group_mail_without_one(pick):
    found, why_not = pick(("a", "Sales", None), ("b", "Sales", "broadcast"))
    assert found == [1]
    assert "Sales already has" in why_not[0]
    assert pick(("a", "A", None), ("b", "B", "broadcast"), ("c", "C", None))[0] == [1, 0, 2]


@pytest.mark.parametrize(("recognised", "taken"), [(2, 5), (5, 5), (6, 6), (9, 7)])
def test_group_mail_without_a_pattern_fills_up_to_five(pick, recognised, taken):
    plain = [(p, f"E{p}", None) for p in "tuvwxyz"]
    found, why_not = pick(*plain, *rows(recognised))
    assert len(found) == taken
    assert len([n for n in found if n >= len(plain)]) == min(recognised, 7)
    assert any("no pattern" in reason for reason in why_not.values())
    assert len(pick(*plain, *rows(recognised), min_pilots=0)[0]) == min(recognised, 7)


@settings(max_examples=60, deadline=None)
@given(problem=problems(), random=st.randoms(use_true_random=False), refused=st.sets(st.integers(0, 5)))
def test_the_handful_does_not_depend_on_the_order_of_input(candidate, problem, random, refused):
    degrees, weight, own = problem
    candidates = [
        candidate(
            f"{chr(97 + n)}{n % 3}", sponsor=f"D{n % 4}", rule="broadcast" if n % 2 else None, own_benefit=benefit
        )
        for n, benefit in enumerate(own)
    ]
    refused = {id(candidates[n]) for n in refused if n < len(candidates)}

    def told(order):
        found = choose(
            [candidates[n] for n in order], sp.csr_array(degrees[order]), weight, LIMITS,
            lambda c: "refused" if id(c) in refused else None,
        )  # fmt: skip
        assert not refused & {id(c.candidate) for c in found.pilots}
        assert len(found.pilots) + len(found.backlog) == len(candidates)
        pilots = [(id(c.candidate), c.gain) for c in found.pilots]
        return pilots, [(id(c.candidate), reason) for c, reason in found.backlog]

    shuffled = list(range(len(own)))
    expected = told(list(shuffled))
    random.shuffle(shuffled)
    assert told(shuffled) == expected


def test_the_sponsor_is_the_home_department(make):
    members = [make.member("a", "IT"), make.member("b", "Sales"), make.member("c", "Sales")]
    of = make.audience(members=members)
    one = Candidate(of, [], "recurring_group", [], READY, frozenset("abc"), 1.0)
    assert one.sponsor == "Sales"
    assert replace(one, audience=make.audience(departments=(None,))).sponsor == ""


# the front of the list


def fronted(candidates, degrees=None, **limits):
    degrees = np.eye(len(candidates)) if degrees is None else np.array(degrees, float)
    weight = np.arange(100.0, 100 - degrees.shape[1], -1)
    found = choose(
        candidates, sp.csr_array(degrees), weight, PortfolioThresholds(**limits), lambda _: "no pilot"
    )  # fmt: skip
    return ["".join(sorted(c.candidate.members)) for c, _ in found.backlog], found


def test_at_the_front_no_two_share_half_of_their_people(candidate):
    candidates = [candidate(p) for p in ("abc", "abcdef", "ghi", "jkl")]
    names, found = fronted(candidates, front=3)
    assert names == ["abc", "ghi", "jkl", "abcdef"]
    (rival,) = found.rivals[3]
    assert (rival.candidate, rival.how, rival.share) == (candidates[0], "nearby", 0.5)
    assert found.rivals[:3] == [[], [], []]
    assert fronted(candidates, front=1)[0] == ["abc", "abcdef", "ghi", "jkl"]
    assert fronted(candidates, front=3, front_overlap=0.51)[0] == ["abc", "abcdef", "ghi", "jkl"]


def test_what_stands_back_comes_where_there_is_nothing_else(candidate):
    candidates = [candidate("abc"), candidate("abcdef", rule=None)]
    assert fronted(candidates)[0] == ["abc", "abcdef"]


def test_what_adds_nothing_but_was_recognised_fills_the_front_before_a_likeness(candidate):
    candidates = [candidate("abc"), candidate("abcdef"), candidate("xyz")]
    assert fronted(candidates, [[1, 0], [0, 1], [0, 0]])[0] == ["abc", "xyz", "abcdef"]


def test_a_pilot_resembles_no_pilot(candidate):
    candidates = [candidate("abc"), candidate("abcdef", sponsor="IT"), candidate("xyz", sponsor="Legal")]
    found = choose(candidates, sp.csr_array(np.eye(3)), np.array([3.0, 2, 1]), LIMITS, lambda _: None)
    assert [c.candidate for c in found.pilots] == [candidates[0], candidates[2]]


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(st.frozensets(st.sampled_from("abcdefghij"), min_size=1, max_size=6), min_size=1, max_size=12),
    front=st.integers(1, 8),
)
def test_the_front_is_without_likeness_as_far_as_there_is_anything_else(candidate, people, front):
    candidates = [candidate("".join(sorted(p))) for p in people]
    found = fronted(candidates, front=front)[1]
    listed = [c.candidate for c, _ in found.backlog]
    alike = [
        [c for c in listed[:n] if len(c.members & one.members) >= 0.5 * len(c.members | one.members)]
        for n, one in enumerate(listed)
    ]
    first = next((n for n, some in enumerate(alike[:front]) if some), None)
    # once one is alike, all that follow are
    assert first is None or all(alike[first:])


# wider spaces


def wide(make, people, sponsor):
    of = make.audience(people, "circle", people=people, departments=(sponsor,))
    return Candidate(of, [make.finding(of, "working_group")], "working_group", [], READY, frozenset(people), 1.0)


@pytest.mark.parametrize(
    ("per_person", "members"), [(2, "abcde"), (1, "abcd")], ids=["room", "in as many pilots as one may be"]
)
def test_a_pilot_gets_wider_only_by_people_who_have_room(make, per_person, members):
    """Person e is in the second pilot already when the third candidate would bring her into the first."""
    candidates = [wide(make, "abcd", "Sales"), wide(make, "exyz", "IT"), wide(make, "abce", "HR")]
    degrees = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    weight = np.array([9.0, 8, 7])
    sets = [frozenset("abcd"), frozenset("exyz"), frozenset("abce")]

    def serve(people):
        return np.array([float(len(people & s) / len(people | s) >= 0.75) for s in sets])

    found = choose(
        candidates, sp.csr_array(degrees), weight, PortfolioThresholds(per_person=per_person), lambda _: None, serve
    )
    assert ["".join(sorted(c.candidate.members)) for c in found.pilots] == [members, "exyz"]
    assert candidates[0].absorbed == [candidates[2]]
