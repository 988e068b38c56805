"""Each rule that a client may break: what is answered, and that it is written down."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from graph_server import STATES, Fault
from graph_server.plain import PREFER


def burst(client, path, count, *, http2=False):
    """Answers to `count` requests at once, no two of which are the same."""
    headers = {"Authorization": client.http.headers["Authorization"], "Prefer": PREFER}

    async def run():
        async with httpx.AsyncClient(verify=client.context, http2=http2, headers=headers) as together:
            return await asyncio.gather(
                *[together.get(f"{client.server.graph}/v1.0{path}&$skip={n}") for n in range(count)]
            )

    return asyncio.run(run())


@pytest.mark.parametrize("http2", [False, True])
def test_four_at_once_are_served(server, client, box, inbox, http2):
    server.set(latency=0.1)
    assert {answer.status_code for answer in burst(client, inbox, 4, http2=http2)} == {200}
    assert server.peak == {box.address: 4}
    assert server.violations == []


@pytest.mark.parametrize("http2", [False, True])
def test_a_fifth_is_too_many(server, client, box, inbox, http2):
    server.set(latency=0.1)
    answers = burst(client, inbox, 6, http2=http2)
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(refused) == 2
    assert refused[0].json()["error"]["code"] == "ApplicationThrottled"
    assert refused[0].headers["Retry-After"] == "1"
    assert server.peak[box.address] >= 5
    assert server.broken == {"concurrency"}


def test_mailboxes_count_alone(server, client, world):
    server.set(latency=0.1)
    one, two = (f"/users/{box.user}/mailFolders/delta" for box in world.mailboxes[:2])
    headers = {"Authorization": client.http.headers["Authorization"]}

    async def run():
        async with httpx.AsyncClient(verify=client.context, headers=headers) as together:
            calls = [together.get(server.graph + "/v1.0" + path) for path in (one, two) for _ in range(4)]
            return {answer.status_code for answer in await asyncio.gather(*calls)}

    assert asyncio.run(run()) == {200}
    assert set(server.peak.values()) == {4}


def test_request_given_up_by_the_client_is_in_flight_no_more(server, client, box, inbox):
    server.inject(Fault("slow", delay=5, times=4))
    for _ in range(4):
        with pytest.raises(httpx.ReadTimeout):
            client.get(inbox, timeout=0.05)
    assert {answer.status_code for answer in burst(client, inbox, 4)} == {200}
    assert server.violations == []


def test_retry_before_its_time(server, client, inbox):
    server.inject(Fault("throttle", retry_after=1))
    assert client.get(inbox).headers["Retry-After"] == "1"
    early = client.get(inbox)
    assert (early.status_code, early.json()["error"]["code"]) == (429, "TooManyRequests")
    time.sleep(1.05)
    assert client.get(inbox).status_code == 200
    (violation,) = server.violations
    assert violation.kind == "retry_after"


def test_retry_in_time(server, client, inbox):
    server.inject(Fault("throttle", retry_after=1))
    client.get(inbox)
    time.sleep(1.02)
    assert client.get(inbox).status_code == 200
    assert server.violations == []


def test_next_client_knows_nothing_of_a_killed_one(server, client, inbox):
    server.inject(Fault("throttle", retry_after=30))
    client.get(inbox)
    server.forgive()
    assert client.get(inbox).status_code == 200
    assert server.violations == []


@pytest.mark.parametrize(
    "query",
    [
        "$select=id,body",
        "$select=id,bodyPreview",
        "$select=uniqueBody",
        "$select=internetMessageHeaders",
        "$select=id&$expand=attachments",
        "$select=id&$expand=extensions($filter=id eq 'x')",
        "$select=id&$expand=singleValueExtendedProperties($filter=id eq 'Integer 0x0E08')",
        "$select=id&$search=%22contract%22",
        "$orderby=receivedDateTime desc",
    ],
)
def test_no_content(server, client, box, query):
    assert client.code(f"/users/{box.user}/mailFolders/inbox/messages/delta?{query}") == (403, "ErrorAccessDenied")
    assert "forbidden_field" in server.broken


def test_no_attachments_by_path(server, client, box):
    key = box.folders[2].messages[0].id
    assert client.code(f"/users/{box.user}/messages/{key}/attachments?$select=id")[0] == 403
    assert "forbidden_field" in server.broken


def test_top_on_a_delta(server, client, inbox):
    assert client.code(f"{inbox}&$top=5") == (400, "ErrorInvalidUrlQuery")
    server.set(top="ignore")
    assert len(client.walk(f"{inbox}&$top=5")[0]) > 5
    server.set(top="cap")
    assert len(client.walk(f"{inbox}&$top=5")[0]) == 5
    assert server.broken == {"top"}


def test_links_stay_as_they_are(server, client, inbox):
    _, end, _ = client.walk(inbox)
    assert client.get(f"{end}&$select=id").status_code == 200
    assert server.broken == {"link_changed"}


def test_reader_only_reads(server, client, box):
    answer = client.http.post(f"{server.graph}/v1.0/users/{box.user}/messages", json={})
    assert answer.status_code == 405
    assert "unsupported" in server.broken


def test_outside_the_contract(server, client):
    assert client.get("/sites/root").status_code == 404
    assert server.broken == {"unsupported", "outside_contract"}


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Mail.ReadBasic.All", "/users/{user}/mailFolders"),
        ("User.Read.All", "/users"),
        ("GroupMember.Read.All", "/groups"),
        ("Team.ReadBasic.All", "/teams"),
        ("Channel.ReadBasic.All", "/teams/{team}/channels"),
        ("TeamMember.Read.All", "/teams/{team}/members"),
        ("ChannelMember.Read.All", "/teams/{team}/channels/19:general@thread.tacv2/members"),
        ("Reports.Read.All", "/reports/getEmailActivityUserDetail(period='D7')"),
        ("ExchangeMessageTrace.Read.All", "/admin/exchange/tracing/messageTraces"),
        ("MailboxSettings.Read", "/users/{user}?$select=mailboxSettings"),
    ],
)
def test_each_endpoint_wants_its_role(server, client, world, box, role, path):
    team = next(group for group in world.groups if group.kind == "team")
    path = path.format(user=box.user, team=team.id)
    assert client.get(path).status_code in (200, 302)

    base = ["User.Read.All"] if role == "MailboxSettings.Read" else []
    server.set(roles=base)
    client.sign_in()
    assert client.code(path) == (403, "Authorization_RequestDenied")
    server.set(roles=[*base, role])
    client.sign_in()
    assert client.get(path).status_code in (200, 302)


@pytest.mark.parametrize("state", [state for state in STATES if state != "ok"])
def test_mailboxes_fail_each_in_its_way(server, client, box, inbox, state):
    server.set_state(box.address, state)
    assert client.code(inbox) == client.code(f"/users/{box.user}/mailFolders/delta") == STATES[state]
    assert server.outcomes() == {box.address: state}
    assert not {mailbox for mailbox, _ in server.expected()} & {box.address}
    assert server.violations == []


def test_strangers(client, world):
    guest = next(user for user in world.users if user.type == "Guest")
    assert client.code(f"/users/{guest.id}/mailFolders") == (404, "MailboxNotEnabledForRESTAPI")
    assert client.code("/users/nobody@contoso.example/mailFolders") == (404, "ErrorInvalidUser")
    assert client.code("/users/nobody@contoso.example") == (404, "Request_ResourceNotFound")


def test_requests_are_written_down_without_the_token(server, client, box, inbox):
    before = time.time()
    client.get(inbox)
    (entry,) = [entry for entry in server.requests if entry.path.endswith("/messages/delta")]

    assert (entry.method, entry.mailbox, entry.status, entry.protocol) == ("GET", box.address, 200, "HTTP/1.1")
    assert entry.query["$select"].startswith("id,")
    assert entry.headers["prefer"] == PREFER
    assert entry.headers["authorization"] == "…"
    assert before <= entry.started <= entry.ended <= time.time()
    assert entry.page == len(client.get(inbox).json()["value"])
    assert server.asked == len(server.requests)
    server.clear_log()
    assert server.requests == []
    assert server.asked == 0
