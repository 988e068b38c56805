"""Groups of the directory as proposals see them: members as principals, people apart from all else."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest

from analyser.lake.schema import TABLES
from analyser.pipeline import choosing
from analyser.proposals.existing import Group, blockers

TEXT = pa.string()
ADDRESSES = {
    "ann@x": "ann@x",
    "ann.old@x": "ann@x",  # an alias
    "bob@x": "bob@x",
    "all@x": "all@x",  # a list
    "team@x": "team@x",
    "room@x": "room@x",
    "guest@y": "guest@y",
}
PEOPLE = ("ann@x", "bob@x")
PRINCIPALS = sorted(set(ADDRESSES.values()))
KINDS = {"all@x": "list", "team@x": "list", "room@x": "room", "guest@y": "external"}


def table(name, rows):
    schema = TABLES[name].schema
    return ibis.memtable(pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema=schema))


@pytest.fixture
def groups():
    """The groups that a run sees; members as {group: addresses}."""

    def groups(*rows, **members):
        run = {
            "addresses": table("addresses", [{"address": a, "principal": p} for a, p in ADDRESSES.items()]),
            "principals": table("principals", [{"principal": p, "kind": KINDS.get(p, "person")} for p in PRINCIPALS]),
            "people": ibis.memtable(pa.table({"principal": pa.array(PEOPLE, TEXT)})),
            "groups": table("groups", rows),
            "group_members": table(
                "group_members", [{"group": f"{g}@x", "member": m} for g, who in members.items() for m in who]
            ),
        }
        return choosing._groups(run)

    return groups


TEAM = {"address": "team@x", "display_name": "Team", "kind": "team", "last_activity": date(2025, 1, 1)}


def test_a_group_is_what_the_directory_says(groups):
    (found,) = groups(TEAM, team=["ann@x", "bob@x"])
    assert found == Group("team@x", "Team", "team", date(2025, 1, 1), frozenset(PEOPLE), frozenset())


def test_an_alias_is_the_person(groups):
    (found,) = groups(TEAM, team=["ann.old@x", "ann@x"])
    assert (found.members, found.others) == ({"ann@x"}, set())


def test_who_is_no_person_of_the_organisation_stands_apart(groups):
    (found,) = groups(TEAM, team=["ann@x", "all@x", "room@x", "guest@y"])
    assert (found.members, found.others, found.guests) == ({"ann@x"}, {"all@x", "room@x"}, {"guest@y"})


@pytest.mark.parametrize(
    ("member", "guest"),
    [("new@z", True), ("new@y", True), ("new_z.com#EXT#@x", True), ("new@x", False), ("6f1c", False)],
)
def test_a_member_that_nobody_heard_of_is_a_guest_if_its_address_says_so(groups, member, guest):
    (found,) = groups(TEAM, team=["ann@x", member])
    assert (found.guests, len(found.members)) == ({member} if guest else set(), 1 if guest else 2)


def test_who_never_mailed_and_stands_in_no_directory_counts_and_hinders_nothing(groups):
    (found,) = groups({**TEAM, "kind": "distribution_list"}, team=["ann@x", *(f"reader{n}@x" for n in range(9))])
    assert (len(found.members), found.others) == (10, set())
    assert blockers(found)[0].state == "clear"


def test_what_the_directory_leaves_out_has_a_default(groups):
    (found,) = groups({"address": "team@x"})
    assert found == Group("team@x", "team@x", "distribution_list", None, frozenset(), frozenset())


def test_groups_come_by_address_each_with_its_own_members(groups):
    rows = [{**TEAM, "address": a} for a in ("team@x", "all@x")]
    found = groups(*rows, team=["ann@x"], all=["bob@x", "team@x"], gone=["ann@x"])
    assert [(g.address, g.members, g.others) for g in found] == [
        ("all@x", {"bob@x"}, {"team@x"}),
        ("team@x", {"ann@x"}, set()),
    ]


def test_no_groups_no_matter(groups):
    assert groups() == []
