"""The handle that tests hold: starts the process, knows its address, asks and changes it through its control port."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import msgspec

import graph_server
from ews_server.app import BUILDS, Options
from ews_server.control import CHANGES
from ews_server.ledger import Logged, Violation
from ews_server.process import Ready
from ews_server.world import Message, World

__all__ = ["EwsServer"]

START = "import sys; from ews_server.process import main; main(sys.argv[1])"


class EwsServer(graph_server.GraphServer):
    """A running Exchange server, held and asked as the Graph server is; see the package's description."""

    def __init__(self, world: World, **options: object) -> None:
        self.options = msgspec.convert(options, Options, strict=False)
        if self.options.version not in BUILDS:
            raise ValueError(f"version {self.options.version}: one of {', '.join(BUILDS)}")
        self.folder = Path(tempfile.mkdtemp(prefix="ews-server-"))
        (self.folder / "world.msgpack").write_bytes(msgspec.msgpack.encode(world))
        (self.folder / "options.json").write_bytes(msgspec.json.encode(self.options))
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        with (self.folder / "stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
        line = self._process.stdout.readline()
        if not line:
            problem = (self.folder / "stderr").read_text(encoding="utf-8")
            self.stop()
            raise RuntimeError(f"the EWS server did not start:\n{problem}")
        self.ready = msgspec.json.decode(line, type=Ready)
        return self

    def __exit__(self, *_: object) -> None:
        problem = (self.folder / "stderr").read_text(encoding="utf-8")
        self.stop()
        if "Traceback" in problem:
            raise RuntimeError(f"the EWS server had a fault of its own:\n{problem}")

    # where the client finds it

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.ready.port}/EWS/Exchange.asmx"

    @property
    def username(self) -> str:
        return self.ready.credentials.username

    @property
    def build(self) -> tuple[int, ...]:
        return tuple(self.call("build"))

    @property
    def environment(self) -> dict[str, str]:
        own = self.ready.credentials
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return dict.fromkeys(names, own.ca_file) | {"ANALYSER_EWS_PASSWORD": own.password}

    def __getattr__(self, name: str) -> object:
        """Credentials by their own names, and the changes of the mailboxes as methods."""
        if name in CHANGES:
            return self._change(name)
        if name in msgspec.structs.asdict(self.__dict__["ready"].credentials):
            return getattr(self.ready.credentials, name)
        raise AttributeError(name)

    # what it knows

    @property
    def requests(self) -> list[Logged]:
        return msgspec.convert(self.call("requests"), list[Logged])

    @property
    def violations(self) -> list[Violation]:
        return msgspec.convert(self.call("violations"), list[Violation])

    @property
    def world(self) -> World:
        """The organisation as it is now."""
        return msgspec.convert(self.call("world"), World)

    def expected(self, *, mailboxes: list[str] | None = None, archive: bool = False) -> set[tuple[str, str]]:
        return {(box, key) for box, key in self.call("expected", mailboxes=mailboxes, archive=archive)}

    def messages(self, *, mailboxes: list[str] | None = None, archive: bool = False) -> dict[tuple[str, str], Message]:
        """The messages of a complete scan by (mailbox address, item id)."""
        rows = self.call("messages", mailboxes=mailboxes, archive=archive)
        return {(box, row["id"]): msgspec.convert(row, Message) for box, row in rows}
