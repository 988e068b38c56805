"""Teams of those who answer, within one department: who is asked about the same, and who is asked together.

Every question goes to one person, so that those who answer hardly meet on a message. Two kinds of evidence are left:
the words that they are asked about, and the asks that both of them were on (in copy, by an answer in another's place,
or behind one shared mailbox).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AnsweringThresholds", "affinity", "teams"]


class AnsweringThresholds(Thresholds):
    """Who of a department answers as one team."""

    min_handled: int = threshold(
        4, "Asks that somebody has answered, or was left with; who has fewer belongs to no team", ge=1
    )
    max_answerers: int = threshold(200, "Busiest answerers of a department that are compared", ge=2)
    alike: float = threshold(
        0.9, "Affinity of the words of two teams, from which they are asked about the same (Bhattacharyya)", gt=0, le=1
    )
    min_joint: int = threshold(5, "Joint asks that are evidence, seen or expected", ge=1)
    together: float = threshold(
        0.05, "Share of the asks of the less busy of two teams, from which joint asks make them one", gt=0, le=1
    )
    apart: float = threshold(
        0.25, "Share of the joint asks expected of one team, below which two teams with the same words stay two", ge=0
    )


@dataclass(slots=True)
class _Merging:
    """Teams while they grow; a team that was merged into another is no longer `alive`."""

    words: NDArray[np.float64]  # asks by word, each ask shared out among its words, shape (teams, words)
    mentions: NDArray[np.float64]  # words of these asks, shape (teams,)
    busy: NDArray[np.float64]  # asks, shape (teams,)
    joint: NDArray[np.float64]  # asks with both, shape (teams, teams); within a team on the diagonal
    alike: NDArray[np.float64]
    degree: NDArray[np.float64]
    alive: NDArray[np.bool_]


def teams(
    words: NDArray[np.float64], mentions: NDArray[np.float64], joint: NDArray[np.float64], limits: AnsweringThresholds
) -> NDArray[np.int64]:
    """Number of the team of each answerer, from 0 in order of its first member.

    Agglomerative: the two teams that agree best are merged until no two agree. Two teams agree if they are *together*
    (asked jointly, no less than chance in the department's graph of joint asks would have it: the gain of modularity
    is not negative), or if they are *alike* (`affinity` of their words) and not *apart*. Apart are teams that have
    joint asks within, and hardly any between: of ``J`` joint asks of one team, ``2 J n_a n_b / (n_a + n_b)^2`` would
    lie between parts with ``n_a`` and ``n_b`` asks.

    Parameters
    ----------
    words
        Asks by answerer and word, shape (answerers, words); an ask with three words counts a third for each, so that
        rows sum to asks. No row is empty.
    mentions
        Words in the asks of each answerer, shape (answerers,).
    joint
        Asks that two were on, shape (answerers, answerers), symmetric, zero diagonal.

    References
    ----------
    Newman, Girvan (2004) for modularity; Bhattacharyya (1943) for the affinity.
    """
    joint = joint.astype(np.float64)
    state = _Merging(
        words.astype(np.float64),
        mentions.astype(np.float64),
        words.sum(axis=1).astype(np.float64),
        joint,
        affinity(words, mentions),
        joint.sum(axis=1),
        np.ones(len(words), np.bool_),
    )
    total = float(state.degree.sum())
    owner = np.arange(len(words))
    while state.alive.sum() > 1:
        score = _agreement(state, total, limits)
        first, second = sorted(int(n) for n in np.unravel_index(int(np.argmax(score)), score.shape))
        if score[first, second] <= 0:
            break
        _merge(state, first, second)
        owner[owner == second] = first
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def affinity(
    words: NDArray[np.float64], mentions: NDArray[np.float64], rows: slice = slice(None)
) -> NDArray[np.float64]:
    """Bhattacharyya affinity of distributions, without the bias of small counts; about 1 for equal ones.

    Parameters
    ----------
    words, mentions
        As in `teams`.
    rows
        Only these rows against all.

    Returns
    -------
    numpy.ndarray
        Shape (rows, all rows).

    Notes
    -----
    ``sum_w sqrt(p_w q_w) + (k - 1) / 8 * (1 / n_p + 1 / n_q)``, ``k`` words that either uses, ``n`` mentions: two
    samples of one distribution have the expectation 1 to first order (the delta method on ``sqrt``). Words that always
    come together raise ``k`` and ``n`` alike.
    """
    total = np.maximum(words.sum(axis=1), 1e-12)
    root = np.sqrt(words / total[:, None])
    used = (words > 0).astype(np.float64)
    size = used.sum(axis=1)
    either = size[rows, None] + size[None, :] - used[rows] @ used.T
    each = 1 / np.maximum(mentions, 1.0)
    return np.asarray(root[rows] @ root.T + (either - 1) / 8 * (each[rows, None] + each[None, :]), np.float64)


def _agreement(state: _Merging, total: float, limits: AnsweringThresholds) -> NDArray[np.float64]:
    """How well each pair of teams agrees, shape (teams, teams); -1 where it does not."""
    joint, busy = state.joint, state.busy
    chance = np.outer(state.degree, state.degree) / max(total, 1.0)
    enough = np.maximum(limits.min_joint, limits.together * np.minimum(busy[:, None], busy[None, :]))
    together = (joint >= enough) & (joint >= chance)
    inner = np.diagonal(joint)
    whole = inner[:, None] + inner[None, :] + joint
    expected = whole * 2 * np.outer(busy, busy) / (busy[:, None] + busy[None, :]) ** 2
    apart = (expected >= limits.min_joint) & (joint < limits.apart * expected)
    # rounded: sums in another order must not choose another pair
    close = np.round(state.alike, 9)
    score = np.where(together, 1 + close, np.where((close >= limits.alike) & ~apart, close, -1.0))
    both = np.outer(state.alive, state.alive)
    np.fill_diagonal(both, val=False)
    return np.where(both, score, -1.0)


def _merge(state: _Merging, first: int, second: int) -> None:
    """Put the second team into the first."""
    joint = state.joint
    inner = joint[first, first] + joint[second, second] + joint[first, second]
    joint[first] += joint[second]
    joint[:, first] += joint[:, second]
    joint[second] = joint[:, second] = 0
    joint[first, first] = inner
    for counts in (state.words, state.mentions, state.busy, state.degree):
        counts[first] += counts[second]
    state.alive[second] = False
    state.alike[first] = affinity(state.words, state.mentions, slice(first, first + 1))[0]
    state.alike[:, first] = state.alike[first]
