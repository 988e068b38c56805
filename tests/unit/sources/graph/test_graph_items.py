"""Messages as Graph tells them, and as records."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.contract import RECORDS
from analyser.sources.graph.items import ITEM, PAGE, is_partial, is_worth_asking, records
from analyser.sources.records import Period

PERIOD = Period.until_now(datetime(1995, 1, 1, tzinfo=UTC))


def person(address, name=None):
    return {"emailAddress": {"address": address, "name": name}}


def item(**fields):
    whole = {
        "id": "i1",
        "internetMessageId": "<1@x>",
        "conversationId": "c",
        "subject": "Report\r\n 7",
        "from": person("Ann@Contoso.example", "Ann"),
        "toRecipients": [person("Bob@contoso.example ", "Bob")],
        "ccRecipients": [],
        "sentDateTime": "2024-05-06T07:08:09Z",
        "hasAttachments": True,
        "importance": "High",
    }
    return ITEM.decode(json.dumps(whole | fields))


def row(**fields):
    table, problems = records([item(**fields)], "f", PERIOD)
    assert table.schema.equals(RECORDS)
    return (table.to_pylist() or [None])[0], problems


def test_a_whole_message_becomes_a_record():
    found, problems = row()
    assert problems == []
    assert found == {
        **dict.fromkeys(RECORDS.names),
        "internet_message_id": "<1@x>", "item_id": "i1", "folder": "f", "conversation_id": "c", "references": [],
        "sent_at": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), "sender": "ann@contoso.example", "sender_name": "Ann",
        "subject": "Report 7", "has_attachments": True, "importance": "high", "unresolved_recipients": 0,
        "recipients": [{"address": "bob@contoso.example", "display_name": "Bob", "role": "to"}],
    }  # fmt: skip


def test_recipients_stand_once_per_role_in_the_order_of_roles():
    found, _ = row(
        bccRecipients=[person("z@x.example")],
        ccRecipients=[person("A@x.example", "A"), person("a@x.example", "Other"), person(None, "A list"), {}],
        toRecipients=[person("a@x.example"), person("/O=Org/CN=Ann", "Ann"), person("", ""), person("Jo Doe", "Jo")],
    )
    assert [(r["role"], r["address"]) for r in found["recipients"]] == [
        ("to", "a@x.example"), ("to", "/o=org/cn=ann"), ("cc", "a@x.example"), ("bcc", "z@x.example"),
    ]  # fmt: skip
    assert found["unresolved_recipients"] == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"from": None}, "no sender"), ({"from": person("no address")}, "no sender"), ({"sentDateTime": None}, "no date")],
)
def test_messages_without_sender_or_date_are_problems(fields, reason):
    found, problems = row(**fields)
    assert found is None
    assert problems == [(0, reason)]


def test_a_message_without_from_has_its_sender():
    assert row(**{"from": None, "sender": person("desk@contoso.example")})[0]["sender"] == "desk@contoso.example"


@pytest.mark.parametrize(
    ("kind", "meeting"),
    [
        ("#microsoft.graph.eventMessageResponse", "response"), ("#microsoft.graph.eventMessageRequest", "request"),
        ("#Microsoft.Graph.EVENTMESSAGERESPONSE", "response"), ("#microsoft.graph.eventMessage", "notice"),
        ("#microsoft.graph.message", None), (None, None),
    ],
)  # fmt: skip
def test_calendar_messages_are_marked(kind, meeting):
    assert row(**{"@odata.type": kind})[0]["meeting"] == meeting


@pytest.mark.parametrize(("flag", "value"), [(True, True), ("true", True), ("false", False), (None, None)])
def test_flags_may_be_texts(flag, value):
    assert row(hasAttachments=flag)[0]["has_attachments"] is value


def test_partial_updates_are_recognised_and_only_those_of_interest_are_worth_a_request():
    read = ITEM.decode(b'{"id": "i", "isRead": "true", "parentFolderId": "f"}')
    assert is_partial(read)
    assert not is_worth_asking(read)
    for part in ('"subject": null', '"importance": "low"', '"toRecipients": []', '"hasAttachments": false'):
        told = ITEM.decode(f'{{"id": "i", {part}}}')
        assert is_partial(told)
        assert is_worth_asking(told)
    assert not is_partial(item())
    assert not is_partial(item(sentDateTime=None))


def test_a_page_tells_of_items_removals_and_links():
    page = PAGE.decode(
        json.dumps(
            {
                "@odata.context": "…",
                "value": [{"id": "a", "@removed": {"reason": "changed"}}, {"id": "b", "new": {"x": 1}}],
                "@odata.deltaLink": "https://x",
            }
        )
    )  # fmt: skip
    assert [one.removed is not None for one in page.value] == [True, False]
    assert (page.next_link, page.delta_link) == (None, "https://x")


TEXT = st.text(max_size=30)
PERSON = st.one_of(st.none(), st.builds(person, st.one_of(st.none(), TEXT), st.one_of(st.none(), TEXT)))


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "from": PERSON,
                "subject": st.one_of(st.none(), TEXT),
                "sentDateTime": st.one_of(st.none(), TEXT, st.just("2024-05-06T07:08:09Z")),
                "importance": st.one_of(st.none(), TEXT),
                "toRecipients": st.lists(PERSON.filter(bool), max_size=4),
                "ccRecipients": st.lists(PERSON.filter(bool), max_size=4),
            }
        ),
        max_size=6,
    )
)
def test_whatever_comes_every_message_is_a_record_or_a_problem(fields):
    items = [item(id=str(number), **one) for number, one in enumerate(fields)]
    table, problems = records(items, "f", PERIOD)
    assert table.schema.equals(RECORDS)
    assert table.num_rows + len(problems) == len(items)
    for found in table.to_pylist():
        people = [(r["role"], r["address"]) for r in found["recipients"]]
        assert len(set(people)) == len(people)
        for address in [found["sender"], *(address for _, address in people)]:
            assert address == address.lower().strip() != ""
