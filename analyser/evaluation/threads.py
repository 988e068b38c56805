"""Pairwise precision, recall and F1 of rebuilt threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ThreadScore", "score_subjects", "score_threads"]


@dataclass(frozen=True, slots=True)
class ThreadScore:
    """Of all pairs of messages that a method puts into one thread, the share that belongs there, and the reverse."""

    messages: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score_threads(truth: dict[str, str], threads: pa.Table, copies: pa.Table) -> ThreadScore:
    """Score `message_threads` against true threads by Message-ID; copies of one message count once."""
    return _score(truth, threads["message_key"], threads["thread"], copies)


def score_subjects(truth: dict[str, str], messages: pa.Table, copies: pa.Table) -> ThreadScore:
    """Score the plain method: one thread per base subject."""
    subject = pc.coalesce(messages["subject_key"], messages["message_key"])
    return _score(truth, messages["message_key"], subject, copies)


def _score(truth: dict[str, str], keys: pa.ChunkedArray, groups: pa.ChunkedArray, copies: pa.Table) -> ThreadScore:
    at = pc.index_in(pa.array(list(truth), pa.string()), copies["internet_message_id"].combine_chunks())
    key = pc.take(copies["message_key"].combine_chunks(), at)
    place = pc.index_in(key, keys.combine_chunks())
    rows = pa.table(
        {
            "key": key,
            "true": pa.array(list(truth.values()), pa.string()),
            "group": pc.take(groups.combine_chunks(), place),
        }
    )
    rows = rows.filter(pc.is_valid(rows["group"])).group_by("key").aggregate([("true", "min"), ("group", "min")])
    true, group = (_codes(rows[name]) for name in ("true_min", "group_min"))
    both = _pairs(true * (int(group.max(initial=0)) + 1) + group)
    return ThreadScore(len(true), both / max(1, _pairs(group)), both / max(1, _pairs(true)))


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    indices = column.combine_chunks().dictionary_encode().indices
    return np.asarray(indices, np.int64)


def _pairs(labels: NDArray[np.int64]) -> int:
    """Pairs of messages with the same label."""
    count = np.unique(labels, return_counts=True)[1].astype(np.int64)
    return int((count * (count - 1) // 2).sum())
