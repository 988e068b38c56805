"""A tenant through Microsoft Graph, in real processes: the lake holds what the tenant holds, come what may."""

from __future__ import annotations

import json
import os
import random
import signal
import sys

import pytest

from analyser.sources.graph.items import SELECT
from analyser.sources.graph.permissions import endpoint_of
from graph_server import Fault, World

ROUND = "/messages/delta"
HOSTILE = (
    Fault("throttle", times=None, probability=0.03, retry_after=1),
    Fault("throttle", times=None, probability=0.02, retry_after=None),
    *(Fault("status", status=status, times=None, probability=0.01) for status in (500, 503, 504, 509)),
    Fault("status", status=503, retry_after=2, times=3, probability=0.1),
    Fault("reset", times=None, probability=0.01),
    *(Fault("truncate", length=length, times=None, probability=0.01) for length in ("right", "wrong", "chunked")),
    *(Fault(kind, times=None, probability=0.1) for kind in ("duplicate", "replay", "reorder", "partial", "empty")),
    Fault("expired_token", path="/v1.0/", times=None, probability=0.005),
    Fault("unauthorized", path="/v1.0/", times=None, probability=0.01),
    Fault("resync", path=ROUND, status=410, code="syncStateNotFound", location="empty", times=None, probability=0.02),
    Fault("resync", path=ROUND, status=400, code="SYNCSTATEINVALID", times=None, probability=0.01),
    Fault("resync", status=410, code="resyncRequired", path="mailFolders/delta|users/delta", times=2, probability=0.3),
)


def requested(tenant):
    """Every request is one that the program knows, and asks for nothing but what it declares."""
    for request in tenant.server.requests:
        if request.path.startswith("/v1.0/"):
            name = endpoint_of(request.path.removeprefix("/v1.0"))
            assert name is not None, request.path
            if name in {"messages", "window", "message"} and "$select" in request.query:
                assert set(request.query.get("$select", "").split(",")) <= set(SELECT)
            assert "$search" not in request.query
            assert "$top" not in request.query or name == "members"
            assert "$filter" not in request.query or name in {"group", "window"} or "/messages/delta" in request.path


def test_a_scan_under_hostile_faults_holds_what_the_tenant_holds_and_the_next_fetches_the_changes_alone(tenant):
    tenant = tenant(World.generate(mailboxes=20, messages=2_000, seed=1))
    server = tenant.server
    boxes = sorted({mailbox for mailbox, _ in server.expected()})
    there = server.add_messages(boxes[2], count=5)  # no other mailbox knows them by another subject
    server.inject(*HOSTILE)
    found = tenant.scan()
    assert tenant.held() == server.expected()
    assert found["complete"]
    assert {row["state"] for row in tenant.table("mailboxes")} == {"complete"}
    assert sum(row["messages"] for row in tenant.table("mailboxes")) == len(server.expected())
    assert sum(server.fired.values()) > 50
    requested(tenant)

    server.clear_faults()
    server.clear_log()
    added = server.add_messages(boxes[0], count=7) + server.add_messages(boxes[1], folder="sentitems", count=2)
    server.move_message(there[0], "archive")
    server.move_message(there[1], "deleteditems")
    server.delete_message(there[2])
    server.update_message(there[3], is_read=True)
    server.update_message(there[4], subject="Another subject")
    found = tenant.scan()
    assert tenant.held() == server.expected()
    # nine new, two moved (gone and, in one case, come), one deleted, one marked as read, one changed
    told = [r.page or 0 for r in server.requests if "/messages/delta" in r.path]
    assert sum(told) == len(added) + 3 + 1 + 2
    assert found["total"]["read"] == len(added) + 1 + 1
    assert found["total"]["gone"] == 3
    assert "Another subject" in {row["subject"] for row in tenant.table("messages")}
    requested(tenant)


def test_folders_that_vanish_move_or_lose_their_place_change_nothing_else(tenant):
    tenant = tenant(World.generate(mailboxes=3, messages=200, seed=5))
    server = tenant.server
    boxes = sorted({mailbox for mailbox, _ in server.expected()})
    made = [
        server.add_folder(boxes[0], "One"),
        server.add_folder(boxes[0], "Two"),
        server.add_folder(boxes[1], "Three"),
    ]
    for folder, box in zip(made, (boxes[0], boxes[0], boxes[1]), strict=True):
        server.add_messages(box, folder=folder, count=5)
    tenant.scan()
    assert tenant.held() == server.expected()

    server.delete_folder(made[0])
    server.move_folder(made[1], "deleteditems")
    added = server.add_messages(boxes[1], folder=made[2], count=2)
    server.delete_message(added[0])
    server.expire_sync(boxes[1], made[2])
    server.clear_log()
    tenant.scan()
    assert tenant.held() == server.expected()
    firsts = [r for r in server.requests if "/messages/delta" in r.path and "$select" in r.query]
    assert len({r.path for r in firsts}) == 1  # the folder that lost its place, alone, was read from its start

    server.expire_sync(boxes[2])
    server.inject(Fault("vanish", mailbox=boxes[0], path="messages/delta", code="ErrorSyncFolderNotFound"))
    tenant.scan()
    assert tenant.held() == server.expected()


STATES = {
    "unlicensed": "unlicensed, soft-deleted or on-premises",
    "on_premises": "unlicensed, soft-deleted or on-premises",
    "out_of_scope": "out of scope",
    "not_consented": "access denied: consent is missing",
    "no_mailbox": "not found",
    "missing": "not found",
    "extension": "on-premises",
    "refused_token": "access denied: the token is refused",
    "moving": "over the retry budget",
    "throttled": "over the retry budget",
    "over_quota": "over quota",
    "routing": "leads to no mailbox",
}


def test_mailboxes_that_cannot_be_read_are_named_with_the_reason_and_tried_again(tenant):
    world = World.generate(mailboxes=14, messages=300, seed=6)
    boxes = [box.address for box in world.mailboxes]
    bad = dict(zip(boxes, STATES, strict=False))
    for address, state in bad.items():
        world.mailbox(address).state = state
    tenant = tenant(world)
    tenant.configure(retries_per_mailbox="2")
    ended = tenant.run("scan", status=1)
    assert tenant.held() == tenant.server.expected()
    rows = {row["mailbox"]: row for row in tenant.table("mailboxes")}
    for address, state in bad.items():
        assert rows[address]["state"] == "unreachable"
        assert STATES[state] in rows[address]["reason"]
        assert f"{address}: unreachable: " in ended.stderr
    assert {address for address, row in rows.items() if row["state"] == "complete"} == set(boxes) - set(bad)

    for address in bad:
        tenant.server.set_state(address, "ok")
    tenant.server.clear_log()
    tenant.scan()
    assert tenant.held() == tenant.server.expected()
    firsts = {r.mailbox for r in tenant.server.requests if "/messages/delta" in r.path and "$select" in r.query}
    assert firsts == set(bad)  # the others told what had changed: nothing


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 6))])
def test_a_scan_killed_at_a_random_moment_goes_on_and_ends_with_the_same_lake(tenant, seed):
    tenant = tenant(World.generate(mailboxes=8, messages=1_000, seed=7), latency=0.02)
    tenant.configure("[scan]", "batch_size = 100")
    chosen = random.Random(seed)
    for _ in range(2):
        tenant.server.clear_log()
        process = tenant.start("scan")
        tenant.wait_for_requests(chosen.randrange(20, 200), process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert tenant.held() in (set(), tenant.server.expected())
    tenant.scan()
    assert tenant.held() == tenant.server.expected()
    killed = tenant.content()
    straight = tenant.folder.with_name("straight")
    straight.mkdir()
    whole = type(tenant)(tenant.server, straight)
    whole.configure()
    whole.scan()
    assert killed == whole.content()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_scan_that_is_interrupted_stops_cleanly_and_a_second_one_is_refused_meanwhile(tenant):
    tenant = tenant(World.generate(mailboxes=8, messages=800, seed=8), latency=0.5)
    tenant.configure("[scan]", "batch_size = 100")
    process = tenant.start("scan")
    tenant.wait_for_requests(40, process)
    refused = tenant.run("scan", status=1)
    assert f"is being written by process {process.pid} on" in refused.stderr
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "stopped" in said
    assert "a scan goes on where it was" in said
    before = len(tenant.server.requests)
    tenant.server.set(latency=0.0)
    tenant.scan()
    assert tenant.held() == tenant.server.expected()
    assert before > 0
    assert json.loads(tenant.run("status", "--json").stdout)["mailboxes"]


def test_sent_items_alone_are_read_and_a_change_of_the_setting_reads_the_rest(tenant):
    tenant = tenant(World.generate(mailboxes=4, messages=300, seed=9))
    tenant.configure(folders='"sent"')
    tenant.scan()
    assert tenant.held() == tenant.server.expected(folders="sent")
    assert not [r for r in tenant.server.requests if r.path.endswith("mailFolders/delta")]
    tenant.configure()
    tenant.scan()
    assert tenant.held() == tenant.server.expected()
    tenant.configure(folders='"sent"')
    tenant.scan()
    assert tenant.held() == tenant.server.expected(folders="sent")


def test_a_list_a_file_or_a_group_limits_the_scan(tenant):
    world = World.generate(mailboxes=6, messages=200, seed=10)
    boxes = [box.address for box in world.mailboxes]
    group = next(g for g in world.groups if g.address and g.kind == "distribution_list")
    tenant = tenant(world)
    tenant.configure(mailboxes=json.dumps(boxes[:2]))
    tenant.scan()
    assert tenant.held() == tenant.server.expected(mailboxes=boxes[:2])
    (tenant.folder / "some.txt").write_text(f"# pilots\n{boxes[2].upper()}  # upper case\n\n", encoding="utf-8")
    tenant.configure(mailboxes='"some.txt"')
    tenant.scan()
    assert tenant.held() == tenant.server.expected(mailboxes=boxes[:3])
    tenant.configure(mailboxes=f'"{group.address}"')
    scanned = {outcome["mailbox"] for outcome in tenant.scan(status=None or 0)["mailboxes"]}
    known = {user.id: user.address for user in world.users if not user.contact and user.address in boxes}
    assert scanned >= {known[key] for key in group.members if key in known}
    tenant.configure(mailboxes='"nobody@contoso.example"')
    assert "no group has the address nobody@contoso.example" in tenant.run("scan", status=1).stderr


def test_a_start_date_brings_all_mail_since_then_beyond_the_cap(tenant):
    world = World.generate(mailboxes=2, messages=60, seed=11)
    address = world.mailboxes[0].address
    tenant = tenant(world, validate=0.02)
    start = world.now - 200 * 86_400
    for part in range(3):  # 5,400 messages over 90 days
        for day in range(30):
            at = world.now - (part * 30 + day) * 86_400 - 3600
            tenant.server.add_messages(address, count=60, sent=at, received=at)
    old = tenant.server.add_messages(address, count=3, sent=start - 86_400, received=start - 86_400)
    from datetime import UTC, datetime  # noqa: PLC0415

    day = datetime.fromtimestamp(start, UTC).date().isoformat()
    tenant.configure(since=day, page_size="1000")
    tenant.scan()
    expected = {
        (box.address, message.id)
        for box in tenant.server.world.mailboxes
        for folder in box.folders
        for message in folder.messages
        if message.received >= start // 86_400 * 86_400
    } & tenant.server.expected()
    assert tenant.held() == expected
    assert len(expected) > 5_400
    assert not {key for _, key in expected} & set(old)
    tenant.server.clear_log()
    tenant.scan()
    assert sum(r.page or 0 for r in tenant.server.requests if "/messages" in r.path) == 0


def test_people_groups_teams_and_channels_come_by_delta(tenant):
    world = World.generate(mailboxes=12, messages=100, seed=12)
    tenant = tenant(world)
    server = tenant.server
    tenant.scan()
    people = {row["address"]: row for row in tenant.table("directory_people")}
    by_id = {user.id: user for user in world.users}
    for user in world.users:
        if user.contact or not user.address:
            continue
        row = people[user.address]
        assert (row["display_name"], row["department"], row["title"]) == (user.name, user.department, user.title)
        assert row["manager"] == (by_id[user.manager].address if user.manager else None)
        assert set(user.aliases) <= set(row["aliases"])
        assert row["is_enabled"] == user.enabled
        assert (row["kind"] == "external") == (user.type == "Guest")
    shared = {box.address for box in world.mailboxes if box.purpose == "shared"}
    assert {address for address, row in people.items() if row["kind"] == "shared"} == shared != set()
    groups = {row["address"]: row for row in tenant.table("groups")}
    assert {g.address for g in world.groups if g.address} <= set(groups)
    teams = [g for g in world.groups if g.kind == "team"]
    assert {groups[g.address]["kind"] for g in teams} == {"team"}
    assert {c.id.lower() for g in teams for c in g.channels} <= set(groups)
    assert all(groups[g.address]["last_activity"] is not None for g in teams)
    members = {}
    for row in tenant.table("group_members"):
        members.setdefault(row["group"], set()).add(row["member"])
    nested = [g for g in world.groups if g.address and any(key in {o.id for o in world.groups} for key in g.members)]
    assert nested
    for group in world.groups:
        if group.address:
            assert members.get(group.address, set()) == below(world, group)

    server.clear_log()
    person, group = world.mailboxes[0].address, nested[0]
    server.update_user(person, department="Elsewhere")
    server.add_member(nested[0].address, world.mailboxes[-1].address)
    gone = next(u for u in world.users if u.type == "Guest")
    server.delete_user(gone.address)
    tenant.scan()
    people = {row["address"]: row for row in tenant.table("directory_people")}
    assert people[person]["department"] == "Elsewhere"
    assert gone.address not in people
    assert {"group": group.address, "source": "tenant", "member": world.mailboxes[-1].address} in tenant.table(
        "group_members"
    )
    told = [r for r in server.requests if r.path.endswith(("/users/delta", "/groups/delta"))]
    assert sum(r.page or 0 for r in told) == 3


def below(world, group):
    """Addresses of all below a group, by definition."""
    users = {user.id: user.address for user in world.users if user.address}
    groups = {g.id: g for g in world.groups}
    seen, waiting = set(), list(group.members)
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += groups[key].members if key in groups else []
    return {users[key] for key in seen if key in users}


def test_what_no_permission_was_given_for_is_left_out_and_a_missing_one_is_named(tenant):
    tenant = tenant(World.generate(mailboxes=3, messages=60, seed=13), roles=["Mail.ReadBasic.All", "User.Read.All"])
    ended = tenant.run("scan", status=1)
    assert tenant.held() == tenant.server.expected()
    assert "(directory): unreachable: groups: access denied" in ended.stderr
    tenant.configure(people="false")
    tenant.scan()
    assert tenant.table("groups") == []


@pytest.mark.parametrize(
    ("keys", "status", "words"),
    [
        ({"client_secret_env": '"ANALYSER_NO_SECRET"'}, 2, "ANALYSER_NO_SECRET (not set)"),
        ({"client_secret_env": '"PATH"'}, 1, "refuses a token"),
        ({"certificate": '"absent.pem"', "client_secret_env": ""}, 2, "absent.pem"),
        ({"managed_identity": "true"}, 2, "exactly one of"),
        ({"cloud": '{authority = "http://localhost/x", graph = "https://localhost"}'}, 2, "must begin with https://"),
    ],
)
def test_a_wrong_credential_says_where_it_was_looked_for(tenant, keys, status, words):
    tenant = tenant(World.generate(mailboxes=1, messages=5, seed=14))
    tenant.configure(**keys)
    said = tenant.run("scan", status=status).stderr
    assert words in said
    assert tenant.server.client_secret not in said


def test_verbose_output_never_shows_a_token_or_a_secret(tenant):
    tenant = tenant(World.generate(mailboxes=2, messages=20, seed=15))
    ended = subprocess_verbose(tenant)
    for text in (ended.stdout, ended.stderr):
        assert "Bearer" not in text
        assert "eyJ" not in text
        assert tenant.server.client_secret not in text


def subprocess_verbose(tenant):
    import subprocess  # noqa: PLC0415

    command = [sys.executable, "-m", "analyser", "--config", str(tenant.config), "--verbose", "scan"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=tenant.environment)
