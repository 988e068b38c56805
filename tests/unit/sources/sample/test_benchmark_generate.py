"""The mass generator: right in form, the same for the same seed, and readable as a `table` source."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analyser.sources.contract import RECORDS

SCRIPT = Path(__file__).parents[4] / "benchmarks" / "generate.py"


@pytest.fixture(scope="module")
def mill():
    spec = importlib.util.spec_from_file_location("benchmark_generate", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mail(mill):
    return mill.generate(20_000, 800, 7)


def test_form(mail):
    mail.validate(full=True)
    assert mail.schema.equals(RECORDS)
    assert mail.num_rows == 20_000
    assert pc.count_distinct(mail["internet_message_id"]).as_py() == 20_000
    for name in ("sent_at", "sender", "subject", "recipients"):
        assert mail[name].null_count == 0


def test_nobody_writes_to_oneself_or_twice_to_another(mail):
    for row in mail.to_pylist():
        addresses = [recipient["address"] for recipient in row["recipients"]]
        assert addresses
        assert len(set(addresses)) == len(addresses)
        assert row["sender"] not in addresses


def test_sets_are_heavy_tailed_and_recur(mail):
    sizes = np.asarray(pc.list_value_length(mail["recipients"]))
    assert np.median(sizes) <= 3
    assert np.quantile(sizes, 0.99) >= 15
    sets = {}
    for row in mail.to_pylist():
        people = frozenset([row["sender"], *(recipient["address"] for recipient in row["recipients"])])
        sets.setdefault(people, set()).add(row["conversation_id"])
    assert sum(len(conversations) >= 5 and len(people) >= 4 for people, conversations in sets.items()) > 20


def test_answers_follow_within_their_thread(mail):
    rows = {row["internet_message_id"]: row for row in mail.to_pylist()}
    answers = [row for row in rows.values() if row["in_reply_to"]]
    assert 0.2 < len(answers) / len(rows) < 0.6
    for row in answers:
        parent = rows[row["in_reply_to"]]
        assert parent["sent_at"] < row["sent_at"]
        assert parent["conversation_id"] == row["conversation_id"]
        assert parent["sender"] != row["sender"]
        assert row["references"] == [row["in_reply_to"]]


def test_the_seed_decides(mill, mail):
    assert mill.generate(20_000, 800, 7).equals(mail)
    assert not mill.generate(20_000, 800, 8).equals(mail)


@pytest.mark.parametrize("messages", [1, 7, 999])
def test_exactly_as_many_as_asked_for(mill, messages, monkeypatch):
    monkeypatch.setattr(mill, "CHUNK", 100)
    assert pa.Table.from_batches(mill.batches(messages, 50, 1)).num_rows == messages


def test_chunks_follow_one_another_in_time(mill, monkeypatch):
    monkeypatch.setattr(mill, "CHUNK", 1000)
    medians = [np.median(np.asarray(batch["sent_at"].cast(pa.int64()))) for batch in mill.batches(8000, 300, 1)]
    assert len(medians) == 8
    assert medians == sorted(medians)


def test_the_command_writes_a_table_source(tmp_path):
    command = [sys.executable, str(SCRIPT), "--messages", "500", "--people", "100", "--out", str(tmp_path)]
    environment = {"PYTHONPATH": str(SCRIPT.parents[1])}
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    assert printed.startswith("500 messages of 100 people")
    table = pq.read_table(tmp_path / "messages.parquet")
    assert {"message_id", "sent_at", "sender", "to", "cc", "bcc", "subject", "in_reply_to"} <= set(table.column_names)
    with (tmp_path / "people.csv").open(encoding="utf-8") as file:
        people = {row["address"]: row for row in csv.DictReader(file)}
    assert len(people) == 100
    named = {a for line in table["to"].to_pylist() + table["cc"].to_pylist() for a in line.split(";") if a}
    assert named <= set(people)
    assert {row["manager"] for row in people.values()} - {""} <= set(people)


@pytest.mark.parametrize(
    ("copies", "rows"), [(0, [500]), (500, [500]), (501, [500, 1]), (1000, [500, 500]), (1234, [500, 500, 234])]
)
def test_copies_lie_in_further_files(mill, tmp_path, monkeypatch, copies, rows):
    monkeypatch.setattr(mill, "CHUNK", 100)
    mill.write(tmp_path, 500, 100, 7, copies)
    names = ["messages.parquet", *(f"messages-{number}.parquet" for number in range(2, len(rows) + 1))]
    assert sorted(file.name for file in tmp_path.glob("messages*")) == sorted(names)
    tables = [pq.read_table(tmp_path / name) for name in names]
    assert [table.num_rows for table in tables] == rows
    whole = {row["message_id"]: row for row in tables[0].to_pylist()}
    assert len(whole) == 500
    for table in tables[1:]:
        copied = table.to_pylist()
        assert len({row["message_id"] for row in copied}) == table.num_rows
        assert all(whole[row["message_id"]] == row for row in copied)
