"""What was planted: the truth that rules and threads are measured against."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from analyser.sources.sample.organisation import Company
    from analyser.sources.sample.post import Message

__all__ = ["EXPECTED", "PATTERNS", "Label", "write"]

PATTERNS = (
    "status_report",
    "broadcast",
    "department_questions",
    "approval_chain",
    "scheduling",
    "document_rounds",
    "project_burst",
    "alerts",
    "decision_thread",
    "cc_for_cover",
    "social",
    "bridge",
    "working_group",
    "onboarding",
    "regional_notice",
    "external",
    "confidential",
)
"""Names of the rules, in the order of the taxonomy of patterns."""

EXPECTED = ("space", "norm", "defer", "leave", "none")
"""What becomes of a pattern: a space, a habit to change, parked, left alone, nothing."""


@dataclass(frozen=True, slots=True)
class Label:
    """One planted pattern or decoy.

    Parameters
    ----------
    id
        Unique; stable for the same arguments.
    pattern
        The rule that should recognise it; of a decoy, the rule that might fall for it.
    decoy
        True if that rule must not report it.
    trap
        What makes it hard; None for a plain pattern.
    expected
        One of `EXPECTED`.
    members, core, former
        Positions in `Company.principals`: who belongs to it at its end, who did throughout, who left before.
    stems
        Words that its subjects have in common, lower case, without numbers; empty where subjects differ.
    messages
        Its messages.
    shares_members_with
        Ids of labels that were planted on the same people on purpose.
    existing
        Address of a group of these people that exists already.
    """

    id: str
    pattern: str
    decoy: bool
    trap: str | None
    expected: str
    members: tuple[int, ...]
    core: tuple[int, ...]
    former: tuple[int, ...]
    stems: tuple[str, ...]
    messages: tuple[Message, ...] = field(repr=False)
    shares_members_with: tuple[str, ...] = ()
    existing: str | None = None


def write(
    path: Path, labels: Iterable[Label], messages: Iterable[Message], company: Company, about: dict[str, Any]
) -> None:
    """Write labels and true threads as JSON.

    Parameters
    ----------
    path
        The file; it is overwritten.
    labels, messages
        What was planted, and all messages, after delivery.
    company
        Whose positions the labels use.
    about
        Arguments and period of the sample.
    """
    threads = {i: message.thread.ids[0] for message in messages if message.held for i in message.ids}
    document = {
        "version": 1,
        "sample": about,
        "labels": [_plain(label, company) for label in labels],
        "threads": threads,
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _plain(label: Label, company: Company) -> dict[str, Any]:
    def addresses(positions: Iterable[int]) -> list[str]:
        return sorted(company.principals[i].address for i in positions)

    held = [message for message in label.messages if message.held]
    times = [message.at for message in held]
    return {
        "id": label.id,
        "pattern": label.pattern,
        "decoy": label.decoy,
        "trap": label.trap,
        "expected": label.expected,
        "members": addresses(label.members),
        "core": addresses(label.core),
        "former": addresses(label.former),
        "stems": list(label.stems),
        "messages": [message.ids[0] for message in held],
        "period": [_day(min(times)), _day(max(times))],
        "shares_members_with": list(label.shares_members_with),
        "existing": label.existing,
    }


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
