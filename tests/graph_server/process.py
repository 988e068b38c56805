"""The server's process: ``python -m graph_server.process FOLDER`` serves what lies there until its input ends."""

from __future__ import annotations

import asyncio
import gc
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


class Ready(msgspec.Struct, kw_only=True):
    """What the process says when it listens."""

    port: int
    control: int
    credentials: Credentials


async def serve(folder: Path) -> None:
    options = msgspec.json.decode((folder / "options.json").read_bytes(), type=Options)
    world = msgspec.msgpack.decode((folder / "world.msgpack").read_bytes(), type=World)
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    credentials = Credentials(ca_file=str(folder / "ca.pem"))
    authority.cert_pem.write_to_path(credentials.ca_file)
    entra = Entra(credentials, options.roles, options.token_lifetime)
    entra.prepare(folder, authority)
    server, port = await _listen(lambda request: app.handle(request), _tls(authority, options))
    entra.base = f"https://localhost:{port}"
    app = App(world, options, entra)
    gc.freeze()  # a hundred thousand messages need not be looked at again
    control, control_port = await _listen(Control(app).handle, None)
    ready = Ready(port=port, control=control_port, credentials=credentials)
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    control.close()


async def _listen(handle: object, tls: ssl.SSLContext | None) -> tuple[asyncio.Server, int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(handle), "127.0.0.1", 0, ssl=tls, backlog=1_000)
    return server, server.sockets[0].getsockname()[1]


def _tls(authority: trustme.CA, options: Options) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"] if options.http2 else ["http/1.1"])
    return context


def main(folder: str) -> None:
    asyncio.run(serve(Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1])
