"""An Exchange server through EWS, in real processes: the lake holds what the mailboxes hold, come what may."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter

import pytest

from analyser.sources.ews.soap import FIELDS, RECEIVED
from ews_server import Fault, World
from graph_server import World as Tenants

ASKED = {*FIELDS, RECEIVED, "folder:ParentFolderId", "folder:FolderClass"}
OPERATIONS = {"", "GetFolder", "SyncFolderHierarchy", "SyncFolderItems", "GetItem", "ResolveNames", "ExpandDL"}
HOSTILE = (
    Fault("busy", times=None, probability=0.02, back_off=700),
    Fault("busy", times=None, probability=0.02, back_off=350, form="response"),
    Fault("connections", times=None, probability=0.02),
    *(
        Fault("error", code=code, form=form, times=None, probability=0.005)
        for code in ("ErrorTimeoutExpired", "ErrorInternalServerTransientError", "ErrorMailboxMoveInProgress")
        for form in ("fault", "response")
    ),
    Fault("status", status=503, times=None, probability=0.01),
    Fault("status", status=503, retry_after=1.0, times=3, probability=0.1),
    Fault("unauthorized", times=None, probability=0.01),
    Fault("reset", times=None, probability=0.01),
    *(Fault("truncate", length=length, times=None, probability=0.01) for length in ("right", "wrong", "chunked")),
    Fault("sync_state", operation="SyncFolderItems", times=4, probability=0.1),
    Fault("sync_state", operation="SyncFolderHierarchy", times=1, after=3),
    Fault("partial", operation="GetItem", times=None, probability=0.05),
    Fault("partial", operation="GetItem", code="ErrorTimeoutExpired", times=None, probability=0.05),
    Fault("short", operation="GetItem", times=None, probability=0.05),
)


def requested(exchange):
    """Every request is one that the program knows, and asks for nothing but what it declares."""
    assert exchange.server.requests
    for request in exchange.server.requests:
        assert request.operation in OPERATIONS
        assert set(request.fields) <= ASKED
        if request.operation not in {"", "ResolveNames", "ExpandDL"}:
            assert request.mailbox


def agrees(exchange):
    """What the lake holds of each copy is what the server holds of it."""
    said = exchange.server.messages()
    messages = {row["message_key"]: row for row in exchange.table("messages")}
    recipients = {}
    for row in exchange.table("recipients"):
        recipients.setdefault(row["message_key"], set()).add((row["role"], row["address"]))
    rows = exchange.table("copies")
    assert {(row["mailbox"], row["item_id"]) for row in rows} == set(said)
    for row in rows:
        copy, held = said[row["mailbox"], row["item_id"]], messages[row["message_key"]]
        assert held["internet_message_id"] == copy.message_id
        assert int(held["sent_at"].timestamp()) == copy.sent
        assert (held["sender"], held["has_attachments"]) == (copy.sender, copy.attachments)
        found = recipients.get(row["message_key"], set())
        assert {(role, address) for role in ("to", "cc") for address in getattr(copy, role)} <= found
