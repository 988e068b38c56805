"""Each rule at each of its thresholds: what just meets it is found, what just misses it is not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from analyser.findings import registry
from analyser.findings.registry import RULES
from analyser.findings.rules.alerts import Alerts
from analyser.findings.rules.approval_chain import ApprovalChain
from analyser.findings.rules.bridge import Bridge
from analyser.findings.rules.broadcast import Broadcast
from analyser.findings.rules.cc_for_cover import CcForCover
from analyser.findings.rules.confidential import Confidential
from analyser.findings.rules.decision_thread import DecisionThread
from analyser.findings.rules.department_questions import DepartmentQuestions
from analyser.findings.rules.document_rounds import DocumentRounds
from analyser.findings.rules.external import External
from analyser.findings.rules.onboarding import Onboarding
from analyser.findings.rules.project_burst import ProjectBurst
from analyser.findings.rules.regional_notice import RegionalNotice
from analyser.findings.rules.scheduling import Scheduling
from analyser.findings.rules.social import Social
from analyser.findings.rules.status_report import StatusReport
from analyser.findings.rules.working_group import WorkingGroup


@dataclass(frozen=True)
class Edge:
    """Changes that just meet and just miss a threshold; a setting that lets the miss pass, one that stops the hit.

    `looser` is None where the model allows nothing looser than the default.
    """

    meets: dict
    misses: dict
    looser: float | None
    stricter: float


@dataclass(frozen=True)
class Case:
    """An audience that a rule finds at ease, and the edges of it; `kinds` are those that the rule looks at."""

    kinds: set
    at_ease: dict
    edges: dict
    says: str


def _measured(name, meets, misses, looser, stricter):
    """An edge of what only the audiences of one kind are measured by."""
    return Edge({"measured": {name: meets}}, {"measured": {name: misses}}, looser, stricter)


CASES = {
    Confidential: Case(
        {"circle", "closed", "covers", "decisions", "rounds", "series", "talks"},
        {"kind": "closed", "people": 4, "sensitive": 1.0, "sensitive_messages": 20},
        {
            "sensitive": Edge({"sensitive": 0.25}, {"sensitive": 0.2499}, 0.2, 0.3),
            "messages": Edge({"sensitive_messages": 3}, {"sensitive_messages": 2}, 2, 4),
            "max_people": Edge({"people": 12}, {"people": 13}, 13, 11),
        },
        "Confidential mail among 4 people, left alone",
    ),
    External: Case(
        {"outside"},
        {"kind": "outside", "stem": "fabrikam.example", "people": 5, "coherence": 0.8},
        {
            "messages": Edge({"messages": 10}, {"messages": 9}, 9, 11),
            "weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
            "people": Edge({"people": 2}, {"people": 1}, None, 3),
            "coherence": Edge({"coherence": 0.5}, {"coherence": 0.49}, 0.49, 0.51),
        },
        "5 people share mail with fabrikam.example",
    ),
    StatusReport: Case(
        {"series"},
        {
            "kind": "series", "stem": "pipeline week #", "period": "week", "slot_coverage": 0.9, "cycles": 25,
            "coherence": 0.95, "reply_share": 0.05, "reach": 10, "automatic": 0.0, "people": 10,
        },
        {
            "coherence": Edge({"coherence": 0.7}, {"coherence": 0.6999}, 0.69, 0.71),
            "slot_coverage": Edge({"slot_coverage": 0.6}, {"slot_coverage": 0.5999}, 0.59, 0.61),
            "cycles": Edge({"cycles": 5}, {"cycles": 4}, 4, 6),
            "reply_share": Edge({"reply_share": 0.35}, {"reply_share": 0.3501}, 0.36, 0.34),
            "automatic": Edge({"automatic": 0.5}, {"automatic": 0.51}, 0.52, 0.49),
            "max_people": Edge({"reach": 100}, {"reach": 101}, 101, 99),
        },
        "weekly report “pipeline week #” to 9 readers",
    ),
    Broadcast: Case(
        {"broadcast"},
        {"kind": "broadcast", "reach": 180.4, "reply_share": 0.01, "stems": ("canteen menu", "car park", "third")},
        {
            "min_people": Edge({"reach": 25.0}, {"reach": 24.5}, 24.5, 25.5),
            "reply_share": Edge({"reply_share": 0.15}, {"reply_share": 0.1501}, 0.16, 0.14),
            "min_messages": Edge({"messages": 5}, {"messages": 4}, 4, 6),
            "min_weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
        },
        "Broadcast to about 180 people: “canteen menu” and “car park”",
    ),
    DepartmentQuestions: Case(
        {"desk"},
        {"kind": "desk", "stem": "travel costs", "departments": ("Finance", "Sales"), "sent": (30,), "askers": 20},
        {
            "threads": Edge({"threads": 8}, {"threads": 7}, 7, 9),
            "askers": Edge({"askers": 8}, {"askers": 7}, 7, 9),
            "answered": Edge({"reply_share": 0.5}, {"reply_share": 0.4999}, 0.49, 0.51),
            "weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
        },
        "20 people ask Finance about “travel costs”",
    ),
    WorkingGroup: Case(
        {"circle"},
        {"sent": (16, 14, 12, 10, 8), "senders": 5, "coherence": 0.9},
        {
            "min_messages": Edge({"messages": 15, "sent": (4, 4, 4)}, {"messages": 14, "sent": (4, 4, 4)}, 14, 16),
            "min_weeks": Edge({"weeks": 8}, {"weeks": 7}, 7, 9),
            "active_weeks": Edge({"pace_weeks": 10, "pace_active": 6}, {"pace_weeks": 10, "pace_active": 5}, 0.5, 0.61),
            "senders": Edge({"senders": 3}, {"senders": 2}, 2, 4),
            "hhi": Edge({"hhi": 0.35}, {"hhi": 0.3501}, 0.36, 0.34),
            "writers": Edge({"sent": (18, 18, 2, 1, 1)}, {"sent": (18, 18, 1, 1, 1)}, 2, 4),
            "top_two_share": Edge({"sent": (18, 18, 8, 8, 8)}, {"sent": (19, 18, 8, 8, 7)}, 0.62, 0.59),
            "thread_length": Edge({"threads": 10}, {"threads": 9}, 7.0, 5.9),
            "copied": Edge({"copied": 0.8}, {"copied": 0.81}, 0.82, 0.79),
            "coherence": Edge({"coherence": 0.6}, {"coherence": 0.59}, 0.58, 0.61),
            "reply_share": Edge({"reply_share": 0.3}, {"reply_share": 0.29}, 0.28, 0.31),
            "max_people": Edge({"people": 50}, {"people": 51}, 51, 49),
        },
        "5 people work by reply-all on “supplier audit” and “audit plan”",
    ),
    DocumentRounds: Case(
        {"rounds"},
        {"kind": "rounds", "threads": 8, "coherence": 0.9},
        {
            "rounds": Edge({"threads": 3}, {"threads": 2}, 2, 4),
            "weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "coherence": Edge({"coherence": 0.6}, {"coherence": 0.59}, 0.58, 0.61),
        },
        "8 documents went round among 4 people: “supplier audit” and “audit plan”",
    ),
    Alerts: Case(
        {"alarms"},
        {
            "kind": "alarms", "messages": 400, "weeks": 20, "coherence": 0.9, "reply_share": 0.06, "sent": (0,) * 6,
            "measures": {"hours": 20.0, "off_hours": 0.7, "per_week": 10.0},
        },
        {
            "messages": Edge({"messages": 20}, {"messages": 19}, 19, 21),
            "weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
            "per_week": _measured("per_week", 3.0, 2.9, 2.9, 3.1),
            "hours": _measured("hours", 6.0, 5.9, 5.9, 6.1),
            "off_hours": _measured("off_hours", 0.35, 0.34, 0.34, 0.36),
            "readers": Edge({"sent": (0, 0, 0), "askers": 4}, {"sent": (0, 0), "askers": 4}, 2, 4),
            "coherence": Edge({"coherence": 0.6}, {"coherence": 0.59}, 0.58, 0.61),
            "max_people": Edge({"people": 50}, {"people": 51}, 51, 49),
        },
        "A program writes 10 alerts a week to 6 people: “supplier audit” and “audit plan”;"
        " 6% are passed on or answered",
    ),
    RegionalNotice: Case(
        {"copies"},
        {
            "kind": "copies", "stem": "price list", "people": 40, "reply_share": 0.05,
            "measures": {"occasions": 16.0, "copies": 3.0, "overlap": 0.0},
        },
        {
            "occasions": _measured("occasions", 4.0, 3.0, 3, 5),
            "weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "copies": _measured("copies", 1.9, 1.8, 1.8, 2.0),
            "overlap": _measured("overlap", 0.25, 0.26, 0.27, 0.24),
            "people": Edge({"people": 10}, {"people": 9}, 9, 11),
            "reply_share": Edge({"reply_share": 0.35}, {"reply_share": 0.3501}, 0.36, 0.34),
        },
        "“price list” goes out 16 times in about 3 copies to 40 people",
    ),
    Social: Case(
        {"forum"},
        {
            "kind": "forum", "people": 80, "threads": 60,
            "measures": {
                "starters": 40.0, "each": 1.5, "busiest": 0.05, "places": 8.0, "length": 2.0, "burst_hours": 3.0,
            },
        },
        {
            "starters": _measured("starters", 8.0, 7.0, 7, 9),
            "each": _measured("each", 4.0, 4.1, 4.2, 3.9),
            "busiest": _measured("busiest", 0.25, 0.26, 0.27, 0.24),
            "places": _measured("places", 3.0, 2.0, 2, 4),
            "reply_share": Edge({"reply_share": 0.2}, {"reply_share": 0.19}, 0.18, 0.21),
            "length": _measured("length", 8.0, 8.5, 9.0, 7.5),
            "burst_hours": _measured("burst_hours", 72.0, 73.0, 74.0, 71.0),
            "weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
        },
        "40 people began 60 threads with all 80 of them",
    ),
    Onboarding: Case(
        {"joiners"},
        {"kind": "joiners", "askers": 12, "measures": {"joiners": 12.0, "new_share": 0.95, "lift": 20.0}},
        {
            "joiners": _measured("joiners", 5.0, 4.0, 4, 6),
            "weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "messages": Edge({"messages": 5}, {"messages": 4}, 4, 6),
            "new_share": _measured("new_share", 0.6, 0.59, 0.58, 0.61),
            "lift": _measured("lift", 1.5, 1.4, 1.3, 1.6),
        },
        "12 people who joined were sent “supplier audit” and “audit plan” one by one",
    ),
    ApprovalChain: Case(
        {"path"},
        {
            "kind": "path", "threads": 30, "sent": (30, 28, 28), "askers": 5,
            "measures": {"requesters": 5.0, "ordered": 1.0, "returned": 0.95, "hours": 4.0},
        },
        {
            "support": Edge({"threads": 10}, {"threads": 9}, 9, 11),
            "requests": Edge({"threads": 5, "of": 12}, {"threads": 4, "of": 8}, 4, 6),
            "requesters": _measured("requesters", 3.0, 2.0, 2, 4),
            "ordered": _measured("ordered", 0.8, 0.79, 0.78, 0.81),
            "returned": _measured("returned", 0.5, 0.49, 0.48, 0.51),
            "weeks": Edge({"weeks": 4}, {"weeks": 3}, 3, 5),
        },
        "30 requests went through the same 3 hands, about 4 hours each: “supplier audit”",
    ),
    ProjectBurst: Case(
        {"circle"},
        {"run_weeks": 8, "weeks": 8, "messages": 120, "senders": 4, "departments": ("IT", "Sales", "Legal")},
        {
            "min_weeks": Edge({"run_weeks": 2}, {"run_weeks": 1}, 1, 3),
            "max_weeks": Edge({"run_weeks": 20}, {"run_weeks": 21}, 21, 19),
            "share_of_period": Edge({"run_weeks": 12, "of": 20}, {"run_weeks": 13, "of": 20}, 0.66, 0.59),
            "active_weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "messages": Edge({"messages": 15, "run_weeks": 3}, {"messages": 14, "run_weeks": 2}, 14, 16),
            # a project that came back is busy in both of its lives
            "per_week": Edge({"messages": 80, "runs": 2}, {"messages": 79, "runs": 2}, 4.9, 5.1),
            "departments": Edge({"departments": ("IT", "Sales")}, {"departments": ("IT",)}, 1, 3),
            "senders": Edge({"senders": 3}, {"senders": 2}, 2, 4),
        },
        "8 weeks of project mail in 3 departments: “supplier audit” and “audit plan”",
    ),
    Scheduling: Case(
        {"talks"},
        {"kind": "talks", "people": 7, "measures": {"talks": 12, "marked": 1}},
        {
            "talks": Edge({"measures": {"talks": 4}}, {"measures": {"talks": 3}}, 3, 5),
            "weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "people": Edge({"people": 3}, {"people": 2}, None, 4),
        },
        "12 times a few of 7 people wrote to and fro until an invitation",
    ),
    DecisionThread: Case(
        {"decisions"},
        {"kind": "decisions", "threads": 8, "messages": 96, "coherence": 0.9, "measures": {"senior_late": 0.9}},
        {
            "threads": Edge({"threads": 3}, {"threads": 2}, 2, 4),
            "weeks": Edge({"weeks": 3}, {"weeks": 2}, 2, 4),
            "senior_late": Edge({"measures": {"senior_late": 0.5}}, {"measures": {"senior_late": 0.49}}, 0.48, 0.51),
            "coherence": Edge({"coherence": 0.5}, {"coherence": 0.49}, 0.48, 0.51),
        },
        "8 decisions of about 12 mails each among 4 people: “supplier audit” and “audit plan”",
    ),
    CcForCover: Case(
        {"covers"},
        {"kind": "covers", "people": 8, "measures": {"threads": 60, "growth": 0.7}},
        {
            "threads": Edge(
                {"measures": {"threads": 10, "growth": 1}}, {"measures": {"threads": 9, "growth": 1}}, 9, 11
            ),
            "weeks": Edge({"weeks": 8}, {"weeks": 7}, 7, 9),
            "reply_share": Edge({"reply_share": 0.3}, {"reply_share": 0.29}, 0.28, 0.31),
            "growth": Edge(
                {"measures": {"threads": 60, "growth": 0.1}}, {"measures": {"threads": 60, "growth": 0.09}}, 0.08, 0.11
            ),
            "people": Edge({"people": 5}, {"people": 4}, 4, 6),
        },
        "60 threads among 8 people carry copies that nobody answers from",
    ),
    Bridge: Case(
        {"circle"},
        {
            "sent": (25, 20, 8, 5, 2), "departments": ("IT", "Sales"), "coherence": 0.9,
            "measures": {"sides": 2, "e_i_excess": 0.9},
        },
        {
            "min_messages": Edge({"messages": 15, "sent": (6, 5, 2)}, {"messages": 14, "sent": (6, 5, 2)}, 14, 16),
            "min_weeks": Edge({"weeks": 8}, {"weeks": 7}, 7, 9),
            "active_weeks": Edge({"pace_weeks": 10, "pace_active": 5}, {"pace_weeks": 10, "pace_active": 4}, 0.4, 0.51),
            "departments": Edge(
                {"measures": {"sides": 2, "e_i_excess": 1}}, {"measures": {"sides": 1, "e_i_excess": 1}}, None, 3
            ),
            "e_i_excess": Edge(
                {"measures": {"sides": 2, "e_i_excess": 0.3}},
                {"measures": {"sides": 2, "e_i_excess": 0.29}},
                0.28,
                0.31,
            ),
            "top_two_share": Edge({"sent": (18, 18, 8, 8, 8)}, {"sent": (18, 17, 9, 8, 8)}, 0.58, 0.61),
            "coherence": Edge({"coherence": 0.6}, {"coherence": 0.59}, 0.58, 0.61),
            "reply_share": Edge({"reply_share": 0.2}, {"reply_share": 0.19}, 0.18, 0.21),
            "max_people": Edge({"people": 50}, {"people": 51}, 51, 49),
        },
        "A few people carry the mail among 5 of IT and Sales: “supplier audit” and “audit plan”",
    ),
}  # fmt: skip

EACH = [pytest.param(rule, id=rule.id) for rule in CASES]
EDGES = [pytest.param(rule, name, id=f"{rule.id}-{name}") for rule, case in CASES.items() for name in case.edges]


@pytest.fixture
def find(make):
    """Ask a rule about an audience at ease, changed; `of` is the length of the period in weeks."""

    def find(rule, changes=None, *, of=40, **limits):
        values = {**CASES[rule].at_ease, **(changes or {})}
        measured = values.pop("measured", {})
        values["measures"] = {**values.get("measures", {}), **measured}
        period = make.period(values.pop("of", of))
        return rule(rule.thresholds(**limits), period).find(make.audience(**values))

    return find


def test_every_rule_and_every_threshold_has_a_case():
    assert set(CASES) == set(RULES)
    for rule, case in CASES.items():
        assert set(case.edges) == set(rule.thresholds.model_fields), rule.id


@pytest.mark.parametrize("rule", EACH)
def test_an_audience_at_ease_is_found_and_described(rule, find):
    found = find(rule)
    assert found.rule == rule.id
    assert found.title == CASES[rule].says
    assert found.members == tuple(sorted(m.principal for m in found.audience.members))
    assert 0.5 < found.strength <= 1
    assert len({s.name for s in found.signals}) == len(found.signals) >= len(CASES[rule].edges)


@pytest.mark.parametrize(("rule", "name"), EDGES)
def test_what_just_meets_a_threshold_is_found(rule, name, find):
    found = find(rule, CASES[rule].edges[name].meets)
    assert found is not None
    # at its threshold a signal has half its strength; the limit that it met is told beside it
    assert [s.threshold for s in found.signals if s.strength == pytest.approx(0.5)].count(
        rule.thresholds.model_fields[name].default
    ) >= 1


@pytest.mark.parametrize(("rule", "name"), EDGES)
def test_what_just_misses_a_threshold_is_not_found(rule, name, find):
    assert find(rule, CASES[rule].edges[name].misses) is None


@pytest.mark.parametrize(("rule", "name"), EDGES)
def test_an_override_changes_the_verdict(rule, name, find):
    edge = CASES[rule].edges[name]
    assert find(rule, edge.meets, **{name: edge.stricter}) is None
    if edge.looser is None:
        with pytest.raises(ValueError, match="greater than or equal"):
            rule.thresholds(**{name: rule.thresholds.model_fields[name].default - 1})
    else:
        assert find(rule, edge.misses, **{name: edge.looser}) is not None


@pytest.mark.parametrize("rule", EACH)
@pytest.mark.parametrize(
    "kind",
    [
        "circle",
        "series",
        "broadcast",
        "desk",
        "outside",
        "closed",
        "rounds",
        "talks",
        "decisions",
        "covers",
        "alarms",
        "copies",
        "forum",
        "joiners",
        "path",
    ],
)
def test_a_rule_looks_at_its_own_kinds_only(rule, kind, find):
    assert (find(rule, {"kind": kind}) is not None) == (kind in CASES[rule].kinds)


@pytest.mark.parametrize("rule", EACH)
def test_an_audience_without_messages_is_no_finding(rule, find):
    assert find(rule, {"messages": 0}) is None


@pytest.mark.parametrize(("share", "found"), [(0.5, True), (0.51, False)])
def test_a_program_writes_no_status_report(share, found, find):
    assert (find(StatusReport, {"automatic": share}) is not None) == found


@pytest.mark.parametrize("missing", [{"slot_coverage": None}, {"cycles": None}])
def test_a_series_without_a_rhythm_is_no_status_report(missing, find):
    assert find(StatusReport, missing) is None


@pytest.mark.parametrize(
    ("rule", "changes", "says"),
    [
        (StatusReport, {"period": "fortnight"}, "fortnightly report “pipeline week #” to 9 readers"),
        (StatusReport, {"period": None}, "recurring report “pipeline week #” to 9 readers"),
        (ProjectBurst, {"runs": 2, "stems": ("x",)}, "8 weeks of project mail, 2 times in 3 departments: “x”"),
        (ProjectBurst, {"stems": ()}, "8 weeks of project mail in 3 departments: various subjects"),
        (
            ProjectBurst,
            {"runs": 2, "stems": ("x",), "measures": {"season_months": 3}},
            "8 weeks of project mail, 2 times, returning each quarter, in 3 departments: “x”",
        ),
        (
            ProjectBurst,
            {"runs": 2, "stems": ("x",), "measures": {"season_months": 6}},
            "8 weeks of project mail, 2 times, returning each half-year, in 3 departments: “x”",
        ),
        (
            ProjectBurst,
            {"runs": 3, "weeks": 24, "messages": 200, "stems": ("x",), "measures": {"season_months": 12}},
            "8 weeks of project mail, 3 times, returning each year, in 3 departments: “x”",
        ),
        # once is no season, whatever was measured
        (
            ProjectBurst,
            {"runs": 1, "stems": ("x",), "measures": {"season_months": 12}},
            "8 weeks of project mail in 3 departments: “x”",
        ),
        (
            Scheduling,
            {"measures": {"talks": 5, "marked": 0}},
            "5 times a few of 7 people wrote to and fro until one last message to the same people",
        ),
        (DecisionThread, {"stems": ()}, "8 decisions of about 12 mails each among 4 people: various subjects"),
        (Bridge, {"stems": ("x",)}, "A few people carry the mail among 5 of IT and Sales: “x”"),
        (Broadcast, {"stems": ("menu",)}, "Broadcast to about 180 people: “menu”"),
        (DepartmentQuestions, {"departments": (None,)}, "20 people ask a department about “travel costs”"),
        (DocumentRounds, {"stems": ()}, "8 documents went round among 4 people: documents"),
        (Alerts, {"stems": (), "reply_share": 0.0}, "A program writes 10 alerts a week to 6 people: various subjects"),
        (RegionalNotice, {"stem": None, "stems": ("a",)}, "“a” goes out 16 times in about 3 copies to 40 people"),
        (Onboarding, {"stems": ()}, "12 people who joined were sent various subjects one by one"),
        (ApprovalChain, {"stems": ()}, "30 requests went through the same 3 hands, about 4 hours each"),
    ],
)  # fmt: skip
def test_titles_say_what_is_known(rule, changes, says, find):
    assert find(rule, changes).title == says


@pytest.mark.parametrize(
    ("role", "copied", "found"), [("core", 0.75, True), ("core", 0.85, False), ("peripheral", 0.85, True)]
)
def test_one_at_the_core_who_is_always_copied_makes_it_no_working_group(role, copied, found, find, make):
    members = [*(make.member(f"p{n}", sent=12) for n in range(5)), make.member("boss", role=role, copied=copied)]
    assert (find(WorkingGroup, {"members": members}) is not None) == found


@pytest.mark.parametrize("rule", [Alerts, RegionalNotice, Social, Onboarding, ApprovalChain])
def test_an_audience_without_its_measures_is_no_finding(rule, find):
    for name in CASES[rule].at_ease["measures"].keys() - {"hours" if rule is ApprovalChain else ""}:
        assert find(rule, {"measured": {name: None}}) is None, name


def test_a_nightly_report_to_a_team_is_no_alert(find):
    nightly = {"hours": 1.0, "off_hours": 1.0, "per_week": 7.0}
    assert find(Alerts, {"measured": nightly}) is None


def test_business_hours_are_no_alerts(find):
    assert find(Alerts, {"measured": {"hours": 9.0, "off_hours": 0.05}}) is None


@pytest.mark.parametrize(("weeks", "found"), [(8, True), (26, False), (52, False)])
def test_a_short_history_asks_for_less_support(weeks, found, find):
    assert (find(ApprovalChain, {"threads": 5, "of": weeks}) is not None) == found


def test_without_a_directory_a_decision_needs_nobody_senior(find):
    found = find(DecisionThread, {"measures": {"reply_all": 0.9}})
    assert found is not None
    assert "senior_late" not in {s.name for s in found.signals}
    assert find(DecisionThread, {"measures": {"senior_late": 0.0}}) is None


@pytest.mark.parametrize("missing", [{}, {"sides": 2}, {"e_i_excess": 0.9}])
def test_a_circle_whose_crossing_is_unknown_is_no_bridge(missing, find):
    assert find(Bridge, {"measures": missing}) is None


def test_a_bridge_may_rest_on_one_person(find):
    assert find(Bridge, {"sent": (55, 2, 1, 1, 1)}) is not None


def test_copies_that_do_not_grow_are_no_cover(find):
    assert find(CcForCover, {"measures": {"threads": 60}}) is None
    assert find(CcForCover, {"measures": {"threads": 60, "growth": -0.5}}) is None


def test_what_is_said_of_copies_names_nobody(find):
    found = find(CcForCover)
    assert not any(name in found.title for name in found.members)


@pytest.mark.parametrize("first", range(10, 40, 2))
def test_a_circle_is_a_group_or_a_bridge_and_never_both(first, make):
    """Whatever two people's share: working group up to the threshold, bridge beyond it, and one of them at least."""
    rest = (60 - first - 10) // 3
    sent = (first, 10, rest, rest, 60 - first - 10 - 2 * rest)
    audience = make.audience(
        sent=sent, departments=("IT", "Sales"), coherence=0.9, senders=5, measures={"sides": 2, "e_i_excess": 0.9}
    )
    rules = {rule.id: rule.thresholds() for rule in RULES}
    found = [f.rule for f in registry.find([audience], make.period(), rules)]
    assert len(found) == 1
    assert found[0] in (
        {"working_group", "bridge"}
        if audience.top_two_share == 0.6
        else {"bridge" if audience.top_two_share > 0.6 else "working_group"}
    )


def test_at_exactly_the_share_that_parts_them_a_circle_is_a_working_group(make):
    audience = make.audience(
        sent=(18, 18, 8, 8, 8), departments=("IT", "Sales"), coherence=0.9, senders=5,
        measures={"sides": 2, "e_i_excess": 0.9},
    )  # fmt: skip
    rules = {rule.id: rule.thresholds() for rule in RULES}
    assert [f.rule for f in registry.find([audience], make.period(), rules)] == ["working_group"]
