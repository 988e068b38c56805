"""Audiences, findings and recipient sets; a test states what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import scipy.sparse as sp

from analyser.findings.contract import Audience, Finding, Member, Signal
from analyser.proposals.propose import Served

NOW = datetime(2025, 7, 7, 9, tzinfo=UTC)  # a Monday


def address(name):
    return f"{name}@contoso.example"


def member(name, department="Sales", role="core", share=0.9, sent=0, copied=0.0):
    return Member(address(name), department, role, share, sent, copied)


def audience(name="a", kind="circle", *, people="abcde", sent=None, departments=("Sales",), members=None, **changes):
    """An audience of `people`, who wrote `sent` messages each (four each unless told), departments in turn."""
    if members is None:
        sent = [4] * len(people) if sent is None else [*sent, *[0] * (len(people) - len(sent))]
        members = [
            member(p, departments[n % len(departments)], sent=mails)
            for n, (p, mails) in enumerate(zip(people, sent, strict=True))
        ]
    values = {
        "stem": None, "people": len(members), "messages": 60, "deliveries": 240, "senders": len(members), "hhi": 0.2,
        "threads": 30, "reply_share": 0.5, "weeks": 20, "weeks_span": 26, "first_sent": NOW - timedelta(weeks=27),
        "last_sent": NOW - timedelta(weeks=1), "runs": 1, "run_weeks": 26, "pace_weeks": 26, "pace_active": 20,
        "pace_messages": 60, "pace_deliveries": 240, "stems": ("supplier audit", "audit plan"), "recent_weight": 10.0,
    }  # fmt: skip
    return Audience(name, kind, **{**values, "members": tuple(members), **changes})


def finding(of, rule="working_group", strength=0.8):
    signals = (Signal("weeks", 20.00049, 8, strength),)
    return Finding(rule, of, f"{rule} of {of.audience}", signals, tuple(m.principal for m in of.members))


def served(sets):
    """Recipient sets of people with their weights: `{"abc": 10.0}`; a space serves a set as far as they resemble."""
    people = sorted(set("".join(sets)))
    matrix = np.array([[p in of for p in people] for of in sets], np.float32).reshape(len(sets), len(people))
    return Served(
        [address(p) for p in people],
        sp.csr_array(matrix),
        np.array(list(sets.values()), float),
        lambda similarity: np.where(similarity >= 0.5, similarity, 0.0),
    )


@pytest.fixture(scope="session")
def make():
    """The makers of this module: tests are no packages and cannot import it."""

    class Make:
        now = NOW

    for maker in (address, member, audience, finding, served):
        setattr(Make, maker.__name__, staticmethod(maker))
    return Make
