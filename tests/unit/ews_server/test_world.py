"""The generated organisation is deterministic, that of the Graph server, and holds what a scan must not bring."""

from __future__ import annotations

from collections import Counter

import msgspec

import graph_server
from ews_server import SKIPPED, World, messages


def test_deterministic(world):
    again = World.generate(mailboxes=10, messages=600, seed=3)
    assert again == world
    assert World.generate(mailboxes=10, messages=600, seed=4) != world
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(world), type=World) == world


def test_message_ids_are_those_of_the_graph_server(world):
    other = graph_server.World.generate(mailboxes=10, messages=600, seed=3)

    def ids(box):
        return {m.message_id for folder in box.folders for m in folder.messages}

    for box in world.mailboxes:
        extra = ids(box) - ids(other.mailbox(box.address))
        assert ids(other.mailbox(box.address)) <= ids(box)
        assert all(key.startswith(("<old.", "<purged@", "<gone@")) for key in extra)


def test_expected_leaves_out(world):
    kept = messages(world)
    subjects = {message.subject for message in kept.values()}
    assert len(kept) >= 600
    assert not any(subject.startswith("Left out of") for subject in subjects)
    assert not any(message.message_id.startswith("<old.") for message in kept.values())
    more = messages(world, archive=True)
    archived = [message for key, message in more.items() if key not in kept]
    assert archived
    assert all(message.message_id.startswith("<old.") for message in archived)
    assert {box for box, _ in messages(world, mailboxes={"user1@contoso.example"})} == {"user1@contoso.example"}


def test_expected_is_what_the_server_says(server, world):
    assert server.expected() == set(messages(world))
    assert server.messages(archive=True) == messages(world, archive=True)
    assert server.world == world


def test_state_hides_a_mailbox(world):
    changed = msgspec.convert(msgspec.to_builtins(world), World)
    changed.mailboxes[0].state = "moving"
    assert {box for box, _ in messages(changed)} == {box.address for box in world.mailboxes[1:]}


def test_what_there_is(world):
    folders = [folder for box in world.mailboxes for folder in box.folders]
    every = [message for folder in folders for message in folder.messages]
    classes = Counter(message.item_class for message in every)
    assert classes["IPM.Note"] > len(every) * 0.7
    assert {"IPM.Schedule.Meeting.Request", "IPM.Schedule.Meeting.Resp.Pos", "REPORT.IPM.Note.IPNRN"} <= set(classes)
    assert 0.2 < sum(message.exchange for message in every) / len(every) < 0.5
    assert {folder.well_known for folder in folders} >= set(SKIPPED)
    assert {box.language for box in world.mailboxes} == {"en", "de", "ja"}
    assert Counter(box.folders[-1].archive for box in world.mailboxes) == {True: 2, False: 8}


def test_replies_refer_to_what_was_before(world):
    sent = {m.message_id: m.sent for box in world.mailboxes for f in box.folders for m in f.messages}
    replies = [m for m in messages(world).values() if m.in_reply_to]
    assert replies
    for message in replies:
        assert sent[message.in_reply_to] <= message.sent
        assert message.references.split()[-1] == message.in_reply_to


def test_copies_have_one_class(world):
    classes = {}
    for message in messages(world).values():
        classes.setdefault(message.message_id, set()).add(message.item_class)
    assert all(len(found) == 1 for found in classes.values())
