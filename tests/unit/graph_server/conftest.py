"""One server for all tests; each test finds it as it was at the start."""

from __future__ import annotations

import pytest

from graph_server import GraphServer, World, contract_file
from graph_server.fixtures import graph_server  # noqa: F401 - a fixture
from graph_server.plain import SELECT, Client


@pytest.fixture(scope="session")
def world():
    return World.generate(mailboxes=10, messages=600, seed=3)


@pytest.fixture(scope="session")
def running(world):
    if not contract_file().exists():
        pytest.skip(f"{contract_file()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    with GraphServer(world, latency=0, empty_pages=0) as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture(params=[False, True], ids=["http1", "http2"])
def either(server, request):
    """A client over each version of HTTP."""
    client = Client(server, http2=request.param)
    yield client
    client.http.close()


@pytest.fixture
def client(server):
    client = Client(server)
    yield client
    client.http.close()


@pytest.fixture
def box(world):
    """The mailbox with the most mail in its inbox."""
    return max(world.mailboxes, key=lambda box: len(world.folder(box.address, "inbox").messages))


@pytest.fixture
def inbox(world, box):
    return f"/users/{box.user}/mailFolders/{world.folder(box.address, 'inbox').id}/messages/delta?$select={SELECT}"
