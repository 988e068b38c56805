"""The server's process: it serves what lies in a folder until its input ends."""

from __future__ import annotations

import asyncio
import gc
import shutil
import socket
import ssl
import sys
from pathlib import Path

import msgspec
import trustme

from ews_server.app import App, Options
from ews_server.control import Control
from ews_server.login import Credentials, Login, SignedConnection
from ews_server.world import World
from graph_server.wire import Connection

__all__ = ["Ready", "main"]

HOST = "127.0.0.1"


class Ready(msgspec.Struct, kw_only=True):
    """What the process says when it listens."""

    port: int
    control: int
    credentials: Credentials


async def serve(folder: Path) -> None:
    world, options = _load(folder)
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    credentials = Credentials(ca_file=str(folder / "ca.pem"))
    authority.cert_pem.write_to_path(credentials.ca_file)
    app = App(world, options, Login(credentials, folder))
    control = Control(app, lambda: _load(folder))
    gc.freeze()  # a hundred thousand messages need not be looked at again
    door, back_door = socket.create_server((HOST, 0)), socket.create_server((HOST, 0))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", HOST).configure_cert(context)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda: SignedConnection(app.handle), sock=door, ssl=context, backlog=1_000),
        await loop.create_server(lambda: Connection(control.handle), sock=back_door),
    ]
    ready = Ready(port=door.getsockname()[1], control=back_door.getsockname()[1], credentials=credentials)
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


def _load(folder: Path) -> tuple[World, Options]:
    world = msgspec.msgpack.decode((folder / "world.msgpack").read_bytes(), type=World)
    return world, msgspec.json.decode((folder / "options.json").read_bytes(), type=Options)


def main(folder: str) -> None:
    asyncio.run(serve(Path(folder)))
    shutil.rmtree(folder, ignore_errors=True)  # the one who started it may have been killed
