"""Load is counted by department and week, for people inside alone."""

from __future__ import annotations

import pytest

from analyser.analysis.load import load
from analyser.config import Savings

ANN, BOB, CAT, DAN, EVE, HELP = range(6)
PRINCIPALS = [
    {"actor": ANN, "department": "Sales"},
    {"actor": BOB, "department": "Sales"},
    {"actor": CAT, "department": None},
    {"actor": DAN, "department": "Sales", "is_internal": False},
    {"actor": EVE, "department": "Sales", "kind": "service"},
    {"actor": HELP, "department": "Sales", "kind": "shared"},
]


@pytest.fixture(scope="session")
def loads(table):
    """Load by department and day of the week's Monday in January; parts are (day of the message, actor, role)."""

    def run(*parts, savings=None):
        days = sorted({day for day, _, _ in parts})
        rows = [{"message": days.index(day), "actor": actor, "role": role} for day, actor, role in parts]
        messages = table("messages", [{"day": day} for day in days])
        found = load(messages, table("parts", rows), table("principals", PRINCIPALS), savings or Savings())
        return {(row.pop("department"), row.pop("week").day): row for row in found.to_pyarrow().to_pylist()}

    return run


def test_people_sent_deliveries_and_hours(loads):
    found = loads((0, ANN, "from"), (0, BOB, "to"), (1, BOB, "cc"), (2, BOB, "bcc"), (3, BOB, "member"))
    assert found == {
        ("Sales", 6): {"people": 2, "sent": 1, "deliveries": 4, "hours": pytest.approx((5 + 4 * 2.5) / 60)}
    }


def test_minutes_are_settings(loads):
    savings = Savings(minutes_per_sent=30, minutes_per_read=6)
    assert loads((0, ANN, "from"), (0, BOB, "to"), savings=savings)["Sales", 6]["hours"] == pytest.approx(0.6)


def test_weeks_begin_on_monday_and_stand_apart(loads):
    found = loads((0, ANN, "to"), (6.99, ANN, "to"), (7, ANN, "to"))
    assert {week: row["deliveries"] for (_, week), row in found.items()} == {6: 2, 13: 1}


def test_an_unknown_department_is_a_row_of_its_own(loads):
    found = loads((0, CAT, "from"), (0, ANN, "to"))
    assert {where: (row["sent"], row["deliveries"]) for (where, _), row in found.items()} == {
        None: (1, 0),
        "Sales": (0, 1),
    }


@pytest.mark.parametrize("actor", [DAN, EVE, HELP], ids=["outside", "program", "shared mailbox"])
def test_only_people_inside_count(loads, actor):
    assert not loads((0, actor, "from"), (1, actor, "to"))
    assert loads((0, actor, "from"), (0, ANN, "to"))["Sales", 6]["people"] == 1
