"""Addresses become principals by certain evidence only; what merely looks alike is suggested."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyser.analysis import people
from analyser.config import Organisation
from analyser.sources.contract import DIRECTORY_GROUPS, DIRECTORY_PEOPLE


def directory(*rows):
    return pa.Table.from_pylist([{"aliases": [], **row} for row in rows], schema=DIRECTORY_PEOPLE)


def resolve(addresses, rows=(), names=(), groups=(), lists=(), domains=("contoso.example",)):
    found = people.resolve(
        pa.table({"address": pa.array(addresses, pa.string())}),
        pa.table(
            {
                "address": pa.array([n[0] for n in names], pa.string()),
                "display_name": pa.array([n[1] for n in names], pa.string()),
            }
        ),
        directory(*rows),
        pa.Table.from_pylist(list(groups), schema=DIRECTORY_GROUPS),
        set(lists),
        set(domains),
    )
    principal = dict(zip(found.addresses["address"].to_pylist(), found.addresses["principal"].to_pylist(), strict=True))
    entries = {row["principal"]: row for row in found.principals.to_pylist()}
    merges = {(row["principal"], row["other"]) for row in found.suggested_merges.to_pylist()}
    return principal, entries, merges


def test_aliases_and_plus_addresses_are_one():
    row = {"address": "ann.lee@contoso.example", "aliases": ["alee@contoso.example", "/o=contoso/cn=alee"]}
    principal, entries, _ = resolve(
        ["alee@contoso.example", "ann.lee+news@contoso.example", "/o=contoso/cn=alee"], [row]
    )
    assert set(principal.values()) == {"ann.lee@contoso.example"}
    assert list(entries) == ["ann.lee@contoso.example"]


def test_a_plus_address_without_its_base_stands_alone():
    principal, _, _ = resolve(["bob+x@contoso.example"])
    assert principal == {"bob+x@contoso.example": "bob+x@contoso.example"}


def test_inside_and_outside_by_domain_and_subdomain():
    _, entries, _ = resolve(["a@contoso.example", "b@mail.contoso.example", "c@evilcontoso.example", "/o=x/cn=d"])
    assert {k: v["is_internal"] for k, v in entries.items()} == {
        "a@contoso.example": True,
        "b@mail.contoso.example": True,
        "c@evilcontoso.example": False,
        "/o=x/cn=d": True,
    }
    assert entries["c@evilcontoso.example"]["kind"] == "external"


@pytest.mark.parametrize(
    "address", ["no-reply@contoso.example", "noreply-jobs@contoso.example", "jira@contoso.example"]
)
def test_robots_by_name(address):
    assert resolve([address])[1][address]["kind"] == "service"


def test_groups_and_lists():
    group = {"address": "sales@contoso.example", "display_name": "Sales", "kind": "distribution_list"}
    _, entries, _ = resolve(["sales@contoso.example", "dev@lists.example"], groups=[group], lists=["dev@lists.example"])
    assert entries["sales@contoso.example"]["kind"] == "list"
    assert entries["dev@lists.example"]["kind"] == "list"


def test_lookalikes_are_suggested_and_left_apart():
    names = [("jorg.muller@contoso.example", "Müller, Jörg"), ("jm2@contoso.example", "Jorg Muller")]
    principal, _, merges = resolve([n[0] for n in names], names=names)
    assert len(set(principal.values())) == 2
    assert merges == {("jm2@contoso.example", "jorg.muller@contoso.example")}


def test_two_namesakes_in_the_directory_are_two_people():
    rows = [
        {"address": "john.smith@contoso.example", "display_name": "John Smith"},
        {"address": "john.smith2@contoso.example", "display_name": "John Smith"},
    ]
    assert resolve([], rows)[2] == set()


def test_initial_and_surname_meet_the_directory():
    rows = [{"address": "phillip.alder@contoso.example", "display_name": "Alder, Phillip K."}]
    assert resolve(["palder@contoso.example"], rows)[2] == {("palder@contoso.example", "phillip.alder@contoso.example")}


def test_known_values_are_not_lost_to_later_nulls():
    rows = [
        {"address": "a@contoso.example", "department": "Sales"},
        {"address": "a@contoso.example", "department": None, "title": "Lead"},
    ]
    entry = resolve([], rows)[1]["a@contoso.example"]
    assert (entry["department"], entry["title"]) == ("Sales", "Lead")


def test_domains_configured_then_directory_then_senders():
    senders = pa.table({"address": ["a@x.example", "b@y.example", "c@y.example"], "n": [5, 2, 1]})
    empty = DIRECTORY_PEOPLE.empty_table()
    known = directory({"address": "a@z.example", "kind": "person"})
    assert people.organisation_domains(Organisation(domains=("Q.example",)), known, senders) == {"q.example"}
    assert people.organisation_domains(Organisation(), known, senders) == {"z.example"}
    assert people.organisation_domains(Organisation(), empty, senders) == {"x.example"}
