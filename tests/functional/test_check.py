"""`analyser check` against a tenant and against files: each line says pass, warn or fail, and what to do."""

from __future__ import annotations

import json

import pytest

from ews_server import World as ExchangeWorld
from graph_server import ROLES, World


def lines(ended):
    return {(row["subject"], row["check"]): row for row in json.loads(ended.stdout)}


def test_a_tenant_in_order_passes_and_a_limited_one_is_tried_inside_and_outside(tenant):
    world = World.generate(mailboxes=4, messages=40, seed=21)
    tenant = tenant(world)
    found = lines(tenant.run("check", "--json"))
    for name in (
        "credential",
        "authority",
        "token",
        "permissions",
        "directory",
        "inside the scope",
        "outside the scope",
    ):
        assert found["tenant", name]["verdict"] == "pass", found["tenant", name]
    assert found["lake", "writable"]["verdict"] == found["lake", "disk space"]["verdict"] == "pass"
    assert found["configuration", "domains"]["verdict"] == "warn"

    boxes = [box.address for box in world.mailboxes]
    tenant.configure(mailboxes=json.dumps(boxes[:1]))
    said = tenant.run("check").stdout
    assert f"warn  tenant: outside the scope: {sorted(boxes)[1]} is not to be scanned, and could be" in said
    assert "New-ManagementRoleAssignment -App CLIENT_ID" in said
    for address in boxes[1:]:
        tenant.server.set_state(address, "out_of_scope")
    assert lines(tenant.run("check", "--json"))["tenant", "outside the scope"]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("roles", "status", "name", "verdict", "words"),
    [
        ([*ROLES, "Mail.ReadWrite"], 0, "permissions", "warn", "Mail.ReadWrite is too much"),
        (["Mail.ReadBasic.All", "User.Read.All"], 1, "permissions", "fail", "GroupMember.Read.All is missing"),
        (["User.Read.All", "GroupMember.Read.All"], 1, "inside the scope", "fail", "none of 2 mailboxes can be read"),
    ],
)
def test_permissions_are_compared_with_what_is_needed(tenant, roles, status, name, verdict, words):
    tenant = tenant(World.generate(mailboxes=2, messages=10, seed=22), roles=list(dict.fromkeys(roles)))
    rows = json.loads(tenant.run("check", "--json", status=status).stdout)
    hits = [row for row in rows if row["check"] == name and row["verdict"] == verdict]
    assert any(words in row["said"] and row["fix"] for row in hits), rows


def test_failures_name_the_step_and_the_fix(tenant):
    tenant = tenant(World.generate(mailboxes=1, messages=5, seed=23))
    (tenant.folder / "mail").write_text("no mail at all\n", encoding="utf-8")
    more = ("[[sources]]", 'name = "archive"', 'type = "mbox"', 'path = "absent"')
    tenant.configure(*more, client_secret_env='"PATH"')  # noqa: S106  a name
    (tenant.folder / "lake").write_text("", encoding="utf-8")
    found = lines(tenant.run("check", "--json", status=1))
    assert found["tenant", "token"]["verdict"] == "fail"
    assert "refuses a token" in found["tenant", "token"]["said"]
    assert found["archive", "readable"]["verdict"] == "fail"
    assert "absent" in found["archive", "readable"]["said"]
    assert found["lake", "writable"]["verdict"] == "fail"
    assert all(row["fix"] for row in found.values() if row["verdict"] == "fail")


def test_a_check_keeps_nothing_and_asks_for_little(tenant):
    tenant = tenant(World.generate(mailboxes=3, messages=30, seed=24))
    tenant.run("check")
    assert tenant.table("messages") == tenant.table("mailboxes") == []
    assert not [r for r in tenant.server.requests if "/messages" in r.path]


def test_an_exchange_server_in_order_passes_and_a_limited_one_is_tried_inside_and_outside(exchange):
    world = ExchangeWorld.generate(mailboxes=4, messages=40, seed=25)
    exchange = exchange(world)
    boxes = [box.address for box in world.mailboxes]
    people = "\n".join(f"{box},Someone" for box in boxes)
    (exchange.folder / "people.csv").write_text(f"address,display_name\n{people}\n", encoding="utf-8")
    exchange.configure(directory='"people.csv"')
    found = lines(exchange.run("check", "--json"))
    for name in ("account", "endpoint", "inside the scope", "outside the scope"):
        assert found["exchange", name]["verdict"] == "pass", found["exchange", name]
    assert {r.operation for r in exchange.server.requests} <= {"", "ResolveNames", "GetFolder"}

    exchange.configure(directory='"people.csv"', mailboxes=json.dumps(boxes[:1]))
    said = exchange.run("check").stdout
    assert f"warn  exchange: outside the scope: {sorted(boxes)[1]} is not to be scanned, and could be" in said
    assert "New-ManagementRoleAssignment -Role ApplicationImpersonation" in said
    for address in boxes[1:]:
        exchange.server.set_state(address, "out_of_scope")
    assert lines(exchange.run("check", "--json"))["exchange", "outside the scope"]["verdict"] == "pass"
    exchange.server.set_state(boxes[0], "out_of_scope")
    row = lines(exchange.run("check", "--json", status=1))["exchange", "inside the scope"]
    assert row["verdict"] == "fail"
    assert "out of scope" in row["said"]


@pytest.mark.parametrize(
    ("keys", "name", "words"),
    [
        ({"endpoint": '"https://outlook.office365.com/EWS/Exchange.asmx"'}, "endpoint", "switched off"),
        ({"endpoint": '"https://partner.outlook.cn/EWS/Exchange.asmx"'}, "endpoint", "switched off"),
        ({"endpoint": '"https://localhost:9/EWS/Exchange.asmx"'}, "endpoint", "does not answer"),
        ({"password_env": '"PATH"'}, "endpoint", "refuses user name or password"),
        ({"password_env": '"ANALYSER_NOTHING"'}, "account", "the password is not there"),
    ],
)
def test_what_is_wrong_with_an_exchange_server_is_said_with_the_fix(exchange, keys, name, words):
    exchange = exchange(ExchangeWorld.generate(mailboxes=1, messages=5, seed=26))
    exchange.configure(retries_per_mailbox="1", **keys)
    row = lines(exchange.run("check", "--json", status=1))["exchange", name]
    assert row["verdict"] == "fail"
    assert words in row["said"]
    assert row["fix"]
    assert ("type = 'graph'" in row["fix"]) is (words == "switched off")
