"""The runner: guards first, narrower rules before wider ones, reports before broadcasts; and rows in and out."""

from __future__ import annotations

import json

import ibis
import pyarrow as pa
import pytest

from analyser.findings import registry
from analyser.findings.rules.document_rounds import DocumentRoundsThresholds
from analyser.lake.schema import TABLES

LIMITS = {rule.id: rule.thresholds() for rule in registry.RULES}

# figures that make an audience recognisable to one rule
GROUP = {"messages": 60, "sent": (16, 14, 12, 10, 8), "departments": ("IT", "Sales"), "coherence": 0.9}
PROJECT = {"run_weeks": 8, "messages": 120, "departments": ("IT", "Sales")}
ROUNDS = {"kind": "rounds", "threads": 8, "coherence": 0.9}
CLOSED = {"sensitive": 1.0, "sensitive_messages": 30}
REPORT = {"kind": "series", "period": "week", "slot_coverage": 0.9, "cycles": 25, "coherence": 0.95, "reply_share": 0.0}
NOTICE = {"kind": "broadcast", "reach": 180, "reply_share": 0.0}


@pytest.fixture
def rules_of(make):
    def rules_of(*audiences, **overrides):
        found = registry.find([make.audience(**a) for a in audiences], make.period(), LIMITS | overrides)
        return [f.rule for f in found]

    return rules_of


def test_rules_have_their_own_ids_and_words_and_guards_come_first():
    ids = [rule.id for rule in registry.RULES]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "confidential"
    assert all(rule.title and rule.rationale and rule.remedy for rule in registry.RULES)


@pytest.mark.parametrize(
    ("figures", "rules"),
    [
        (GROUP, ["working_group"]),
        (GROUP | PROJECT, ["project_burst"]),
        (ROUNDS, ["document_rounds"]),
        ({"reply_share": 0.0}, []),
    ],
)
def test_a_rule_yields_to_narrower_ones(figures, rules, rules_of):
    assert rules_of(figures) == rules


@pytest.mark.parametrize("figures", [GROUP, GROUP | PROJECT, ROUNDS, REPORT | {"reach": 9}])
def test_what_is_confidential_is_nothing_else(figures, rules_of):
    assert "confidential" not in rules_of(figures)
    assert rules_of(figures | CLOSED) == ["confidential"]


def test_outside_mail_is_external_whatever_else_it_looks_like(rules_of):
    assert rules_of(GROUP | PROJECT | {"kind": "outside"}) == ["external"]


def test_thresholds_are_taken_by_rule(rules_of):
    strict = {"document_rounds": DocumentRoundsThresholds(rounds=9)}
    assert rules_of(GROUP, ROUNDS) == ["working_group", "document_rounds"]
    assert rules_of(GROUP, ROUNDS, **strict) == ["working_group"]


def test_a_report_is_no_broadcast_besides(rules_of):
    report, notice = REPORT | {"stem": "menu", "reach": 30}, NOTICE | {"stem": "menu"}
    assert rules_of(notice, report) == ["status_report"]
    assert rules_of(report, notice) == ["status_report"]
    assert rules_of(notice, report | {"reach": 101}) == ["broadcast"]


@pytest.mark.parametrize("other", [{"stem": "park"}, {"stem": "menu", "sent": (3, 4, 2, 1)}])
def test_another_subject_or_another_writer_is_another_broadcast(other, rules_of):
    assert rules_of(REPORT | {"stem": "menu"}, NOTICE | other) == ["status_report", "broadcast"]


ALERTS = {
    "kind": "alarms",
    "messages": 400,
    "coherence": 0.9,
    "measures": {"hours": 20, "off_hours": 0.7, "per_week": 9},
}
COPIES = {"kind": "copies", "people": 40, "reply_share": 0.0, "measures": {"occasions": 9, "copies": 3, "overlap": 0.0}}
CHAIN = {"kind": "path", "measures": {"requesters": 4, "ordered": 1.0, "returned": 1.0}}
BETTER = [
    pytest.param(REPORT, COPIES, "status_report", "regional_notice", id="report"),
    pytest.param(NOTICE, COPIES, "broadcast", "regional_notice", id="broadcast"),
    pytest.param(NOTICE, ALERTS, "broadcast", "alerts", id="alerts"),
    pytest.param(ROUNDS, CHAIN, "document_rounds", "approval_chain", id="rounds"),
]
MANY = {"sent": (4, 3, 2, 1) * 3}


@pytest.mark.parametrize(("weaker", "better", "rule", "rules"), BETTER)
def test_what_another_rule_tells_better_is_told_once(weaker, better, rule, rules, rules_of):
    assert rules_of(weaker | MANY) == [rule]
    assert rules_of(weaker | MANY, better | MANY) == [rules]
    assert rules_of(better | MANY, weaker | MANY) == [rules]


@pytest.mark.parametrize(("weaker", "better", "rule", "rules"), BETTER)
@pytest.mark.parametrize(
    "change", [{"stems": ("another matter",)}, {"sent": (4, 3, 2, 1) * 3 + (1,) * 5}], ids=["subject", "people"]
)
def test_another_subject_or_other_people_are_told_besides(weaker, better, rule, rules, change, rules_of):
    assert rules_of(weaker | MANY | change, better | MANY) == [rule, rules]


# rows of the table


def test_rows_are_those_of_the_lake(make):
    found = registry.find([make.audience(**GROUP, deliveries=300)], make.period(), LIMITS)
    table = registry.to_table(found)
    assert table.schema == TABLES["findings"].schema
    (row,) = table.to_pylist()
    assert row["members"] == [f"p{n}@contoso.example" for n in range(5)]
    assert row["departments"] == ["IT", "Sales"]
    assert (row["messages"], row["deliveries"], row["weeks_active"], row["senders"]) == (60, 300, 20, 5)
    assert (row["first_seen"], row["finding"]) == (make.first, found[0].finding)
    assert row["stems"] == ["supplier audit", "audit plan"]
    assert json.loads(row["signals"])["hhi"] == {"value": 0.2, "threshold": 0.35}
    assert json.loads(row["signals"]).keys() == {s.name for s in found[0].signals}


def test_rows_are_ordered_by_rule_then_deliveries_and_bear_each_identity_once(make):
    audiences = [
        make.audience(**GROUP, name="small", deliveries=10),
        make.audience(**ROUNDS, name="rounds", messages=120, reply_share=0.0),
        make.audience(**GROUP | {"departments": ("HR",)}, name="twin", deliveries=20, stem=None),
        make.audience(**GROUP, name="large", deliveries=30, askers=1),
    ]
    rows = registry.to_table(registry.find(audiences, make.period(), LIMITS)).to_pylist()
    # "small" and "twin" are the same people: the one that delivers more stands for both
    assert [r["audience"] for r in rows] == ["rounds", "large", "twin"]


def test_subjects_of_confidential_mail_are_kept_out_of_rows(make):
    audiences = [make.audience(**GROUP | CLOSED, name="a"), make.audience(**GROUP, name="b")]
    rows = registry.to_table(registry.find(audiences, make.period(), LIMITS)).to_pylist()
    assert [r["stems"] for r in rows] == [[], ["supplier audit", "audit plan"]]
    assert "audit" not in rows[0]["title"]


def test_no_findings_are_a_table_without_rows():
    assert registry.to_table([]).schema == TABLES["findings"].schema


# audiences from tables

PEOPLE = {
    1: ("ann@contoso.example", "Sales"), 2: ("bob@contoso.example", None), 3: ("cat@contoso.example", "IT"),
    4: ("dan@contoso.example", "IT"),
}  # fmt: skip
SIGNALS = {
    "reach": 4.0, "to_list": 0.0, "automatic": 0.0, "coherence": 0.9,
    "sensitive": 0.1, "sensitive_messages": 2,
}  # fmt: skip


def rows(name, entries):
    schema = TABLES[name].schema
    columns = {f.name: pa.array([e.get(f.name) for e in entries], f.type) for f in schema}
    return ibis.memtable(pa.table(columns))


def tables(make, *described):
    """Tables of a run; each audience is (name, kind, actors, messages)."""
    plain = make.audience()
    figures = {f: getattr(plain, f) for f in TABLES["audiences"].schema.names if f != "departments"}
    members = [
        {"audience": name, "actor": a, "role": "core", "share": 0.5, "sent": a, "copied": 0.25}
        for name, _, actors, _ in described
        for a in actors
    ]
    known = [{"actor": a, "principal": p, "department": d} for a, (p, d) in PEOPLE.items()]
    return {
        "people": ibis.memtable(pa.Table.from_pylist(known)),
        "audience_members": ibis.memtable(pa.Table.from_pylist(members)),
        "audiences": rows(
            "audiences",
            [
                figures | {"audience": name, "kind": kind, "messages": messages, "departments": 1, "stems": None}
                for name, kind, _, messages in described
            ],
        ),
        "cadence": rows("cadence", [{"audience": "b", "period": "week", "cycles": 9, "rayleigh": 0.9}]),
        "signals": ibis.memtable(pa.Table.from_pylist([{"audience": name, **SIGNALS} for name, *_ in described])),
        "audience_measures": rows("audience_measures", [{"audience": "b", "measure": "steps", "value": 2.5}]),
    }


def test_audiences_are_read_in_order_with_members_rhythm_and_signals(make):
    first, second = registry.audiences(tables(make, ("b", "series", (3, 1), 60), ("a", "circle", (2,), 60)))
    assert (first.audience, second.audience) == ("a", "b")
    assert second.members == (
        make.member("ann", "Sales", share=0.5, sent=1, copied=0.25),
        make.member("cat", "IT", share=0.5, sent=3, copied=0.25),
    )
    assert (second.people, second.period, second.cycles) == (2, "week", 9)
    assert (first.period, first.stems, first.coherence) == (None, (), 0.9)
    assert (second.measures, first.measures) == ({"steps": 2.5}, {})
    assert first.departments == ()


def test_audiences_without_messages_or_members_are_left_out(make):
    found = registry.audiences(
        tables(make, ("a", "circle", (1,), 60), ("b", "circle", (1,), 0), ("c", "circle", (), 9))
    )
    assert [a.audience for a in found] == ["a"]


@pytest.mark.parametrize(
    ("kind", "circle", "hidden", "share"),
    [
        ("closed", (1, 2, 3), 20, 0.25),  # the same people
        ("closed", (1, 2, 3, 4), 20, 0.25),  # three of four
        ("closed", (1, 2), 2, 0.1),  # two of three are another circle, whose own signals stand
        ("series", (1, 2, 3), 2, 0.1),
    ],
)
def test_closed_mail_among_the_same_people_makes_a_circle_sensitive(kind, circle, hidden, share, make):
    found = registry.audiences(tables(make, ("a", "circle", circle, 60), ("b", kind, (1, 2, 3), 20)))
    assert (found[0].sensitive_messages, found[0].sensitive) == (hidden, pytest.approx(share))
    assert (found[1].sensitive_messages, found[1].sensitive) == (2, pytest.approx(0.1))


def test_closed_mail_of_several_sets_adds_up(make):
    closed = [("b", "closed", (1, 2, 3), 20), ("c", "closed", (1, 2, 3, 4), 10)]
    found = registry.audiences(tables(make, ("a", "circle", (1, 2, 3, 4), 70), *closed))
    assert (found[0].sensitive_messages, found[0].sensitive) == (30, pytest.approx(0.3))
