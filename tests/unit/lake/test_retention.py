from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from analyser.lake import retention
from analyser.lake.schema import TABLES
from analyser.lake.store import Lake
from analyser.sources.contract import DIRECTORY_PEOPLE, Directory

NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)
ANN, ANNE, BOB, CARL = (f"{name}@contoso.example" for name in ("ann", "anne", "bob", "carl"))


def fill(tools, folder, *rows, **options):
    source = tools.MemorySource("s", {"box": tools.records(*rows)}, size=100)
    people = [{"address": ANN, "aliases": [ANNE], "manager": BOB}, {"address": CARL, "aliases": [], "manager": ANN}]
    source.people = Directory(pa.Table.from_pylist(people, DIRECTORY_PEOPLE))
    return source, tools.ingest(folder, source, **options)


def keys(tools, folder, name):
    return {row["message_key"] for row in tools.content(folder)[name]}


# retention


def test_older_messages_go_with_their_recipients_and_copies(tools, folder):
    ages = [1, 29, 31, 60, 400]
    fill(tools, folder, *(tools.record(f"Plan {age}", sent_at=NOW - timedelta(days=age)) for age in ages))
    with Lake(tools.settings_for(folder).lake) as lake:
        removed = retention.apply(lake, 30, NOW)
        assert removed == {"messages": 3, "recipients": 3, "copies": 3}
        assert retention.apply(lake, 30, NOW) == {"messages": 0, "recipients": 0, "copies": 0}
        assert lake.months("messages") == lake.months("recipients") == lake.months("copies") == ["2024-05", "2024-06"]
    assert keys(tools, folder, "messages") == keys(tools, folder, "recipients") == keys(tools, folder, "copies")
    assert {row["subject"] for row in tools.content(folder)["messages"]} == {"Plan 1", "Plan 29"}


def test_the_limit_itself_stays_and_an_empty_lake_loses_nothing(tools, folder):
    with Lake(tools.settings_for(folder).lake) as lake:
        assert retention.apply(lake, 1, NOW)["messages"] == 0
    fill(tools, folder, tools.record(sent_at=NOW - timedelta(days=30)))
    with Lake(tools.settings_for(folder).lake) as lake:
        assert retention.apply(lake, 30, NOW)["messages"] == 0


def test_a_scan_leaves_old_mail_out_and_removes_what_has_become_old(tools, folder):
    now = datetime.now(UTC)
    rows = [tools.record(f"Plan {age}", sent_at=now - timedelta(days=age)) for age in (1, 50, 500)]
    source, _ = fill(tools, folder, *rows[:2])
    source.tables["box"], source.version = tools.records(*rows), "2"
    report = tools.ingest(folder, source, settings=tools.settings_for(folder, privacy={"retention_days": 40}))
    assert (report.total.read, report.total.left_out, report.removed) == (1, 2, 1)
    assert [row["subject"] for row in tools.content(folder)["messages"]] == ["Plan 1"]


# forgetting


@pytest.fixture
def filled(tools, folder):
    rows = [
        tools.record("From Ann", sender=ANNE, to=(BOB, CARL)),
        tools.record("To Ann", sender=BOB, to=(ANN, CARL), sender_name="Bob"),
        tools.record("To Carl", sender=BOB, to=(CARL,), sent_at=NOW),
    ]
    rows[1]["recipients"][0]["display_name"] = "Ann Alpha"
    fill(tools, folder, *rows)
    derived = {
        "addresses": [{"address": "a.alpha@home.example", "principal": ANN, "how": "alias"},
                      {"address": "suggested@home.example", "principal": ANN, "how": "suggested"}],
        "findings": [{"finding": "f1", "members": [ANN, BOB], "signals": "{}"},
                     {"finding": "f2", "members": [BOB], "signals": json.dumps({"who": ANN})}],
        "proposals": [{"proposal": "p1", "rank": 1, "document": json.dumps({"members": [ANNE, BOB]})},
                      {"proposal": "p2", "rank": 2, "document": json.dumps({"members": [BOB]})}],
        "threads": [{"thread": "t", "first_sender": ANN}],
        "communities": [{"principal": ANN, "community": 1}, {"principal": BOB, "community": 1}],
    }  # fmt: skip
    with Lake(tools.settings_for(folder).lake) as lake:
        lake.replace({name: pa.Table.from_pylist(rows, TABLES[name].schema) for name, rows in derived.items()})
    return folder


@pytest.mark.parametrize("address", [ANN, ANNE.upper(), "a.alpha@home.example"])
def test_a_forgotten_person_is_in_no_table_under_any_address(tools, filled, address):
    with Lake(tools.settings_for(filled).lake) as lake:
        removed = retention.forget(lake, address)
        for name in TABLES:
            text = str(lake.arrow(name).to_pylist())
            assert not any(known in text for known in (ANN, ANNE, "a.alpha@home.example", "Ann Alpha")), name
        assert lake.arrow("communities")["principal"].to_pylist() == [BOB]
        assert lake.arrow("findings").to_pylist()[0]["members"] == [BOB]
        assert lake.arrow("proposals")["proposal"].to_pylist() == ["p2"]
        assert lake.arrow("threads").to_pylist()[0]["first_sender"] is None
        assert lake.arrow("addresses")["address"].to_pylist() == []
    assert removed["messages"] == 1
    assert removed["recipients"] == 3
    found = tools.content(filled)
    assert {row["subject"] for row in found["messages"]} == {"To Ann", "To Carl"}
    assert {row["address"] for row in found["recipients"]} == {CARL}
    assert [(row["address"], row["manager"]) for row in found["directory_people"]] == [(CARL, None)]
    assert keys(tools, filled, "messages") == keys(tools, filled, "copies")


def test_an_address_that_is_only_suggested_is_not_taken_for_the_person(tools, filled):
    with Lake(tools.settings_for(filled).lake) as lake:
        assert retention.addresses_of(lake, ANN) == sorted([ANN, ANNE, "a.alpha@home.example"])
        assert retention.addresses_of(lake, "suggested@home.example") == ["suggested@home.example"]


def test_forgetting_a_stranger_changes_nothing_but_drops_what_a_killed_scan_has_read(tools, filled):
    (filled / ".pending" / "s" / "x").mkdir(parents=True)
    before = tools.content(filled)
    with Lake(tools.settings_for(filled).lake) as lake:
        files = lake.files("messages")
        assert retention.forget(lake, "nobody@contoso.example") == {}
        assert lake.files("messages") == files
    assert tools.content(filled) == before
    assert not (filled / ".pending").exists()
