"""Audiences with every figure in the middle of nowhere; a test states what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analyser.findings.contract import Audience, Member, Period

FIRST = datetime(2025, 1, 6, 9, tzinfo=UTC)  # a Monday


def member(name, department="Sales", role="core", share=0.9, sent=0, copied=0.0):
    return Member(f"{name}@contoso.example", department, role, share, sent, copied)


def audience(
    kind="circle", *, name="a", sent=(4, 3, 2, 1), departments=("Sales",), askers=0, copied=0.0, members=None, **changes
):
    """An audience; `sent` makes one core member each, departments in turn, `askers` peripheral ones who never write."""
    if members is None:
        members = [
            member(f"p{n}", departments[n % len(departments)], sent=mails, copied=copied)
            for n, mails in enumerate(sent)
        ]
        members += [member(f"q{n}", departments[-1], "peripheral") for n in range(askers)]
    values = {
        "stem": None, "people": len(members), "messages": 60, "deliveries": 300, "senders": len(sent), "hhi": 0.2,
        "threads": 30, "reply_share": 0.5, "weeks": 20, "weeks_span": 26, "first_sent": FIRST,
        "last_sent": FIRST + timedelta(weeks=26), "runs": 1, "run_weeks": 26, "pace_weeks": 26, "pace_active": 20,
        "pace_messages": 60, "pace_deliveries": 300, "stems": ("supplier audit", "audit plan"), "recent_weight": 100.0,
    }  # fmt: skip
    return Audience(name, kind, **{**values, "members": tuple(members), **changes})


@pytest.fixture(scope="session")
def make():
    """The makers of this module: tests are no packages and cannot import it."""

    class Make:
        first = FIRST

    Make.audience, Make.member = staticmethod(audience), staticmethod(member)
    Make.period = staticmethod(lambda weeks=40: Period(FIRST, FIRST + timedelta(weeks=weeks)))
    return Make
