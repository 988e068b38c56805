"""An Exchange server through EWS, in real processes: the lake holds what the mailboxes hold, come what may."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest

from analyser.sources.ews.soap import FIELDS, RECEIVED
from ews_server import Fault, World
from graph_server import World as Tenants

ASKED = {*FIELDS, RECEIVED, "folder:ParentFolderId", "folder:FolderClass"}
OPERATIONS = {"", "GetFolder", "SyncFolderHierarchy", "SyncFolderItems", "GetItem", "ResolveNames", "ExpandDL"}
HOSTILE = (
    Fault("busy", operation="GetItem|ResolveNames", times=None, probability=0.03, back_off=700),
    Fault("busy", operation="GetItem|ResolveNames", times=None, probability=0.03, back_off=350, form="response"),
    Fault("connections", times=None, probability=0.02),
    *(
        Fault("error", code=code, form=form, times=None, probability=0.005)
        for code in ("ErrorTimeoutExpired", "ErrorInternalServerTransientError", "ErrorMailboxMoveInProgress")
        for form in ("fault", "response")
    ),
    Fault("status", status=503, times=None, probability=0.01),
    Fault("status", status=503, retry_after=1.0, times=3, probability=0.1),
    Fault("unauthorized", times=None, probability=0.01),
    # not what may be busy as well: a back-off that is cut off cannot be kept
    Fault("reset", operation="SyncFolder|GetFolder", times=None, probability=0.02),
    *(
        Fault("truncate", operation="SyncFolder|GetFolder", length=length, times=None, probability=0.03)
        for length in ("right", "wrong", "chunked")
    ),
    Fault("sync_state", operation="SyncFolderItems", times=4, probability=0.1),
    Fault("sync_state", operation="SyncFolderHierarchy", times=1, after=3),
    Fault("partial", operation="GetItem", times=None, probability=0.05),
    Fault("partial", operation="GetItem", code="ErrorTimeoutExpired", times=None, probability=0.05),
    Fault("short", operation="GetItem", times=None, probability=0.05),
)


def requested(exchange):
    """Every request is one that the program knows, and asks for nothing but what it declares."""
    assert exchange.server.requests
    for request in exchange.server.requests:
        assert request.operation in OPERATIONS
        assert set(request.fields) <= ASKED
        if request.operation not in {"", "ResolveNames", "ExpandDL"}:
            assert request.mailbox


def agrees(exchange):
    """What the lake holds of each copy is what the server holds of it."""
    said = exchange.server.messages()
    messages = {row["message_key"]: row for row in exchange.table("messages")}
    recipients = {}
    for row in exchange.table("recipients"):
        recipients.setdefault(row["message_key"], set()).add((row["role"], row["address"]))
    rows = exchange.table("copies")
    assert {(row["mailbox"], row["item_id"]) for row in rows} == set(said)
    for row in rows:
        copy, held = said[row["mailbox"], row["item_id"]], messages[row["message_key"]]
        assert held["internet_message_id"] == copy.message_id
        assert int(held["sent_at"].timestamp()) == copy.sent
        assert (held["sender"], held["has_attachments"]) == (copy.sender, copy.has_attachments)
        found = recipients.get(row["message_key"], set())
        assert {(role, address) for role in ("to", "cc") for address in getattr(copy, role)} <= found


def test_a_scan_under_hostile_faults_holds_what_the_server_holds_and_the_next_fetches_the_changes_alone(exchange):
    exchange = exchange(World.generate(mailboxes=10, messages=1_000, seed=1))
    server = exchange.server
    exchange.configure(retries_per_mailbox="60")
    boxes = sorted({mailbox for mailbox, _ in server.expected()})
    there = server.add_messages(boxes[2], count=4)  # no other mailbox knows them by another subject
    server.inject(*HOSTILE)
    found = exchange.scan()
    assert sum(server.fired.values()) > 20
    assert exchange.held() == server.expected()
    assert found["complete"]
    assert {row["state"] for row in exchange.table("mailboxes")} == {"complete"}
    assert sum(row["messages"] for row in exchange.table("mailboxes")) == len(server.expected())
    agrees(exchange)
    requested(exchange)

    server.clear_faults()
    server.clear_log()
    added = server.add_messages(boxes[0], count=7) + server.add_messages(boxes[1], folder="sentitems", count=2)
    server.move_message(there[0], "deleteditems")
    server.delete_message(there[1])
    server.update_message(there[2], is_read=True)
    server.update_message(there[3], subject="Another subject")
    found = exchange.scan()
    assert exchange.held() == server.expected()
    # nine new and one changed; a mark as read, a move and a deletion need no fields
    assert sum(r.items for r in server.requests if r.operation == "GetItem") == len(added) + 1
    assert (found["total"]["read"], found["total"]["gone"]) == (len(added) + 1, 2)
    assert "Another subject" in {row["subject"] for row in exchange.table("messages")}
    requested(exchange)


def test_folders_that_vanish_move_or_lose_their_place_change_nothing_else(exchange):
    exchange = exchange(World.generate(mailboxes=3, messages=200, seed=5))
    server = exchange.server
    boxes = sorted({mailbox for mailbox, _ in server.expected()})
    made = [
        server.add_folder(boxes[0], "One"),
        server.add_folder(boxes[0], "Two"),
        server.add_folder(boxes[1], "Three"),
    ]
    for folder, box in zip(made, (boxes[0], boxes[0], boxes[1]), strict=True):
        server.add_messages(box, folder=folder, count=5)
    exchange.scan()
    assert exchange.held() == server.expected()

    server.delete_folder(made[0])
    server.move_folder(made[1], "deleteditems")
    server.add_messages(boxes[1], folder=made[2], count=2)
    server.expire_sync(boxes[1], made[2])
    server.clear_log()
    exchange.scan()
    assert exchange.held() == server.expected()
    # the folder that lost its place, alone, was read from its start: its seven messages
    assert sum(r.items for r in server.requests if r.operation == "GetItem") == 7

    server.expire_sync(boxes[2])
    server.inject(Fault("vanish", mailbox=boxes[0], operation="SyncFolderItems"))
    exchange.scan()
    assert exchange.held() == server.expected()


STATES = {
    "missing": "not found: no such mailbox",
    "out_of_scope": "out of scope",
    "moving": "the mailbox is being moved",
    "store_down": "the database of the mailbox is not available",
    "failover": "moves to another server",
    "access_denied": "access denied",
    "logon_failed": "cannot be opened",
}


def test_mailboxes_that_cannot_be_read_are_named_with_the_reason_and_tried_again(exchange):
    world = World.generate(mailboxes=9, messages=200, seed=6)
    boxes = [box.address for box in world.mailboxes]
    bad = dict(zip(boxes, STATES, strict=False))
    for address, state in bad.items():
        world.mailbox(address).state = state
    exchange = exchange(world)
    exchange.configure(retries_per_mailbox="2")
    ended = exchange.run("scan", status=1)
    assert exchange.held() == exchange.server.expected()
    rows = {row["mailbox"]: row for row in exchange.table("mailboxes")}
    for address, state in bad.items():
        assert rows[address]["state"] == "unreachable"
        assert STATES[state] in rows[address]["reason"]
        assert f"{address}: unreachable: " in ended.stderr
    assert {address for address, row in rows.items() if row["state"] == "complete"} == set(boxes) - set(bad)

    for address in bad:
        exchange.server.set_state(address, "ok")
    exchange.server.clear_log()
    exchange.scan()
    assert exchange.held() == exchange.server.expected()
    read = {r.mailbox for r in exchange.server.requests if r.operation == "GetItem"}
    assert read <= set(bad)  # the others told what had changed: nothing


def test_items_that_are_listed_and_never_given_are_problems_until_they_are(exchange):
    exchange = exchange(World.generate(mailboxes=1, messages=30, seed=12))
    server = exchange.server
    server.inject(Fault("partial", operation="GetItem", times=None, share=1.0))
    found = exchange.scan(status=1)
    assert exchange.held() == set()
    problems = exchange.table("problems")
    assert found["total"]["problems"] == len(problems) == len(server.expected())
    assert {row["reason"] for row in problems} == {"not given by the server (ErrorItemNotFound)"}
    assert {(row["mailbox"], row["place"].partition("/")[2]) for row in problems} == server.expected()

    server.clear_faults()
    key = min(server.expected())
    server.update_message(key[1], subject="Given now")
    exchange.scan(status=1)
    assert exchange.held() == {key}
    assert len(exchange.table("problems")) == len(problems) - 1
    server.expire_sync(key[0])
    assert exchange.scan()["complete"]
    assert exchange.table("problems") == []
    assert exchange.held() == server.expected()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 5))])
def test_a_scan_killed_at_a_random_moment_goes_on_and_ends_with_the_same_lake(exchange, seed):
    exchange = exchange(World.generate(mailboxes=8, messages=1_000, seed=7), latency=0.02)
    exchange.configure("[scan]", "batch_size = 100")
    chosen = random.Random(seed)
    for _ in range(2):
        exchange.server.clear_log()
        process = exchange.start("scan")
        exchange.wait_for_requests(chosen.randrange(20, 120), process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert exchange.held() in (set(), exchange.server.expected())
    exchange.scan()
    assert exchange.held() == exchange.server.expected()
    straight = exchange.folder.with_name("straight")
    straight.mkdir()
    whole = type(exchange)(exchange.server, straight)
    whole.configure()
    whole.scan()
    assert exchange.content() == whole.content()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_scan_that_is_interrupted_stops_cleanly(exchange):
    exchange = exchange(World.generate(mailboxes=6, messages=600, seed=8), latency=0.3)
    exchange.configure("[scan]", "batch_size = 100")
    process = exchange.start("scan")
    exchange.wait_for_requests(30, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    exchange.server.set(latency=0.0)
    exchange.scan()
    assert exchange.held() == exchange.server.expected()


def test_sent_items_an_archive_and_a_first_day_are_settings_whose_change_reads_anew(exchange):
    exchange = exchange(World.generate(mailboxes=5, messages=300, seed=9))
    server = exchange.server
    exchange.configure(folders='"sent"')
    exchange.scan()
    assert exchange.held() < server.expected()
    assert {r.operation for r in server.requests} <= {"", "GetFolder", "SyncFolderItems", "GetItem", "ResolveNames"}
    exchange.configure(archive="true")
    exchange.scan()
    assert exchange.held() == server.expected(archive=True) > server.expected()
    exchange.configure(auth='"basic"')
    exchange.scan()
    assert exchange.held() == server.expected()
    said = server.messages()
    day = sorted(message.received for message in said.values())[len(said) // 2] // 86_400 * 86_400
    server.clear_log()
    exchange.configure(since=json.loads(json.dumps(_date(day))))
    exchange.scan()
    wanted = {key for key, message in said.items() if message.received >= day}
    assert exchange.held() == wanted
    assert sum(r.items for r in server.requests if r.operation == "GetItem") == len(wanted)


def _date(seconds):
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def test_a_file_a_nested_list_or_the_directory_limits_the_scan(exchange):
    world = World.generate(mailboxes=6, messages=200, seed=10)
    exchange = exchange(world)
    boxes = [box.address for box in world.mailboxes]
    group = next(g for g in world.groups if g.address and g.kind in {"distribution_list", "mail_security_group"})
    (exchange.folder / "boxes.txt").write_text(f"# two\n{boxes[0]}\n{boxes[1].upper()}  # one more\n", encoding="utf-8")
    exchange.configure(mailboxes='"boxes.txt"')
    exchange.scan()
    assert exchange.held() == exchange.server.expected(mailboxes=set(boxes[:2]))
    rows = "\n".join(f"{box},X,{world.x500[box]}" for box in boxes[:3])
    (exchange.folder / "people.csv").write_text(f"address,display_name,aliases\n{rows}\n", encoding="utf-8")
    exchange.configure(mailboxes='"all"', directory='"people.csv"')
    exchange.server.clear_log()
    exchange.scan()
    assert {row["mailbox"] for row in exchange.table("copies")} >= set(boxes[:3])
    asked = {r.body.count(f">{world.x500[box]}<") for r in exchange.server.requests for box in boxes[:3]
             if r.operation == "ResolveNames"}  # fmt: skip
    assert asked <= {0}  # the directory knew
    exchange.configure(mailboxes=f'"{group.address}"')
    exchange.scan()
    members = {row["member"] for row in exchange.table("group_members")}
    assert members
    assert group.address in {row["address"] for row in exchange.table("groups")}
    exchange.configure(mailboxes='"nobody@contoso.example"')
    assert "no distribution list has the address" in exchange.run("scan", status=1).stderr


def test_addresses_of_exchange_become_those_of_people_who_are_looked_up_once(exchange):
    world = World.generate(mailboxes=4, messages=200, seed=11)
    exchange = exchange(world)
    exchange.scan()
    addresses = {row["address"] for row in exchange.table("recipients")}
    addresses |= {row["sender"] for row in exchange.table("messages")}
    assert not {address for address in addresses if address.startswith("/")}
    looked_up = [r for r in exchange.server.requests if r.operation == "ResolveNames"]
    people = exchange.table("directory_people")
    assert len(looked_up) == len(people) > 0
    assert all(row["aliases"][0].startswith("/o=") and row["display_name"] for row in people)
    exchange.server.clear_log()
    exchange.server.add_messages(world.mailboxes[0].address, count=3, exchange=True)
    exchange.scan()
    assert [r for r in exchange.server.requests if r.operation == "ResolveNames"] == []
    assert exchange.table("directory_people") == people
    exchange.configure(people="false")
    exchange.scan()


def test_a_tenant_and_a_server_into_one_lake_make_one_person_and_one_message_of_what_both_hold(exchange, tenant):
    here = exchange(World.generate(mailboxes=5, messages=200, seed=13))
    there = tenant(Tenants.generate(mailboxes=5, messages=200, seed=13))
    boxes = [box.address for box in here.server.world.mailboxes]
    ours = json.dumps(boxes[:3])
    there.configure(*here.source(mailboxes=ours), mailboxes=json.dumps(boxes[2:]))
    text = there.config.read_text(encoding="utf-8").replace('name = "tenant"', 'name = "online"')
    there.config.write_text(text, encoding="utf-8")
    there.run("scan", **here.server.environment | {"SSL_CERT_FILE": both(here, there), "REQUESTS_CA_BUNDLE": ""})
    copies = there.table("copies")
    expected = here.server.expected(mailboxes=set(boxes[:3])) | there.server.expected(mailboxes=set(boxes[2:]))
    assert {(row["mailbox"], row["item_id"]) for row in copies} == expected
    messages = there.table("messages")
    ids = [row["internet_message_id"] for row in messages]
    assert len(ids) == len(set(ids)) < len(copies)
    sources = {}
    for row in copies:
        sources.setdefault(row["message_key"], set()).add(row["source"])
    assert {"online", "exchange"} in sources.values()
    there.run("analyse")
    owners = {row["address"]: row["principal"] for row in there.table("addresses")}
    principals = [row["principal"] for row in there.table("principals")]
    assert len(principals) == len(set(principals))
    for box in boxes:
        alias = here.server.world.x500[box].lower()
        assert owners.get(alias, owners[box]) == owners[box]


def both(here, there):
    """One file with the certificates of both."""
    path = there.folder / "both.pem"
    texts = [Path(one.server.ca_file).read_text(encoding="utf-8") for one in (here, there)]
    path.write_text("".join(texts), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("keys", "status", "words"),
    [
        ({"password_env": '"ANALYSER_NO_SECRET"'}, 2, "ANALYSER_NO_SECRET (not set)"),
        ({"password_env": '"PATH"'}, 1, "refuses user name or password"),
        ({"endpoint": '"http://localhost/EWS/Exchange.asmx"'}, 2, "must begin with https://"),
        ({"password_env": ""}, 2, "exactly one of password_env, password_file"),
        ({"auth": '"oauth"'}, 2, "oauth needs client_id"),
        ({"mailboxes": '"all"'}, 2, "needs a directory"),
    ],
)
def test_a_wrong_account_says_where_it_was_looked_for(exchange, keys, status, words):
    exchange = exchange(World.generate(mailboxes=1, messages=5, seed=14))
    exchange.configure(**keys)
    ended = exchange.run("scan", status=status)
    assert words in ended.stderr + ended.stdout
    assert exchange.server.password not in ended.stderr


def test_a_delegate_names_the_owner_of_each_folder_and_impersonates_nobody(exchange):
    exchange = exchange(World.generate(mailboxes=3, messages=60, seed=15), broken={"unimpersonated"})
    exchange.configure(access='"delegate"')
    exchange.run("scan", status=1)  # the server takes no delegates: what is shown is what they ask
    asked = [r for r in exchange.server.requests if r.operation in {"GetFolder", "SyncFolderHierarchy"}]
    assert asked
    owners = {
        box for box in (b.address for b in exchange.server.world.mailboxes) for r in asked if f">{box}<" in r.body
    }
    assert owners == {box.address for box in exchange.server.world.mailboxes}
    assert not [r for r in exchange.server.requests if "ExchangeImpersonation" in r.body]
