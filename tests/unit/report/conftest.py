"""A small organisation in a lake, hand-made: what was planted is what the page must say."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa
import pytest

from analyser.config import Settings
from analyser.lake.schema import TABLES
from analyser.lake.store import Lake
from analyser.proposals.answers import QUESTIONS

NOW = datetime(2025, 11, 3, 9, 30, tzinfo=UTC)  # a Monday
DEPARTMENTS = {"Sales": 8, "Finance": 6, "Legal": 2}


def address(department, number):
    return f"{department.lower()}.{number}@contoso.example"


PEOPLE = {address(d, n): d for d, size in DEPARTMENTS.items() for n in range(size)}
PIPELINE = (*(address("Sales", n) for n in range(5)), address("Finance", 0), address("Finance", 1))


def table(name, rows):
    """Rows as a table of the lake; columns that a row leaves out are null."""
    schema = TABLES[name].schema
    return pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema}, schema=schema)


def document(name="Weekly Pipeline", members=PIPELINE, **changes):
    """A proposal as the program writes it; `changes` replace keys, those of `evidence` and `savings` one by one."""
    evidence = {
        "audience": "series-1", "findings": ["status_report-1"], "messages": 20, "deliveries": 120, "weeks_active": 20,
        "weeks_span": 20, "senders": 2, "threads": 20, "answered": 0.1, "first_seen": "2025-06-16T08:12:00+00:00",
        "last_seen": "2025-10-27T08:12:00+00:00",
        "stems": ["weekly pipeline", "pipeline corrections", "q# outlook", "a fourth"],
        "rhythm": "week", "weekday": 0, "hour": 8, "signals": {},
    }  # fmt: skip
    savings = {
        "deliveries_per_week": 6.0, "hours_per_week": 3.0, "hours_low": 2.0, "hours_high": 4.0,
        "formula": "(20 messages at 5 min + 120 deliveries at 2.5 min) ÷ 60 ÷ 20 weeks, 40% to 80% that move",
    }  # fmt: skip
    result = {
        "id": f"space-{name.lower().replace(' ', '-')}", "rank": 1, "name": name, "kind": "channel",
        "platform": "teams.channel", "status": "propose", "pilot": True, "why_not": None,
        "purpose": "One place for the weekly report on pipeline.", "members": sorted(members),
        "owners": sorted(members)[:2], "departments": ["Sales", "Finance"], "patterns": ["status_report"],
        "evidence": evidence | changes.pop("evidence", {}), "savings": savings | changes.pop("savings", {}),
        "risks": ["one person writes it"], "missing": [], "existing": None, "replaces": ["The weekly mail to 7 people"],
        "first_posts": ["Pin the template."], "confidence": 0.9, "share_of_benefit": 0.2,
        "alternatives": [
            {"kind": "channel", "score": 1.0, "reasons": ["prior 1.00"]},
            {"kind": "list", "score": 0.6, "reasons": ["prior 0.60", "7 people are few for it"]},
        ],
        "second_owners": [], "knowledge": None, "considered": [],
        "answers": {key: [f"Answer to {key}."] for key in QUESTIONS} | {"stops": ["The weekly mail.", "Deliveries."]},
        "member_reasons": {
            p: f"{'core' if p.startswith('sales') else 'periphery'}: on 90% of the messages" for p in members
        },
    }  # fmt: skip
    return result | changes


def pipeline_mail(weeks=20, audience="series-1", members=PIPELINE):
    """A mail every Monday at 08:12 UTC, the last a week before NOW: messages, who took part, audience_messages."""
    messages, parts, spoken = [], [], []
    for week in range(1, weeks + 1):
        key = f"{audience}-{week}"
        sent = NOW.replace(hour=8, minute=12) - timedelta(weeks=week)
        messages.append({"message_key": key, "source": "mail", "sent_at": sent, "sender": members[0]})
        parts += [{"message_key": key, "principal": p, "role": "to" if n else "from"} for n, p in enumerate(members)]
        spoken.append({"audience": audience, "message_key": key})
    return messages, parts, spoken


def interactions(pairs):
    """Ties from (source, target, messages)."""
    return [{"source": a, "target": b, "to_count": n, "cc_count": 0, "weight": float(n)} for a, b, n in pairs]


def settings_in(folder):
    return Settings(
        lake={"path": folder / "lake", "threads": 1}, organisation={"name": "Contoso", "timezone": "Europe/London"}
    )


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


@pytest.fixture
def lake(settings):
    with Lake(settings.lake) as opened:
        yield opened


def fill(lake, documents, *, names=None, ties=None, mailboxes=None, problems=(), people=PEOPLE, mail=None):
    """Write all tables that the page reads."""
    names = names or {}
    messages, parts, spoken = mail or pipeline_mail()
    principals = [
        {
            "principal": p, "kind": "person", "is_internal": True, "department": d,
            "display_name": names.get(p, p.partition("@")[0].replace(".", " ").title()),
        }
        for p, d in people.items()
    ]  # fmt: skip
    if ties is None:
        ties = [(a, b, 3) for a in PIPELINE for b in PIPELINE if a != b]
    run = {
        "now": NOW.isoformat(),
        "thresholds": {"portfolio": {"per_sponsor": 1, "per_person": 2, "words": ["a", "b"]}},
    }
    boxes = [{"source": "mail", "mailbox": "a", "state": "complete"}] if mailboxes is None else mailboxes
    rows = {
        "messages": messages, "audience_participants": parts, "audience_messages": spoken, "principals": principals,
        "interactions": interactions(ties), "mailboxes": boxes, "problems": list(problems),
        "proposals": [
            {"proposal": d["id"], "rank": n, "document": json.dumps(d | {"rank": n})}
            for n, d in enumerate(documents, 1)
        ],
        "runs": [{"key": key, "value": json.dumps(value)} for key, value in run.items()],
    }  # fmt: skip
    lake.replace({name: table(name, content) for name, content in rows.items()})
    return lake


@pytest.fixture
def plant(lake):
    """Fill the lake of this test."""
    return partial(fill, lake)


@pytest.fixture(scope="session")
def make_document():
    return document


@pytest.fixture(scope="session")
def world():
    """Constants and makers of this module: tests are no packages and cannot import it."""

    class World:
        now, people, pipeline = NOW, PEOPLE, PIPELINE
        mail = staticmethod(pipeline_mail)
        fill = staticmethod(fill)
        table = staticmethod(table)
        settings_in = staticmethod(settings_in)

    return World
