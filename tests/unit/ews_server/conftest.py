"""One server for all tests; each test finds it as it was at the start."""

from __future__ import annotations

import pytest

from ews_server import EwsServer, World, schema_folder
from ews_server.fixtures import ews_server  # noqa: F401 - a fixture
from ews_server.plain import Client


@pytest.fixture(scope="session")
def world():
    return World.generate(mailboxes=10, messages=600, seed=3)


@pytest.fixture(scope="session")
def running(world):
    if not schema_folder().exists():
        pytest.skip(f"{schema_folder()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    with EwsServer(world, latency=0) as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def box(world):
    """The mailbox with the most mail in its inbox, among those with an archive."""
    return max(world.mailboxes[::5], key=lambda box: len(world.folder(box.address, "inbox").messages))


@pytest.fixture
def client(server, box):
    client = Client(server, box.address)
    yield client
    client.close()


@pytest.fixture
def inbox(world, box):
    return world.folder(box.address, "inbox")
