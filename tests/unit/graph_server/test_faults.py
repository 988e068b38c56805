"""Each fault can be made to happen, says what it should, and is counted."""

from __future__ import annotations

import json
import time
from collections import Counter

import h2.exceptions
import httpx
import pytest

from graph_server import KINDS, Fault


def entries(server, kind):
    return [entry for entry in server.requests if entry.fault == kind]


@pytest.mark.parametrize("wait", [None, 2])
def test_throttle(server, client, inbox, wait):
    server.inject(Fault("throttle", retry_after=wait))
    answer = client.get(inbox)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert answer.headers.get("Retry-After") == (None if wait is None else "2")
    assert [entry.status for entry in entries(server, "throttle")] == [429]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 509])
def test_status(server, client, inbox, status):
    server.inject(Fault("status", status=status, code="Odd", message="Strange"))
    assert client.code(inbox) == (status, "Odd")
    assert client.get(inbox).status_code == 200
    assert server.fired == {"status": 1}
    assert server.violations == []


def test_reset_in_the_body(server, either, inbox):
    server.inject(Fault("reset"))
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        either.get(inbox)
    assert either.get(inbox).status_code == 200
    assert len(entries(server, "reset")) == 1


def test_truncated_with_the_wrong_length(server, either, inbox):
    server.inject(Fault("truncate", length="wrong"))
    with pytest.raises((httpx.RemoteProtocolError, h2.exceptions.ProtocolError)):  # httpx lets the latter through
        either.get(inbox)
    assert either.get(inbox).status_code == 200


@pytest.mark.parametrize("length", ["right", "chunked"])
def test_truncated_unnoticed(server, either, inbox, length):
    server.inject(Fault("truncate", length=length))
    answer = either.get(inbox)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert ("content-length" in answer.headers) == (length == "right")
    assert either.get(inbox).json()["value"]


def test_slow(server, client, inbox):
    server.inject(Fault("slow", delay=0.3))
    before = time.monotonic()
    assert client.get(inbox).status_code == 200
    assert time.monotonic() - before >= 0.3


def pages(client, inbox, size=5):
    client.http.headers["Prefer"] = f'IdType="ImmutableId", odata.maxpagesize={size}'
    return client.walk(inbox)[0]


@pytest.mark.parametrize("kind", ["duplicate", "replay"])
def test_items_come_again(server, client, inbox, kind):
    whole = pages(client, inbox)
    server.inject(Fault(kind, times=None, probability=0.5))
    again = pages(client, inbox)

    assert len(again) > len(whole)
    assert {item["id"]: item for item in again} == {item["id"]: item for item in whole}


def test_other_order(server, client, inbox):
    whole = pages(client, inbox)
    server.inject(Fault("reorder", times=None))
    again = pages(client, inbox)
    assert again != whole
    assert Counter(item["id"] for item in again) == Counter(item["id"] for item in whole)


def test_partial_items_come_after_whole_ones(server, client, inbox):
    whole = pages(client, inbox)
    server.inject(Fault("partial", times=None))
    merged, partial = {}, 0
    for item in pages(client, inbox):
        partial += set(item) == {"id", "isRead", "parentFolderId"}
        merged[item["id"]] = merged.get(item["id"], {}) | item
    assert partial >= 3
    assert list(merged.values()) == whole


def test_empty_page(server, client, inbox):
    server.inject(Fault("empty"))
    _, _, sizes = client.walk(inbox)
    assert sizes[0] == 0
    assert sizes[1] > 0


def test_expired_token(server, client, inbox):
    server.inject(Fault("expired_token", after=1))
    assert client.get(inbox).status_code == 200
    assert client.code(inbox) == client.code(inbox) == (401, "InvalidAuthenticationToken")
    client.sign_in()
    assert client.get(inbox).status_code == 200


def test_unauthorized_once(server, client, inbox):
    server.inject(Fault("unauthorized"))
    assert client.code(inbox) == (401, "InvalidAuthenticationToken")
    assert client.get(inbox).status_code == 200


@pytest.mark.parametrize("code", ["syncStateNotFound", "SYNCSTATENOTFOUND", "resyncRequired", "SyncStateInvalid"])
@pytest.mark.parametrize(("location", "end"), [("empty", "?$deltatoken="), ("fresh", "/messages/delta"), (None, None)])
def test_resync(server, client, box, inbox, code, location, end):
    _, link, _ = client.walk(inbox)
    server.inject(Fault("resync", code=code, status=400 if code == "SyncStateInvalid" else None, location=location))
    answer = client.get(link)

    assert answer.status_code == (400 if code == "SyncStateInvalid" else 410)
    assert answer.json()["error"]["code"] == code
    assert answer.headers.get("Location", "").endswith(end or "")
    assert ("Location" in answer.headers) == (location is not None)
    assert client.code(link) == (410, "SyncStateNotFound")
    assert client.walk(inbox)[0]
    assert server.violations == []


@pytest.mark.parametrize("code", [None, "ErrorFolderNotFound", "ErrorSyncFolderNotFound"])
def test_folder_vanishes(server, client, box, code):
    folder = next(folder for folder in box.folders if folder.name == "Projects")
    path = f"/users/{box.user}/mailFolders/{folder.id}/messages/delta?$select=id"
    server.inject(Fault("vanish", path=folder.id, code=code))

    assert client.code(path) == (404, code or "ErrorItemNotFound")
    assert client.code(path) == (404, "ErrorItemNotFound")
    below = {message.id for folder in box.folders if folder.name.startswith("Project") for message in folder.messages}
    assert below
    assert not {key for _, key in server.expected()} & below


def test_mailbox_fails_in_the_middle(server, client, box, inbox):
    server.inject(Fault("mailbox", after=1, code="moving"))
    assert client.get(inbox).status_code == 200
    assert client.code(inbox) == (503, "MailboxMoveInProgress")
    server.set_state(box.address, "ok")
    assert client.get(inbox).status_code == 200


# where and how often


def test_path_and_mailbox_choose(server, client, world):
    one, two = world.mailboxes[:2]
    server.inject(Fault("status", path=r"mailFolders/delta$", mailbox=two.address, times=None))
    assert client.get(f"/users/{one.user}/mailFolders/delta").status_code == 200
    assert client.get(f"/users/{two.user}/mailFolders").status_code == 200
    assert client.get(f"/users/{two.user}/mailFolders/delta").status_code == 503


def test_login_fails_too(server, client):
    server.inject(Fault("status", path="oauth2/v2.0/token", status=500))
    assert client.token().status_code == 500
    assert client.token().status_code == 200


def statuses(server, client):
    server.inject(Fault("status", times=None, probability=0.3, path="organization"))
    return [client.get("/organization").status_code for _ in range(40)]


def test_chance_is_seeded(server, client):
    first = statuses(server, client)
    server.reset()
    client.sign_in()
    assert statuses(server, client) == first
    assert 3 <= first.count(503) <= 25


def test_faults_end(server, client, inbox):
    server.inject(Fault("status", times=None), Fault("throttle", times=None))
    assert client.get(inbox).status_code == 503
    server.clear_faults()
    assert client.get(inbox).status_code == 200


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match=", ".join(KINDS)):
        Fault("meteor")
