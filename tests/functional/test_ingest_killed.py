"""A scan that is killed at any moment leaves the last complete state; the next one ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from analyser.config import Settings
from analyser.lake.ingest import scan
from analyser.lake.store import Lake
from analyser.sources.table import TableSource

FACTS = ("messages", "recipients", "copies", "address_names", "problems", "directory_people")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

# The process under test: the program's own scan over the table source. It counts the renames that make something
# visible, and ends itself without warning before or after the one it is told to; the hook is here, not in the program.
CHILD = textwrap.dedent("""
    import os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from analyser.config import Settings
    from analyser.lake.ingest import scan
    from analyser.lake.store import Lake
    from analyser.sources.table import TableSource

    lake_path, source_path, stop_at, when = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    replace, renames = os.replace, 0

    def counted(source, target):
        global renames
        renames += 1
        if renames == stop_at and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if renames == stop_at:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = counted

    class Listener:
        def planned(self, source, mailboxes): pass
        def started(self, source, mailbox): pass
        def advanced(self, source, mailbox, batch_messages, progress): pass
        def finished(self, source, mailbox, outcome): pass
        def counted(self, source, counts): pass
        def publishing(self): print("publishing", flush=True)

    settings = Settings(lake={"path": lake_path, "threads": 1, "memory_limit": "500MB"})
    source = TableSource("export", source_path, batch_size=40, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    with Lake(settings.lake) as lake:
        print("reading", flush=True)
        report = scan(lake, [source], settings, listener=Listener())
    assert report.total.read == report.total.new + report.total.merged
    print("done", renames, flush=True)
""")


def write_export(folder, count, seed):
    """An export with copies, replies, several months and one row that cannot be read."""
    chosen = random.Random(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = ["message_id,sent_at,sender,to,cc,subject"]
    for number in range(count):
        sent = start + timedelta(minutes=chosen.randrange(60 * 24 * 90))
        to = ";".join(f"p{chosen.randrange(9)}@contoso.example" for _ in range(2))
        lines.append(f"<{number}@x>,{sent.isoformat()},p{number % 7}@contoso.example,{to},,Re: report {number % 5}")
        if number % 6 == 0:
            lines.append(lines[-1].replace(f"<{number}@x>", f"<copy-{number}@x>"))
    lines.append("<bad@x>,never,p1@contoso.example,p2@contoso.example,,Broken")
    folder.mkdir(exist_ok=True)
    (folder / "messages.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    people = "address,display_name,department\np1@contoso.example,P One,Finance\n"
    (folder / "people.csv").write_text(people, encoding="utf-8")


def content(path):
    """All rows of the fact tables, read by the program itself, in an order of their own."""
    settings = Settings(lake={"path": path, "threads": 1, "memory_limit": "500MB"})
    with Lake(settings.lake) as lake:
        rows = {name: lake.arrow(name).to_pylist() for name in FACTS}
        rows["mailboxes"] = [{**row, "scanned_at": None} for row in lake.arrow("mailboxes").to_pylist()]
    return {name: sorted(part, key=repr) for name, part in rows.items()}


class Silent:
    def planned(self, *said): ...

    def started(self, *said): ...

    def advanced(self, *said): ...

    def finished(self, *said): ...

    def publishing(self): ...


def resume(lake, export):
    """Scan to the end, in this process."""
    settings = Settings(lake={"path": lake, "threads": 1, "memory_limit": "500MB"})
    source = TableSource("export", export, batch_size=40, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    with Lake(settings.lake) as opened:
        return scan(opened, [source], settings, listener=Silent())


def run(lake, export, *, stop_at=0, when="after", after_seconds=None):
    """Scan in a process of its own; returns what it said, and whether it was killed."""
    command = [sys.executable, "-c", CHILD, str(lake), str(export), str(stop_at), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        if after_seconds is not None:
            assert process.stdout.readline() == "reading\n"
            try:
                process.wait(after_seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        said, errors = process.communicate(timeout=120)
    if process.returncode not in (0, -signal.SIGKILL):
        pytest.fail(f"the scan ended with {process.returncode}: {errors}")
    return said, process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """An export in two versions, the lake after the first, and what an uninterrupted scan of the second gives."""
    root = tmp_path_factory.mktemp("killed")
    export, lake = root / "export", root / "lake"
    write_export(export, 90, seed=1)
    resume(lake, export)
    first = content(lake)
    write_export(export, 150, seed=2)
    straight = root / "straight"
    shutil.copytree(lake, straight)
    said, _ = run(straight, export)
    renames = int(said.split()[-1])
    return export, lake, first, content(straight), renames


def kill_and_resume(states, tmp_path, **how):
    """Kill a scan of the second version; the lake must show the first or the second whole, and then the second."""
    export, template, first, second, _ = states
    lake = tmp_path / "lake"
    shutil.copytree(template, lake)
    _, killed = run(lake, export, **how)
    seen = content(lake)
    assert seen in (first, second)
    resume(lake, export)
    assert content(lake) == second
    assert sorted(path.name for path in (lake / ".staging").glob("*")) == []
    assert list((lake / ".pending").rglob("*.parquet")) == []
    return killed, seen == second


def test_the_two_states_differ(states):
    _, _, first, second, renames = states
    assert len(first["messages"]) < len(second["messages"])
    assert len(first["problems"]) == len(second["problems"]) == 1
    assert renames > 10


def few_now_the_rest_later(values, few):
    """A kill costs seconds: a few run always, the others with the slow tests."""
    return [pytest.param(value, marks=[] if value in few else pytest.mark.slow) for value in values]


@pytest.mark.parametrize("share", few_now_the_rest_later([0.0, 0.2, 0.4, 0.5, 0.7, 0.9, 1.0], few=[0.4, 0.9]))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_a_rename(states, tmp_path, share, when):
    stop_at = 1 + round(share * (states[-1] - 1))
    killed, _ = kill_and_resume(states, tmp_path, stop_at=stop_at, when=when)
    assert killed


def test_the_rename_of_the_journal_is_the_commit(states, tmp_path):
    """Every rename before it leaves the first state, every one from it on the second."""
    export, template, first, second, renames = states
    moved = len(list(template.glob("*/part-*.parquet"))) + len(list(template.glob("*/month=*/part-*.parquet")))
    shown = []
    for number, stop_at in enumerate(range(renames - moved - 1, renames - moved + 2)):
        lake = tmp_path / str(number)
        shutil.copytree(template, lake)
        run(lake, export, stop_at=stop_at, when="after")
        seen = content(lake)
        assert seen in (first, second)
        shown.append(seen == second)
    assert shown == sorted(shown)
    assert set(shown) == {False, True}


@pytest.mark.parametrize("seed", few_now_the_rest_later(range(5), few=[1]))
def test_killed_at_a_random_moment(states, tmp_path, seed):
    kill_and_resume(states, tmp_path, after_seconds=random.Random(seed).uniform(0.0, 2.5))


def test_a_lake_can_be_read_while_it_is_being_written(states, tmp_path):
    export, template, first, second, _ = states
    lake = tmp_path / "lake"
    shutil.copytree(template, lake)
    command = [sys.executable, "-c", CHILD, str(lake), str(export), "0", "after"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line == "reading\n":
                assert content(lake) == first
    assert process.returncode == 0
    assert content(lake) == second
