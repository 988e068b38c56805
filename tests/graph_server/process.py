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

from graph_server.app import App, Options
from graph_server.control import Control
from graph_server.entra import Credentials, Entra
from graph_server.wire import Connection
from graph_server.world import World

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
    entra = Entra(credentials, options.roles, options.token_lifetime)
    entra.prepare(folder, authority)
    door, back_door = socket.create_server((HOST, 0)), socket.create_server((HOST, 0))
    entra.base = f"https://localhost:{door.getsockname()[1]}"
    app = App(world, options, entra)
    gc.freeze()  # a hundred thousand messages need not be looked at again
    server = await _listen(door, app.handle, _tls(authority, options))
    control = await _listen(back_door, Control(app, lambda: _load(folder)).handle, None)
    ports = {"port": door.getsockname()[1], "control": back_door.getsockname()[1]}
    ready = Ready(**ports, credentials=credentials)
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    control.close()


def _load(folder: Path) -> tuple[World, Options]:
    world = msgspec.msgpack.decode((folder / "world.msgpack").read_bytes(), type=World)
    return world, msgspec.json.decode((folder / "options.json").read_bytes(), type=Options)


async def _listen(door: socket.socket, handle: object, tls: ssl.SSLContext | None) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(handle), sock=door, ssl=tls, backlog=1_000)


def _tls(authority: trustme.CA, options: Options) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"] if options.http2 else ["http/1.1"])
    return context


def main(folder: str) -> None:
    asyncio.run(serve(Path(folder)))
    shutil.rmtree(folder, ignore_errors=True)  # the one who started it may have been killed
