"""The handle that tests hold: starts the process, knows its addresses, asks and changes it through its control port."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from graph_server.app import Options
from graph_server.control import CHANGES
from graph_server.ledger import Logged, Violation
from graph_server.process import Ready
from graph_server.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph_server.faults import Fault

__all__ = ["GraphServer"]

START = "import sys; from graph_server.process import main; main(sys.argv[1])"


class GraphServer:
    """A running tenant; see the package's description for its options and attributes."""

    def __init__(self, world: World, **options: object) -> None:
        self.options = msgspec.convert(options, Options, strict=False)
        self.folder = Path(tempfile.mkdtemp(prefix="graph-server-"))
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
            raise RuntimeError(f"the Graph server did not start:\n{problem}")
        self.ready = msgspec.json.decode(line, type=Ready)
        return self

    def __exit__(self, *_: object) -> None:
        problem = (self.folder / "stderr").read_text(encoding="utf-8")
        self.stop()
        if "Traceback" in problem:
            raise RuntimeError(f"the Graph server had a fault of its own:\n{problem}")

    def stop(self) -> None:
        """End the process and remove its folder; more than once is allowed."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(10)
            self._process.stdout.close()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # where the client finds it

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def graph(self) -> str:
        return f"https://localhost:{self.ready.port}"

    @property
    def authority(self) -> str:
        return f"{self.graph}/{self.tenant}"

    @property
    def managed_identity_root(self) -> str:
        return f"http://127.0.0.1:{self.ready.control}"

    @property
    def managed_identity(self) -> str:
        return f"{self.managed_identity_root}/metadata/identity/oauth2/token"

    @property
    def app_service_endpoint(self) -> str:
        return f"{self.managed_identity_root}/msi/token"

    @property
    def environment(self) -> dict[str, str]:
        own = self.ready.credentials
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return dict.fromkeys(names, own.ca_file) | {"ANALYSER_GRAPH_SECRET": own.client_secret}

    def __getattr__(self, name: str) -> object:
        """Credentials by their own names, and the changes of the tenant as methods."""
        if name in CHANGES:
            return self._change(name)
        if name in msgspec.structs.asdict(self.__dict__["ready"].credentials):
            return getattr(self.ready.credentials, name)
        raise AttributeError(name)

    def _change(self, name: str) -> Callable:
        return lambda *args, **named: self.call(name, *args, **named)

    # what it knows

    def call(self, name: str, /, *args: object, **named: object) -> object:
        """Ask the process. Raises RuntimeError with the server's reason."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ready.control, timeout=300)
        try:
            body = msgspec.json.encode({"call": name, "args": args, "named": named})
            connection.request("POST", "/control", body, {"Content-Type": "application/json"})
            content = msgspec.json.decode(connection.getresponse().read())
        finally:
            connection.close()
        if "problem" in content:
            raise RuntimeError(f"{name}: {content['problem']}")
        return content["is"]

    @property
    def requests(self) -> list[Logged]:
        return msgspec.convert(self.call("requests"), list[Logged])

    @property
    def asked(self) -> int:
        """How many requests came since the log was cleared."""
        return self.call("asked")

    @property
    def violations(self) -> list[Violation]:
        return msgspec.convert(self.call("violations"), list[Violation])

    @property
    def broken(self) -> set[str]:
        """Kinds of the violations."""
        return {violation.kind for violation in self.violations}

    @property
    def checked(self) -> int:
        """How many exchanges were held against the contract."""
        return self.call("checked")

    @property
    def peak(self) -> dict[str, int]:
        return self.call("peak")

    @property
    def fired(self) -> dict[str, int]:
        return self.call("fired")

    @property
    def world(self) -> World:
        """The tenant as it is now."""
        return msgspec.convert(self.call("world"), World)

    @property
    def traces(self) -> list[dict]:
        """Every row that the message trace holds."""
        return self.call("traces")

    def expected(self, *, folders: str = "all", mailboxes: list[str] | None = None) -> set[tuple[str, str]]:
        return {(box, key) for box, key in self.call("expected", folders=folders, mailboxes=mailboxes)}

    def outcomes(self) -> dict[str, str]:
        return self.call("outcomes")

    def reset(self) -> None:
        """As at the start; tokens of before are refused."""
        self.call("reset")

    def forgive(self) -> None:
        """Forget every ``Retry-After`` that was given: for a client that starts after one was killed."""
        self.call("forgive")

    def clear_log(self) -> None:
        self.call("clear_log")

    def set(self, **options: object) -> None:
        """Change options while it runs (not `http2` and `seed`)."""
        self.call("set", **options)

    # faults

    def inject(self, *faults: Fault) -> None:
        for fault in faults:
            self.call("inject", msgspec.to_builtins(fault))

    def clear_faults(self) -> None:
        self.call("clear_faults")
