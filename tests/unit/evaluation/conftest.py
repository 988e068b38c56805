"""Tables of a lake as evaluation reads them, from keys alone."""

from __future__ import annotations

import pyarrow as pa
import pytest


def text_table(columns, rows):
    return pa.table({name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(columns)})


def copies(pairs):
    """`copies` from (message_key, internet_message_id)."""
    return text_table(("message_key", "internet_message_id"), pairs)


@pytest.fixture(scope="session")
def make():
    class Make:
        pass

    Make.copies, Make.text_table = staticmethod(copies), staticmethod(text_table)
    return Make
