"""What a check says of sources in files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analyser import config
from analyser.sources.checks import Verdict, check_source

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
TRACE = "Received,SenderAddress,RecipientAddress,MessageId\n2024-01-02T03:04:05Z,a@x.example,b@x.example,<1@x>\n"


def checked(settings):
    return [
        (check.name, check.verdict, check.fix is not None)
        for check in check_source(settings, batch_size=9, earliest=EARLIEST)
    ]


@pytest.mark.parametrize("kind", [config.MessageTraceSource, config.DataConnectSource, config.TableSource])
def test_a_place_that_is_not_there_fails_with_the_fix(tmp_path, kind):
    type_ = kind.model_fields["type"].annotation.__args__[0]
    assert checked(kind(name="s", type=type_, path=tmp_path / "absent")) == [("readable", Verdict.FAIL, True)]


def test_a_trace_that_reads_passes(tmp_path):
    (tmp_path / "trace.csv").write_text(TRACE)
    settings = config.MessageTraceSource(name="s", type="message_trace", path=tmp_path)
    assert checked(settings) == [("readable", Verdict.PASS, False), ("first mailbox", Verdict.PASS, False)]


def test_a_trace_without_a_message_is_a_warning(tmp_path):
    (tmp_path / "trace.csv").write_text(TRACE.splitlines()[0] + "\n")
    settings = config.MessageTraceSource(name="s", type="message_trace", path=tmp_path)
    assert checked(settings) == [("readable", Verdict.PASS, False), ("first mailbox", Verdict.WARN, True)]
