"""Sources that tell changes: what a lake holds after several scans equals what one scan of the end would give."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from analyser.errors import SourceError
from analyser.lake import facts, retention, watermarks
from analyser.lake.store import Lake
from analyser.sources.contract import (
    RECORDS,
    REMOVALS,
    Batch,
    Declaration,
    Directory,
    Event,
    Mailbox,
    Mark,
    Problem,
    Source,
)

DAY = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


class ToldSource(Source):
    """A script of batches per mailbox; the state is how many of them have been told."""

    declaration = Declaration(
        "told", frozenset({"messages"}), frozenset(RECORDS.names), resumable=True, incremental=True
    )

    def __init__(self, name="s"):
        super().__init__(name)
        self.scripts: dict[str, list] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.breaks: dict[str, int] = {}

    def tell(self, mailbox, messages=(), removed=(), problems=(), tools=None):
        gone = pa.Table.from_pylist([{"folder": f, "item_id": i} for f, i in removed], schema=REMOVALS)
        self.scripts.setdefault(mailbox, []).append(
            (pa.Table.from_pylist(list(messages), schema=RECORDS), gone, tuple(problems))
        )

    def mailboxes(self):
        for name in self.scripts:
            yield Mailbox(name)

    def read(self, mailbox, *, state=None):
        self.asked.append((mailbox, state))
        done = json.loads(state)["told"] if state else 0
        for messages, removed, problems in self.scripts[mailbox][done:]:
            if done >= self.breaks.get(mailbox, 10**9):
                raise SourceError("the line is dead", source=self.name, reason="dead line")
            done += 1
            yield Batch(messages, problems, done, json.dumps({"told": done}), removed=removed)
        if self.breaks.get(mailbox) == done:
            raise SourceError("the line is dead", source=self.name, reason="dead line")


@pytest.fixture
def source():
    return ToldSource()


def item(tools, number, folder="inbox", subject=None, **values):
    fields = {
        "item_id": f"i{number}",
        "folder": folder,
        "internet_message_id": f"<{number}@x>",
        "sent_at": DAY + timedelta(days=number),
    }
    return tools.record(subject or f"Report {number}", **(fields | values))


def held(tools, folder):
    """Copies as (mailbox, folder, item), and the subjects of the messages."""
    found = tools.content(folder)
    keys = {row["message_key"] for row in found["messages"]}
    assert (
        keys == {row["message_key"] for row in found["copies"]} == {row["message_key"] for row in found["recipients"]}
    )
    copies = sorted((row["mailbox"], row["folder"], row["item_id"]) for row in found["copies"])
    return copies, sorted(row["subject"] for row in found["messages"])


def test_the_next_scan_goes_on_from_the_state_of_the_last_and_counts_what_is_held(tools, folder, source):
    source.tell("ann", [item(tools, 1), item(tools, 2)])
    tools.ingest(folder, source)
    source.tell("ann", [item(tools, 3)])
    report = tools.ingest(folder, source)
    assert source.asked == [("ann", None), ("ann", '{"told": 1}')]
    assert (report.total.read, report.total.new) == (1, 1)
    row = tools.content(folder)["mailboxes"][0]
    assert (row["messages"], row["oldest"], row["newest"]) == (3, DAY + timedelta(days=1), DAY + timedelta(days=3))
    assert held(tools, folder)[1] == ["Report 1", "Report 2", "Report 3"]


def test_a_removed_item_takes_its_message_unless_another_copy_is_left(tools, folder, source):
    source.tell("ann", [item(tools, 1), item(tools, 2)])
    source.tell("bob", [item(tools, 1)])
    tools.ingest(folder, source)
    source.tell("ann", removed=[("inbox", "i1"), ("inbox", "i2"), ("inbox", "never seen")])
    report = tools.ingest(folder, source)
    assert held(tools, folder) == ([("bob", "inbox", "i1")], ["Report 1"])
    assert (report.total.read, report.total.gone) == (0, 3)
    assert [row["messages"] for row in tools.content(folder)["mailboxes"]] == [0, 1]


@pytest.mark.parametrize("arrives_first", [True, False])
@pytest.mark.parametrize("one_scan", [True, False])
def test_a_move_between_folders_loses_nothing_in_any_order(tools, folder, source, arrives_first, one_scan):
    source.tell("ann", [item(tools, 1)])
    if not one_scan:
        tools.ingest(folder, source)
    steps = [{"messages": [item(tools, 1, "archive")]}, {"removed": [("inbox", "i1")]}]
    for step in steps if arrives_first else reversed(steps):
        source.tell("ann", **step)
    report = tools.ingest(folder, source)
    assert held(tools, folder) == ([("ann", "archive", "i1")], ["Report 1"])
    assert report.total.new == (1 if one_scan else 0)


def test_a_later_copy_of_an_item_replaces_the_earlier_one(tools, folder, source):
    source.tell("ann", [item(tools, 1, importance="high", subject="Draft of the plan"), item(tools, 2)])
    tools.ingest(folder, source)
    source.tell("ann", [item(tools, 1, importance="normal", subject="The plan")])
    tools.ingest(folder, source)
    copies, subjects = held(tools, folder)
    assert copies == [("ann", "inbox", "i1"), ("ann", "inbox", "i2")]
    assert subjects == ["Report 2", "The plan"]
    assert {row["importance"] for row in tools.content(folder)["messages"]} == {"normal", None}


def test_the_last_word_about_an_item_counts_within_one_scan(tools, folder, source):
    source.tell("ann", [item(tools, 1), item(tools, 2), item(tools, 3, subject="Old")])
    source.tell("ann", [item(tools, 3, subject="New")], removed=[("inbox", "i1"), ("inbox", "i2")])
    source.tell("ann", [item(tools, 2)])
    tools.ingest(folder, source)
    assert held(tools, folder) == ([("ann", "inbox", "i2"), ("ann", "inbox", "i3")], ["New", "Report 2"])


def test_a_folder_that_is_read_afresh_loses_what_is_not_told_again(tools, folder, source):
    source.tell("ann", [item(tools, 1), item(tools, 2), item(tools, 3, "archive")])
    tools.ingest(folder, source)
    source.tell("ann", [item(tools, 2)], removed=[("inbox", None)])
    source.tell("ann", [item(tools, 4)])
    report = tools.ingest(folder, source)
    assert held(tools, folder)[0] == [("ann", "archive", "i3"), ("ann", "inbox", "i2"), ("ann", "inbox", "i4")]
    assert (report.total.new, report.total.merged) == (1, 1)


def test_a_folder_that_is_gone_takes_its_mail(tools, folder, source):
    source.tell("ann", [item(tools, 1), item(tools, 2, "archive")])
    tools.ingest(folder, source)
    source.tell("ann", removed=[("inbox", None)])
    tools.ingest(folder, source)
    assert held(tools, folder)[0] == [("ann", "archive", "i2")]


def test_reading_another_period_anew_keeps_what_lies_outside_it(tools, folder, source):
    source.tell("ann", [item(tools, number) for number in range(1, 5)], removed=[("inbox", None)])
    tools.ingest(folder, source)
    source.scripts["ann"][0] = (
        pa.Table.from_pylist([item(tools, 4)], schema=RECORDS), source.scripts["ann"][0][1], ()
    )  # fmt: skip
    tools.ingest(folder, source, since=DAY + timedelta(days=3))
    assert source.asked[-1] == ("ann", None)
    assert held(tools, folder)[1] == ["Report 1", "Report 2", "Report 4"]


def test_a_mailbox_that_cannot_be_read_keeps_state_figures_and_age(tools, folder, source):
    source.tell("ann", [item(tools, 1)])
    tools.ingest(folder, source)
    with Lake(tools.settings_for(folder).lake) as lake:
        before = lake.arrow("mailboxes").to_pylist()[0]
    source.breaks["ann"] = 1
    report = tools.ingest(folder, source)
    assert [(o.state, o.reason) for o in report.outcomes] == [("unreachable", "dead line")]
    with Lake(tools.settings_for(folder).lake) as lake:
        after = lake.arrow("mailboxes").to_pylist()[0]
        assert watermarks.states(lake, "s", ["ann", "bob"]) == {"ann": '{"told": 1}'}
    assert (after["state"], after["reason"]) == ("unreachable", "dead line")
    assert {**after, "state": "complete", "reason": None} == before
    del source.breaks["ann"]
    source.tell("ann", [item(tools, 2)])
    assert tools.ingest(folder, source).complete
    assert source.asked[-1] == ("ann", '{"told": 1}')


def test_a_partly_read_mailbox_goes_on_where_it_broke_off(tools, folder, source):
    for number in range(3):
        source.tell("ann", [item(tools, number)])
    source.breaks["ann"] = 2
    assert [o.state for o in tools.ingest(folder, source).outcomes] == ["partial"]
    del source.breaks["ann"]
    report = tools.ingest(folder, source)
    assert (source.asked[-1], report.total.read) == (("ann", '{"told": 2}'), 1)
    assert len(held(tools, folder)[0]) == 3


def test_a_problem_stays_until_the_mailbox_tells_of_the_item_again(tools, folder, source):
    problems = [Problem("ann", "inbox/i1", "no sender"), Problem("ann", "archive/i2", "no sender")]
    source.tell("ann", [item(tools, 3)], problems=problems)
    assert tools.ingest(folder, source).total.problems == 2
    source.tell("ann", [item(tools, 4)])
    report = tools.ingest(folder, source)
    assert (report.total.problems, report.complete) == (2, False)
    source.tell("ann", [item(tools, 1)], removed=[("archive", None)])
    report = tools.ingest(folder, source)
    assert (report.total.problems, report.complete) == (0, True)
    assert tools.content(folder)["problems"] == []


def history(tools, chosen, steps):
    """Random events of one mailbox with three folders, and the items that are there at the end."""
    there: dict[tuple[str, str], dict] = {}
    told = []
    for step in range(steps):
        folder, number = chosen.choice("abc"), chosen.randrange(6)
        key, kind = (folder, f"i{number}"), chosen.random()
        if kind < 0.6:
            row = item(tools, number, folder, subject=f"Version {step}", internet_message_id=None)
            there[key] = row
            told.append(([row], []))
        elif kind < 0.9:
            there.pop(key, None)
            told.append(([], [key]))
        else:
            there = {known: row for known, row in there.items() if known[0] != folder}
            told.append(([], [(folder, None)]))
    return told, there


@pytest.mark.parametrize("seed", range(2))
def test_any_history_in_any_scans_ends_like_one_scan_of_the_end(tools, tmp_path, seed):
    chosen = random.Random(seed)
    told, there = history(tools, chosen, 30)
    source, end = ToldSource(), ToldSource()
    for messages, removed in told:
        source.tell("ann", messages, removed)
        if chosen.random() < 0.1:
            tools.ingest(tmp_path / "many", source)
    tools.ingest(tmp_path / "many", source)
    end.tell("ann", there.values())
    tools.ingest(tmp_path / "one", end)
    names = ("messages", "recipients", "copies")
    many, one = (tools.content(tmp_path / name, names) for name in ("many", "one"))
    for row in many["messages"] + one["messages"]:
        row.pop("subject_key")  # each lake has a secret of its own
    assert {name: many[name] for name in names} == {name: one[name] for name in names}


def test_events_of_mailboxes_may_be_mixed(tools, folder):
    class Mixed(ToldSource):
        def read_many(self, requests):
            running = [(name, self.read(name, state=state)) for name, state in requests]
            for name, _ in running:
                yield Event(name, Mark.STARTED)
            while running:
                name, batches = running.pop(0)
                try:
                    yield Event(name, next(batches))
                    running.append((name, batches))
                except StopIteration:
                    yield Event(name, Mark.ENDED)
                except SourceError as error:
                    yield Event(name, error)

    source = Mixed()
    for name, first in (("ann", 0), ("bob", 10), ("carl", 20)):
        for number in range(first, first + 3):
            source.tell(name, [item(tools, number)])
    source.breaks["bob"] = 1
    report = tools.ingest(folder, source)
    assert {o.mailbox: (o.state, o.read) for o in report.outcomes} == {
        "ann": ("complete", 3), "bob": ("partial", 1), "carl": ("complete", 3),
    }  # fmt: skip
    assert len(held(tools, folder)[0]) == 7


def test_who_is_forgotten_is_in_no_state_of_a_directory(tools, folder, source):
    source.tell("ann", [item(tools, 1)])
    source.directory = lambda: Directory(state='{"people": ["zoe@contoso.example"]}')
    source.declaration = replace(source.declaration, provides=frozenset({"messages", "people"}))
    tools.ingest(folder, source)
    with Lake(tools.settings_for(folder).lake) as lake:
        assert watermarks.states(lake, "s", ["ann", facts.DIRECTORY]).keys() == {"ann", facts.DIRECTORY}
        assert retention.forget(lake, "zoe@contoso.example") == {"watermarks": 1}
        assert watermarks.states(lake, "s", ["ann", facts.DIRECTORY]).keys() == {"ann"}
