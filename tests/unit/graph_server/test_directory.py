"""Users, groups, teams: what a list shows, who belongs to what, and what changed."""

from __future__ import annotations

import pytest

from graph_server import Fault

USER = (
    "id,displayName,mail,userPrincipalName,proxyAddresses,department,jobTitle,accountEnabled,userType,assignedLicenses"
)
GROUP = "id,displayName,mail,mailEnabled,securityEnabled,groupTypes,resourceProvisioningOptions,renewedDateTime"


@pytest.fixture
def groups(world):
    return {group.name: group for group in world.groups}


def test_users(server, client, world):
    items, _, _ = client.walk(f"/users?$select={USER}&$top=4")
    people = [user for user in world.users if not user.contact]

    assert [item["mail"] for item in items] == [user.address for user in people]
    first = items[0]
    assert first["proxyAddresses"][0] == f"SMTP:{first['mail']}"
    assert first["proxyAddresses"][1].startswith("smtp:")
    assert "#EXT#" in items[-1]["userPrincipalName"]
    assert items[-1]["userType"] == "Guest"
    assert server.violations == []


def test_default_properties_lack_the_department(client):
    item = client.walk("/users")[0][0]
    assert "userPrincipalName" in item
    assert not {"department", "accountEnabled", "userType"} & set(item)


def test_manager(client, world):
    chief, clerk = world.users[0], world.users[1]
    items, _, _ = client.walk("/users?$select=id&$expand=manager($select=id)")
    managers = {item["id"]: item.get("manager", {}).get("id") for item in items}
    assert managers[clerk.id] == chief.id
    assert managers[chief.id] is None
    assert client.get(f"/users/{clerk.id}/manager").json()["id"] == chief.id
    assert client.code(f"/users/{chief.id}/manager") == (404, "Request_ResourceNotFound")
    assert clerk.id in {item["id"] for item in client.walk(f"/users/{chief.id}/directReports")[0]}


def test_user_by_any_name(client, world):
    user = world.users[3]
    for name in (user.id, user.principal_name, user.address):
        assert client.get(f"/users/{name}?$select=id").json()["id"] == user.id


def test_mailbox_settings_of_one_user_only(client, world):
    purposes = {box.address: box.purpose for box in world.mailboxes}
    shared = next(box for box in world.mailboxes if box.purpose == "shared")
    content = client.get(f"/users/{shared.user}?$select=id,mailboxSettings").json()
    assert content["mailboxSettings"]["userPurpose"] == purposes[shared.address] == "shared"
    assert client.code("/users?$select=id,mailboxSettings") == (400, "BadRequest")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mail eq 'everyone@contoso.example'", {"Everyone"}),
        ("resourceProvisioningOptions/any(x:x eq 'Team')", {"Project Seven"}),
        ("groupTypes/any(c:c eq 'Unified')", {"Project Seven", "Book Club"}),
        ("mailEnabled eq true and securityEnabled eq true", {"Auditors"}),
        ("startswith(displayName,'circle')", {"Circle A", "Circle B"}),
        ("displayName eq 'Admins' or displayName eq 'Auditors'", {"Admins", "Auditors"}),
        ("proxyAddresses/any(p:p eq 'smtp:all@contoso.example')", {"Everyone"}),
    ],
)
def test_filters(client, text, names):
    items, _, _ = client.walk(f"/groups?$select=displayName&$filter={text}")
    assert {item["displayName"] for item in items} == names


def test_unknown_filters_are_refused(client):
    assert client.code("/groups?$filter=displayName ne 'x'") == (400, "Request_UnsupportedQuery")
    assert client.code("/users?$filter=shoeSize eq '44'") == (400, "Request_UnsupportedQuery")


def test_kinds_of_groups(client):
    items = {item["displayName"]: item for item in client.walk(f"/groups?$select={GROUP}")[0]}
    flags = {n: (i["mailEnabled"], i["securityEnabled"], i["groupTypes"]) for n, i in items.items()}
    assert flags["Everyone"] == (True, False, [])
    assert flags["Admins"] == (False, True, [])
    assert flags["Auditors"] == (True, True, [])
    assert flags["Book Club"] == (True, False, ["Unified"])
    assert items["Project Seven"]["resourceProvisioningOptions"] == ["Team"]


def test_members(server, client, world, groups):
    everyone = groups["Everyone"]
    members, _, _ = client.walk(f"/groups/{everyone.id}/members?$top=2")
    nested, _, _ = client.walk(f"/groups/{everyone.id}/transitiveMembers?$select=id,mail&$top=3")

    assert [item["id"] for item in members] == everyone.members
    assert {item["@odata.type"] for item in members} == {"#microsoft.graph.group", "#microsoft.graph.orgContact"}
    people = {user.id for user in world.users if user.department}
    assert people <= {item["id"] for item in nested}
    assert server.violations == []


def test_lists_in_a_circle_end(client, groups):
    items, _, _ = client.walk(f"/groups/{groups['Circle A'].id}/transitiveMembers")
    assert [item["id"] for item in items] == [groups["Circle B"].id, groups["Circle B"].members[1]]


def test_teams_and_channels(server, client, groups):
    team = groups["Project Seven"]
    assert [item["id"] for item in client.walk("/teams?$filter=displayName eq 'Project Seven'")[0]] == [team.id]
    assert client.get(f"/groups/{team.id}/team").json()["displayName"] == "Project Seven"
    assert client.code(f"/groups/{groups['Admins'].id}/team") == (404, "NotFound")
    channels, _, _ = client.walk(f"/teams/{team.id}/channels")
    assert [(item["displayName"], item["membershipType"]) for item in channels] == [
        ("General", "standard"),
        ("Secret", "private"),
    ]
    secret, _, _ = client.walk(f"/teams/{team.id}/channels/{channels[1]['id']}/members")
    assert [item["userId"] for item in secret] == team.channels[1].members
    roles = {item["userId"]: item["roles"] for item in client.walk(f"/teams/{team.id}/members")[0]}
    assert roles[team.owners[0]] == ["owner"]
    assert ["guest"] in roles.values()
    member = team.members[0]
    assert [item["id"] for item in client.walk(f"/users/{member}/joinedTeams")[0]] == [team.id]
    assert team.id in {item["id"] for item in client.walk(f"/users/{member}/memberOf")[0]}
    assert server.violations == []


def test_organization(client, server, world):
    (item,) = client.walk("/organization")[0]
    assert item["id"] == server.tenant
    assert item["verifiedDomains"][0]["name"] == world.domain
    assert client.get("/users/$count").text == str(sum(not user.contact for user in world.users))


# delta


def test_changed_users(server, client, world):
    items, end, _ = client.walk("/users/delta?$select=id,mail,department,manager")
    assert len(items) == sum(not user.contact for user in world.users)
    assert items[1]["manager@delta"][0]["id"] == world.users[0].id
    assert client.walk(end)[0] == []

    new = server.add_user(department="Sales")
    server.update_user(world.users[1].address, department="Legal")
    server.delete_user(world.users[2].address)
    changes = {item["id"]: item for item in client.walk(end)[0]}

    assert changes[world.users[1].id]["department"] == "Legal"
    assert changes[world.users[2].id]["@removed"] == {"reason": "changed"}
    assert [item["mail"] for item in changes.values() if item.get("mail") == new] == [new]
    assert len(changes) == 3
    assert server.violations == []


@pytest.mark.parametrize("kind", ["users", "groups"])
def test_place_is_lost(server, client, kind):
    _, end, _ = client.walk(f"/{kind}/delta?$select=id")
    server.inject(Fault("resync", path=f"{kind}/delta", code="resyncRequired"))
    assert client.code(end) == (410, "resyncRequired")
    assert client.code(end) == (410, "syncStateNotFound")
    _, end, _ = client.walk(f"/{kind}/delta?$select=id")
    server.expire_directory()
    assert client.code(end) == (410, "syncStateNotFound")


def test_users_from_now_on(server, client, world):
    items, end, _ = client.walk("/users/delta?$select=id&$deltatoken=latest")
    assert items == []
    server.update_user(world.users[0].address, title="Head")
    assert [item["id"] for item in client.walk(end)[0]] == [world.users[0].id]


@pytest.mark.parametrize(
    "query", ["$top=5", "$expand=manager", "$orderby=displayName", "$filter=department eq 'Sales'"]
)
def test_delta_of_users_takes_few_options(client, query):
    assert client.code(f"/users/delta?{query}") == (400, "Request_UnsupportedQuery")


def test_delta_of_chosen_users(client, world):
    ids = [user.id for user in world.users[:2]]
    text = " or ".join(f"id eq '{key}'" for key in ids)
    assert [item["id"] for item in client.walk(f"/users/delta?$select=id&$filter={text}")[0]] == ids


def test_changed_members(server, client, world, groups):
    club = groups["Book Club"]
    items, end, _ = client.walk("/groups/delta?$select=id,displayName,members")
    whole = next(item for item in items if item["id"] == club.id)
    assert [member["id"] for member in whole["members@delta"]] == club.members

    outsider = next(user for user in world.users if user.id not in club.members and not user.contact)
    gone = next(user for user in world.users if user.id == club.members[0])
    server.add_member("Book Club", outsider.address)
    server.remove_member("Book Club", gone.address)
    server.update_group("Book Club", name="Reading Club")
    (change,) = client.walk(end)[0]

    assert change["displayName"] == "Reading Club"
    members = {member["id"]: member.get("@removed") for member in change["members@delta"]}
    assert members == {outsider.id: None, gone.id: {"reason": "deleted"}}
