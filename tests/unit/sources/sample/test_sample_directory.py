"""The organisation is one that could exist."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from analyser.sources.contract import DIRECTORY_GROUP_MEMBERS, DIRECTORY_GROUPS, DIRECTORY_PEOPLE


def persons(source):
    return [p for p in source.directory().people.to_pylist() if p["kind"] == "person"]


def test_tables_follow_the_contract(sample):
    found = sample.directory()
    assert found.people.schema.equals(DIRECTORY_PEOPLE)
    assert found.groups.schema.equals(DIRECTORY_GROUPS)
    assert found.group_members.schema.equals(DIRECTORY_GROUP_MEMBERS)
    assert not found.problems
    assert len(persons(sample)) == sample.people


def test_an_address_belongs_to_one_principal(sample):
    found = sample.directory()
    taken = Counter(found.people["address"].to_pylist() + found.groups["address"].to_pylist())
    taken.update(alias for aliases in found.people["aliases"].to_pylist() for alias in aliases)
    assert set(taken.values()) == {1}
    assert all(address == address.lower() for address in taken)


def test_departments_are_uneven(usual):
    sizes = Counter(p["department"] for p in persons(usual))
    assert 8 <= len(sizes) <= 12
    assert {"Sales", "HR", "Legal", "IT", "Finance"} <= set(sizes)
    assert max(sizes.values()) > 5 * min(sizes.values())


def test_everyone_reports_to_the_top(sample):
    manager = {p["address"]: p["manager"] for p in persons(sample)}
    top = [address for address, above in manager.items() if above is None]
    assert len(top) == 1
    level = set(manager)
    for _ in range(5):
        level = {manager[address] for address in level if manager[address]}
    assert not level, "at most five levels, and no circle"


def test_three_sites_joiners_and_leavers(usual):
    people = persons(usual)
    assert len({p["location"] for p in people}) == 3
    joiners = [p for p in people if p["joined_on"] >= usual.start]
    leavers = [p for p in people if p["left_on"]]
    assert 0.1 < len(joiners) / len(people) < 0.15
    assert 0.03 < len(leavers) / len(people) < 0.08
    assert all(p["joined_on"] <= usual.end for p in joiners)
    assert all(usual.start <= p["left_on"] <= usual.end + timedelta(days=7) for p in leavers)


def test_names_clash_and_addresses_change(usual):
    people = persons(usual)
    names = Counter(p["display_name"] for p in people)
    assert 2 <= sum(count > 1 for count in names.values()) <= 6
    renamed = [p for p in usual.world.company.principals if p.former]
    assert len(renamed) >= 3
    written = Counter(a for t in usual.world.mailboxes.values() for a in t["sender"].to_pylist())
    for person in renamed:
        assert person.former in person.aliases
    assert sum(written[p.former] > 0 and written[p.address] > 0 for p in renamed) >= 2
    assert any(alias.startswith("/o=") for p in people for alias in p["aliases"])


def test_all_kinds_of_principals_and_groups_exist(usual):
    found = usual.directory()
    assert set(found.people["kind"].to_pylist()) == {"person", "shared", "room", "service"}
    kinds = {"distribution_list", "microsoft_365_group", "team", "channel", "community"}
    assert set(found.groups["kind"].to_pylist()) == kinds
    stale = [g for g in found.groups.to_pylist() if (usual.end - g["last_activity"]).days > 365]
    assert len(stale) >= 5
    assert len(stale) < found.groups.num_rows / 2


def test_members_of_groups_are_in_the_directory(sample):
    found = sample.directory()
    known = set(found.people["address"].to_pylist())
    assert set(found.group_members["member"].to_pylist()) <= known
    assert set(found.group_members["group"].to_pylist()) == set(found.groups["address"].to_pylist())
