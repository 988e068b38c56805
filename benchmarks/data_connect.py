"""How fast a landing of Data Connect is read, beside a plain loop of the standard library to the same fields.

Run ``python benchmarks/data_connect.py [--messages N] [--json PATH]``. As in `mbox.py`, one core, the median of three
runs in processor seconds, ours and theirs in turn. Rows have the columns of ``Message_v1`` that carry metadata, nine
recipients each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyser.sources.data_connect import DataConnectSource

RUNS = 3


def person(number: int) -> dict[str, dict[str, str]]:
    return {"emailAddress": {"name": f"Person {number}", "address": f"Person.{number}@Contoso.Example"}}


def row(rng: random.Random, number: int, people: int) -> dict[str, object]:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=7 * number)
    writer = person(rng.randrange(people))
    return {
        "id": f"AQMkAGRjNDFjNDY1{number:0130}",
        "createdDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "categories": [],
        "receivedDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "sentDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "hasAttachments": number % 5 == 0,
        "internetMessageId": f"<{number}.{rng.getrandbits(64):x}@contoso.example>",
        "subject": f"Report {number % 900}",
        "importance": "normal",
        "parentFolderId": "AQMkAGRjNDFjNDY1" + "F" * 104,
        "conversationId": f"AAQkAGRjNDFjNDY1{number // 4:064}",
        "isDraft": False,
        "sender": writer,
        "from": writer,
        "toRecipients": [person(rng.randrange(people)) for _ in range(6)],
        "ccRecipients": [person(rng.randrange(people)) for _ in range(3)],
        "bccRecipients": [],
        "ODataType": "#microsoft.graph.message",
        "puser": f"{number % people:036}",
        "rowinformation": {"errorInformation": None, "userReturnedNoData": False, "isUserSummaryRow": False},
    }


def ours(path: Path) -> int:
    source = DataConnectSource("benchmark", path, batch_size=20_000, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    return sum(b.messages.num_rows for found in source.mailboxes() for b in source.read(found.name))


def theirs(path: Path) -> int:
    rows = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            people = [
                (role, one["emailAddress"]["address"].lower(), one["emailAddress"]["name"])
                for role in ("to", "cc", "bcc")
                for one in found[f"{role}Recipients"]
            ]
            sender = found["from"]["emailAddress"]
            rows.append(
                (
                    datetime.fromisoformat(found["sentDateTime"]),
                    sender["address"].lower(),
                    " ".join(found["subject"].split()),
                    people,
                    found["internetMessageId"],
                    found["conversationId"],
                )
            )
    return len(rows)


def measure(path: Path) -> dict[str, object]:
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    counts = {"ours": ours(path)}  # warm
    for _ in range(RUNS):
        for name, read in (("ours", ours), ("theirs", theirs)):
            start = time.process_time()
            counts[name] = read(path)
            seconds[name].append(time.process_time() - start)
    speed = {name: counts[name] / statistics.median(taken) for name, taken in seconds.items()}
    return {
        "bytes": path.stat().st_size,
        "messages": counts["ours"],
        "messages_per_second": round(speed["ours"]),
        "plain_loop_messages": counts["theirs"],
        "plain_loop_messages_per_second": round(speed["theirs"]),
        "ratio": round(speed["ours"] / speed["theirs"], 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=50_000, help="rows of the generated landing")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part-00000.json"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for number in range(options.messages):
                file.write(json.dumps(row(rng, number, options.messages // 20 + 10)) + "\n")
        figures = json.dumps(measure(path), indent=2)
    print(figures)
    if options.json:
        options.json.write_text(figures + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
