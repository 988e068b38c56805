"""What rules need of the mail, and which of them cannot work, or work less well, on the mail at hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analyser.analysis.evidence import EvidenceThresholds
    from analyser.findings.contract import Rule
    from analyser.sources.contract import Declaration

__all__ = ["MEANINGS", "Lack", "Need", "Verdict", "declared", "judge", "sentences"]


class Need(StrEnum):
    """What mail may tell besides sender, recipients and time."""

    ROLES = "roles"
    THREADS = "threads"
    SUBJECTS = "subjects"
    ATTACHMENTS = "attachments"
    HEADERS = "headers"
    DEPARTMENTS = "departments"


MEANINGS: Final = {
    Need.ROLES: "To and Cc apart",
    Need.THREADS: "conversations, or headers of answers",
    Need.SUBJECTS: "subjects",
    Need.ATTACHMENTS: "whether there are attachments",
    Need.HEADERS: "headers that mark programs and lists",
    Need.DEPARTMENTS: "departments of people",
}

_COLUMNS: Final = {
    Need.THREADS: frozenset({"conversation_id", "in_reply_to", "references"}),
    Need.SUBJECTS: frozenset({"subject"}),
    Need.ATTACHMENTS: frozenset({"has_attachments"}),
    Need.HEADERS: frozenset({"is_automatic", "list_id"}),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a rule misses.

    Parameters
    ----------
    told
        Share of the mail that tells it (of the people, for departments), 0 to 1.
    silent
        Sources that do not.
    vital
        True if the rule cannot work without.
    """

    told: float
    silent: tuple[str, ...]
    vital: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that is hindered, and by what."""

    rule: str
    lacks: Mapping[Need, Lack]

    @property
    def works(self) -> bool:
        """False if it cannot work at all, True if it works less well."""
        return not any(lack.vital for lack in self.lacks.values())


def judge(
    rules: Iterable[type[Rule[Any]]], evidence: Iterable[Mapping[str, Any]], limits: EvidenceThresholds
) -> list[Verdict]:
    """Rules that are hindered, in the given order; empty if there is no mail.

    Parameters
    ----------
    evidence
        Rows of `analyser.analysis.evidence.told`.
    """
    total: dict[Need, int] = defaultdict(int)
    tells: dict[Need, float] = defaultdict(float)
    silent: dict[Need, list[str]] = defaultdict(list)
    for row in evidence:
        need = Need(row["evidence"])
        total[need] += row["messages"]
        if row["messages"] and row["told"] >= limits.least * row["messages"]:
            # of its mail a source tells a thing or does not; of departments it tells those that it knows
            tells[need] += row["told"] if need is Need.DEPARTMENTS else row["messages"]
        else:
            silent[need].append(row["told_by"])
    if not total[Need.SUBJECTS]:
        return []
    verdicts = []
    for rule in rules:
        lacks = {}
        for need in Need:
            share = tells[need] / total[need] if total[need] else 0.0
            if need in rule.needs | rule.helped_by and share < limits.whole:
                vital = need in rule.needs and share < limits.little
                lacks[need] = Lack(share, tuple(silent[need]), vital)
        if lacks:
            verdicts.append(Verdict(rule.id, lacks))
    return verdicts


def sentences(verdicts: Iterable[Verdict]) -> list[str]:
    """One for each thing that is missing: how much, where, and which rules that costs."""
    found: dict[Need, list[tuple[str, Lack]]] = defaultdict(list)
    for verdict in verdicts:
        for need, lack in verdict.lacks.items():
            found[need].append((verdict.rule, lack))
    return [_sentence(need, found[need]) for need in Need if need in found]


def _sentence(need: Need, rules: list[tuple[str, Lack]]) -> str:
    lack = rules[0][1]
    whose = "people" if need is Need.DEPARTMENTS else "mail"
    how_much = f"only {lack.told:.0%} of the {whose} tells" if lack.told else f"none of the {whose} tells"
    where = f" (not told by {', '.join(lack.silent)})" if lack.told and lack.silent else ""
    costs = []
    for vital, said in ((True, "cannot work"), (False, "less well")):
        names = [rule for rule, each in rules if each.vital is vital]
        costs += [f"{said}: {', '.join(names)}"] if names else []
    return f"{how_much} {MEANINGS[need]}{where}; {'; '.join(costs)}"


def declared(source: Declaration) -> frozenset[Need]:
    """What a type of source can tell."""
    found = {need for need, columns in _COLUMNS.items() if columns & source.fields}
    if source.tells_roles and "recipients" in source.fields:
        found.add(Need.ROLES)
    if "people" in source.provides:
        found.add(Need.DEPARTMENTS)
    return frozenset(found)
