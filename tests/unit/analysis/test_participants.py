"""Everybody on a message appears once with the weightiest role; recipient sets are told apart and kept whole."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis import participants

NAMES = ("ann", "bob", "cat", "dan", "eve", "robot", "team")
ANN, BOB, CAT, DAN, EVE, ROBOT, TEAM = range(7)
ADDRESSES = [{"address": f"{name}@contoso.example", "actor": actor} for actor, name in enumerate(NAMES)]
ADDRESSES += [{"address": "ann.lee@contoso.example", "actor": ANN}]
PRINCIPALS = [
    {"actor": ANN, "principal": "ann"},
    {"actor": BOB, "principal": "bob"},
    {"actor": CAT, "principal": "cat"},
    {"actor": DAN, "principal": "dan", "kind": "external", "is_internal": False},
    {"actor": EVE, "principal": "eve", "kind": "person", "is_internal": False},
    {"actor": ROBOT, "principal": "robot", "kind": "service", "is_internal": False},
    {"actor": TEAM, "principal": "team", "kind": "list"},
]


def at(name):
    return f"{name}@contoso.example"


@pytest.fixture(scope="session")
def roles(table):
    """Role of each actor on a message from Ann; `groups` are members by group."""

    def run(*got, sender="ann", groups=None, up_to=1000):
        recipients = [{"message": 0, "address": at(name), "role": role} for name, role in got]
        members = [{"group": at(g), "member": at(m)} for g, names in (groups or {}).items() for m in names]
        found = participants.participants(
            table("messages", [{"sender": at(sender)}]),
            table("recipients", recipients),
            table("addresses", ADDRESSES),
            table("group_members", members),
            up_to,
        )
        rows = found.to_pyarrow().to_pylist()
        assert len({row["actor"] for row in rows}) == len(rows)
        return {row["actor"]: row["role"] for row in rows}

    return run


def test_roles_are_kept(roles):
    assert roles(("bob", "to"), ("cat", "cc"), ("dan", "bcc")) == {ANN: "from", BOB: "to", CAT: "cc", DAN: "bcc"}


@pytest.mark.parametrize(
    ("got", "role"),
    [
        ([("bob", "cc"), ("bob", "to")], "to"),
        ([("bob", "bcc"), ("bob", "cc")], "cc"),
        ([("bob", "bcc"), ("team", "to")], "bcc"),
        ([("team", "to")], "member"),
    ],
)
def test_the_weightiest_of_several_roles_counts(roles, got, role):
    assert roles(*got, groups={"team": ["bob"]})[BOB] == role


def test_who_writes_to_himself_under_another_address_is_the_sender(roles):
    assert roles(("ann.lee", "to"), ("team", "cc"), groups={"team": ["ann"]}) == {ANN: "from", TEAM: "cc"}


def test_an_addressed_group_stays_and_its_members_come_along(roles):
    found = roles(("team", "to"), groups={"team": ["bob", "cat"], "other": ["dan"]})
    assert found == {ANN: "from", TEAM: "to", BOB: "member", CAT: "member"}


def test_groups_in_groups_are_not_opened(roles):
    found = roles(("team", "to"), groups={"team": ["robot"], "robot": ["bob"]})
    assert found == {ANN: "from", TEAM: "to", ROBOT: "member"}


@pytest.mark.parametrize(("up_to", "expanded"), [(2, True), (1, False), (0, False)])
def test_large_groups_stay_one_recipient(roles, up_to, expanded):
    assert (BOB in roles(("team", "to"), groups={"team": ["bob", "cat"]}, up_to=up_to)) == expanded


def test_an_address_that_is_nobody_is_left_out(roles):
    assert roles(("nobody", "to"), ("bob", "cc")) == {ANN: "from", BOB: "cc"}


ROLES = {"to": 1, "cc": 2, "bcc": 3}


@settings(deadline=None, max_examples=15)
@given(
    got=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(ROLES))), max_size=8),
    team=st.sets(st.sampled_from(NAMES[:5])),
)
def test_everybody_appears_once_in_the_least_of_its_roles(roles, got, team):
    weight = {ANN: 0}
    for name, role in [*got, *((name, "member") for name in team if "team" in dict(got))]:
        actor = NAMES.index(name)
        weight[actor] = min(weight.get(actor, 9), ROLES.get(role, 4))
    names = ("from", *ROLES, "member")
    assert roles(*got, groups={"team": sorted(team)}) == {actor: names[w] for actor, w in weight.items()}


@pytest.fixture(scope="session")
def keys(arrow):
    return participants.principal_keys(arrow("principals", PRINCIPALS))


def test_only_people_inside_have_keys_that_follow_from_their_name(arrow, keys):
    assert keys["actor"].to_pylist() == [ANN, BOB, CAT]
    renumbered = participants.principal_keys(arrow("principals", [{"actor": 77, "principal": "cat"}]))
    assert renumbered["key_a"][0] == keys["key_a"][2]
    assert renumbered["key_b"][0] == keys["key_b"][2]
    numbers = keys["key_a"].to_pylist() + keys["key_b"].to_pylist()
    assert len(set(numbers)) == 6
    assert all(0 <= number < 2**40 for number in numbers)


@pytest.fixture(scope="session")
def seen(engine, posted, table, keys):
    """Messages, who took part, and the identity of the set of people inside on each."""

    def run(*rows):
        sent, parts = posted("sent", rows)
        return sent, parts, engine.keep(participants.sets(parts, engine.memory(keys), table("principals", PRINCIPALS)))

    return run


def identities(seen, *rows):
    found = seen(*rows)[2].order_by("message").to_pyarrow().to_pylist()
    return [(row["people"], row["recipient_set"]) for row in found]


def test_the_same_people_are_one_set_whoever_writes_in_whatever_role(seen):
    rows = [{"sender": ANN, "to": [BOB, CAT]}, {"sender": CAT, "to": [ANN], "cc": [BOB]}]
    (n, first), second = identities(seen, *rows)
    assert n == 3
    assert (n, first) == second


def test_outsiders_programs_and_lists_do_not_belong_to_a_set(seen):
    plain, with_others = identities(seen, {"to": [BOB]}, {"to": [BOB, DAN, EVE, ROBOT, TEAM]})
    assert plain == with_others


def test_one_person_is_no_set_and_nobody_is_none(seen):
    assert identities(seen, {"to": [DAN]}, {"sender": DAN, "to": [ROBOT]}) == [(1, None), (0, None)]


@pytest.mark.parametrize("key", ["key_a", "key_b"])
def test_either_key_tells_sets_apart(engine, table, key):
    keys = pa.table({"actor": pa.array([ANN, BOB, CAT], pa.int32()), "key_a": [0, 0, 0], "key_b": [0, 0, 0]})
    keys = keys.set_column(keys.schema.get_field_index(key), key, pa.array([1, 2, 7]))
    parts = table("parts", [{"message": n, "actor": actor} for n in range(2) for actor in ((ANN, BOB)[n], CAT)])
    found = participants.sets(parts, engine.memory(keys), table("principals", PRINCIPALS)).to_pyarrow()
    assert len(set(found["recipient_set"].to_pylist())) == 2


@settings(deadline=None, max_examples=8)
@given(people=st.lists(st.sets(st.integers(0, 59), min_size=2), min_size=2, max_size=20))
def test_equal_sets_agree_and_different_sets_differ(engine, table, arrow, people):
    everybody = [{"actor": a, "principal": f"p{a}"} for a in range(60)]
    many = participants.principal_keys(arrow("principals", everybody))
    parts = table("parts", [{"message": n, "actor": a} for n, one in enumerate(people) for a in one])
    found = participants.sets(parts, engine.memory(many), table("principals", everybody))
    found = found.order_by("message").to_pyarrow()
    assert found["people"].to_pylist() == [len(one) for one in people]
    names = found["recipient_set"].to_pylist()
    assert (
        len(set(names))
        == len({frozenset(one) for one in people})
        == len(set(zip(names, map(frozenset, people), strict=True)))
    )


@pytest.fixture(scope="session")
def flags(table, seen):
    def run(*rows, subjects=()):
        known = [{k: row[k] for k in ("base_subject", "is_automatic") if k in row} for row in rows]
        _, _, sets = seen(*({k: row[k] for k in ("sender", "to", "cc") if k in row} for row in rows))
        found = participants.message_flags(table("messages", known), sets, table("subjects", subjects))
        return found.order_by("message").to_pyarrow().to_pylist()

    return run


@pytest.mark.parametrize(
    ("row", "automatic", "external"),
    [
        ({"to": [BOB]}, False, False),
        ({"to": [BOB], "is_automatic": None}, False, False),
        ({"to": [BOB], "is_automatic": True}, True, False),
        ({"sender": ROBOT, "to": [BOB], "is_automatic": False}, True, False),
        ({"to": [ROBOT]}, False, False),
        ({"to": [BOB], "cc": [DAN]}, False, True),
        ({"sender": EVE, "to": [BOB]}, False, True),
        ({"to": [TEAM]}, False, False),
    ],
    ids=[
        "people", "headers that do not tell", "headers", "a program writes", "a program is told", "an outsider copied",
        "an outsider writes", "a list inside",
    ],
)  # fmt: skip
def test_what_is_automatic_and_what_external(flags, row, automatic, external):
    (found,) = flags(row)
    assert (found["automatic"], found["external"]) == (automatic, external)


def test_subjects_bring_stem_and_sensitivity_and_every_message_has_a_row(flags):
    subjects = [
        {"base_subject": "salary #1", "stem": "salary #", "sensitive": True},
        {"base_subject": "plan 1", "stem": "plan #", "sensitive": False},
    ]
    rows = [{"base_subject": "salary #1", "to": [BOB]}, {"base_subject": "plan 1"}, {"base_subject": None}]
    found = flags(*rows, {"sender": ROBOT}, {"sender": 99}, subjects=subjects)
    assert [(row["stem"], row["sensitive"]) for row in found] == [
        ("salary #", True), ("plan #", False), (None, False), (None, False), (None, False),
    ]  # fmt: skip
    assert [row["people"] for row in found] == [2, 1, 1, 0, 0]
    assert [row["recipient_set"] is None for row in found] == [False, True, True, True, True]


def test_a_set_is_listed_with_its_people_and_what_was_sent_to_it(engine, table, seen, keys):
    sent, parts, sets = seen(
        {"to": [BOB, CAT, DAN]},
        {"sender": BOB, "to": [ANN, CAT], "day": 6.9},
        {"sender": BOB, "to": [CAT], "cc": [ANN], "day": 7},
        {"to": [BOB], "day": 8},
        {"to": [DAN], "day": 8},
    )
    rows = sets.drop("external", "robot").to_pyarrow().to_pylist()
    flags = table("flags", rows)
    members = participants.set_members(parts, flags, engine.memory(keys)).to_pyarrow().to_pylist()
    people = {}
    for row in members:
        people.setdefault(row["recipient_set"], []).append(row["actor"])
    assert sorted(sorted(actors) for actors in people.values()) == [[ANN, BOB], [ANN, BOB, CAT]]
    found = participants.recipient_sets(sent, flags).order_by("messages").to_pyarrow().to_pylist()
    assert [[row[k] for k in ("people", "messages", "senders", "weeks")] for row in found] == [
        [2, 1, 1, 1],
        [3, 3, 2, 2],
    ]
    assert (found[1]["last_sent"] - found[1]["first_sent"]).days == 7
    assert {row["recipient_set"] for row in found} == set(people)
