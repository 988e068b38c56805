"""How fast an mbox file is read, beside the standard library doing the same work in the same run.

Run ``python benchmarks/mbox.py [--messages N] [--file MBOX] [--json PATH]``. The process pins itself to one core; each
figure is the median of three runs, ours and theirs in turn, in processor seconds (all threads), so that other work on
the machine does not count. Both give, per message: message id, date in UTC, sender with name, subject, answered id,
references, and all recipients with names and roles, encoded words decoded.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import mailbox
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from pathlib import Path

from analyser.sources.mbox import MboxSource

RUNS = 3
NAMES = ("Ann Doe", "Doe, Jane", "Jürgen Groß", "Zoë O'Neil", "Carl van Dam (Sales)", "Eve", "")


def person(rng: random.Random, people: int) -> str:
    number = rng.randrange(people)
    name, address = NAMES[number % len(NAMES)], f"Person.{number}@{'example.com' if number % 9 else 'contoso.example'}"
    if not name:
        return address
    shown = f'"{name} {number}"' if name.isascii() else Header(f"{name} {number}", "utf-8").encode()
    return f"{shown} <{address}>"


def message(rng: random.Random, number: int, people: int) -> str:
    moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=7 * number, seconds=rng.randrange(60))
    lists = [",\n\t".join(person(rng, people) for _ in range(rng.choice((1, 1, 2, 3, 8)))) for _ in range(2)]
    subject = rng.choice(("Weekly report", "Re: Budget of next year", "Grüße aus Köln", "A  subject that is long"))
    lines = [
        f"Received: from relay{number % 7}.example.com by mx.example.com with ESMTP id {rng.getrandbits(64):x};",
        f"\t{format_datetime(moment)}",
        f"Message-ID: <{number}.{rng.getrandbits(64):x}@example.com>",
        f"Date: {format_datetime(moment)}" if number % 500 else "Date: Wed, 1 Jan 0102 00:00:00 +0000",
        f"From: {person(rng, people)}",
        f"To: {lists[0]}",
        f"Subject: {subject if subject.isascii() else Header(subject, 'utf-8').encode()} {number % 90}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{rng.getrandbits(64):x}"',
        *(f"X-Header-{n}: {rng.getrandbits(200):x}" for n in range(8)),
    ]
    if number % 2:
        lines.append(f"Cc: {lists[1]}")
    if number % 3:
        ids = [f"<{number - back}.{rng.getrandbits(64):x}@example.com>" for back in range(1, 4)]
        lines += [f"In-Reply-To: {ids[0]}", "References: " + "\n ".join(ids)]
    return "\n".join(lines) + "\n\n\n"


def write(path: Path, messages: int, seed: int = 7) -> None:
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number in range(messages):
            file.write("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n" + message(rng, number, messages // 20 + 10))


def ours(path: Path) -> int:
    source = MboxSource("benchmark", path, batch_size=20_000, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    batches = (batch for found in source.mailboxes() for batch in source.read(found.name))
    return sum(batch.messages.num_rows + len(batch.problems) for batch in batches)


def decoded(text: object) -> str:
    try:
        return str(make_header(decode_header(str(text))))
    except (HeaderParseError, LookupError, UnicodeError):
        return str(text)


def theirs(path: Path) -> int:
    """The standard library's mailbox and email packages, to the same fields."""
    parser, rows = BytesHeaderParser(), []
    with contextlib.closing(mailbox.mbox(path, factory=parser.parse, create=False)) as box:
        for mail in box:
            people = [
                (role, address.lower(), decoded(name))
                for role in ("from", "to", "cc", "bcc")
                for name, address in getaddresses([str(text) for text in mail.get_all(role, [])])
            ]
            try:
                sent_at = parsedate_to_datetime(str(mail["date"])).astimezone(UTC)
            except (ValueError, TypeError, OverflowError):
                sent_at = None
            ids = (mail["message-id"], mail["in-reply-to"], str(mail["references"] or "").split())
            rows.append((sent_at, decoded(mail["subject"]), people, ids))
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
        "standard_library_messages": counts["theirs"],
        "standard_library_messages_per_second": round(speed["theirs"]),
        "ratio": round(speed["ours"] / speed["theirs"], 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000, help="size of the generated file")
    parser.add_argument("--file", type=Path, help="read this mbox file instead, packed or not")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.mbox"
        if options.file is None:
            write(path, options.messages)
        elif options.file.suffix == ".gz":  # the standard library reads plain files alone: both shall read the same
            with gzip.open(options.file) as packed, path.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
        else:
            path = options.file
        figures = json.dumps(measure(path), indent=2)
    print(figures)
    if options.json:
        options.json.write_text(figures + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
