"""What exists already: reused, extended, converted, or told to lie idle; and what hinders the upgrade of a list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.proposals.existing import ExistingThresholds, Group, best_match, blockers

TODAY = date(2025, 7, 7)
LIMITS = ExistingThresholds()
TEN = "abcdefghij"


def group(members, kind="team", name="Kestrel", *, address="kestrel@contoso.example", idle=1, others=(), guests=()):
    """A group with a sign of life `idle` days ago; None: nothing is known of its life."""
    last = None if idle is None else TODAY - timedelta(days=idle)
    return Group(address, name, kind, last, frozenset(members), frozenset(others), frozenset(guests))


def best(*groups, members=TEN, words=("audit",), converts=True, **limits):
    return best_match(frozenset(members), words, groups, TODAY, ExistingThresholds(**limits), converts=converts)


def verdict(*groups, **how):
    found = best(*groups, **how)
    return "none" if found is None else found.verdict


# thresholds, on both edges


@pytest.mark.parametrize(
    ("held", "guests", "limits", "expected"),
    [
        (9, 0, {}, "reuse"),  # 0.9 contained
        (8, 0, {}, "extend"),  # 0.8 contained, alike
        (8, 0, {"contained": 0.8}, "reuse"),
        (10, 10, {}, "reuse"),  # twenty people: twice the size
        (10, 11, {}, "none"),  # too roomy, and 10 of 21 are not alike
        (10, 11, {"roomy": 2.1}, "reuse"),
        (6, 0, {}, "extend"),  # 6 of 10 alike
        (5, 0, {}, "none"),
        (5, 0, {"alike": 0.5}, "extend"),
        (8, 3, {}, "extend"),  # 8 of 13: 0.615
        (8, 4, {}, "none"),  # 8 of 14: 0.571
        (10, 6, {"roomy": 1.0}, "extend"),  # too roomy, yet alike: 10 of 16
        (10, 0, {"roomy": 1.0}, "reuse"),
    ],
)
def test_how_far_a_place_serves(held, guests, limits, expected):
    assert verdict(group(TEN[:held] + "0123456789_"[:guests]), **limits) == expected


@pytest.mark.parametrize(
    ("name", "held", "expected"),
    [
        ("Audit", 4, "extend"),
        ("AUDIT-2024", 4, "extend"),  # letter case, digits and signs aside
        ("Audit_team", 4, "extend"),
        ("Audit", 3, "none"),
        ("Auditors", 4, "none"),  # another word
        ("Kestrel", 4, "none"),
        ("Kestrel", 6, "extend"),
    ],
)
def test_a_telling_name_makes_up_for_fewer_people(name, held, expected):
    assert verdict(group(TEN[:held], name=name)) == expected


def test_words_of_two_letters_tell_nothing():
    assert verdict(group(TEN[:4], name="IT of us"), words=("it", "of", "us")) == "none"
    assert verdict(group(TEN[:4], name="Tax"), words=("tax",)) == "extend"


def test_the_likeness_of_namesakes_is_a_setting():
    assert verdict(group(TEN[:3], name="Audit"), named_alike=0.3) == "extend"
    assert verdict(group(TEN[:4], name="Audit"), named_alike=0.41) == "none"


@pytest.mark.parametrize(
    ("idle", "limits", "expected"),
    [(180, {}, "reuse"), (181, {}, None), (181, {"idle_days": 181}, "reuse"), (None, {}, "reuse")],
)
def test_half_a_year_without_life_is_idle(idle, limits, expected):
    assert verdict(group(TEN, idle=idle), **limits) == expected


@pytest.mark.parametrize(("held", "expected"), [(6, None), (5, "none")])
@pytest.mark.parametrize("kind", ["team", "distribution_list"])
def test_an_idle_group_is_told_where_it_is_alike(kind, held, expected):
    assert verdict(group(TEN[:held], kind, idle=400)) == expected


def test_an_idle_group_says_since_when():
    found = best(group(TEN, name="Old Hands", idle=400))
    assert (found.verdict, found.checklist) == (None, ())
    assert found.reason == "team “Old Hands” holds 100% of these people, but has shown no life since 2024-06-02"


# kinds


@pytest.mark.parametrize("kind", ["team", "channel", "community", "microsoft_365_group"])
@pytest.mark.parametrize("converts", [True, False])
def test_places_are_reused_and_extended_whatever_the_space_lives_off(kind, converts):
    assert verdict(group(TEN, kind), converts=converts) == "reuse"
    assert verdict(group(TEN[:7], kind), converts=converts) == "extend"


@pytest.mark.parametrize(("held", "expected"), [(10, "convert"), (6, "convert"), (5, "none")])
def test_a_list_is_converted_only_for_a_conversation(held, expected):
    addresses = group(TEN[:held], "distribution_list")
    assert verdict(addresses) == expected
    assert verdict(addresses, converts=False) == "none"


def test_a_list_that_holds_all_among_many_is_not_alike():
    assert verdict(group(TEN + "0123456789", "distribution_list")) == "none"


def test_a_security_group_is_only_a_right():
    assert verdict(group(TEN, "security_group")) == "none"


@pytest.mark.parametrize("members", [TEN, ""])
def test_whom_no_group_holds_nothing_serves(members):
    assert verdict(members=members) == "none"
    assert verdict(group("xyz"), members=members) == "none"
    assert verdict(group(""), group("", "distribution_list"), members=members) == "none"


def test_nothing_serves_nobody_however_low_the_limits():
    assert verdict(group(TEN), members="", contained=1e-9, alike=1e-9, named_alike=1e-9) == "none"
    assert verdict(group("xyz", name="Audit"), contained=1e-9, alike=1e-9, named_alike=1e-9) == "none"


# reasons


@pytest.mark.parametrize(
    ("held", "kind", "said"),
    [
        (9, "microsoft_365_group", "microsoft 365 group “Kestrel” holds 90% of these people: move the mail there"),
        (7, "team", "team “Kestrel” holds 70% of these people: add the other 3 and move the mail there"),
        (7, "distribution_list", "distribution list “Kestrel” holds 70% of these people: upgrade the list"),
    ],
)
def test_what_follows_is_said(held, kind, said):
    found = best(group(TEN[:held], kind))
    assert found.reason == said
    assert (found.contained, found.jaccard) == (held / 10, held / 10)


def test_shares_are_of_the_proposal_and_of_both():
    found = best(group(TEN[:9] + "012"))
    assert (found.contained, found.jaccard) == (9 / 10, 9 / 13)


def test_only_a_list_brings_a_checklist():
    converted = best(group(TEN, "distribution_list", others=("all@contoso.example",)))
    assert converted.checklist == blockers(converted.group)
    assert converted.checklist[0].state == "blocked"
    assert best(group(TEN)).checklist == best(group(TEN[:7])).checklist == ()


@pytest.mark.parametrize("kind", ["team", "channel", "community", "microsoft_365_group"])
@pytest.mark.parametrize("held", [10, 7])
def test_internal_talk_is_not_moved_to_where_guests_read(kind, held):
    found = best(group(TEN[:held], kind, guests=("guest@y",)))
    assert (found.verdict, found.checklist) == (None, ())
    assert "guests from outside would read along" in found.reason
    assert best(group(TEN[:held], kind)).verdict in {"reuse", "extend"}


def test_a_place_with_guests_that_serves_nobody_is_not_told():
    assert best(group(TEN[:3], guests=("guest@y",))) is None


def test_guests_count_among_nobody_and_block_the_upgrade_of_a_list():
    found = best(group(TEN, "distribution_list", guests=("a@y", "b@y")))
    assert (found.verdict, found.jaccard) == ("convert", 1.0)
    assert states(found.group)[NO_GUESTS] == ("blocked", "2 guests")


def test_a_place_without_guests_comes_before_one_with():
    shut, open_ = group(TEN[:8], address="b@x"), group(TEN, address="a@x", guests=("g@y",))
    assert best(shut, open_).group == shut


# which of several


RANKED = (
    group(TEN + "01234567", address="reuse@x"),  # the least alike of all
    group(TEN[:7], "channel", address="extend@x"),
    group(TEN[:8], "distribution_list", address="convert@x"),
    group(TEN, idle=400, address="idle@x"),
)


@pytest.mark.parametrize("first", range(4))
def test_a_living_place_before_a_list_before_an_idle_place(first):
    rest = RANKED[first:]
    for order in (rest, rest[::-1]):
        assert best(*order).group == rest[0]
    assert [verdict(g) for g in RANKED] == ["reuse", "extend", "convert", None]


def test_of_equal_verdicts_the_most_alike_then_the_first_by_address():
    near, far = group(TEN, address="z@x"), group(TEN + "0", address="a@x")
    assert best(near, far).group == best(far, near).group == near
    twin = group(TEN, address="b@x")
    assert best(near, far, twin).group == best(twin, near, far).group == twin


# properties


PEOPLE = st.frozensets(st.sampled_from("abcdefgh"))
GROUPS = st.lists(
    st.builds(
        group,
        PEOPLE,
        st.sampled_from(["team", "distribution_list", "security_group"]),
        st.sampled_from(["Audit", "Kestrel"]),
        address=st.sampled_from(["a@x", "b@x", "c@x"]),
        idle=st.sampled_from([None, 1, 400]),
    ),
    max_size=4,
    unique_by=lambda g: g.address,
)


@given(members=PEOPLE, groups=GROUPS, converts=st.booleans())
def test_what_serves_shares_people_and_keeps_its_promise(members, groups, converts):
    found = best(*groups, members=members, converts=converts)
    assert found == best(*groups[::-1], members=members, converts=converts)
    if found is None:
        # more groups can only help, and those that share nobody never do
        assert best(*groups, group("xyz", address="d@x"), members=members, converts=converts) is None
        return
    assert found.group.members & members
    assert 0 < found.jaccard <= found.contained <= 1
    assert (found.verdict == "convert") == bool(found.checklist)
    if found.verdict == "reuse":
        assert found.contained >= LIMITS.contained
        assert len(found.group.members) <= LIMITS.roomy * len(members)
    else:
        assert found.jaccard >= LIMITS.named_alike
    if found.verdict == "convert":
        assert converts
    living = [g for g in groups if g.last_activity is None or g.last_activity > date(2025, 1, 1)]
    if members in [g.members for g in living if g.kind == "team"]:
        assert found.verdict == "reuse"


# what hinders an upgrade


def states(of):
    return {b.condition: (b.state, b.note) for b in blockers(of)}


NO_OTHERS = "No member is a list or another object that is no person"
NO_GUESTS = "No member is from outside"
ALIAS = "The alias has no special characters"
SECURITY = "It is no security group"


def test_nothing_that_metadata_tells_hinders_a_plain_list():
    found = states(group(TEN, "distribution_list"))
    assert [found[c] for c in (NO_OTHERS, ALIAS, SECURITY)] == [("clear", "")] * 3


def test_what_metadata_does_not_tell_is_asked_and_where_to_look_is_said():
    told = {NO_OTHERS, NO_GUESTS, ALIAS, SECURITY}
    asked = [b for b in blockers(group(TEN, "distribution_list")) if b.condition not in told]
    assert len(asked) == 7
    assert {b.state for b in asked} == {"ask"}
    assert all(b.note for b in asked)
    assert len({b.condition for b in asked}) == 7


@pytest.mark.parametrize(("others", "state"), [((), "clear"), (("x",), "blocked")])
def test_a_member_that_is_no_person_blocks(others, state):
    note = f"{len(others)} such members" if others else ""
    assert states(group(TEN, "distribution_list", others=others))[NO_OTHERS] == (state, note)


@pytest.mark.parametrize(
    ("alias", "state"),
    [
        ("team-north", "clear"),
        ("Team.North_2", "clear"),
        ("team north", "blocked"),
        ("größe", "blocked"),
        ("a&b", "blocked"),
        ("", "blocked"),
    ],
)
def test_special_characters_in_the_alias_block(alias, state):
    note = "" if state == "clear" else f"alias {alias}"
    assert states(group(TEN, "distribution_list", address=f"{alias}@contoso.example"))[ALIAS] == (state, note)


def test_a_security_group_blocks():
    assert states(group(TEN, "security_group"))[SECURITY] == ("blocked", "security_group")


@pytest.mark.parametrize(
    "changes", [{"kind": "security_group"}, {"address": "a b@x"}, {"others": ("l@x",)}, {"guests": ("g@y",)}]
)
def test_each_blocker_is_found_alone(changes):
    found = blockers(group(TEN, **{"kind": "distribution_list", **changes}))
    assert [b.state for b in found].count("blocked") == 1
    assert len(found) == 11
