"""All rules, and their runner."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import pyarrow as pa

from analyser.findings.contract import Audience, Finding, Member, Period, Rule
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ibis.expr.types as ir

__all__ = ["RULES", "Tables", "audiences", "find", "to_table"]

RULES: Final[tuple[type[Rule[Any]], ...]] = (
    Confidential,
    External,
    StatusReport,
    Broadcast,
    DepartmentQuestions,
    WorkingGroup,
    DocumentRounds,
    ProjectBurst,
    Alerts,
    RegionalNotice,
    Social,
    Onboarding,
    ApprovalChain,
    Scheduling,
    DecisionThread,
    CcForCover,
    Bridge,
)
"""Guards first: what they recognise, no other rule touches."""

_GUARDS = frozenset({"confidential"})

_NARROWER: Final = {
    "working_group": frozenset({"project_burst"}),
    "bridge": frozenset({"project_burst", "working_group"}),
}
"""A rule yields to narrower ones: a project is also a group that works by reply-all, but not a standing one; and what
lies exactly between a group and a bridge is a group."""

_TOLD_BETTER: Final = {
    "status_report": frozenset({"regional_notice"}),
    "broadcast": frozenset({"regional_notice", "alerts"}),
    "document_rounds": frozenset({"approval_chain"}),
}
"""A rule yields, across audiences, to those that say more of the same mail: each copy of a regional notice also looks
like a report or a broadcast, and a form that is handed up looks like a document that goes round."""

_WITHOUT_CLOSED: Final = frozenset({"circle", "rounds", "talks", "decisions", "covers"})
"""Kinds from whose messages sensitive mail was taken out."""

_SAME_PEOPLE: Final = 0.75
"""Jaccard similarity from which sensitive mail speaks for a circle: among three of its six it is another matter."""


class Tables(Protocol):
    """Tables of a run by name."""

    def __getitem__(self, name: str) -> ir.Table: ...


def audiences(tables: Tables) -> list[Audience]:
    """Audiences with everything that rules look at, in order of their names."""
    people: dict[str, list[Member]] = defaultdict(list)
    known = {row["actor"]: (row["principal"], row["department"]) for row in tables["people"].to_pyarrow().to_pylist()}
    for row in tables["audience_members"].order_by("audience", "actor").to_pyarrow().to_pylist():
        principal, department = known[row["actor"]]
        people[row["audience"]].append(
            Member(principal, department, row["role"], row["share"], row["sent"], row["copied"])
        )
    joined = (
        tables["audiences"]
        .left_join(tables["cadence"].drop("rayleigh"), "audience")
        .drop("audience_right")
        .left_join(tables["signals"], "audience")
        .drop("audience_right")
    )
    measures: dict[str, dict[str, float]] = defaultdict(dict)
    for row in tables["audience_measures"].to_pyarrow().to_pylist():
        measures[row["audience"]][row["measure"]] = row["value"]
    result = []
    for row in joined.order_by("audience").to_pyarrow().to_pylist():
        row.pop("departments")
        members = tuple(people[row["audience"]])
        if row["messages"] and members:
            own = {"stems": tuple(row["stems"] or ()), "members": members, "people": len(members)}
            result.append(Audience(**{**row, **own, "measures": measures[row["audience"]]}))
    return _with_closed(result)


def _with_closed(found: list[Audience]) -> list[Audience]:
    """Count sensitive mail of the same people towards audiences from whose own messages it was taken out."""
    closed = [(frozenset(m.principal for m in a.members), a.messages) for a in found if a.kind == "closed"]
    result = []
    for audience in found:
        if audience.kind in _WITHOUT_CLOSED:
            people = frozenset(m.principal for m in audience.members)
            hidden = sum(n for other, n in closed if len(people & other) >= _SAME_PEOPLE * len(people | other))
            if hidden:
                share = hidden / (hidden + audience.messages)
                audience = replace(audience, sensitive=share, sensitive_messages=hidden)  # noqa: PLW2901
        result.append(audience)
    return result


def find(found: Iterable[Audience], span: Period, thresholds: Mapping[str, Any]) -> list[Finding]:
    """Run every rule on every audience; what is recognised as a report is no broadcast besides.

    Parameters
    ----------
    thresholds
        By rule id.
    """
    rules = [rule(thresholds[rule.id], span) for rule in RULES]
    result: list[Finding] = []
    for audience in found:
        own: dict[str, Finding] = {}
        for rule in rules:
            finding = rule.find(audience)
            if finding is not None:
                own[rule.id] = finding
                if rule.id in _GUARDS:
                    break
        result += [finding for rule, finding in own.items() if not _NARROWER.get(rule, frozenset()) & own.keys()]
    result = _told_once(result)
    reports = {(f.audience.stem, _writer(f.audience)) for f in result if f.rule == "status_report"}
    return [f for f in result if f.rule != "broadcast" or (f.audience.stem, _writer(f.audience)) not in reports]


def _told_once(found: list[Finding]) -> list[Finding]:
    """Leave out what another finding says better of the same subject and people."""
    better = [f for f in found if any(f.rule in rules for rules in _TOLD_BETTER.values())]

    def repeated(finding: Finding) -> bool:
        people = frozenset(finding.members)
        stems = set(finding.audience.stems[:1])
        return any(
            other.rule in _TOLD_BETTER.get(finding.rule, frozenset())
            and stems & set(other.audience.stems)
            and len(people.intersection(other.members)) >= _SAME_PEOPLE * len(people)
            for other in better
        )

    return [f for f in found if not repeated(f)]


def _writer(audience: Audience) -> str:
    """The member who wrote most."""
    return max(audience.members, key=lambda m: (m.sent, m.principal)).principal


def to_table(findings: Iterable[Finding]) -> pa.Table:
    """Rows of the table `findings`, by rule and then by deliveries."""
    rows: dict[str, dict[str, object]] = {}
    for finding in sorted(findings, key=lambda f: (f.rule, -f.audience.deliveries, f.finding)):
        audience = finding.audience
        rows.setdefault(
            finding.finding,
            {
                "finding": finding.finding,
                "rule": finding.rule,
                "audience": audience.audience,
                "title": finding.title,
                "members": list(finding.members),
                "departments": list(audience.departments),
                "messages": audience.messages,
                "deliveries": audience.deliveries,
                "weeks_active": audience.weeks,
                "senders": audience.senders,
                "first_seen": audience.first_sent,
                "last_seen": audience.last_sent,
                # the subjects of confidential mail are nobody's evidence
                "stems": [] if finding.rule == "confidential" else list(audience.stems),
                "strength": finding.strength,
                "signals": json.dumps(
                    {s.name: {"value": round(s.value, 4), "threshold": s.threshold} for s in finding.signals}
                ),
            },
        )
    return pa.Table.from_pylist(list(rows.values()), schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("finding", "rule", "audience", "title")),
        ("members", pa.list_(pa.string())),
        ("departments", pa.list_(pa.string())),
        ("messages", pa.int64()),
        ("deliveries", pa.int64()),
        ("weeks_active", pa.int32()),
        ("senders", pa.int32()),
        ("first_seen", pa.timestamp("us", tz="UTC")),
        ("last_seen", pa.timestamp("us", tz="UTC")),
        ("stems", pa.list_(pa.string())),
        ("strength", pa.float64()),
        ("signals", pa.string()),
    ]
)
