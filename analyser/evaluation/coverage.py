"""Coverage of later group mail by proposals that were made from earlier mail, beside two yardsticks.

An event is a message with three or more internal people; its deliveries are its people minus one. A space covers an
event when the Jaccard similarity of its members and the event's people is at least one half. The *baseline* is greedy
maximum coverage over the exact sets seen before the split, weighed by recency. The *clairvoyant* chooses its sets in
the same way from the future itself, which no proposal can know; *regret* is proposals / clairvoyant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from analyser.analysis.audiences.recency import recency
from analyser.analysis.audiences.similarity import incidence, jaccard_pairs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from numpy.typing import NDArray

__all__ = ["FIRST", "Coverage", "CoverageRow", "GroupMail", "cover", "greedy", "group_mail", "weights"]

FIRST = (5, 20, 100)
"""How many of the first spaces are counted."""
FIT = 0.5
"""Jaccard similarity from which a space covers an event; evaluate/coverage.py."""
HALF_LIFE_DAYS = 45.0
"""Age at which mail counts half for the baseline; evaluate/coverage.py."""
GROUP = 3
"""Internal people from which a message is group mail; evaluate/coverage.py."""
_DIGITS = 9
"""Gains that agree to so many digits are equal, whatever the order of their summands."""


@dataclass(frozen=True, slots=True)
class GroupMail:
    """Exact sets of people on group mail, in the order of their members, and what they weigh.

    Parameters
    ----------
    sets
        Binary, shape (sets, people).
    people
        Principals by column.
    past
        Deliveries before the split, each halved per half-life of age, shape (sets,).
    future
        Deliveries from the split on, shape (sets,).
    """

    sets: sp.csr_array
    people: tuple[str, ...]
    past: NDArray[np.float64]
    future: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Shares of later deliveries that the first `k` sets cover; None where nothing can be divided.

    Parameters
    ----------
    mean_size
        People per space among the first `k` proposals.
    regret
        Proposals by clairvoyant.
    """

    k: int
    proposals: float
    baseline: float
    clairvoyant: float
    mean_size: float | None
    regret: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """One split: distinct sets before and after it, proposals that count, and a row for every `k`."""

    sets_before: int
    sets_after: int
    spaces: int
    rows: tuple[CoverageRow, ...]


def weights(sets: ir.Table, messages: ir.Table, split: datetime) -> ir.Table:
    """What each exact set weighs before and from the split on: `recipient_set`, `past`, `future`, both in deliveries.

    Parameters
    ----------
    sets
        `message`, `people`, `recipient_set`; see `analyser.analysis.participants.sets`.
    messages
        `message`, `sent_at`.
    """
    told = sets.filter(sets.people >= GROUP).inner_join(messages.select("message", "sent_at"), "message")
    deliveries = (told.people - 1).cast("float64")
    before = told.sent_at < split
    aged = deliveries * recency(told.sent_at, split, HALF_LIFE_DAYS)
    rows = told.select("recipient_set", past=before.ifelse(aged, 0.0), future=before.ifelse(0.0, deliveries))
    return rows.group_by("recipient_set").agg(past=rows.past.sum(), future=rows.future.sum())


def group_mail(weighed: pa.Table, members: pa.Table) -> GroupMail:
    """Sets as a matrix.

    Parameters
    ----------
    weighed
        Rows of `weights`.
    members
        `recipient_set`, `principal`; further sets are left out.
    """
    at = pc.index_in(members["recipient_set"], weighed["recipient_set"].combine_chunks())
    members = members.append_column("set", at).filter(pc.is_valid(at))
    people = sorted(pc.unique(members["principal"]).to_pylist())
    column = pc.index_in(members["principal"], pa.array(people, pa.string())).to_numpy().astype(np.int64)
    rows = members["set"].to_numpy().astype(np.int64)
    sets = incidence(rows, column, (weighed.num_rows, len(people)))
    # sets are compared by their members, so that the order of rows in the lake decides nothing
    order = np.array(sorted(range(sets.shape[0]), key=lambda i: _row(sets, i).tolist()), np.int64)
    past, future = (weighed[name].to_numpy().astype(np.float64)[order] for name in ("past", "future"))
    return GroupMail(sp.csr_array(sets[order]), tuple(people), past, future)


def cover(mail: GroupMail, spaces: Sequence[Collection[str]], first: Sequence[int] = FIRST) -> Coverage:
    """Compare proposals with the yardsticks.

    Parameters
    ----------
    spaces
        Members of each proposal, in rank order.
    first
        Numbers `k`.
    """
    alike = jaccard_pairs(mail.sets, FIT) if mail.sets.shape[0] else sp.csr_array((0, 0))
    ranks = [
        _first_rank(_hits(mail, spaces)),
        *(_first_rank(sp.csr_array(alike[greedy(alike, w, max(first))])) for w in (mail.past, mail.future)),
    ]
    rows = []
    for k in first:
        ours, baseline, best = (_share(rank < k, mail.future) for rank in ranks)
        sizes = [len(space) for space in spaces[:k]]
        rows.append(
            CoverageRow(
                k, ours, baseline, best, float(np.mean(sizes)) if sizes else None, ours / best if best else None
            )
        )
    return Coverage(int((mail.past > 0).sum()), int((mail.future > 0).sum()), len(spaces), tuple(rows))


def greedy(alike: sp.csr_array, weight: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Greedy maximum coverage of weighted sets by sets among them that weigh something.

    Notes
    -----
    Within 1 - 1/e of the best coverage (Nemhauser, Wolsey, Fisher 1978). Of equal gains the heavier set comes first.

    Parameters
    ----------
    alike
        Shape (sets, sets): an entry where one covers the other, the diagonal included.
    weight
        Shape (sets,), not negative.

    Returns
    -------
    NDArray
        Rows in the order of choice, `most` at the most.
    """
    order = np.argsort(-weight, kind="stable")
    order = order[weight[order] > 0]
    binary = sp.csr_array((np.ones(alike.nnz), alike.indices, alike.indptr), shape=alike.shape)[order][:, order]
    left = weight[order].copy()
    chosen: list[int] = []
    while len(chosen) < min(most, len(order)):
        gains = np.asarray(binary @ left, np.float64)
        best = int(np.round(gains, _DIGITS).argmax())
        if gains[best] <= 0:
            break
        chosen.append(best)
        left[_row(binary, best)] = 0.0
    return order[np.array(chosen, np.int64)]


def _row(matrix: sp.csr_array, n: int) -> NDArray[np.int32]:
    """Columns of the entries of a row."""
    columns: NDArray[np.int32] = matrix.indices[matrix.indptr[n] : matrix.indptr[n + 1]]
    return columns


def _hits(mail: GroupMail, spaces: Sequence[Collection[str]]) -> sp.csr_array:
    """Entries where a space covers a set, shape (spaces, sets); people without group mail count in a space's size."""
    place = {person: n for n, person in enumerate(mail.people)}
    pairs = [(n, place[person]) for n, space in enumerate(spaces) for person in sorted(space) if person in place]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    both = sp.coo_array(incidence(rows, columns, (len(spaces), len(mail.people))) @ mail.sets.T)
    shared: NDArray[np.float64] = np.asarray(both.data, np.float64)
    space, group = both.coords
    size = np.array([len(space) for space in spaces], np.int64)
    union = size[space] + np.diff(mail.sets.indptr)[group] - shared
    fits = shared >= FIT * union
    return sp.csr_array(sp.coo_array((shared[fits], (space[fits], group[fits])), shape=both.shape))


def _first_rank(hits: sp.csr_array) -> NDArray[np.int64]:
    """Of each set the place of the first space that covers it, from 0; a very large number where none does."""
    rank = np.full(hits.shape[1], np.iinfo(np.int64).max)
    space, group = sp.coo_array(hits).coords
    np.minimum.at(rank, group, space)
    return rank


def _share(covered: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    total = weight.sum()
    return float(weight[covered].sum() / total) if total else 0.0
