"""The fixture `ews_server`, for a ``conftest.py`` that wants it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from ews_server.schema import schema_folder
from ews_server.server import EwsServer

__all__ = ["ews_server"]


@pytest.fixture
def ews_server():
    """Start a server with a world and options; all end with the test."""
    with ExitStack() as running:

        def start(world, **options):
            if options.get("validate", True) and not schema_folder().exists():
                pytest.skip(f"{schema_folder()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
            return running.enter_context(EwsServer(world, **options))

        yield start
