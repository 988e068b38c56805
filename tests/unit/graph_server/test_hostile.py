"""A simple, stubborn client meets every fault at once: what it ends with is what the server holds."""

from __future__ import annotations

import asyncio
import json
import random

import h2.exceptions
import httpx
import pytest

from graph_server import Fault
from graph_server.plain import SELECT

BROKEN = (httpx.TransportError, h2.exceptions.ProtocolError, json.JSONDecodeError)
RESYNC = ("syncstatenotfound", "resyncrequired", "syncstateinvalid")


class Stubborn:
    """Retries until it has what it wants, at most four requests at once for a mailbox."""

    def __init__(self, client, http):
        self.client, self.server, self.http = client, client.server, http
        self.held, self.draw = {}, random.Random(5)

    async def get(self, url):
        for _ in range(40):
            try:
                answer = await self.http.get(url, headers={"Authorization": self.client.http.headers["Authorization"]})
                content = answer.json()
            except BROKEN:
                continue
            if answer.status_code == 401:
                self.client.sign_in()
            elif answer.status_code in (429, 500, 503, 504):
                await asyncio.sleep(float(answer.headers.get("Retry-After", 0.01)) + 0.02)
            else:
                return answer.status_code, content
        raise AssertionError(f"no answer from {url}")

    async def folder(self, address, start):
        found, link = {}, start
        while link:
            status, content = await self.get(link)
            if status in (400, 410) and content["error"]["code"].lower() in RESYNC:
                found, link = {}, start
                continue
            assert status == 200, content
            for item in content["value"]:
                found[item["id"]] = found.get(item["id"], {}) | item
            link = content.get("@odata.nextLink")
        self.held |= {(address, key): item for key, item in found.items()}

    async def mailbox(self, box, folders):
        four = asyncio.Semaphore(4)

        async def one(folder):
            async with four:
                base = f"{self.server.graph}/v1.0/users/{box.user}/mailFolders/{folder.id}"
                await self.folder(box.address, f"{base}/messages/delta?$select={SELECT}")

        await asyncio.gather(*[one(folder) for folder in folders])


# httpcore leaves a socket to the collector when a connection breaks in the handshake or by a protocol error
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_every_fault_at_once(server, client, world, http2):
    rare = {"times": None, "probability": 0.04, "path": "messages/delta"}
    kinds = ["reset", "duplicate", "replay", "reorder", "partial", "empty", "unauthorized", "throttle"]
    server.inject(
        *[Fault(kind, **rare) for kind in kinds],
        *[Fault("truncate", length=length, **rare) for length in ("right", "wrong", "chunked")],
        *[Fault("status", status=status, **rare) for status in (500, 503, 504)],
        *[Fault("resync", code=code, **(rare | {"times": 4})) for code in ("SyncStateNotFound", "RESYNCREQUIRED")],
        Fault("throttle", retry_after=1, path="messages/delta", times=2, after=20),
        Fault("slow", delay=1.5, path="messages/delta", times=2, after=10),
        Fault("expired_token", path="messages/delta", times=2, after=30),
    )
    server.set(latency=0.002)
    limits = httpx.Limits(max_connections=20)
    headers = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=5'}
    chosen = world.mailboxes[:3]

    async def run():
        async with httpx.AsyncClient(
            verify=client.context, http2=http2, limits=limits, headers=headers, timeout=1
        ) as http:
            stubborn = Stubborn(client, http)
            for_scan = [(box, [f for f in box.folders if f.messages or f.well_known == "inbox"]) for box in chosen]
            await asyncio.gather(*[stubborn.mailbox(box, folders) for box, folders in for_scan])
            return stubborn.held

    held = asyncio.run(run())

    whole = {(box.address, m.id): m.subject for box in chosen for folder in box.folders for m in folder.messages}
    assert {key: item["subject"] for key, item in held.items()} == whole
    assert max(server.peak.values()) <= 4
    assert server.violations == []
    assert {"reset", "truncate", "resync", "throttle", "partial", "expired_token"} <= set(server.fired)
