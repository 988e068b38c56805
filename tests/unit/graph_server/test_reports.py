"""Usage reports and the message trace."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from graph_server.plain import Client

DAY = 86_400
TRACES = "/admin/exchange/tracing/messageTraces"


def at(world, days):
    return datetime.fromtimestamp(world.now + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def window(world, start, end, more=""):
    return f"{TRACES}?$filter=receivedDateTime ge {at(world, start)} and receivedDateTime le {at(world, end)}{more}"


@pytest.mark.parametrize(
    "name", ["getEmailActivityUserDetail", "getMailboxUsageDetail", "getOffice365ActiveUserDetail"]
)
def test_report_lies_elsewhere(server, client, world, name):
    answer = client.get(f"/reports/{name}(period='D30')")
    assert answer.status_code == 302
    place = answer.headers["Location"]
    assert not place.startswith(server.graph)

    client.http.headers.pop("Authorization")
    rows = list(csv.DictReader(io.StringIO(client.get(place).content.decode("utf-8-sig"))))
    assert len(rows) == len(world.mailboxes)
    assert "2025-11-20" in rows[0].values()
    assert {row["Report Period"] for row in rows} == {"30"}
    assert server.violations == []


def test_report_got_the_token(server, client):
    place = client.get("/reports/getMailboxUsageDetail(period='D7')").headers["Location"]
    client.get(place)
    assert server.broken == {"authorization_sent"}


def test_period_is_one_of_four(client):
    assert client.code("/reports/getMailboxUsageDetail(period='D8')") == (400, "InvalidRequest")
    assert client.code("/reports/getOneDriveUsageAccountDetail(period='D7')") == (400, "BadRequest")


def test_windows_together_are_the_whole_trace(server, client, world):
    found = []
    for start in range(-90, 0, 10):
        found += client.walk(window(world, start, start + 10))[0]
    limit = at(world, -90)
    held = [row for row in server.traces if row["receivedDateTime"] >= limit]

    assert {(row["id"], row["recipientAddress"]) for row in found} == {(r["id"], r["recipientAddress"]) for r in held}
    assert held
    assert server.violations == []


def test_a_row_for_each_recipient(server, world):
    message = world.folder(world.mailboxes[0].address, "sentitems").messages[0]
    rows = [row for row in server.traces if row["messageId"] == message.message_id]
    assert {row["recipientAddress"] for row in rows} == {*message.to, *message.cc}
    assert {row["senderAddress"] for row in rows} == {message.sender}


def test_pages(client, world):
    whole, _, _ = client.walk(window(world, -10, 0))
    items, _, sizes = client.walk(window(world, -10, 0, "&$top=2"))
    assert items == whole
    assert set(sizes[:-1]) == {2}


def test_without_a_filter_two_days(client, world):
    items, _, _ = client.walk(TRACES)
    assert all(at(world, -2) <= item["receivedDateTime"] <= at(world, 0) for item in items)


@pytest.mark.parametrize(("start", "end"), [(-11, 0), (0, -5), (-95, -90)], ids=["too long", "backwards", "too old"])
def test_windows_have_bounds(client, world, start, end):
    assert client.code(window(world, start, end)) == (400, "BadRequest")


def test_or_and_large_pages_are_refused(client, world):
    assert client.code(f"{TRACES}?$filter=senderAddress eq 'a' or senderAddress eq 'b'") == (400, "BadRequest")
    assert client.code(window(world, -1, 0, "&$top=5001")) == (400, "BadRequest")


def test_sender_chooses(server, client, world):
    sender = next(row["senderAddress"] for row in server.traces)
    items, _, _ = client.walk(window(world, -10, 0, f" and senderAddress eq '{sender}'"))
    assert {item["senderAddress"] for item in items} == {sender}


def test_rate_of_traces(server, client):
    server.set(trace_limit=3, trace_window=60)
    assert [client.get(TRACES).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert server.broken == {"trace_rate"}


def test_traces_follow_the_mail(server, client, world):
    before = len(server.traces)
    server.add_messages(world.mailboxes[0].address, subject="Late")
    assert len(server.traces) == before + 1


def test_two_versions_of_http(server):
    client = Client(server, http2=True)
    assert client.get("/organization").http_version == "HTTP/2"
    client.http.close()
    assert {entry.protocol for entry in server.requests if entry.path.endswith("organization")} == {"HTTP/2"}
