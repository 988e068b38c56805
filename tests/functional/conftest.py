"""A tenant on loopback, and the program run against it in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from analyser.config import Settings
from analyser.lake.store import Lake
from ews_server import EwsServer
from ews_server.schema import schema_folder
from graph_server import GraphServer
from graph_server.contract import contract_file

if TYPE_CHECKING:
    from pathlib import Path

FACTS = ("messages", "recipients", "copies", "address_names", "problems", "directory_people", "groups", "group_members")


@dataclass
class Tenant:
    """A server, and the folder of a configuration that reads it."""

    server: GraphServer
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "analyser.toml"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def configure(self, *lines: str, **keys: str) -> None:
        """Write the configuration; keys are those of the source, in TOML."""
        server = self.server
        source = {
            "client_id": f'"{server.client_id}"',
            "client_secret_env": '"ANALYSER_GRAPH_SECRET"',
            "cloud": f'{{authority = "{server.authority}", graph = "{server.graph}"}}',
            "page_size": "50",
        } | keys
        text = ["[lake]", 'path = "lake"', "threads = 1", *lines, "[[sources]]", 'name = "tenant"', 'type = "graph"']
        text += [f"{name} = {value}" for name, value in source.items() if value]
        self.config.write_text("\n".join(text) + "\n", encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "analyser", "--config", str(self.config), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSER_")}
        return clean | self.server.environment | {"PYTHONUTF8": "1"}

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )

    def run(self, *arguments: str, status: int | None = 0, **variables: str) -> subprocess.CompletedProcess:
        """Run a verb to its end; it must end with that status, and never with a traceback."""
        ended = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, encoding="utf-8", check=False, timeout=300,
            env=self.environment | variables,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr, ended.stderr
        assert status is None or ended.returncode == status, (ended.returncode, ended.stdout, ended.stderr)
        return ended

    def scan(self, *arguments: str, status: int = 0) -> dict:
        return json.loads(self.run("scan", "--json", *arguments, status=status).stdout)

    def table(self, name: str) -> list[dict]:
        with Lake(Settings(lake={"path": self.lake, "threads": 1}).lake) as lake:
            return lake.arrow(name).to_pylist()

    def held(self) -> set[tuple[str, str]]:
        """(mailbox, item) of every copy; none may be there twice."""
        copies = [(row["mailbox"], row["item_id"]) for row in self.table("copies")]
        assert len(copies) == len(set(copies))
        return set(copies)

    def content(self) -> dict[str, list[str]]:
        """All facts, in an order of their own, without what differs from lake to lake."""
        found = {name: self.table(name) for name in FACTS}
        for row in found["messages"]:
            row.pop("subject_key")
        return {name: sorted(map(repr, rows)) for name, rows in found.items()}

    def wait_for_requests(self, count: int, process: subprocess.Popen) -> None:
        """Until a running program has asked so often."""
        until = time.monotonic() + 60
        while len(self.server.requests) < count and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)


@dataclass
class Exchange(Tenant):
    """An Exchange server, and the folder of a configuration that reads it."""

    server: EwsServer

    def configure(self, *lines: str, **keys: str) -> None:
        text = ["[lake]", 'path = "lake"', "threads = 1", *lines, *self.source(**keys)]
        self.config.write_text("\n".join(text) + "\n", encoding="utf-8")

    def source(self, **keys: str) -> list[str]:
        """The source as it stands in the TOML."""
        boxes = [box.address for box in self.server.world.mailboxes]
        values = {
            "endpoint": f'"{self.server.endpoint}"',
            "username": f"'{self.server.username}'",
            "password_env": '"ANALYSER_EWS_PASSWORD"',
            "mailboxes": json.dumps(boxes),
            "page_size": "100",
            "items_per_request": "50",
        } | keys
        source = ["[[sources]]", 'name = "exchange"', 'type = "ews"']
        return source + [f"{name} = {value}" for name, value in values.items() if value]


@pytest.fixture
def tenant(tmp_path):
    """Start a tenant with a world; at its end no rule of the service may have been broken."""
    if not contract_file().exists():
        pytest.skip(f"{contract_file()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    with ExitStack() as running:
        started = []

        def start(world, **options):
            server = running.enter_context(GraphServer(world, **({"latency": 0.0} | options)))
            folder = tmp_path / f"tenant{len(started)}"
            folder.mkdir()
            found = Tenant(server, folder)
            found.configure()
            started.append(found)
            return found

        yield start
        for one in started:
            assert one.server.violations == []
            assert max(one.server.peak.values(), default=0) <= 4


@pytest.fixture
def exchange(tmp_path):
    """Start an Exchange server with a world; at its end no rule of the service may have been broken."""
    if not schema_folder().exists():
        pytest.skip(f"{schema_folder()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    with ExitStack() as running:
        started = []

        def start(world, *, broken=frozenset(), **options):
            server = running.enter_context(EwsServer(world, **({"latency": 0.0} | options)))
            folder = tmp_path / f"exchange{len(started)}"
            folder.mkdir()
            found = Exchange(server, folder)
            found.configure()
            started.append((found, broken))
            return found

        yield start
        for one, broken in started:
            assert [found for found in one.server.violations if found.kind not in broken] == []
