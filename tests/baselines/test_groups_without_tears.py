"""The published steps, each with its worked example, its definition, or a case on both sides of its constant."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.groups_without_tears import (
    Group,
    error,
    frequent,
    merged,
    not_subsumed,
    roots,
    spaces,
    without_hubs,
)

SETS = st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1), max_size=40)


def group(people, messages=10, utility=1.0):
    return Group(frozenset(people), messages, utility)


def test_worked_example():
    assert error(3, 20, 5, 12) == 0.16
    assert not_subsumed([group("abcde", 12), group("abc", 20)]) == [group("abcde", 12)]


def test_error_without_messages_is_the_share_of_the_others():
    assert error(3, 0, 5, 0) == 0.4


@pytest.mark.parametrize(("messages", "kept"), [(25, 1), (26, 2)])
def test_subsumption_up_to_an_error_of_three_tenths(messages, kept):
    # 2 of 4 people too many: (25 - 10) / (25 * 2) = 0.3
    assert len(not_subsumed([group("abcd", 10), group("ab", messages)])) == kept


def test_a_group_that_was_dropped_stands_for_no_other():
    # abcd goes into abcdef; ab would go into abcd, were that still there, but not into abcdef
    groups = [group("abcdef", 10), group("abcd", 18), group("ab", 40)]
    assert (error(4, 18, 6, 10), error(2, 40, 4, 18), error(2, 40, 6, 10)) == pytest.approx(
        (0.148, 0.275, 0.5), abs=1e-3
    )
    assert not_subsumed(groups) == [groups[0], groups[2]]


@given(SETS)
def test_frequency_counts_messages_that_hold_the_whole_set(sets):
    expected = {}
    for members in {members for members in sets if len(members) >= 2}:
        number = sum(members <= other for other in sets)
        if number >= 5:
            expected[members] = (number, 1.4 ** len(members) * number)
    found = frequent(Counter(sets))
    assert {one.people: (one.messages, one.utility) for one in found} == expected
    assert [len(one.people) for one in found] == sorted((len(one.people) for one in found), reverse=True)


@given(SETS)
def test_kept_groups_and_roots_by_definition(sets):
    groups = frequent(Counter(sets))
    kept = []
    for one in groups:
        above = [other for other in kept if one.people < other.people]
        if not any(error(len(one.people), one.messages, len(s.people), s.messages) <= 0.3 for s in above):
            kept.append(one)
    assert not_subsumed(groups) == kept
    assert roots(kept) == [one for one in kept if not any(one.people < other.people for other in kept)]


@pytest.mark.parametrize(("number", "left"), [(1_000, True), (1_001, False)])
def test_people_of_more_than_a_thousand_distinct_sets_are_taken_out(number, left):
    sets = [frozenset({"hub", f"p{i}", "q"[: i % 2]}) - {""} for i in range(number)]
    found = without_hubs([*sets, sets[0]])
    assert any("hub" in members for members in found) is left
    assert sum(found.values()) == number + 1


def test_sets_that_differ_by_a_hub_alone_become_one():
    sets = [frozenset({"hub", f"p{i}"}) for i in range(1_001)]
    assert without_hubs([*sets, frozenset({"p0"})])[frozenset({"p0"})] == 2


@pytest.mark.parametrize(
    ("one", "other", "merges"),
    [
        ("abc", "bcde", True),  # 2 of 5 people: 0.4
        ("abcd", "cdef", False),  # 2 of 6: 0.33
        ("abcdefghi", "ghiklmnop", True),  # 3 of 15: 0.2, but three in common
        ("abc", "xyz", False),
    ],
)
def test_the_most_alike_are_merged(one, other, merges):
    found = merged([group(one), group(other)])
    assert [new.people for new in found] == ([frozenset(one + other)] if merges else [])


def test_utility_of_a_union_is_the_larger_one_by_the_true_ratio_of_sizes():
    (found,) = merged([group("abc", utility=10.0), group("bcde", utility=14.0)])
    assert found.utility == 14.0 * 5 / 4 > 10.0 * 5 / 3


def test_overlap_is_that_of_the_union():
    far = "efg" + "klmnopqrstuvwxyz"
    assert len(set("abcdef") & set(far)) == 2
    assert len(set("abcdgh") & set(far)) == 1
    found = merged([group("abcdef"), group("abcdgh"), group(far)])
    assert [new.people for new in found] == [frozenset("abcdefgh"), frozenset("abcdefgh" + far)]


def test_what_a_union_holds_is_not_merged_again():
    # xy has 2 of 5 people in common with the union, enough to merge, were it still there
    found = merged([group("abcx"), group("abcy"), group("xy")])
    assert [new.people for new in found] == [frozenset("abcxy")]


def test_merging_ends_at_the_first_best_pair_that_is_not_alike_enough():
    # 1 of 3 people comes before 3 of 15, and is too little
    assert merged([group("AB"), group("BC"), group("abcdefghi"), group("ghiklmnop")]) == []


def test_union_and_parts_are_ranked_by_utility(mail, now):
    events = mail(*[(1, "abcd")] * 6, *[(900, "abce")] * 5, *[(1, "xyz")] * 4)
    parts = [frozenset("abcd"), frozenset("abce")]
    assert spaces(events, now, 20) == [frozenset("abcde"), *parts]
    assert spaces(events, now, 2) == [frozenset("abcde"), parts[0]]
