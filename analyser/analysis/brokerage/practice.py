"""Communities of practice: Leiden communities across departments who write about the same things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analyser.analysis.brokerage import profiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.talk import Talk
    from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["SCHEMA", "practice_communities"]

SCHEMA = pa.schema(
    {
        "community": pa.int32(),
        "people": pa.int32(),
        "departments": pa.list_(pa.string()),
        "shared_words": pa.list_(pa.string()),
        "stability": pa.float64(),
        "density": pa.float64(),
        "density_overall": pa.float64(),
        "across_share": pa.float64(),
    }
)


def practice_communities(
    talk: Talk, communities: pa.Table, words: pa.Table, minimum: int, limits: BrokerageThresholds
) -> pa.Table:
    """Rows of the table `practice_communities`, the largest first.

    Parameters
    ----------
    communities
        `actor`, `community`, `stability`.
    minimum
        Fewest members; a word is told only if so many members write it, of `practice_departments` departments.
    """
    label, stability = _labels(talk, communities)
    groups = len(stability)
    if not groups or not len(talk.actors):
        return SCHEMA.empty_table()
    written = profiles.topics(words, talk.actors, label, groups, minimum, limits)
    writers = _writers(words, talk, written.features)
    one, other = talk.tied.nonzero()
    every = len(talk.actors)
    rows: list[dict[str, Any]] = []
    for group in range(groups):
        own = label == group
        departments = _departments(talk, own, minimum, limits)
        told = _told(written, group, writers, own, talk, limits)
        if stability[group] < limits.practice_stability or not departments or len(told) < limits.shared_words:
            continue
        inside = own[one] & own[other]
        first, second = talk.department[one[inside]], talk.department[other[inside]]
        known = (first >= 0) & (second >= 0)
        people = int(own.sum())
        rows.append(
            {
                "community": group,
                "people": people,
                "departments": departments,
                "shared_words": told[: limits.words_shown],
                "stability": float(stability[group]),
                "density": inside.sum() / (people * (people - 1)),
                "density_overall": len(one) / (every * (every - 1)),
                "across_share": float((first != second)[known].mean()) if known.any() else 0.0,
            }
        )
    rows.sort(key=lambda row: (-row["people"], row["community"]))
    return pa.Table.from_pylist(rows, SCHEMA)


def _labels(talk: Talk, communities: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Community of each person of `talk`, -1 for none, and the stability of each community."""
    actors = communities["actor"].to_numpy().astype(np.int64)
    number = communities["community"].to_numpy().astype(np.int64)
    stability = np.zeros(int(number.max(initial=-1)) + 1)
    stability[number] = communities["stability"].to_numpy()
    order = np.argsort(actors, kind="stable")
    label = np.full(len(talk.actors), -1, np.int64)
    if len(actors):
        place = np.minimum(np.searchsorted(actors[order], talk.actors), len(actors) - 1)
        there = actors[order][place] == talk.actors
        label[there] = number[order][place[there]]
    return label, stability


def _departments(talk: Talk, own: NDArray[np.bool_], minimum: int, limits: BrokerageThresholds) -> list[str]:
    """Departments that take part, most members first; none if the group is too small, or one department's own."""
    people = int(own.sum())
    homes = talk.department[own]
    number = np.bincount(homes[homes >= 0], minlength=len(talk.names))
    known = int(number.sum())
    if (
        people < minimum
        or known < limits.practice_known * people
        or number.max(initial=0) > limits.practice_home * known
    ):
        return []
    order = [int(i) for i in np.argsort(-number, kind="stable") if number[i] >= limits.practice_members]
    return [talk.names[i] for i in order] if len(order) >= limits.practice_departments else []


def _writers(words: pa.Table, talk: Talk, features: tuple[str, ...]) -> dict[str, NDArray[np.int64]]:
    """People of `talk` by the word that they write."""
    wanted = set(features)
    place = {int(actor): index for index, actor in enumerate(talk.actors)}
    found: dict[str, list[int]] = {}
    for actor, word in zip(words["actor"].to_pylist(), words["word"].to_pylist(), strict=True):
        if word in wanted and actor in place:
            found.setdefault(word, []).append(place[actor])
    return {word: np.array(who, np.int64) for word, who in found.items()}


def _told(
    written: profiles.Profiles,
    group: int,
    writers: dict[str, NDArray[np.int64]],
    own: NDArray[np.bool_],
    talk: Talk,
    limits: BrokerageThresholds,
) -> list[str]:
    """Words of the community that members of enough departments write, the most telling first."""
    result = []
    for word in written.shared(group, group):
        who = writers[word]
        homes = talk.department[who[own[who]]]
        if len(np.unique(homes[homes >= 0])) >= limits.practice_departments:
            result.append(word)
    return result
