"""How fast a tenant is read: the program's scan and a plain loop over httpx, from the same simulator without faults.

::

    python benchmarks/graph.py [--mailboxes N] [--messages N] [--hostile] [--json FILE]

Server, scan and loop share the machine. Prints messages per second of wall time, seconds of CPU, and the peak memory of
the scanning process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from graph_server import Fault, GraphServer, World  # noqa: E402

IN_FLIGHT = 4
SELECT = "id,internetMessageId,conversationId,subject,from,toRecipients,ccRecipients,sentDateTime,hasAttachments"
HOSTILE = (
    Fault("throttle", path="/v1.0/", times=None, probability=0.02, retry_after=1),
    *(Fault("status", path="/v1.0/", status=status, times=None, probability=0.01) for status in (500, 503, 504)),
    Fault("reset", path="/v1.0/", times=None, probability=0.01),
    *(Fault("truncate", path="/v1.0/", length=how, times=None, probability=0.01) for how in ("right", "wrong")),
    *(Fault(kind, times=None, probability=0.05) for kind in ("duplicate", "replay", "reorder", "partial", "empty")),
    Fault("expired_token", path="/v1.0/", times=None, probability=0.001),
    Fault("resync", path="/messages/delta", code="syncStateNotFound", times=None, probability=0.005),
)


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds of wall time and of CPU, and the peak memory in MiB, of a process."""
    began = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def token_of(server: GraphServer) -> str:
    answer = httpx.post(
        f"{server.authority}/oauth2/v2.0/token", verify=server.ca_file,
        data={
            "grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret,
            "scope": f"{server.graph}/.default",
        },
    )  # fmt: skip
    return answer.json()["access_token"]


async def plain(server: GraphServer, token: str, boxes: list[tuple[str, list[str]]]) -> int:
    """Read every folder, four at a time, and count: nothing is kept, retried or resumed."""
    headers = {"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId", odata.maxpagesize=500'}
    free, count = asyncio.Semaphore(IN_FLIGHT), 0
    decoder = msgspec.json.Decoder(dict)
    async with httpx.AsyncClient(verify=server.ca_file, headers=headers, http2=True, timeout=60.0) as http:

        async def folder(user: str, key: str) -> None:
            nonlocal count
            url = f"{server.graph}/v1.0/users/{user}/mailFolders/{key}/messages/delta?$select={SELECT}"
            async with free:
                while url:
                    page = decoder.decode((await http.get(url)).content)
                    count += len(page["value"])
                    url = page.get("@odata.nextLink")

        await asyncio.gather(*(folder(user, key) for user, folders in boxes for key in folders))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mailboxes", type=int, default=60)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--hostile", action="store_true", help="with faults: no plain loop, which would not end")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    world = World.generate(mailboxes=options.mailboxes, messages=options.messages, seed=1)
    boxes = [(box.user, [folder.id for folder in box.folders if folder.parent]) for box in world.mailboxes]
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        GraphServer(world, validate=0.0, latency=0.0, empty_pages=0.0) as server,
    ):
        folder = Path(name)
        source = f'client_id = "{server.client_id}"\nclient_secret_env = "ANALYSER_GRAPH_SECRET"\n'
        cloud = f'cloud = {{authority = "{server.authority}", graph = "{server.graph}"}}\n'
        text = (
            f'[lake]\npath = "lake"\nmemory_limit = "200MB"\n[[sources]]\nname = "t"\ntype = "graph"\n{source}{cloud}'
        )
        (folder / "analyser.toml").write_text(text, encoding="utf-8")
        environment = os.environ | server.environment | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "analyser", "--config", str(folder / "analyser.toml"), "scan", "--json"]
        expected = len(server.expected())
        if options.hostile:
            server.inject(*HOSTILE)
        else:
            began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
            count = asyncio.run(plain(server, token_of(server), boxes))
            found["plain_per_second"] = count / (time.perf_counter() - began)
            found["plain_cpu"] = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used
        wall, cpu, memory = measured(command, environment)
        found |= {"messages": expected, "scan_per_second": expected / wall, "scan_cpu": cpu, "peak_mib": memory}
        server.clear_faults()
        server.clear_log()
        wall, cpu, _ = measured(command, environment)
        found |= {"again_seconds": wall, "again_cpu": cpu, "again_requests": float(len(server.requests))}
        check(folder, server)
    for key, value in found.items():
        print(f"{key:20} {value:12,.1f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def check(folder: Path, server: GraphServer) -> None:
    """What was read is what the tenant holds."""
    from analyser.config import Settings  # noqa: PLC0415
    from analyser.lake.store import Lake  # noqa: PLC0415

    with Lake(Settings(lake={"path": folder / "lake"}).lake) as lake:
        copies = lake.arrow("copies").select(["mailbox", "item_id"]).to_pylist()
    held = {(row["mailbox"], row["item_id"]) for row in copies}
    if len(copies) != len(held) or held != server.expected() or server.violations:
        raise SystemExit(f"not what the tenant holds: {len(copies)} copies, {len(server.violations)} violations")


if __name__ == "__main__":
    main()
