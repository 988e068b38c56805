from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyser.config import Settings
from analyser.errors import LakeLockedError, SourceError, UsageError
from analyser.lake import facts, merge
from analyser.lake.schema import TABLES
from analyser.lake.store import Lake
from analyser.sources.contract import DIRECTORY_GROUP_MEMBERS, DIRECTORY_GROUPS, DIRECTORY_PEOPLE, Directory, Problem

DAY = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def source(tools):
    """Two mailboxes, eleven copies of nine messages."""
    own = [
        tools.record(f"Report {n}", sent_at=DAY + timedelta(days=n), internet_message_id=f"<{n}@x>") for n in range(7)
    ]
    other = own[:2] + [tools.record("Lunch", sent_at=DAY + timedelta(days=n)) for n in range(2)]
    return tools.MemorySource("s", {"ann": tools.records(*own), "bob": tools.records(*other)}, size=5)


def check_sums(report):
    for part in (*report.sources, report.total):
        assert part.found == part.read + part.problems + part.left_out
        assert part.read == part.new + part.merged
        assert part.problems == sum(part.reasons.values())


def test_a_scan_accounts_for_everything_and_tells_how_it_goes_on(tools, folder, source):
    source.problems["bob"] = (Problem("bob", "bob:17", "no date"), Problem("bob", "bob:18", "no date"))
    listener = tools.Recorder()
    report = tools.ingest(folder, source, listener=listener)
    total = report.total
    assert (total.found, total.read, total.problems, total.new, total.merged) == (13, 11, 2, 9, 2)
    assert total.reasons == {"no date": 2}
    assert not report.complete
    check_sums(report)
    assert [(o.mailbox, o.state, o.read, o.oldest, o.newest) for o in report.outcomes] == [
        ("ann", "complete", 7, DAY, DAY + timedelta(days=6)),
        ("bob", "complete", 4, DAY, DAY + timedelta(days=1)),
    ]
    assert listener.events == [
        ("started", "s", "ann"), ("advanced", "s", "ann", 5, 5), ("advanced", "s", "ann", 2, 7),
        ("finished", "s", "ann", "complete"),
        ("started", "s", "bob"), ("advanced", "s", "bob", 4, 4), ("finished", "s", "bob", "complete"),
        ("publishing",),
    ]  # fmt: skip
    found = tools.content(folder)
    assert len(found["messages"]) == 9
    assert [row["place"] for row in found["problems"]] == ["bob:17", "bob:18"]
    assert [(row["mailbox"], row["messages"], row["problems"]) for row in found["mailboxes"]] == [
        ("ann", 7, 0), ("bob", 4, 2),
    ]  # fmt: skip
    assert not list((folder / ".pending").rglob("*.parquet"))


def test_a_mailbox_in_the_same_version_is_not_read_again(tools, folder, source):
    source.problems["bob"] = (Problem("bob", "bob:17", "no date"),)
    tools.ingest(folder, source)
    before, reads = tools.content(folder), list(source.reads)
    report = tools.ingest(folder, source)
    assert source.reads == reads
    assert (report.total.found, report.total.unchanged) == (0, 2)
    assert [(o.state, o.read, o.problems) for o in report.outcomes] == [("unchanged", 7, 0), ("unchanged", 4, 1)]
    assert not report.complete  # what could not be read is still missing
    assert tools.content(folder) == before


@pytest.mark.parametrize("version", ["2", None])
def test_a_mailbox_in_another_or_an_unknown_version_is_read_again_and_changes_nothing(tools, folder, source, version):
    tools.ingest(folder, source)
    before = tools.content(folder)
    source.version = version
    report = tools.ingest(folder, source)
    assert (report.total.read, report.total.new, report.total.merged) == (11, 0, 11)
    after = tools.content(folder)
    for rows in (before, after):
        rows.pop("mailboxes")
    assert after == before
    source.version = None
    source.reads.clear()
    tools.ingest(folder, source)
    assert source.reads == [("ann", None), ("bob", None)]


def test_messages_outside_the_period_are_left_out_and_counted(tools, folder, source):
    since, until = DAY + timedelta(days=1), DAY + timedelta(days=3)
    report = tools.ingest(folder, source, since=since, until=until)
    assert (report.total.found, report.total.read, report.total.left_out) == (11, 4, 7)
    check_sums(report)
    assert {row["sent_at"] for row in tools.content(folder)["messages"]} == {since, since + timedelta(days=1)}
    # another period asks another question of the same version
    assert tools.ingest(folder, source).total.read == 11
    assert len(tools.content(folder)["messages"]) == 9


def test_what_a_source_leaves_out_is_counted_with_its_reasons_also_after_a_kill(tools, folder, source):
    source.left_out = {"ann": {"draft": 3}, "bob": {"draft": 1, "failed": 2}}
    source.breaks_after["bob"] = 0
    first = tools.ingest(folder, source)
    assert (first.total.left_out, first.total.passed_over) == (3, {"draft": 3})
    del source.breaks_after["bob"]
    report = tools.ingest(folder, source, since=DAY + timedelta(days=1))
    check_sums(report)
    outside = sum(
        row["sent_at"] < DAY + timedelta(days=1) for table in source.tables.values() for row in table.to_pylist()
    )
    assert report.total.left_out == 6 + outside
    assert report.total.passed_over == {"draft": 4, "failed": 2}
    assert {outcome.mailbox: outcome.passed_over for outcome in report.outcomes} == source.left_out
    rows = {
        row["mailbox"]: row["left_out"] for row in Lake(tools.settings_for(folder).lake).arrow("mailboxes").to_pylist()
    }
    assert sum(rows.values()) == report.total.left_out


def test_an_empty_period_and_an_unknown_mailbox_are_usage_errors(tools, folder, source):
    with pytest.raises(UsageError, match="the period is empty"):
        tools.ingest(folder, source, since=DAY, until=DAY)
    with pytest.raises(UsageError, match="no source has a mailbox named carl"):
        tools.ingest(folder, source, mailboxes=["ann", "Carl"])
    assert source.reads == []


def test_only_the_mailboxes_asked_for_are_read(tools, folder, source):
    report = tools.ingest(folder, source, mailboxes=["BOB"])
    assert [outcome.mailbox for outcome in report.outcomes] == ["bob"]
    assert [row["mailbox"] for row in tools.content(folder)["mailboxes"]] == ["bob"]


def test_a_mailbox_that_breaks_off_is_partial_and_the_others_go_on(tools, folder, source):
    source.breaks_after["ann"] = 5
    report = tools.ingest(folder, source)
    assert [(o.mailbox, o.state, o.read) for o in report.outcomes] == [("ann", "partial", 5), ("bob", "complete", 4)]
    assert "the line is dead" in report.outcomes[0].reason
    assert not report.complete
    check_sums(report)
    assert len(tools.content(folder)["messages"]) == 7
    del source.breaks_after["ann"]
    again = tools.ingest(folder, source)
    assert [(o.mailbox, o.state) for o in again.outcomes] == [("ann", "complete"), ("bob", "unchanged")]
    assert (again.total.read, again.total.new) == (7, 2)
    assert [row["reason"] for row in tools.content(folder)["mailboxes"]] == [None, None]


def test_a_mailbox_without_a_first_batch_and_a_closed_source_are_unreachable(tools, folder, source):
    source.breaks_after["ann"] = 0
    source.tables["ann"] = source.tables["ann"][:0]
    closed = tools.MemorySource("t", {})
    closed.closed = True
    report = tools.ingest(folder, source, closed)
    assert [(o.source, o.mailbox, o.state) for o in report.outcomes] == [
        ("t", facts.SOURCE, "unreachable"), ("s", "ann", "unreachable"), ("s", "bob", "complete"),
    ]  # fmt: skip
    assert len(tools.content(folder)["mailboxes"]) == 3
    closed.closed = False
    source.breaks_after.clear()
    assert tools.ingest(folder, source, closed).complete
    assert [row["mailbox"] for row in tools.content(folder)["mailboxes"]] == ["ann", "bob"]


def test_messages_of_two_sources_collapse_and_count_for_the_first_name(tools, folder, source):
    other = tools.MemorySource("r", {"archive": source.tables["ann"]})
    report = tools.ingest(folder, source, other)
    assert [(part.source, part.read, part.new, part.merged) for part in report.sources] == [
        ("s", 11, 2, 9),
        ("r", 7, 7, 0),
    ]
    check_sums(report)
    assert {row["source"] for row in tools.content(folder)["copies"]} == {"r", "s"}


def test_display_names_are_gathered_from_senders_and_recipients(tools, folder):
    def named(name, address):
        people = [{"address": address, "display_name": name, "role": "to"}]
        return tools.record(sender_name="Ann Alpha", recipients=people)

    rows = [
        named("Bob", "b@contoso.example"),
        named("b@contoso.example", "b@contoso.example"),
        named("", "c@x.example"),
    ]
    tools.ingest(folder, tools.MemorySource("s", {"box": tools.records(*rows)}))
    more = tools.MemorySource("t", {"box": tools.records(named("Robert", "b@contoso.example"))})
    tools.ingest(folder, more)
    assert [tuple(row.values()) for row in tools.content(folder)["address_names"]] == [
        ("a@contoso.example", "Ann Alpha"), ("b@contoso.example", "Bob"), ("b@contoso.example", "Robert"),
    ]  # fmt: skip


# resuming


class Killed(Exception):
    """Stands for what ends a process at that point; the lake learns of it no sooner than of a signal."""


class Stopper:
    def __init__(self, inner, batches):
        self.inner, self.left = inner, batches

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def advanced(self, *args):
        self.left -= 1
        if self.left < 0:
            raise Killed

    def publishing(self):
        if self.left <= 0:
            raise Killed


def start_and_die(tools, folder, source, batches, **options):
    with pytest.raises(Killed):
        tools.ingest(folder, source, listener=Stopper(tools.Recorder(), batches), **options)


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_killed_scan_shows_nothing_and_the_next_goes_on_where_it_stopped(tools, folder, source, tmp_path, batches):
    start_and_die(tools, folder, source, batches)
    assert tools.content(folder)["messages"] == []
    source.reads.clear()
    report = tools.ingest(folder, source)
    assert source.reads == [
        [("ann", "5"), ("bob", None)], [("ann", "7"), ("bob", None)], [("bob", "4")], [],
    ][batches]  # fmt: skip
    straight = tmp_path / "straight"
    straight.mkdir()
    (straight / ".secret").write_bytes((folder / ".secret").read_bytes())
    expected = tools.ingest(straight, source)
    assert tools.content(folder) == tools.content(straight)
    assert report == expected


@pytest.mark.parametrize("change", ["version", "period", "subjects", "not resumable"])
def test_segments_that_answer_another_question_are_thrown_away(tools, folder, source, change):
    start_and_die(tools, folder, source, 1)
    assert list((folder / ".pending").rglob("*.parquet"))
    options, settings = {}, None
    source.reads.clear()
    if change == "version":
        source.version = "2"
    elif change == "period":
        options["until"] = DAY + timedelta(days=90)
    elif change == "subjects":
        settings = tools.settings_for(folder, privacy={"subjects": "none"})
    else:
        source.read = lambda mailbox, *, state=None, read=source.read: (
            type(batch)(batch.messages, batch.problems, batch.progress) for batch in read(mailbox, state=state)
        )
        with Lake(tools.settings_for(folder).lake) as lake, lake.lock():
            for path in (folder / ".pending").rglob("*.parquet"):
                path.unlink()
        start_and_die(tools, folder, source, 1)
        source.reads.clear()
    report = tools.ingest(folder, source, settings=settings, **options)
    assert source.reads[0] == ("ann", None)
    assert report.total.read == 11
    assert len(tools.content(folder)["messages"]) == 9


def test_segments_keep_no_more_of_a_subject_than_the_lake_does(tools, folder, source):
    settings = tools.settings_for(folder, privacy={"subjects": "none"})
    start_and_die(tools, folder, source, 2, settings=settings)
    for path in (folder / ".pending").rglob("*.parquet"):
        assert "eport" not in str(pq.read_table(path).to_pylist())
        assert b"eport" not in path.read_bytes()


def test_what_was_kept_under_another_setting_goes_even_if_its_mailbox_is_not_asked_for(tools, folder, source):
    start_and_die(tools, folder, source, 1)
    settings = tools.settings_for(folder, privacy={"subjects": "terms"})
    tools.ingest(folder, source, mailboxes=["bob"], settings=settings)
    assert not list((folder / ".pending").rglob("*.parquet"))


def test_two_scans_at_once_are_refused(tools, folder, source):
    with Lake(tools.settings_for(folder).lake) as lake, lake.lock():
        with pytest.raises(LakeLockedError, match="is being written by process"):
            tools.ingest(folder, source)
    assert tools.ingest(folder, source).complete


# subjects


@pytest.mark.parametrize(
    ("mode", "subject", "base"),
    [
        ("full", "Re: Budget of 2025, case 17b", "budget of 2025, case 17b"),
        ("terms", *["budget case"] * 2),
        ("none", None, None),
    ],
)
def test_subjects_are_kept_as_the_privacy_setting_says(tools, folder, mode, subject, base):
    settings = tools.settings_for(folder, privacy={"subjects": mode})
    rows = [
        tools.record("Re: Budget of 2025, case 17b"),
        tools.record("FW: budget of 2025, case 17b", sent_at=DAY + timedelta(days=1)),
        tools.record("Other", sent_at=DAY + timedelta(days=2)),
    ]
    tools.ingest(folder, tools.MemorySource("s", {"box": tools.records(*rows)}), settings=settings)
    first, second, third = sorted(tools.content(folder)["messages"], key=lambda row: row["sent_at"])
    assert (first["subject"], first["base_subject"], first["is_reply"]) == (subject, base, True)
    assert second["is_forward"]
    assert first["subject_key"] == second["subject_key"] != third["subject_key"]


def test_copies_collapse_by_the_whole_subject_whatever_is_kept_of_it(tools, folder):
    settings = tools.settings_for(folder, privacy={"subjects": "none"})
    rows = [tools.record("Plan 1"), tools.record("Re: plan 1"), tools.record("Plan 2")]
    tools.ingest(folder, tools.MemorySource("s", {"box": tools.records(*rows)}), settings=settings)
    assert len(tools.content(folder)["messages"]) == 2


# directories


def people(*rows):
    return pa.Table.from_pylist([{"address": a, **values} for a, values in rows], DIRECTORY_PEOPLE)


def test_a_source_replaces_its_own_people_and_never_a_known_value_by_null(tools, folder):
    source, other = tools.MemorySource("s", {}), tools.MemorySource("t", {})
    ann, bob = "ann@contoso.example", "bob@contoso.example"
    groups = pa.Table.from_pylist([{"address": "g@contoso.example", "kind": "team"}], DIRECTORY_GROUPS)
    members = pa.Table.from_pylist([{"group": "g@contoso.example", "member": ann}], DIRECTORY_GROUP_MEMBERS)
    source.people = Directory(
        people(
            (ann, {"title": "Clerk", "department": "Finance", "joined_on": date(2020, 1, 1), "aliases": ["a@x"]}),
            (bob, {}),
        ),
        groups,
        members,
    )
    other.people = Directory(people((bob, {"title": "Porter"})))
    tools.ingest(folder, source, other)
    source.people = Directory(people((ann, {"title": "Head", "aliases": []})), groups[:0], members)
    tools.ingest(folder, source)
    rows = {(row["source"], row["address"]): row for row in tools.content(folder)["directory_people"]}
    assert set(rows) == {("s", ann), ("t", bob)}
    assert rows["s", ann]["title"] == "Head"
    assert (rows["s", ann]["department"], rows["s", ann]["joined_on"]) == ("Finance", date(2020, 1, 1))
    assert tools.content(folder)["groups"] == []
    assert [row["member"] for row in tools.content(folder)["group_members"]] == [ann]


def test_people_whom_a_damaged_directory_does_not_list_stay(tools, folder):
    source = tools.MemorySource("s", {})
    ann, bob = "ann@contoso.example", "bob@contoso.example"
    source.people = Directory(people((ann, {"title": "Clerk"}), (bob, {})))
    tools.ingest(folder, source)
    source.people = Directory(people((ann, {})), problems=(Problem("people.csv", "people.csv:3", "no address"),))
    report = tools.ingest(folder, source)
    assert report.total.directory_problems == 1
    assert not report.complete
    found = tools.content(folder)
    assert [row["address"] for row in found["directory_people"]] == [ann, bob]
    assert found["directory_people"][0]["title"] == "Clerk"
    assert [row["place"] for row in found["problems"]] == ["people.csv:3"]
    source.people = Directory(people((ann, {})))
    assert tools.ingest(folder, source).complete
    assert tools.content(folder)["problems"] == []


def test_a_directory_that_cannot_be_read_leaves_what_is_known(tools, folder):
    source = tools.MemorySource("s", {})
    source.people = Directory(people(("ann@contoso.example", {})))
    tools.ingest(folder, source)
    source.directory_fails = True
    report = tools.ingest(folder, source)
    assert [(o.mailbox, o.state) for o in report.outcomes] == [(facts.DIRECTORY, "unreachable")]
    assert len(tools.content(folder)["directory_people"]) == 1


def test_an_error_that_is_no_source_error_stops_the_scan(tools, folder, source):
    source.tables["bob"] = pa.table({"sender": ["x"]})
    with pytest.raises(KeyError):
        tools.ingest(folder, source)
    assert tools.content(folder)["messages"] == []
    assert not issubclass(KeyError, SourceError)


def test_all_fact_tables_have_their_declared_schema_after_a_scan(tools, folder, source):
    tools.ingest(folder, source)
    with Lake(tools.settings_for(folder).lake) as lake:
        for name, table in TABLES.items():
            if not table.derived:
                assert all(pq.read_schema(path).types == table.schema.types for path in lake.files(name)), name


@pytest.mark.parametrize("rows", [1, 4], ids=["one a bucket", "a few"])
def test_rows_are_joined_in_as_many_parts_as_the_memory_asks_for(tools, tmp_path, source, monkeypatch, rows):
    tools.ingest(tmp_path / "whole", source)
    with Lake(Settings(lake={"path": tmp_path / "parted"}).lake) as lake:
        monkeypatch.setattr(merge, "BYTES_PER_ROW", lake.engine.memory_limit // rows)
    tools.ingest(tmp_path / "parted", source)

    def kept(name):  # keys of subjects are made with a secret of each lake
        found = tools.content(tmp_path / name, ("messages", "recipients", "copies"))
        return {table: [{**row, "subject_key": None} for row in rows] for table, rows in found.items()}

    assert kept("parted") == kept("whole")


@pytest.mark.parametrize(("limit", "expected"), [("150MB", 150_000_000), ("1GiB", 2**30), ("2GB", 2 * 10**9)])
def test_the_memory_limit_in_bytes(tmp_path, limit, expected):
    with Lake(Settings(lake={"path": tmp_path, "memory_limit": limit}).lake) as lake:
        assert lake.engine.memory_limit == expected
