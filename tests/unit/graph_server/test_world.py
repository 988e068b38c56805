"""The generated tenant holds what a scan must cope with; the handle starts, stops and tells."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import graph_server as described
from graph_server import (
    KINDS,
    SKIPPED,
    STATES,
    Fault,
    Folder,
    GraphServer,
    Mailbox,
    Message,
    World,
    expected,
    outcomes,
)
from graph_server.app import Options
from graph_server.control import CHANGES


def copies(world):
    return [message for box in world.mailboxes for folder in box.folders for message in folder.messages]


def test_same_seed_same_world(world):
    assert World.generate(mailboxes=10, messages=600, seed=3) == world
    assert World.generate(mailboxes=10, messages=600, seed=4) != world


@pytest.mark.parametrize(("mailboxes", "messages"), [(1, 5), (3, 100), (40, 1_000)])
def test_size(mailboxes, messages):
    world = World.generate(mailboxes=mailboxes, messages=messages)
    assert len(world.mailboxes) == mailboxes
    assert messages <= len(expected(world)) < messages + 40


def test_ids_are_one_of_a_kind_and_copies_share_the_message(world):
    ids = [message.id for message in copies(world)]
    senders = {}
    for message in copies(world):
        senders.setdefault(message.message_id, set()).add((message.sender, message.subject, message.conversation_id))
    assert len(set(ids)) == len(ids)
    assert len(senders) < len(ids)
    assert {len(known) for known in senders.values()} == {1}


def test_who_wrote_has_it_among_the_sent(world):
    for box in world.mailboxes:
        sent = {message.message_id for message in world.folder(box.address, "sentitems").messages}
        received = [m for other in world.mailboxes if other is not box for f in other.folders for m in f.messages]
        assert {m.message_id for m in received if m.sender == box.address and not m.subject.startswith("Left")} <= sent


def test_left_out_folders_hold_mail_and_are_not_expected(world):
    kept = {key for _, key in expected(world)}
    for box in world.mailboxes:
        for name in ("drafts", "junkemail", "deleteditems", "conversationhistory", "Old things"):
            messages = world.folder(box.address, name).messages
            assert messages
            assert not {message.id for message in messages} & kept


def test_expected_goes_by_what_lies_above():
    def message(key):
        return Message(
            id=key,
            message_id=key,
            conversation_id="",
            conversation_index="",
            subject="",
            sender="a",
            to=[],
            sent=0,
            received=0,
            modified=0,
        )

    folders = [
        Folder(id="root", name="", parent=None),
        Folder(id="in", name="", parent="root", well_known="inbox", messages=[message("1")]),
        Folder(id="below", name="", parent="in", messages=[message("2")]),
        Folder(id="bin", name="", parent="root", well_known="deleteditems", messages=[message("3")]),
        Folder(id="deep", name="", parent="bin", messages=[message("4")]),
        Folder(id="out", name="", parent="root", well_known="sentitems", messages=[message("5")]),
        Folder(id="find", name="", parent="root", search=True, messages=[message("1")]),
    ]
    world = World(organisation="", domain="", now=0, mailboxes=[Mailbox(address="a", user="u", folders=folders)])

    assert expected(world) == {("a", "1"), ("a", "2"), ("a", "5")}
    assert expected(world, folders="sent") == {("a", "5")}
    assert expected(world, mailboxes={"b"}) == set()
    world.mailboxes[0].state = "missing"
    assert expected(world) == set()
    assert outcomes(world) == {"a": "missing"}


def test_known_states_and_folders():
    assert "ok" in STATES
    assert {"drafts", "junkemail", "deleteditems", "searchfolders", "conversationhistory"} <= set(SKIPPED)


def test_description_names_everything():
    """What can be set, changed, broken or asked stands in the description of the package."""
    words = set(re.findall(r"\w+", described.__doc__))
    asked = {name for name, value in vars(GraphServer).items() if isinstance(value, property)}
    broken = {kind for name in ("app", "reports", "contract") for kind in _violated(name)}

    assert set(Options.__struct_fields__) <= words
    assert {*KINDS, *CHANGES, *Fault.__struct_fields__} <= words
    assert asked - {"process_id"} <= words
    assert broken <= words
    assert "forbidden_field" in broken


def _violated(name):
    text = (Path(described.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return re.findall(r"viola\w+\(\s*\"(\w+)\"", text)


def test_process_ends_and_leaves_nothing(world):
    with GraphServer(world, validate=0) as server:
        process, folder = psutil.Process(server.process_id), server.folder
        assert process.is_running()
        assert (folder / "ca.pem").exists()
        assert server.environment["SSL_CERT_FILE"] == server.ca_file
    assert not process.is_running()
    assert not folder.exists()


def test_server_ends_with_the_one_who_started_it(world):
    code = (
        "import os, signal; from graph_server import GraphServer, World\n"
        "server = GraphServer(World.generate(mailboxes=1, messages=1), validate=0).__enter__()\n"
        "print(server.process_id, server.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    number, _, folder = said.stdout.strip().partition(" ")
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(number)).wait(10)
    assert not psutil.pid_exists(int(number))
    assert folder
    assert not Path(folder).exists()


def test_mistakes_are_told(server, graph_server, world):
    with pytest.raises(RuntimeError, match="KeyError"):
        server.add_messages("nobody@contoso.example")
    with pytest.raises(RuntimeError, match="no folder nowhere"):
        server.add_messages(world.mailboxes[0].address, "nowhere")
    with pytest.raises(AttributeError):
        server.nonsense  # noqa: B018 - the attribute is the test
    with pytest.raises(Exception, match="latency"):
        graph_server(world, validate=0, latency="slow")


def test_fixture_starts_several(graph_server, world):
    one, two = graph_server(world, validate=0), graph_server(world, validate=0, http2=False)
    assert one.graph != two.graph
    one.add_messages(world.mailboxes[0].address)
    assert len(one.expected()) == len(two.expected()) + 1
