"""Each fault strikes as its row in the package's description says, and no other request."""

from __future__ import annotations

import time

import pytest
import requests

from ews_server import KINDS, Fault
from ews_server.plain import Client, codes
from ews_server.soap import M, T


def back_off(root):
    return [node.text for node in root.iter(f"{T}Value") if node.get("Name") == "BackOffMilliseconds"]


class TestBusy:
    @pytest.mark.parametrize(("form", "status", "count"), [("fault", 500, 1), ("response", 200, 3)])
    def test_says_how_long(self, client, server, inbox, form, status, count):
        server.inject(Fault("busy", form=form, back_off=300))
        body = client.get_item([message.id for message in inbox.messages[:3]])
        answer = client.post(body)
        assert answer.status_code == status
        assert answer.text.count(">300<") == count
        time.sleep(0.31)
        assert set(client.codes(body)) == {"NoError"}
        assert server.violations == []
        assert server.fired == {"busy": 1}

    def test_a_retry_before_is_a_violation(self, client, server):
        server.inject(Fault("busy", back_off=2_000))
        body = client.get_folder("inbox")
        client.ask(body)
        early = client.ask(body)
        assert codes(early) == ["ErrorServerBusy"]
        assert 0 < int(back_off(early)[0]) <= 2_000
        assert client.codes(client.get_folder("sentitems")) == ["NoError"]
        assert server.broken == {"back_off"}
        server.forgive()
        assert client.codes(body) == ["NoError"]


class TestStatus:
    @pytest.mark.parametrize("wait", [None, 1])
    def test_with_and_without_retry_after(self, client, server, wait):
        server.inject(Fault("status", retry_after=wait))
        body = client.get_folder("inbox")
        answer = client.post(body)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, wait and str(wait))
        again = client.post(body)
        assert again.status_code == (200 if wait is None else 500)
        assert server.broken == (set() if wait is None else {"back_off"})

    def test_other_status(self, client, server):
        server.inject(Fault("status", status=502))
        assert client.post(client.get_folder("inbox")).status_code == 502


@pytest.mark.parametrize("form", ["fault", "response"])
@pytest.mark.parametrize("code", ["ErrorMailboxMoveInProgress", "ErrorTimeoutExpired"])
def test_error_once(client, server, code, form):
    server.inject(Fault("error", operation="SyncFolderItems", code=code, form=form))
    assert client.codes(client.get_folder("inbox")) == ["NoError"]
    root = client.ask(client.sync_items("inbox"))
    assert codes(root) == [code]
    assert (root.find(f".//{M}SyncState") is None) == (form == "fault")
    assert client.codes(client.sync_items("inbox")) == ["NoError"]
    assert server.violations == []
    assert server.outcomes() == {}


def test_connections(client, server):
    server.inject(Fault("connections"))
    assert client.codes(client.get_folder("inbox")) == ["ErrorExceededConnectionCount"]


def test_unauthorized_signs_the_connection_out(server, box):
    client = Client(server, box.address, scheme="ntlm")
    client.ask(client.get_folder("inbox"))
    server.inject(Fault("unauthorized"))
    assert client.codes(client.get_folder("inbox")) == ["NoError"]
    client.close()
    assert [entry.status for entry in server.requests] == [401, 401, 200, 401, 401, 200]


def test_after_unauthorized_the_connection_alone_is_not_enough(server, box):
    client = Client(server, box.address, scheme="ntlm")
    client.ask(client.get_folder("inbox"))
    client.http.auth = None  # the connection is signed in
    assert client.codes(client.get_folder("inbox")) == ["NoError"]
    server.inject(Fault("unauthorized"))
    assert [client.post(client.get_folder("inbox")).status_code for _ in range(2)] == [401, 401]
    client.close()


def test_reset_of_the_connection(client, server):
    server.inject(Fault("reset"))
    with pytest.raises(requests.RequestException):
        client.post(client.get_folder("inbox"))
    assert client.codes(client.get_folder("inbox")) == ["NoError"]


@pytest.mark.parametrize("length", ["right", "chunked"])
def test_truncated_with_a_length_that_fits(client, server, length):
    server.inject(Fault("truncate", length=length))
    text = client.post(client.sync_items("inbox")).text
    assert text.startswith("<?xml")
    assert "</s:Envelope>" not in text
    assert server.violations == []


def test_truncated_with_a_length_that_does_not(client, server):
    server.inject(Fault("truncate"))
    with pytest.raises(requests.RequestException):
        client.post(client.sync_items("inbox"))


def test_slow(client, server):
    server.inject(Fault("slow", delay=0.3))
    began = time.monotonic()
    client.ask(client.get_folder("inbox"))
    assert time.monotonic() - began >= 0.3


class TestSyncState:
    def test_of_one_folder(self, client, server):
        _, inbox, _ = client.sync("inbox")
        _, sent, _ = client.sync("sentitems")
        server.inject(Fault("sync_state", operation="SyncFolderItems"))
        assert client.codes(client.sync_items("inbox")) == ["NoError"]
        assert client.codes(client.sync_items("inbox", inbox)) == ["ErrorInvalidSyncStateData"]
        assert client.codes(client.sync_items("inbox", inbox)) == ["ErrorInvalidSyncStateData"]
        assert client.codes(client.sync_items("sentitems", sent)) == ["NoError"]

    def test_of_the_hierarchy(self, client, server):
        state = client.ask(client.sync_folders()).findtext(f".//{M}SyncState")
        server.inject(Fault("sync_state"))
        assert client.codes(client.sync_folders(state)) == ["ErrorInvalidSyncStateData"]


class TestItems:
    def test_partial(self, client, server, inbox):
        server.inject(Fault("partial", share=0.5))
        found = client.codes(client.get_item([message.id for message in inbox.messages[:6]]))
        assert (found.count("ErrorItemNotFound"), found.count("NoError")) == (3, 3)
        assert server.violations == []

    def test_short(self, client, server, inbox):
        server.inject(Fault("short", share=0.5))
        assert client.codes(client.get_item([message.id for message in inbox.messages[:6]])) == ["NoError"] * 3


def test_vanished_folder(client, server, box):
    projects = next(folder.id for folder in box.folders if folder.name == "Projects")
    server.inject(Fault("vanish", operation="SyncFolderItems"))
    assert client.codes(client.sync_items(projects)) == ["ErrorSyncFolderNotFound"]
    assert client.codes(client.get_folder(projects)) == ["ErrorFolderNotFound"]


def test_mailbox_changes_its_state(client, server, box):
    server.inject(Fault("mailbox", code="store_down"))
    assert client.codes(client.get_folder("inbox")) == ["ErrorMailboxStoreUnavailable"]
    assert server.outcomes() == {box.address: "store_down"}


def test_choice_by_mailbox_times_and_after(client, server, box, world):
    server.inject(Fault("connections", mailbox=box.address, operation="GetFolder", times=2, after=1))
    body = client.get_folder("inbox")
    other = next(b.address for b in world.mailboxes if b is not box)
    assert client.codes(body, name=other) == ["NoError"]
    found = [client.codes(body)[0] for _ in range(4)]
    assert found == ["NoError", "ErrorExceededConnectionCount", "ErrorExceededConnectionCount", "NoError"]


def test_probability_is_seeded(client, server):
    def strikes():
        server.reset()
        server.inject(Fault("connections", times=None, probability=0.5))
        return [client.codes(client.get_folder("inbox"))[0] for _ in range(20)]

    first = strikes()
    assert first == strikes()
    assert 4 < first.count("NoError") < 16


def test_unknown_kind():
    with pytest.raises(ValueError, match="busy, connections"):
        Fault("earthquake")
    assert len(set(KINDS)) == len(KINDS)
