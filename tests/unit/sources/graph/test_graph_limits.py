"""Limits, answers and addresses: the parts of the client that need no tenant."""

from __future__ import annotations

import asyncio
import email.utils
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.graph import permissions
from analyser.sources.graph.answers import RefusedError, is_resync, refusal
from analyser.sources.graph.outcomes import REASONS, is_folder_gone, reason_of
from analyser.sources.graph.permissions import ENDPOINTS, TOO_MUCH, endpoint_of, judge
from analyser.sources.service.answers import RetryableError
from analyser.sources.service.throttle import Gate, Throttle


def answer(status, code="", headers=None):
    return httpx.Response(status, headers=headers or {}, json={"error": {"code": code, "message": "no"}})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 509])
def test_what_passes_is_asked_again(status):
    assert isinstance(refusal(answer(status)), RetryableError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 507])
def test_what_does_not_pass_is_refused(status):
    found = refusal(answer(status, "SomeCode"))
    assert isinstance(found, RefusedError)
    assert (found.status, found.code) == (status, "SomeCode")


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"error": 3}', b'{"error": {"code": 7'])
def test_an_error_that_is_no_json_is_still_an_error(content):
    found = refusal(httpx.Response(404, content=content))
    assert isinstance(found, RefusedError)
    assert found.status == 404


def test_retry_after_is_read_as_seconds_or_as_a_date():
    assert refusal(answer(429, headers={"Retry-After": "7"})).after == 7.0
    moment = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < refusal(answer(503, headers={"Retry-After": moment})).after <= 30
    for text in ("", "soon"):
        assert refusal(answer(429, headers={"Retry-After": text})).after is None
    assert refusal(answer(429)).after is None


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (410, "", True), (400, "SYNCSTATENOTFOUND", True), (409, "resyncRequired", True),
        (400, "SyncStateInvalid", True),
        (404, "ErrorItemNotFound", False), (400, "BadRequest", False),
    ],
)  # fmt: skip
def test_codes_that_make_a_folder_begin_anew(status, code, expected):
    assert is_resync(refusal(answer(status, code))) is expected


@pytest.mark.parametrize("code", REASONS)
def test_every_code_has_a_reason_in_any_case(code):
    for written in (code, code.upper(), code.lower()):
        assert REASONS[code] in reason_of(RefusedError(404, written, ""))
    assert not is_folder_gone(RefusedError(404, code, ""))


@pytest.mark.parametrize(
    ("status", "words"), [(403, "access denied (403 Strange)"), (404, "not found (404 Strange)"), (418, "refused (418")]
)
def test_an_unknown_code_is_named_with_its_status(status, words):
    assert words in reason_of(RefusedError(status, "Strange", ""))


# limits


def test_no_more_requests_are_in_flight_than_the_gate_and_the_limit_allow():
    async def run():
        throttle, gates = Throttle(6), [Gate(4, 1), Gate(2, 1)]
        flying, most = [0, 0], [0, 0]
        together = 0

        async def one(number):
            nonlocal together
            async with gates[number].slot(throttle):
                flying[number] += 1
                most[number] = max(most[number], flying[number])
                together = max(together, sum(flying))
                await asyncio.sleep(0.001)
                flying[number] -= 1

        await asyncio.gather(*(one(number % 2) for number in range(60)))
        return most, together

    most, together = asyncio.run(run())
    assert most == [4, 2]
    assert together <= 6


def test_a_closed_gate_lets_nothing_through_before_its_time():
    async def run():
        throttle, gate = Throttle(4), Gate(4, 1)
        began = time.monotonic()
        started = []

        async def one():
            async with gate.slot(throttle):
                started.append(time.monotonic() - began)
                if len(started) == 1:
                    gate.close_for(0.2)

        await one()
        await asyncio.gather(*(one() for _ in range(6)))
        return started

    started = asyncio.run(run())
    assert all(moment >= 0.2 for moment in started[1:])


def test_the_limit_halves_once_per_moment_and_grows_by_one_per_round():
    throttle = Throttle(32)
    before = throttle.limit
    throttle.refused()
    throttle.refused()
    assert throttle.limit == before / 2
    for _ in range(int(throttle.limit)):
        throttle.answered()
    assert before / 2 + 0.8 < throttle.limit <= before / 2 + 1
    for _ in range(5000):
        throttle.answered()
    assert throttle.limit == 32
    one = Throttle(1)
    one.refused()
    assert one.limit == 1


@given(st.lists(st.booleans(), max_size=60))
def test_a_budget_is_spent_by_failures_and_earned_back_by_answers(history):
    async def run():
        gate, left = Gate(1, 3), 3
        for failed in history:
            if failed:
                assert gate.spend() == (left > 0)
                left -= 1
                if left < 0:
                    return
            else:
                gate.earn()
                left = min(3, left + 1)

    asyncio.run(run())


# addresses and permissions


@given(st.text(min_size=1, max_size=20).filter(lambda name: name not in {".", ".."}))
def test_names_in_addresses_are_quoted(name):
    url = ENDPOINTS["folder"].url("https://x", user=name, folder="a/b+c?d")
    parsed = httpx.URL(url)
    assert parsed.raw_path.count(b"/") == 5
    assert parsed.query == b""
    assert endpoint_of(parsed.raw_path.decode().removeprefix("/v1.0")) == "folder"


def test_spaces_of_a_filter_are_no_plus_signs():
    url = ENDPOINTS["window"].url("https://x", query={"$filter": "a ge 1 and a le 2"}, user="u", folder="f")
    assert url.endswith("?$filter=a%20ge%201%20and%20a%20le%202")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users/delta", "users"), ("/groups/delta", "groups"), ("/users/x", "purpose"), ("/groups", "group"),
        ("/users/x/mailFolders/delta", "folders"), ("/users/x/mailFolders/y/messages/delta", "messages"),
        ("/users/x/mailFolders/y/messages/z/attachments", None), ("/me", None), ("/users/x/messages", None),
    ],
)  # fmt: skip
def test_endpoints_are_told_apart(path, name):
    assert endpoint_of(path) == name


def test_permissions_missing_and_too_much():
    needed = {endpoint.permission for endpoint in ENDPOINTS.values()}
    assert not judge(needed).missing
    assert not judge(needed).missing_optional
    assert not judge(needed).too_much
    found = judge({"Mail.ReadWrite", "Mail.Send", "Directory.Read.All"})
    assert not found.missing
    assert set(found.missing_optional) == {"MailboxSettings.Read"}
    assert found.too_much == {name: TOO_MUCH[name] for name in ("Mail.ReadWrite", "Mail.Send")}
    assert set(judge(set()).missing) == {"Mail.ReadBasic.All", "User.Read.All", "GroupMember.Read.All"}


def test_every_endpoint_that_a_permission_is_asked_for_is_used():
    folder = Path(permissions.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "permissions.py")
    used = set(re.findall(r'ENDPOINTS\["(\w+)"\]', text)) | set(re.findall(r'_delta\(\s*"(\w+)"', text))
    assert used == set(ENDPOINTS)


def test_the_documentation_lists_the_permissions_of_the_endpoints_and_no_others():
    page = (Path(__file__).parents[4] / "docs" / "exchange-online.md").read_text(encoding="utf-8")
    table = page[page.index("begin: permissions") : page.index("end: permissions")]
    listed = dict(re.findall(r"^\| `([\w.]+)` \| (yes|no) \|", table, re.MULTILINE))
    assert listed == {e.permission: "no" if e.optional else "yes" for e in ENDPOINTS.values()}
    for endpoint in ENDPOINTS.values():
        assert f"`GET {endpoint.path}`" in table
