"""The fixture `graph_server`, for a ``conftest.py`` that wants it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from graph_server.contract import contract_file
from graph_server.server import GraphServer

__all__ = ["graph_server"]


@pytest.fixture
def graph_server():
    """Start a server with a world and options; all end with the test."""
    with ExitStack() as running:

        def start(world, **options):
            if options.get("validate", True) and not contract_file().exists():
                pytest.skip(f"{contract_file()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
            return running.enter_context(GraphServer(world, **options))

        yield start
