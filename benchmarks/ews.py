"""Round trips and messages a second of the source `ews`, beside plain exchangelib on the same server in the same run.

Run ``PYTHONPATH=tests python benchmarks/ews.py [--mailboxes N] [--messages N] [--latency S] [--json PATH]``. Both read
as the owner of each mailbox, with the same fields; exchangelib by ``folder.all().only(…)`` of inbox and sent items, one
account after the other, ours all mail folders with the connections of its default.
Times are those of the clock: the waiting is what differs. The server runs beside on the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from exchangelib import IMPERSONATION, NTLM, Account, Build, Configuration, Credentials, Version

from analyser.config import EwsSource
from analyser.sources.contract import Batch, Request
from analyser.sources.registry import open_source
from ews_server import EwsServer, World

FIELDS = (
    *(
        "subject",
        "sender",
        "author",
        "to_recipients",
        "cc_recipients",
        "bcc_recipients",
        "message_id",
        "conversation_id",
    ),
    *("in_reply_to", "references", "datetime_sent", "size", "has_attachments", "importance", "item_class", "is_draft"),
)


def ours(server: EwsServer, boxes: tuple[str, ...]) -> int:
    settings = EwsSource(
        name="exchange",
        type="ews",
        endpoint=server.endpoint,
        username=server.username,
        password_env="ANALYSER_EWS_PASSWORD",  # noqa: S106  a name
        mailboxes=boxes,
    )
    source = open_source(settings, batch_size=20_000, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    found = source.read_many(Request(box) for box in boxes)
    count = sum(what.messages.num_rows for _, what in found if isinstance(what, Batch))
    source.close()
    return count


def theirs(server: EwsServer, boxes: tuple[str, ...]) -> int:
    config = Configuration(
        service_endpoint=server.endpoint,
        credentials=Credentials(server.username, server.password),
        auth_type=NTLM,
        version=Version(Build(*server.build)),
    )
    count = 0
    for box in boxes:
        account = Account(box, config=config, access_type=IMPERSONATION, autodiscover=False)
        for folder in (account.inbox, account.sent):
            count += sum(1 for _ in folder.all().only(*FIELDS))
    return count


def measured(server: EwsServer, read, boxes: tuple[str, ...]) -> dict[str, float]:
    server.clear_log()
    begun = time.perf_counter()
    count = read(server, boxes)
    seconds = time.perf_counter() - begun
    trips = len([request for request in server.requests if request.operation])
    return {
        "messages": count,
        "seconds": round(seconds, 2),
        "messages_per_second": round(count / seconds),
        "round_trips_per_1000": round(1_000 * trips / count, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mailboxes", type=int, default=10)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    world = World.generate(mailboxes=given.mailboxes, messages=given.messages, seed=1)
    boxes = tuple(box.address for box in world.mailboxes)
    with EwsServer(world, latency=given.latency, validate=0.0) as server:
        os.environ.update(server.environment)
        result = {"ours": measured(server, ours, boxes), "exchangelib": measured(server, theirs, boxes)}
    result["times_faster"] = round(
        result["ours"]["messages_per_second"] / result["exchangelib"]["messages_per_second"], 1
    )
    print(json.dumps(result, indent=1))
    if given.json is not None:
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
