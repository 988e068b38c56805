"""The trace of a tenant: every row of its windows, within the limits of the service, and what a refusal says."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from analyser.config import MessageTraceSource
from analyser.errors import SourceError
from analyser.sources.message_trace.rate import Rate
from analyser.sources.message_trace.tenant import MessageTraceTenant
from graph_server import Fault, GraphServer, World
from graph_server.contract import contract_file

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def shared():
    if not contract_file().exists():
        pytest.skip(f"{contract_file()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    world = World.generate(mailboxes=6, messages=900, seed=5, now=int(time.time()))
    with GraphServer(world, latency=0.0, trace_limit=6, trace_window=0.8) as server:
        yield server


@pytest.fixture
def server(shared, monkeypatch):
    shared.reset()
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    return shared


@pytest.fixture
def open_trace(server):
    opened = []

    def start(*, batch_size=5000, since=None, **changes):
        settings = MessageTraceSource(
            name="trace",
            type="message_trace",
            client_id=server.client_id,
            client_secret_env="ANALYSER_GRAPH_SECRET",  # noqa: S106  a name
            cloud={"authority": server.authority, "graph": server.graph},
            **{"window_days": 10, **changes},
        )
        rate = Rate(6, 1.0)
        opened.append(MessageTraceTenant(settings, batch_size=batch_size, earliest=EARLIEST, since=since, rate=rate))
        return opened[-1]

    yield start
    for source in opened:
        source.close()


def moment(row: dict) -> datetime:
    return datetime.fromisoformat(row["receivedDateTime"])


def kept(server) -> dict[tuple[str, str], set[str]]:
    """Recipients by message id and sender, of all that is less than 90 days old."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in server.traces:
        if moment(row) > datetime.now(UTC) - 90 * DAY + timedelta(minutes=20):
            found.setdefault((row["messageId"], row["senderAddress"]), set()).add(row["recipientAddress"].lower())
    return found


def read(source: MessageTraceTenant, names=None) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for mailbox in source.mailboxes():
        for batch in source.read(mailbox.name) if names is None or mailbox.name in names else ():
            for row in batch.messages.to_pylist():
                people = {recipient["address"] for recipient in row["recipients"]}
                found.setdefault((row["internet_message_id"], row["sender"]), set()).update(people)
    return found


def asked(server) -> list[dict[str, str]]:
    return [request.query for request in server.requests if request.path.endswith("/messageTraces")]


def test_all_rows_are_read_within_the_limits_of_the_service(server, open_trace):
    found = read(open_trace(batch_size=10))
    expected = kept(server)
    assert len(expected) > 50
    assert expected.items() <= found.items()
    assert not server.violations
    first = [query for query in asked(server) if "$skiptoken" not in query]
    for query in first:
        start, end = map(datetime.fromisoformat, re.findall(r"(?:ge|le) (\S+)", query["$filter"]))
        assert timedelta(0) < end - start <= 10 * DAY
    assert {query["$top"] for query in first[1:]} == {"10"}
    assert len(asked(server)) > len(first)


def test_pages_are_as_large_as_the_service_gives(server, open_trace):
    source = open_trace(batch_size=100_000)
    list(source.read([mailbox.name for mailbox in source.mailboxes()][-1]))
    assert asked(server)[-1]["$top"] == "5000"


def test_a_refusal_for_too_many_requests_is_waited_out(server, open_trace):
    source = open_trace()
    names = [mailbox.name for mailbox in source.mailboxes()]
    server.inject(Fault("throttle", path="messageTraces", times=2, retry_after=1))
    server.inject(Fault("truncate", path="messageTraces", times=1, length="right"))
    began = time.monotonic()
    for name in names[-3:]:
        list(source.read(name))
    assert time.monotonic() - began > 1
    assert not server.violations
    assert server.fired["throttle"] == 2
    assert source.counts()["retries"] >= 2


def test_windows_lie_on_fixed_days_and_settled_ones_have_a_version(server, open_trace):
    today = datetime.now(UTC)
    listed = list(open_trace(window_days=1).mailboxes())
    assert [mailbox.name for mailbox in listed[-2:]] == [f"{today - DAY:%Y-%m-%d}", f"{today:%Y-%m-%d}"]
    assert 90 <= len(listed) <= 92
    assert [mailbox.version is None for mailbox in listed] == [False] * (len(listed) - 2) + [True] * 2
    wide = [mailbox.name for mailbox in open_trace(window_days=10).mailboxes()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", name) for name in wide)
    assert len(wide) in {10, 11}


def test_what_is_older_than_wanted_is_not_asked_for(server, open_trace):
    assert len(list(open_trace(window_days=1, days=5).mailboxes())) == 6
    since = datetime.now(UTC) - 2 * DAY
    assert len(list(open_trace(window_days=1, since=since).mailboxes())) == 3


def test_a_tenant_that_refuses_says_which_permission_is_missing(server, open_trace):
    server.set(roles=["Mail.ReadBasic.All"])
    with pytest.raises(SourceError) as caught:
        list(open_trace().mailboxes())
    assert "ExchangeMessageTrace.Read.All" in caught.value.fix
    assert "403" in caught.value.reason


def test_a_tenant_that_never_answers_ends_with_the_retry_budget(server, open_trace):
    server.inject(Fault("status", path="messageTraces", status=503, times=None, retry_after=0))
    with pytest.raises(SourceError, match="over the retry budget"):
        list(open_trace(retries=3).mailboxes())


@pytest.mark.parametrize(("most", "count"), [(1, 3), (4, 9)])
def test_never_more_requests_than_allowed_in_any_window(most, count):
    rate, times = Rate(most, 0.2), []
    for _ in range(count):
        rate.wait()
        times.append(time.monotonic())
    assert all(later - earlier >= 0.19 for earlier, later in zip(times, times[most:], strict=False))
    assert times[-1] - times[0] < 0.2 * count
