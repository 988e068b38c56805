"""Folders, messages, and delta rounds: what a round tells, and what its links are worth."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_server import SKIPPED, Fault, expected
from graph_server.plain import PREFER, SELECT


def delta(user, folder, select=SELECT, **query):
    extra = "".join(f"&{name}={value}" for name, value in query.items())
    return f"/users/{user}/mailFolders/{folder}/messages/delta?$select={select}{extra}"


def scanned(client, box):
    """Ids of the messages below the folders that a scan keeps."""
    folders, _, _ = client.walk(f"/users/{box.user}/mailFolders/delta")
    parents = {folder["id"]: folder["parentFolderId"] for folder in folders}
    left_out = set()
    for name in SKIPPED:
        answer = client.get(f"/users/{box.user}/mailFolders/{name}")
        left_out |= {answer.json()["id"]} if answer.status_code == 200 else set()

    def kept(folder):
        while folder in parents:
            if folder in left_out:
                return False
            folder = parents[folder]
        return True

    return {item["id"] for key in filter(kept, parents) for item in client.walk(delta(box.user, key))[0]}


def test_whole_scan_finds_what_is_expected(server, either, world):
    found = {(box.address, key) for box in world.mailboxes[:4] for key in scanned(either, box)}
    chosen = [box.address for box in world.mailboxes[:4]]

    assert found == server.expected(mailboxes=chosen) == expected(world, mailboxes=set(chosen))
    assert server.violations == []
    assert server.checked > 50


def test_expected_of_sent_items(server, client, world, box):
    items, _, _ = client.walk(delta(box.user, "sentitems"))
    assert {(box.address, item["id"]) for item in items} == server.expected(folders="sent", mailboxes=[box.address])


@pytest.mark.parametrize(("prefer", "size"), [(PREFER, 50), ('IdType="ImmutableId", odata.maxpagesize=7', 7)])
def test_page_size_by_preference(client, inbox, prefer, size):
    client.http.headers["Prefer"] = prefer
    items, _, sizes = client.walk(inbox)
    assert set(sizes[:-1]) <= {size}
    assert len(sizes) == -(-len(items) // size)


def test_page_size_is_cut(server, client, inbox):
    server.set(max_page_size=3)
    assert client.walk(inbox)[2][0] == 3


def test_without_preferences_ids_are_others_and_pages_small(server, client, box, inbox):
    immutable, _, _ = client.walk(inbox)
    del client.http.headers["Prefer"]
    others, _, sizes = client.walk(inbox)

    assert sizes[0] == 10
    assert {i["internetMessageId"] for i in others} == {i["internetMessageId"] for i in immutable}
    assert not {i["id"] for i in others} & {i["id"] for i in immutable}
    assert server.broken == {"missing_prefer"}


def test_select_is_honoured(client, box):
    items, _, _ = client.walk(delta(box.user, "inbox", "id,subject"))
    assert {frozenset(item) - {"@odata.type"} for item in items} == {frozenset({"@odata.etag", "id", "subject"})}
    unknown = client.code(delta(box.user, "inbox", "id,nonsense"))
    assert unknown == (400, "BadRequest")


def test_calendar_answers_say_their_type(client, world):
    items = [item for box in world.mailboxes for item in client.walk(delta(box.user, "inbox"))[0]]
    types = {item.get("@odata.type") for item in items}
    assert types == {None, "#microsoft.graph.eventMessageResponse"}


def test_empty_pages_have_a_next_link(server, client, inbox):
    whole, _, _ = client.walk(inbox)
    server.set(empty_pages=1.0)
    items, end, sizes = client.walk(inbox)

    assert items == whole
    assert sizes[0] == 0
    assert client.walk(end)[2] == [0, 0]


def test_nothing_happened(client, inbox):
    _, end, _ = client.walk(inbox)
    items, again, sizes = client.walk(end)
    assert (items, sizes) == ([], [0])
    assert again


def test_changes_of_a_round(server, client, box, inbox):
    items, end, _ = client.walk(inbox)
    read, renamed, moved, deleted = (item["id"] for item in items[:4])
    (new,) = server.add_messages(box.address, subject="New")
    server.update_message(read, is_read=False)
    server.update_message(renamed, subject="Renamed")
    server.move_message(moved, "archive")
    server.delete_message(deleted)

    changes = {item["id"]: item for item in client.walk(end)[0]}

    assert set(changes) == {new, read, renamed, moved, deleted}
    assert set(changes[read]) == {"@odata.etag", "id", "isRead", "parentFolderId"}
    assert changes[renamed]["subject"] == "Renamed"
    assert set(changes[renamed]) == set(changes[new]) == {"@odata.etag", *SELECT.split(",")}
    assert changes[moved] == {"id": moved, "@removed": {"reason": "changed"}}
    assert changes[deleted] == {"id": deleted, "@removed": {"reason": "deleted"}}
    archive, _, _ = client.walk(delta(box.user, "archive"))
    assert moved in {item["id"] for item in archive}
    assert server.violations == []


def test_change_types(server, client, box):
    links = {kind: client.walk(delta(box.user, "inbox", changeType=kind))[1] for kind in ("created", "deleted")}
    (gone, kept) = server.add_messages(box.address, count=2)
    server.delete_message(gone)

    assert [item["id"] for item in client.walk(links["created"])[0]] == [kept]
    assert [item["id"] for item in client.walk(links["deleted"])[0]] == [gone]
    assert client.code(delta(box.user, "inbox", changeType="other"))[0] == 400


VERBS = st.sampled_from(["add", "update", "move", "back", "delete"])
STEPS = st.lists(st.tuples(VERBS, st.integers(0, 50)), max_size=12)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, size=st.integers(1, 9), middle=st.integers(0, 12))
def test_rounds_lead_to_what_the_folder_holds(server, client, box, inbox, steps, size, middle):
    client.http.headers["Prefer"] = f'IdType="ImmutableId", odata.maxpagesize={size}'
    held, link = {}, inbox

    def follow(link):
        items, end, _ = client.walk(link)
        for item in items:
            if "@removed" in item:
                held.pop(item["id"], None)
            else:
                held[item["id"]] = held.get(item["id"], {}) | item
        return end

    link = follow(link)
    for number, (verb, pick) in enumerate(steps):
        change(server, box, verb, pick, sorted(held))
        link = follow(link) if number == middle else link
    follow(link)

    now = server.world.folder(box.address, "inbox").messages
    assert {key: item["subject"] for key, item in held.items()} == {m.id: m.subject for m in now}


def change(server, box, verb, pick, known):
    now = [message.id for message in server.world.folder(box.address, "inbox").messages]
    away = [message.id for message in server.world.folder(box.address, "archive").messages]
    if verb == "add":
        server.add_messages(box.address, subject=f"Added {pick}")
    elif verb == "back" and away:
        server.move_message(away[pick % len(away)], "inbox")
    elif verb == "update" and now:
        server.update_message(now[pick % len(now)], subject=f"Renamed {pick}")
    elif verb == "move" and now:
        server.move_message(now[pick % len(now)], "archive")
    elif verb == "delete" and now:
        server.delete_message(now[pick % len(now)])


def test_start_date_caps_the_round(server, client, box):
    keys = server.add_messages(box.address, "archive", count=5_100)
    client.http.headers["Prefer"] = 'IdType="ImmutableId", odata.maxpagesize=1000'
    server.set(validate=0)

    since = {"$filter": "receivedDateTime ge 2000-01-01T00:00:00Z"}
    items, end, _ = client.walk(delta(box.user, "archive", "id", **since))
    whole, _, _ = client.walk(delta(box.user, "archive", "id"))

    assert len(items) == 5_000
    assert {item["id"] for item in whole} >= set(keys)
    (new,) = server.add_messages(box.address, "archive")
    assert [item["id"] for item in client.walk(end)[0]] == [new]


def test_start_date_is_a_window(client, box, world):
    received = sorted(message.received for message in world.folder(box.address, "inbox").messages)
    middle = received[len(received) // 2]
    text = f"receivedDateTime ge {instant(middle)}"
    items, _, _ = client.walk(delta(box.user, "inbox", **{"$filter": text}))
    assert len(items) == sum(at >= middle for at in received)


def instant(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "text", ["receivedDateTime le 2024-01-01T00:00:00Z", "subject eq 'x'", "receivedDateTime ge x"]
)
def test_other_filters_are_refused(client, box, text):
    assert client.code(delta(box.user, "inbox", **{"$filter": text})) == (400, "BadRequest")


def test_newest_first(client, box):
    items, _, _ = client.walk(delta(box.user, "inbox", **{"$orderby": "receivedDateTime desc"}))
    times = [item["receivedDateTime"] for item in items]
    assert times == sorted(times, reverse=True)
    assert client.code(delta(box.user, "inbox", **{"$orderby": "subject"}))[0] == 400


def test_there_is_no_token_from_now_on(client, box):
    assert client.code(delta(box.user, "inbox", **{"$deltatoken": "latest"})) == (400, "ErrorInvalidUrlQuery")


# links


def test_forged_token_is_a_bad_request(client, inbox):
    _, end, _ = client.walk(inbox)
    assert client.code(end[:-1] + ("0" if end[-1] != "0" else "1")) == (400, "BadRequest")


def test_token_of_another_folder_is_no_token(client, inbox, box):
    _, end, _ = client.walk(inbox)
    token = end.partition("?")[2]
    assert client.code(f"/users/{box.user}/mailFolders/archive/messages/delta?{token}") == (410, "SyncStateNotFound")


def test_expired_sync_state(server, client, inbox, box):
    _, end, _ = client.walk(inbox)
    _, folders, _ = client.walk(f"/users/{box.user}/mailFolders/delta")
    server.expire_sync(box.address, "archive")
    assert client.get(end).status_code == 200
    server.expire_sync(box.address)
    assert client.code(end) == client.code(folders) == (410, "SyncStateNotFound")


# folders


def test_tree_walk_equals_delta(client, box):
    flat, _, _ = client.walk(f"/users/{box.user}/mailFolders/delta")

    def below(path):
        children, _, _ = client.walk(f"{path}?includeHiddenFolders=true&$top=3")
        for child in children:
            yield child["id"]
            yield from below(f"/users/{box.user}/mailFolders/{child['id']}/childFolders")

    walked = set(below(f"/users/{box.user}/mailFolders"))
    finder = {folder["id"] for folder in flat if folder["displayName"] in ("Finder", "Unread mail")}
    assert walked == {folder["id"] for folder in flat} - finder


def test_hidden_folders_only_on_demand(client, box):
    shown = {folder["displayName"] for folder in client.walk(f"/users/{box.user}/mailFolders")[0]}
    assert "Hidden store" not in shown
    assert "Inbox" in shown or "Posteingang" in shown


def test_search_folder_shows_messages_again(client, box, inbox):
    (search,) = [f for f in client.walk(f"/users/{box.user}/mailFolders/delta")[0] if "@odata.type" in f]
    assert search["@odata.type"] == "#microsoft.graph.mailSearchFolder"
    assert client.walk(delta(box.user, search["id"]))[0] == client.walk(inbox)[0]


def test_folder_changes(server, client, box):
    _, end, _ = client.walk(f"/users/{box.user}/mailFolders/delta")
    new = server.add_folder(box.address, "Fresh", "inbox")
    child = server.add_folder(box.address, "Child", new)
    changes = {item["id"]: item for item in client.walk(end)[0]}
    assert set(changes) == {new, child}

    server.move_folder(child, "archive")
    server.delete_folder(new)
    _, end, _ = client.walk(f"/users/{box.user}/mailFolders/delta")
    server.delete_folder(child)
    assert client.walk(end)[0] == [{"id": child, "@removed": {"reason": "deleted"}}]
    assert client.code(delta(box.user, new)) == (404, "ErrorItemNotFound")


# plain lists


def test_list_of_a_mailbox_is_newest_first(client, box):
    items, _, _ = client.walk(f"/users/{box.user}/messages?$select=id,receivedDateTime&$top=20")
    times = [item["receivedDateTime"] for item in items]
    assert times == sorted(times, reverse=True)
    assert len(items) == sum(len(folder.messages) for folder in box.folders)


def test_one_message(client, box, world):
    message = world.folder(box.address, "inbox").messages[0]
    content = client.get(f"/users/{box.user}/messages/{message.id}?$select=subject,internetMessageId").json()
    assert content["internetMessageId"] == message.message_id
    assert client.code(f"/users/{box.user}/messages/{message.id.lower()}?$select=id") == (404, "ErrorItemNotFound")


def test_world_of_the_server_is_the_world(server, world):
    assert server.world == world
    server.inject(Fault("slow"))
    server.add_user()
    server.reset()
    assert server.world == world
