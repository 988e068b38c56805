"""Scheduling, decisions, copies for cover and bridges from mail to finding, each beside what only looks like it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from analyser import pipeline
from analyser.analysis.audiences.circles import CirclesThresholds
from analyser.lake.ingest import scan
from analyser.lake.store import Lake
from analyser.pipeline.mining.talks import neighbourhoods
from analyser.sources.registry import open_source

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)
WEEKS = 30
DEPARTMENTS = ("Sales", "Finance", "Legal", "Design", "Quality", "Logistics")


class Pen:
    """Writes rows of messages.csv; people are `sales0` and so on."""

    def __init__(self, seed):
        self.rows, self.random = [], np.random.default_rng(seed)

    def write(self, week, hours, sender, to, subject, *, cc=(), answers=None):
        """One message so many hours after the Monday of a week; its identity."""
        number = f"<{len(self.rows)}@contoso.example>"

        def line(names):
            return ";".join(f"{name}@contoso.example" for name in names)

        at = (MONDAY + timedelta(weeks=week, hours=hours)).isoformat()
        subject = f"Re: {subject}" if answers else subject
        self.rows.append([number, at, line([sender]), line(to), line(cc), "", subject, "", answers or "", "false"])
        return number

    def some(self, people, count):
        return [people[n] for n in self.random.choice(len(people), count, replace=False)]


def noise(pen):
    """Single mails of everybody to anybody, most within a department: habits, departments, a period."""
    people = [f"{d.lower()}{n}" for d in DEPARTMENTS for n in range(10)]
    for week in range(WEEKS):
        for n, sender in enumerate(people):
            (to,) = pen.some([p for p in people if p != sender], 1)
            pen.write(week, n % 100 + 1, sender, [to], f"Note {n} {week}")


def dates(pen, people, *, room, prefix="Slot"):
    """Three of them write to and fro every other week; with a room at the end, or with an answer like any other."""
    for week in range(0, WEEKS - 1, 2):
        one, two, three = pen.some(people, 3)
        subject = f"{prefix} {week} for audit"
        first = pen.write(week, 1, one, [two, three], subject)
        pen.write(week, 4, two, [one, three], subject, answers=first)
        pen.write(week, 9, three, [one, two], subject, answers=first)
        pen.write(week, 26, one, [two, three], subject, answers=first)
        if room:
            pen.write(week, 30, one, [two, three, "room1"], f"Audit meeting {week}")


def decisions(pen, people, boss, *, times, boss_from=6):
    """Long threads to all into which the boss is drawn; `boss_from` past their end: never."""
    for n in range(times):
        subject, answers = f"Which supplier {n}", None
        for step in range(10):
            on = [*people, *([boss] if step >= boss_from else [])]
            sender = on[step % len(people)]
            to = [p for p in on if p != sender]
            number = pen.write(4 * n + 1, 10 * step, sender, to, subject, answers=answers)
            answers = answers or number


def covers(pen, people, boss, *, answering):
    """Pairs of a team write with the boss in copy, and copy one more as they go on."""
    for week in range(WEEKS):
        for n in range(2):
            one, two, three = pen.some(people, 3)
            subject = f"Complaint {week} {n}"
            first = pen.write(week, 3 + 20 * n, one, [two], subject, cc=[boss])
            pen.write(week, 6 + 20 * n, two, [one], subject, cc=[boss, three], answers=first)
            if answering and n:
                pen.write(week, 9 + 20 * n, boss, [one, two], subject, answers=first)


def bridge(pen, one, two, *, carriers):
    """Two departments; the carriers write nearly all, and somebody answers every second time."""
    people = [*one, *two]
    for week in range(WEEKS):
        for n in range(2):
            who = carriers[(week + n) % len(carriers)]
            first = pen.write(week, 5 + 30 * n, who, [p for p in people if p != who], f"Handover {week} {n}")
            if n:
                (other,) = pen.some([p for p in people if p not in {who, *carriers[:2]}], 1)
                pen.write(week, 40, other, [p for p in people if p != other], f"Handover {week} {n}", answers=first)


@pytest.fixture(scope="module")
def findings(tmp_path_factory, settings_in, silent):
    """Write mail, scan and analyse it; findings by rule."""

    def findings(write, *, directory=True, seed=1):
        folder = tmp_path_factory.mktemp("habits")
        pen = Pen(seed)
        noise(pen)
        write(pen)
        header = [
            "message_id",
            "sent_at",
            "sender",
            "to",
            "cc",
            "bcc",
            "subject",
            "conversation_id",
            "in_reply_to",
            "has_attachments",
        ]
        with (folder / "messages.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *pen.rows])
        with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
            rows = [
                [f"{d.lower()}{n}@contoso.example", f"{d}{n}", d, "person",
                 f"{d.lower()}0@contoso.example" if n and directory else ""]
                for d in DEPARTMENTS for n in range(10)
            ]  # fmt: skip
            rows.append(["room1@contoso.example", "Room 1", "", "room", ""])
            csv.writer(file).writerows([["address", "display_name", "department", "kind", "manager"], *rows])
        settings = settings_in(folder, sources=[{"name": "export", "type": "table", "path": folder}])
        source = open_source(settings.sources[0], batch_size=settings.scan.batch_size, earliest=settings.scan.earliest)
        with Lake(settings.lake) as lake:
            scan(lake, [source], settings, listener=silent())
            run = pipeline.analyse(lake, settings, since=None, until=None, listener=silent())
            proposals = lake.arrow("proposals").to_pylist()
        result = {}
        for finding in run.objects["findings"]:
            result.setdefault(finding.rule, []).append({m.partition("@")[0] for m in finding.members})
        return result, proposals

    return findings


SALES, FINANCE = ([f"{d}{n}" for n in range(1, 7)] for d in ("sales", "finance"))
NEW = ("scheduling", "decision_thread", "cc_for_cover", "bridge")


@pytest.fixture(scope="module")
def planted(findings):
    """All four habits at once, each among people of its own."""

    def write(pen):
        dates(pen, SALES, room=True)
        decisions(pen, FINANCE, "finance0", times=5)
        covers(pen, [f"legal{n}" for n in range(1, 6)], "legal0", answering=False)
        bridge(pen, ["design1", "design2", "design3"], ["quality1", "quality2", "quality3"],
               carriers=["design1", "quality1"])  # fmt: skip

    return findings(write)


def test_each_habit_is_found_among_its_own_people(planted):
    found, _ = planted
    assert found["scheduling"] == [set(SALES)]
    assert found["decision_thread"] == [{*FINANCE, "finance0"}]
    assert found["cc_for_cover"] == [{f"legal{n}" for n in range(6)}]
    assert found["bridge"] == [{f"{d}{n}" for d in ("design", "quality") for n in (1, 2, 3)}]
    assert "working_group" not in found


def test_copies_become_a_habit_to_change_that_points_at_nobody(planted):
    _, proposals = planted
    documents = [json.loads(p["document"]) for p in proposals]
    (norm,) = (d for d in documents if "cc_for_cover" in d["patterns"])
    assert (norm["kind"], norm["platform"], norm["pilot"]) == ("norm", "none", False)
    assert norm["member_reasons"] == {}
    assert norm["why_not"] == "A habit to change, no space"
    assert next(d for d in documents if "scheduling" in d["patterns"])["kind"] == "bookings"


@pytest.fixture(scope="module")
def decoys(findings):
    """What only looks like each of the four."""

    def write(pen):
        dates(pen, SALES, room=False)
        decisions(pen, FINANCE, "finance0", times=2)
        covers(pen, [f"legal{n}" for n in range(1, 6)], "legal0", answering=True)
        people = [f"{d}{n}" for d in ("design", "quality") for n in (1, 2, 3)]
        bridge(pen, people[:3], people[3:], carriers=[people[n] for n in (0, 3, 1, 4, 2, 5)])
        # somebody else's meeting, so that the lake knows rooms
        pen.write(3, 2, "logistics1", ["logistics2", "room1"], "Stocktaking")

    return findings(write)[0]


@pytest.mark.parametrize("rule", NEW)
def test_what_only_looks_like_a_habit_is_none(rule, decoys):
    assert rule not in decoys


def test_a_group_of_two_departments_in_which_all_write_is_a_working_group(decoys):
    assert {f"{d}{n}" for d in ("design", "quality") for n in (1, 2, 3)} in decoys["working_group"]


def test_without_directory_and_rooms_decisions_and_dates_are_found_too(findings):
    def write(pen):
        dates(pen, SALES, room=True)
        pen.rows = [[cell.replace(";room1@contoso.example", "") for cell in row] for row in pen.rows]
        decisions(pen, FINANCE, "finance0", times=5)

    found, _ = findings(write, directory=False)
    assert found["scheduling"] == [set(SALES)]
    assert found["decision_thread"] == [{*FINANCE, "finance0"}]


def test_where_a_directory_tells_a_decision_needs_somebody_senior(findings):
    found, _ = findings(lambda pen: decisions(pen, FINANCE, "finance9", times=5))
    assert "decision_thread" not in found


@pytest.mark.parametrize("subject", ["Salary slots", "Slot"])
def test_sensitive_talks_are_left_alone(subject, findings):
    found, _ = findings(lambda pen: dates(pen, SALES, room=True, prefix=subject))
    assert ("scheduling" in found) == (subject == "Slot")


@pytest.mark.parametrize("seed", range(6))
def test_neighbourhoods_are_the_groups_of_which_a_few_talk_at_a_time(seed):
    random, groups, rows = np.random.default_rng(seed), [range(7), range(10, 15), range(20, 28)], []
    for group in groups:
        for _ in range(14):
            thread = len(rows)
            people = random.choice(list(group), random.integers(2, 5), replace=False).tolist()
            rows += [(thread, int(p)) for p in people]
    rows += [(1000 + n, p) for n in range(6) for p in random.choice(np.arange(40, 60), 3, replace=False).tolist()]
    talkers = pa.table({"thread": [t for t, _ in rows], "actor": pa.array([p for _, p in rows], pa.int32())})
    found = neighbourhoods(ibis.memtable(talkers), CirclesThresholds()).to_pylist()
    circles = {}
    for row in found:
        circles.setdefault(row["circle"], set()).add(row["actor"])
    for group in groups:
        assert max(len(c & {*group}) / len(c | {*group}) for c in circles.values()) >= 0.8
    assert min(circles) == 1


def test_no_talks_no_neighbourhoods():
    empty = pa.table({"thread": pa.array([], pa.int64()), "actor": pa.array([], pa.int32())})
    assert neighbourhoods(ibis.memtable(empty), CirclesThresholds()).num_rows == 0
