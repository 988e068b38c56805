"""What people see while many mailboxes are read, and that Ctrl-C is never lost."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
import threading
from subprocess import run

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from analyser.cli.logs import JsonLines
from analyser.cli.metrics import Metrics
from analyser.cli.progress import SHOWN, QuietProgress, ShownProgress
from analyser.cli.stopping import Stopping, stoppable
from analyser.errors import AnalyserError, StoppedError
from analyser.lake.accounts import MailboxOutcome
from analyser.sources.contract import Mailbox

BOXES = [Mailbox(f"user{number}@contoso.example") for number in range(9)]


@pytest.fixture
def shown():
    """A listener, and what its table says now."""
    console = Console(file=io.StringIO(), width=160, force_terminal=True, color_system=None)
    columns = TextColumn("{task.description} {task.completed:.0f}/{task.total} {task.fields[rate]}")
    with Progress(columns, console=console, auto_refresh=False) as bars:
        listener = ShownProgress(bars, Stopping())

        def lines():
            seen = Console(file=io.StringIO(), width=160)
            seen.print(bars.get_renderable())
            return seen.file.getvalue().splitlines()

        yield listener, lines, console


def test_the_table_shows_mailboxes_done_messages_rate_and_throttling(shown):
    listener, lines, console = shown
    listener.planned("tenant", len(BOXES))
    for box in BOXES:
        listener.started("tenant", box)
    for number, box in enumerate(BOXES):
        listener.advanced("tenant", box, 1_000, 1_000)
        state, reason = ("unreachable", "out of scope") if number == 2 else ("complete", None)
        if number < 5:
            listener.finished("tenant", box, MailboxOutcome("tenant", box.name, state, reason))
    listener.counted("tenant", {"requests": 99, "throttled": 12})
    found = [line.strip() for line in lines()]
    assert found[0].startswith("tenant: mailboxes 5/9 9,000 mails, ")
    assert found[0].endswith("/s, throttled 12×")
    assert found[1:] == ["user5@contoso.example 1000/None"]  # of those with a line of their own, one is still open
    assert SHOWN == 6
    assert "tenant: user2@contoso.example: unreachable: out of scope" in console.file.getvalue()


def test_lines_for_programs_tell_of_requests(capsys):
    listener = QuietProgress(Stopping(), as_json=True)
    listener._counted_at = -10.0
    listener.planned("tenant", 3)
    listener.counted("tenant", {"requests": 4, "throttled": 1})
    listener.counted("tenant", {"requests": 5, "throttled": 1})  # too soon
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in said] == ["planned", "requests"]
    assert said[1] | {"seconds": 0} == {
        "event": "requests", "seconds": 0, "source": "tenant", "requests": 4, "throttled": 1,
    }  # fmt: skip


@pytest.mark.parametrize("listener", ["shown", "quiet"])
def test_a_wish_to_stop_is_heard_at_the_next_event(shown, listener):
    told = shown[0] if listener == "shown" else QuietProgress(Stopping(), as_json=False)
    told._stopping.wanted = True
    for say in (
        lambda: told.started("s", BOXES[0]),
        lambda: told.advanced("s", BOXES[0], 1, 1),
        lambda: told.finished("s", BOXES[0], MailboxOutcome("s", "x", "complete")),
    ):
        with pytest.raises(KeyboardInterrupt):
            say()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_ends_the_block_and_one_that_was_swallowed_is_remembered():
    def interrupted():
        with stoppable():
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)

    def swallowed():
        with stoppable() as stopping:
            try:
                os.kill(os.getpid(), signal.SIGINT)
                threading.Event().wait(5)
            except KeyboardInterrupt:
                pass  # as a destructor would lose it
            stopping.check()

    before = signal.getsignal(signal.SIGINT)
    for way in (interrupted, swallowed):
        with pytest.raises(StoppedError) as caught:
            way()
        assert caught.value.exit_status == 130
    with pytest.raises(ZeroDivisionError), stoppable():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_may_listen_without_signals():
    found = []

    def work():
        with stoppable() as stopping:
            found.append(stopping.wanted)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_a_file_of_metrics_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(AnalyserError, match=r"cannot write .*absent"):
        Metrics(tmp_path / "absent" / "x.prom", QuietProgress(Stopping(), as_json=False))


def test_log_lines_are_objects_with_their_traceback():
    try:
        raise ValueError("no")  # noqa: TRY301
    except ValueError:
        record = logging.LogRecord("a.b", logging.ERROR, "x.py", 1, "it %s", ("broke",), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["logger"], line["message"]) == ("error", "a.b", "it broke")
    assert "ValueError: no" in line["traceback"]


@pytest.mark.parametrize(("missing", "extra"), [("msal", "graph"), ("h2", "graph"), ("tenacity", "graph")])
def test_a_missing_part_names_its_install_line(missing, extra):
    code = f"import sys; sys.modules[{missing!r}] = None; import analyser.sources.graph"
    ended = run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install 'analyser[{extra}]'" in ended.stderr


def test_a_verb_loads_no_library_of_an_analysis_that_it_does_not_need():
    code = "import sys, analyser.cli, analyser.cli.scan; print({'sklearn', 'networkx'} & set(sys.modules))"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
