"""What groups of people write about, and whom they know: profiles that are compared by their cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.talk import Talk
    from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["Profiles", "contacts", "cosines", "topics"]


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles of groups.

    Parameters
    ----------
    weight
        `(groups, features)`, not negative; what a group has no more than others weighs nothing.
    features
        Names of the features, where they have any.
    """

    weight: sp.csr_array
    features: tuple[str, ...] = ()

    def shared(self, one: int, other: int) -> list[str]:
        """Features that both groups have, the most telling first, equal ones in alphabetical order."""
        both = sp.coo_array(self.weight[[one]].multiply(self.weight[[other]]))
        found = sorted(zip(-both.data.round(12), (self.features[i] for i in both.coords[-1]), strict=True))
        return [word for _, word in found]


def topics(
    words: pa.Table,
    actors: NDArray[np.int64],
    label: NDArray[np.int64],
    groups: int,
    least: int,
    limits: BrokerageThresholds,
) -> Profiles:
    """What each group writes about more than the rest: words with at least `least` of its people behind them.

    Parameters
    ----------
    words
        `actor`, `word`, distinct.
    actors, label
        `(n,)` ascending numbers of people, and the group of each, -1 for none.

    Notes
    -----
    A word weighs ``s * ln(s / t)``: `s` the share of the group's writing people who write it, `t` that of all other
    people, one added who writes half of it; nothing where ``s / t < lift``. It is the word's part of the divergence
    (Kullback & Leibler) of the group from the others, so that words which everybody writes weigh nothing. People are
    counted, not messages: one diligent writer makes no topic.
    """
    who = words["actor"].to_numpy().astype(np.int64)
    place = np.minimum(np.searchsorted(actors, who), max(0, len(actors) - 1))
    known = (actors[place] == who) & (label[place] >= 0) if len(actors) else np.zeros(len(who), bool)
    text = np.asarray(words["word"].to_pylist(), dtype=object)[known]
    names, word, number = np.unique(text.astype(str), return_inverse=True, return_counts=True)
    if not len(names):
        return Profiles(sp.csr_array((groups, 0)))
    kept = np.zeros(len(names), bool)
    kept[np.lexsort((names, -number))[: limits.max_words]] = True
    at = np.cumsum(kept) - 1
    use = kept[word]
    group = label[place[known]]
    seen = sp.coo_array((np.ones(use.sum()), (group[use], at[word[use]])), shape=(groups, int(kept.sum()))).tocsr()
    writers = np.unique(place[known])
    size = np.bincount(label[writers], minlength=groups)
    everywhere = np.asarray(seen.sum(axis=0)).ravel()
    each = sp.coo_array(seen)
    row, column = each.coords
    share = each.data / size[row]
    others = (everywhere[column] - each.data + 0.5) / (len(writers) - size[row] + 1)
    telling = (each.data >= least) & (share >= limits.lift * others)
    gain = np.where(telling, share * np.log(share / others), 0.0)
    weight = sp.coo_array((gain, (row, column)), shape=seen.shape).tocsr()
    weight.eliminate_zeros()
    return Profiles(weight, tuple(names[kept].tolist()))


def contacts(talk: Talk) -> Profiles:
    """People elsewhere to whom each department is tied, those whom every department knows weighing nothing.

    Notes
    -----
    A contact weighs the number of the department's people tied to it, times ``ln(d / f)`` with `f` of `d` departments
    tied to it. Features are the people of `talk`; they are counted and compared, never shown.
    """
    ties = sp.coo_array(talk.tied)
    one, other = (np.asarray(at, np.int64) for at in ties.coords)
    home = talk.department[one]
    use = (home >= 0) & (home != talk.department[other])
    groups = len(talk.names)
    seen = sp.coo_array((np.ones(use.sum()), (home[use], other[use])), shape=(groups, len(talk.actors))).tocsr()
    often = np.bincount(seen.indices, minlength=len(talk.actors))
    rare = np.log(np.divide(groups, often, out=np.ones(len(often)), where=often > 0))
    weight = sp.csr_array(seen @ sp.diags_array(rare))
    weight.eliminate_zeros()
    return Profiles(weight)


def cosines(weight: sp.csr_array, owner: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Cosine of every two rows; zero where one of them is empty.

    Parameters
    ----------
    weight
        `(g, f)` not negative.
    owner
        `(f,)` group that a feature belongs to, -1 for none: features of either of two groups do not count between them.

    Returns
    -------
    NDArray
        `(g, g)`, 0 to 1.
    """
    groups = weight.shape[0]
    square = sp.csr_array(weight.multiply(weight))
    norm = np.asarray(square.sum(axis=1)).ravel()[:, None] * np.ones(groups)
    if owner is not None:
        at = np.flatnonzero(owner >= 0)
        member = sp.coo_array((np.ones(len(at)), (at, owner[at])), shape=(weight.shape[1], groups)).tocsr()
        norm = np.maximum(0.0, norm - (square @ member).toarray())
    scale = np.sqrt(norm * norm.T)
    dot = (weight @ weight.T).toarray()
    cosine = np.divide(dot, scale, out=np.zeros_like(dot), where=scale > 0)
    return np.asarray(np.clip(cosine, 0.0, 1.0), np.float64)
