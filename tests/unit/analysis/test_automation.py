"""Programs and newsletters are told by headers or by behaviour; whom a directory knows is left alone."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis import automation

LIMITS = automation.AutomationThresholds()
ADDRESSES = [
    {"address": "ann@contoso.example", "principal": "ann@contoso.example"},
    {"address": "ann.lee@contoso.example", "principal": "ann@contoso.example"},
    {"address": "bob@contoso.example", "principal": "bob@contoso.example"},
]


@pytest.fixture(scope="session")
def behaviour(table):
    """Behaviour by name; each message has recipients in `to`."""

    def run(*rows):
        recipients = [{"message": n, "address": f"{name}@contoso.example"} for n, r in enumerate(rows) for name in r[1]]
        found = automation.sender_behaviour(
            table("messages", [{k: v for k, v in row.items() if k != "to"} for row, _ in rows]),
            table("recipients", recipients),
            table("addresses", ADDRESSES),
        )
        return {row.pop("principal").split("@")[0]: row for row in found.to_pyarrow().to_pylist()}

    return run


def message(*to, sender="ann", **row):
    return {"sender": f"{sender}@contoso.example", "local_at": datetime(2025, 1, 6, 9), **row}, to  # noqa: DTZ001


def test_behaviour_is_counted_per_principal_over_its_addresses(behaviour):
    found = behaviour(
        message("bob", "x", "y", is_automatic=True),
        message(sender="ann.lee", is_automatic=None),
        message("bob", is_automatic=False),
        message("ann", "ann.lee", sender="bob"),
        message("ann", sender="stranger"),
    )
    assert found["ann"] == {"sent": 3, "automatic": 1, "off_hours": 0, "reach": pytest.approx(4 / 3), "received": 3}
    assert found["bob"] == {"sent": 1, "automatic": 0, "off_hours": 0, "reach": 2, "received": 2}
    assert len(found) == 2


def test_who_never_receives_has_received_nothing(behaviour):
    assert behaviour(message("bob"))["ann"]["received"] == 0


@pytest.mark.parametrize(
    ("wall", "off"),
    [
        ("2025-01-06T06:59", True), ("2025-01-06T07:00", False), ("2025-01-06T19:59", False),
        ("2025-01-06T20:00", True), ("2025-01-10T12:00", False), ("2025-01-11T12:00", True), ("2025-01-12T12:00", True),
    ],
)  # fmt: skip
def test_night_and_weekend_are_off_hours_by_the_wall_clock(behaviour, wall, off):
    """The instant lies on a Monday at midnight, and does not count."""
    assert behaviour(message(local_at=datetime.fromisoformat(wall)))["ann"]["off_hours"] == off


USUAL = {"sent": 100, "automatic": 0, "off_hours": 0, "reach": 2.0, "received": 50}
SILENT = {**USUAL, "received": 0}
OUTSIDE = {"kind": "external", "is_internal": False}
HEADERS, CLOCK, NEWSLETTER = (
    "headers call most of its messages automatic",
    "sends round the clock and never receives",
    "writes from outside to many and never receives",
)


@pytest.fixture(scope="session")
def marked(arrow):
    """Kinds and reasons of principals: of each a row of `principals` and its behaviour, None if it sends nothing."""

    def run(*entries, limits=LIMITS):
        rows = [{"principal": f"p{n}", "kind_reason": "observed", **row} for n, (row, _) in enumerate(entries)]
        principals = arrow("principals", rows)
        seen = [{"principal": f"p{n}", **seen} for n, (_, seen) in enumerate(entries) if seen]
        schema = pa.schema({"principal": pa.string()} | dict.fromkeys(SILENT, pa.int64()) | {"reach": pa.float64()})
        found = automation.mark_services(principals, pa.Table.from_pylist(seen, schema=schema), limits)
        assert found.schema.names == principals.schema.names
        assert found.drop_columns(["kind", "kind_reason"]) == principals.drop_columns(["kind", "kind_reason"])
        return [(row["kind"], row["kind_reason"]) for row in found.to_pylist()]

    return run


@pytest.mark.parametrize(
    ("row", "seen", "reason"),
    [
        ({}, USUAL, None),
        ({}, None, None),
        ({}, {**USUAL, "automatic": 80}, HEADERS),
        ({}, {**USUAL, "automatic": 79}, None),
        ({}, {**USUAL, "sent": 3, "automatic": 3}, HEADERS),
        ({}, {**USUAL, "sent": 2, "automatic": 2}, None),
        ({}, {**SILENT, "off_hours": 35}, CLOCK),
        ({}, {**SILENT, "off_hours": 34}, None),
        ({}, {**SILENT, "off_hours": 35, "received": 1}, None),
        ({}, {**SILENT, "sent": 20, "off_hours": 7}, CLOCK),
        ({}, {**SILENT, "sent": 19, "off_hours": 19}, None),
        (OUTSIDE, {**SILENT, "off_hours": 100}, CLOCK),
        (OUTSIDE, {**SILENT, "reach": 10.0}, NEWSLETTER),
        (OUTSIDE, {**SILENT, "reach": 9.9}, None),
        (OUTSIDE, {**SILENT, "reach": 10.0, "received": 1}, None),
        (OUTSIDE, {**SILENT, "reach": 10.0, "sent": 19}, None),
        ({}, {**SILENT, "reach": 100.0}, None),
        (OUTSIDE, {**SILENT, "automatic": 100, "off_hours": 100, "reach": 10.0}, HEADERS),
    ],
    ids=[
        "a person", "who sends nothing", "headers", "hardly headers", "few messages", "two messages",
        "round the clock", "mostly by day", "receives", "enough sent", "too few sent", "outside round the clock",
        "newsletter", "to few", "newsletter that is answered", "newsletter seen seldom", "internal announcer",
        "headers come first",
    ],
)  # fmt: skip
def test_programs_are_told_from_people(marked, row, seen, reason):
    untouched = (row.get("kind", "person"), "observed")
    assert marked((row, seen)) == [("service", reason) if reason else untouched]


@pytest.mark.parametrize(
    "row", [{"kind_reason": "directory"}, {"kind": "shared"}, {"kind": "list"}, {"kind": "room"}], ids=str
)
def test_what_a_directory_says_and_what_is_no_person_stands(marked, row):
    program = {**SILENT, "automatic": 100, "off_hours": 100, "reach": 99.0}
    assert marked(({}, program), (row, program)) == [
        ("service", HEADERS),
        (row.get("kind", "person"), row.get("kind_reason", "observed")),
    ]


def test_thresholds_are_settings(marked):
    seen = {**SILENT, "sent": 5, "off_hours": 1, "automatic": 2}
    assert marked(({}, seen))[0][0] == "person"
    assert marked(({}, seen), limits=automation.AutomationThresholds(header_share=0.4)) == [("service", HEADERS)]
    limits = automation.AutomationThresholds(min_sent=5, off_hours_share=0.2)
    assert marked(({}, seen), limits=limits) == [("service", CLOCK)]


@settings(deadline=None, max_examples=20)
@given(
    senders=st.lists(
        st.tuples(st.sampled_from([{}, OUTSIDE, {"kind": "list"}]), st.none() | st.sampled_from([USUAL, SILENT]))
        | st.tuples(st.just({}), st.just({**USUAL, "automatic": 90})),
        max_size=8,
    )
)
def test_each_is_judged_for_itself(marked, senders):
    assert marked(*senders) == [marked(one)[0] for one in senders]
