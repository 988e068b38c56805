"""Whatever happens between the pages of a synchronisation: who follows it has what the folder holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ews_server.plain import codes
from ews_server.soap import M, T

ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "read", "change", "away", "back", "delete", "page"]), st.integers(0, 99)),
    max_size=14,
)


class Follower:
    """Holds what SyncFolderItems said, page by page."""

    def __init__(self, client, most):
        self.client, self.most, self.state, self.held, self.done = client, most, "", set(), False

    def page(self):
        root = self.client.ask(self.client.sync_items("inbox", self.state, self.most))
        assert codes(root) == ["NoError"]
        self.state = root.findtext(f".//{M}SyncState")
        self.done = root.findtext(f".//{M}IncludesLastItemInRange") == "true"
        changes = root.find(f".//{M}Changes")
        assert len(changes) <= self.most
        for change in changes:
            key = change.find(f".//{T}ItemId").get("Id")
            if change.tag == f"{T}Delete":
                self.held.discard(key)
            else:
                self.held.add(key)

    def end(self):
        self.page()
        while not self.done:
            self.page()


def act(server, client, verb, number, places):
    """`places` holds the ids of each folder as they must be."""
    here, there = places["inbox"], places["sentitems"]
    if verb == "add":
        here.append(server.add_messages(client.mailbox)[0])
    elif verb == "back" and there:
        here.append(server.move_message(there.pop(number % len(there)), "inbox"))
    elif verb == "away" and here:
        there.append(server.move_message(here.pop(number % len(here)), "sentitems"))
    elif verb == "delete" and here:
        server.delete_message(here.pop(number % len(here)))
    elif verb in ("read", "change") and here:
        changed = {"is_read": bool(number % 2)} if verb == "read" else {"subject": f"Changed {number}"}
        server.update_message(here[number % len(here)], **changed)


@pytest.mark.usefixtures("running")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, most=st.integers(1, 9))
def test_the_follower_has_it_all(server, client, world, acts, most):
    server.reset()
    places = {name: [m.id for m in world.folder(client.mailbox, name).messages] for name in ("inbox", "sentitems")}
    follower = Follower(client, most)
    for verb, number in acts:
        if verb == "page":
            follower.page()
        else:
            act(server, client, verb, number, places)
    follower.end()
    assert follower.held == set(places["inbox"])
    assert server.violations == []
