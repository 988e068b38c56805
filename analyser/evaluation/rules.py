"""Precision and recall of each rule on a labelled organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analyser.evaluation.labels import Label

__all__ = ["RuleScore", "score_rules"]

_ALIKE = 0.5
"""Jaccard similarity of people, and shares of messages, from which a finding is about a label."""


@dataclass(frozen=True, slots=True)
class RuleScore:
    """Counts of one rule; `missed` are ids of labels, `false` identities of findings."""

    rule: str
    labels: int
    found: int
    findings: int
    right: int
    missed: tuple[str, ...]
    false: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of the labels that were found."""
        return self.found / self.labels if self.labels else 1.0

    @property
    def precision(self) -> float:
        """Share of the findings that are about a label."""
        return self.right / self.findings if self.findings else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score_rules(
    labels: Sequence[Label],
    findings: Sequence[dict[str, Any]],
    audience_messages: pa.Table,
    copies: pa.Table,
    rules: Sequence[str],
) -> list[RuleScore]:
    """Compare findings with labels.

    A finding is about a label of its rule if they share messages and most of their people, or most of the messages of
    either. A finding about a decoy is false like any other. The rule ``confidential`` is right about everything that is
    to be left alone; pairs among it are no finding, since mail of two people is never looked at.

    Parameters
    ----------
    findings
        Rows of the table `findings`.
    audience_messages, copies
        Tables of the lake.
    """
    spoken = _Messages(audience_messages, copies)
    result = []
    for rule in rules:
        own = [row for row in findings if row["rule"] == rule]
        if rule == "confidential":
            wanted = [label for label in labels if label.expected == "leave"]
            planted = [label for label in labels if label.pattern == rule and not label.decoy]
        else:
            wanted = planted = [label for label in labels if label.pattern == rule and not label.decoy]
        about = {label.id: [row["finding"] for row in own if spoken.about(row, label)] for label in wanted}
        right = {finding for found in about.values() for finding in found}
        result.append(
            RuleScore(
                rule,
                labels=len(planted),
                found=sum(bool(about[label.id]) for label in planted),
                findings=len(own),
                right=len(right),
                missed=tuple(label.id for label in planted if not about[label.id]),
                false=tuple(row["finding"] for row in own if row["finding"] not in right),
            )
        )
    return result


class _Messages:
    """Messages of audiences and labels as sorted numbers."""

    def __init__(self, audience_messages: pa.Table, copies: pa.Table) -> None:
        known = copies.filter(pc.is_valid(copies["internet_message_id"]))
        self._ids = known["internet_message_id"].combine_chunks()
        self._keys = pc.unique(audience_messages["message_key"])
        self._key_of_id = pc.index_in(known["message_key"].combine_chunks(), self._keys)
        ordered = audience_messages.sort_by("audience")
        names = ordered["audience"].to_numpy(zero_copy_only=False).astype(str)
        numbers = pc.index_in(ordered["message_key"], self._keys).to_numpy()
        unique, start = np.unique(names, return_index=True)
        parts = np.split(numbers, start[1:])
        self._audiences = (
            {str(name): np.unique(part) for name, part in zip(unique, parts, strict=True)} if len(unique) else {}
        )
        self._labels: dict[str, NDArray[np.int64]] = {}

    def _of(self, label: Label) -> NDArray[np.int64]:
        if label.id not in self._labels:
            at = pc.index_in(pa.array(label.messages, pa.string()), self._ids)
            keys = pc.take(self._key_of_id, pc.drop_null(at))
            self._labels[label.id] = np.unique(pc.drop_null(keys).to_numpy())
        return self._labels[label.id]

    def about(self, row: dict[str, Any], label: Label) -> bool:
        seen = self._audiences.get(row["audience"], np.zeros(0, np.int64))
        shared = len(np.intersect1d(seen, self._of(label)))
        people = set(row["members"])
        alike = len(people & label.members) >= _ALIKE * len(people | label.members)
        most = shared >= _ALIKE * len(label.messages) and shared >= _ALIKE * len(seen)
        return shared > 0 and (alike or most)
