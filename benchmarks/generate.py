"""Mass mail for benchmarks: realistic in structure, vectorised, of any size.

Recipient sets are heavy-tailed, mostly within one department; a third of the threads belong to sets that recur for
months; replies go to all; subjects are shared within a thread. Chunks are drawn one by one from their own stream, each
covering the next slice of a year, so that 50 million messages need the memory of one chunk.

    python benchmarks/generate.py --messages 1000000 --people 20000 --out DIR

writes the folder of a `table` source: messages.parquet, people.csv. With ``--copies N`` further files hold second and
third copies of the same messages, N in all, as further mailboxes would.
"""

from __future__ import annotations

import argparse
import csv
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyser.sources.contract import RECIPIENT, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["batches", "generate", "write"]

CHUNK = 250_000  # messages, about
START = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp())  # long past, so that no late reply lies in the future
WEEKS = 40
DEPARTMENT = 60  # people, on average
RECURRING = 0.35  # share of threads that belong to a recurring set
MEAN_THREAD = 2.1
LARGEST_SET = 200
NEAR = 0.75
TOPICS = (
    "pipeline",
    "budget",
    "line stop",
    "Angebot",
    "audit",
    "pricing",
    "rollout",
    "Lieferung",
    "training",
    "safety",
)
FORMS = ("{} report week", "Question on {}", "{} - next steps", "Minutes {}", "{} open points", "Abstimmung {}")


@dataclass(frozen=True)
class Sets:
    """Recurring sets of people in compressed rows: `members[start[i]:start[i + 1]]`."""

    start: np.ndarray
    members: np.ndarray
    popularity: np.ndarray  # cumulative


@dataclass(frozen=True)
class Staff:
    """Everybody, sorted by department: department `d` is `bounds[d]:bounds[d + 1]`."""

    department: np.ndarray
    bounds: np.ndarray
    addresses: pa.Array


def generate(messages: int, people: int, seed: int) -> pa.Table:
    """All messages at once; schema `RECORDS`."""
    return pa.Table.from_batches(batches(messages, people, seed), schema=RECORDS)


def batches(messages: int, people: int, seed: int) -> Iterator[pa.RecordBatch]:
    """Exactly `messages` messages in batches of about 250,000, oldest slice of the period first; schema `RECORDS`."""
    staff = _staff(people, seed)
    sets = _sets(staff, np.random.default_rng([seed, 1]))
    chunks = max(1, round(messages / CHUNK))
    sizes = np.diff(np.linspace(0, messages, chunks + 1).astype(np.int64))
    first = 0
    for number, size in enumerate(sizes.tolist()):
        rng = np.random.default_rng([seed, 2, number])
        slice_ = (number / chunks, 1 / chunks)
        yield _chunk(rng, (first, size), slice_, staff, sets)
        first += size


def write(folder: Path, messages: int, people: int, seed: int, copies: int = 0) -> None:
    """Write the folder of a `table` source, batch by batch; the more `copies` than messages, the more files."""
    folder.mkdir(parents=True, exist_ok=True)
    staff = _staff(people, seed)
    addresses = staff.addresses.to_pylist()
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["address", "display_name", "department", "title", "manager", "kind", "aliases"])
        for i, number in enumerate(staff.department.tolist()):
            lead = int(staff.bounds[number])  # the first of each department leads it
            boss = "" if lead == i else addresses[lead]
            writer.writerow([addresses[i], f"Person {i}", f"Department {number}", "", boss, "person", ""])
    shares = [1.0]
    while sum(shares) * messages < copies:
        shares.append(min(1.0, copies / messages - sum(shares)))
    names = ["messages.parquet", *(f"messages-{number}.parquet" for number in range(2, len(shares) + 1))]
    written = np.zeros(len(shares), np.int64)
    done = 0
    with ExitStack() as stack:
        sinks: list[pq.ParquetWriter] = []
        for batch in batches(messages, people, seed):
            table, done = _as_export(batch), done + batch.num_rows
            for number, share in enumerate(shares):
                if len(sinks) == number:
                    sink = pq.ParquetWriter(folder / names[number], table.schema, compression="zstd")
                    sinks.append(stack.enter_context(sink))
                # rounded over all batches so far, so that the sum is exact
                part = table.slice(0, round(share * done) - written[number])
                sinks[number].write_table(part)
                written[number] += part.num_rows


def _staff(people: int, seed: int) -> Staff:
    """Departments of very uneven size, sixty people on average."""
    shares = np.random.default_rng([seed, 0]).lognormal(0, 0.8, max(3, people // DEPARTMENT))
    bounds = np.unique(np.concatenate([[0], np.cumsum(shares / shares.sum() * people).astype(np.int64)]))
    bounds[-1] = people
    department = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return Staff(department, bounds, pa.array([f"p{i:07d}@contoso.example" for i in range(people)]))


def _sets(staff: Staff, rng: np.random.Generator) -> Sets:
    """One and a half recurring sets per person; most have three to ten members, few have two hundred."""
    people = len(staff.department)
    count = int(people * 1.5) + 1
    sizes = np.minimum(3 + (rng.pareto(1.6, count) * 3).astype(np.int64), min(LARGEST_SET, people // 2))
    start, members = _circles(rng.integers(people, size=count), sizes, staff, rng)
    weights = rng.permutation(np.arange(1, count + 1) ** -0.7)
    return Sets(start, members, np.cumsum(weights / weights.sum()))


def _circles(
    owners: np.ndarray, sizes: np.ndarray, staff: Staff, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Different people around each owner, in compressed rows, the owner first; at least two, at most `sizes`."""
    row = np.repeat(np.arange(len(owners)), sizes)
    within = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    people = len(staff.department)
    drawn = np.where(within == 0, owners[row], _neighbours(owners[row], staff, rng))
    drawn = np.where((within == 1) & (drawn == owners[row]), (drawn + 1) % people, drawn)
    _, kept = np.unique(row * people + drawn, return_index=True)
    kept.sort()
    counts = np.bincount(row[kept], minlength=len(owners))
    return np.concatenate([[0], np.cumsum(counts)]), drawn[kept]


def _neighbours(who: np.ndarray, staff: Staff, rng: np.random.Generator) -> np.ndarray:
    """Somebody for each of `who`: three in four of the same department, and of that few people most of the time."""
    own = staff.department[who]
    size = staff.bounds[own + 1] - staff.bounds[own]
    colleague = staff.bounds[own] + (rng.random(len(who)) ** 1.8 * size).astype(np.int64)
    return np.where(rng.random(len(who)) < NEAR, colleague, rng.integers(len(staff.department), size=len(who)))


def _chunk(
    rng: np.random.Generator, numbers: tuple[int, int], slice_: tuple[float, float], staff: Staff, sets: Sets
) -> pa.RecordBatch:
    """One batch: threads, their people, their messages, and the recipients; `numbers` are first and count."""
    first, size = numbers
    lengths = rng.geometric(1 / MEAN_THREAD, size)
    threads = int(np.searchsorted(np.cumsum(lengths), size)) + 1
    lengths = lengths[:threads]
    lengths[-1] -= int(lengths.sum()) - size
    start, people, kind = _thread_people(rng, threads, staff, sets)
    thread = np.repeat(np.arange(threads), lengths)
    step = np.arange(size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    in_set = (start[1:] - start[:-1])[thread]
    # whoever begins is the owner of the set, or in recurring sets anybody; answers come from somebody else
    opening = np.where(kind == -1, 0, rng.integers(0, np.diff(start)))[thread]
    stride = rng.integers(1, np.diff(start))[thread]
    speaker = (opening + step * stride) % in_set
    senders = people[start[thread] + speaker]
    sent = _times(rng, lengths, thread, step, slice_)
    recipients = _recipients(rng, (start, people), thread, speaker, staff.addresses)
    ids = pc.binary_join_element_wise("<", pa.array(np.arange(first, first + size)).cast(pa.string()),
                                      "@mail.contoso.example>", "")  # fmt: skip
    conversation = pa.array(np.arange(first, first + threads)).cast(pa.string()).take(pa.array(thread))
    parent = np.maximum(np.arange(size) - 1, 0)
    answered = pa.array((step > 0) & (rng.random(size) < 0.7))
    in_reply_to = pc.if_else(answered, ids.take(pa.array(parent)), pa.scalar(None, pa.string()))
    has_parent = np.asarray(answered).astype(np.int64)
    references = pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(has_parent)]), pa.int32()), in_reply_to.drop_null()
    )
    columns = {
        "internet_message_id": ids,
        "item_id": ids,
        "sent_at": pa.array(sent * 1_000_000, pa.timestamp("us", tz="UTC")),
        "sender": staff.addresses.take(pa.array(senders)),
        "subject": _subjects(rng, kind, thread, step),
        "conversation_id": conversation,
        "in_reply_to": in_reply_to,
        "references": references,
        "has_attachments": pa.array(rng.random(size) < 0.15),
        "size": pa.array(rng.lognormal(9, 1, size).astype(np.int64)),
        "recipients": recipients,
        "unresolved_recipients": pa.array(np.zeros(size, dtype=np.int32)),
    }
    arrays = [columns.get(field.name, pa.nulls(size, field.type)) for field in RECORDS]
    return pa.record_batch(arrays, schema=RECORDS)


def _thread_people(
    rng: np.random.Generator, threads: int, staff: Staff, sets: Sets
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """People of each thread in compressed rows, and the recurring set behind it or -1."""
    drawn = np.minimum(np.searchsorted(sets.popularity, rng.random(threads)), len(sets.popularity) - 1)
    kind = np.where(rng.random(threads) < RECURRING, drawn, -1)
    # activity is uneven; a stride through the organisation scatters the busy ones over departments
    owners = (rng.random(threads) ** 2 * len(staff.department)).astype(np.int64) * 7919 % len(staff.department)
    once = np.minimum(2 + rng.pareto(1.9, threads).astype(np.int64), LARGEST_SET)
    once_start, once_members = _circles(owners, once, staff, rng)
    recurring = kind >= 0
    begin = np.where(recurring, sets.start[kind], once_start[:-1])
    sizes = np.where(recurring, sets.start[kind + 1] - sets.start[kind], np.diff(once_start))
    start = np.concatenate([[0], np.cumsum(sizes)])
    row = np.repeat(np.arange(threads), sizes)
    place = begin[row] + np.arange(start[-1]) - start[row]
    from_sets = sets.members[np.minimum(place, len(sets.members) - 1)]
    from_once = once_members[np.minimum(place, len(once_members) - 1)]
    return start, np.where(recurring[row], from_sets, from_once), kind


def _times(
    rng: np.random.Generator, lengths: np.ndarray, thread: np.ndarray, step: np.ndarray, slice_: tuple[float, float]
) -> np.ndarray:
    """Seconds since 1970: working days for the first message, log-normal delays for the answers."""
    days = WEEKS * 7
    day = np.floor((slice_[0] + rng.random(len(lengths)) * slice_[1]) * days).astype(np.int64)
    day -= np.maximum(day % 7 - 4, 0)  # the first of January's weeks is a Monday: weekends move to Friday
    begun = START + day * 86_400 + (rng.beta(2, 2, len(lengths)) * 36_000 + 28_800).astype(np.int64)
    delays = np.where(step == 0, 0, np.exp(rng.normal(8.6, 1.3, len(thread)))).astype(np.int64) + (step > 0)
    total = np.cumsum(delays)
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return begun[thread] + total - total[first]


def _recipients(
    rng: np.random.Generator,
    sets: tuple[np.ndarray, np.ndarray],
    thread: np.ndarray,
    speaker: np.ndarray,
    addresses: pa.Array,
) -> pa.ListArray:
    """Everyone of the thread but the sender; a quarter in Cc, and now and then one is missing."""
    start, people = sets
    sizes = (start[1:] - start[:-1])[thread]
    message = np.repeat(np.arange(len(thread)), sizes)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sender_place = speaker[message]
    # the one after the sender always stays, so that no message is without recipients
    stays = within == (sender_place + 1) % sizes[message]
    keep = (within != sender_place) & (stays | (rng.random(len(within)) > 0.04))
    message, within = message[keep], within[keep]
    counts = np.bincount(message, minlength=len(thread))
    copied = (rng.random(len(message)) < 0.25) & ~stays[keep]
    flat = pa.StructArray.from_arrays(
        [
            addresses.take(pa.array(people[start[thread[message]] + within])),
            pa.nulls(len(message), pa.string()),
            pa.array(["to", "cc"]).take(pa.array(copied.astype(np.int64))),
        ],
        fields=list(RECIPIENT),
    )
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32()), flat)


def _subjects(rng: np.random.Generator, kind: np.ndarray, thread: np.ndarray, step: np.ndarray) -> pa.Array:
    """Recurring sets keep their words and change the number; other threads are about anything."""
    stems = pa.array([form.format(topic) for form in FORMS for topic in TOPICS])
    chosen = np.where(kind >= 0, kind % len(stems), rng.integers(len(stems), size=len(kind)))
    number = pa.array(rng.integers(1, 9999, len(kind))).cast(pa.string())
    base = pc.binary_join_element_wise(stems.take(pa.array(chosen)), number, " ").take(pa.array(thread))
    prefix = pa.array(["", "RE: ", "AW: "]).take(pa.array(np.where(step == 0, 0, 1 + thread % 2)))
    return pc.binary_join_element_wise(prefix, base, "")


def _as_export(batch: pa.RecordBatch) -> pa.Table:
    """The columns of a `table` source: addresses of a field joined by semicolons."""
    lists = batch.column("recipients")
    counts = np.asarray(pc.list_value_length(lists))
    row = np.repeat(np.arange(len(counts)), counts)
    flat = lists.flatten()
    fields = {}
    for role in ("to", "cc"):
        chosen = pc.equal(flat.field("role"), role)
        per_row = np.bincount(row[np.asarray(chosen)], minlength=len(counts))
        offsets = pa.array(np.concatenate([[0], np.cumsum(per_row)]), pa.int32())
        fields[role] = pc.binary_join(pa.ListArray.from_arrays(offsets, flat.field("address").filter(chosen)), ";")
    kept = {"message_id": "internet_message_id", "sent_at": "sent_at", "sender": "sender", "subject": "subject"}
    kept |= {name: name for name in ("conversation_id", "in_reply_to", "has_attachments", "size")}
    columns = {name: batch.column(column) for name, column in kept.items()} | fields
    columns["bcc"] = pa.array([""]).take(pa.array(np.zeros(len(counts), dtype=np.int64)))
    return pa.table(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--copies", type=int, default=0, help="rows in all files together; fewer than messages: none")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    began = time.perf_counter()
    write(options.out, options.messages, options.people, options.seed, options.copies)
    seconds = time.perf_counter() - began
    size = sum(file.stat().st_size for file in options.out.glob("messages*.parquet")) / 1e6
    print(f"{options.messages:,} messages of {options.people:,} people: {seconds:.1f} s, {size:,.0f} MB, {options.out}")


if __name__ == "__main__":
    main()
