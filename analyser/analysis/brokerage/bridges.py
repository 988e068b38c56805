"""Missing bridges: pairs of departments that share topics or contacts and hardly talk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from scipy.stats import poisson

from analyser.analysis.brokerage import profiles
from analyser.analysis.brokerage.kernels import dependencies, error_bound, share_through
from analyser.analysis.brokerage.links import by_openness, by_size, carried

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.talk import Talk
    from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["SCHEMA", "missing_bridges"]

SCHEMA = pa.schema(
    {
        "department": pa.string(),
        "other": pa.string(),
        "people": pa.int32(),
        "other_people": pa.int32(),
        "ties": pa.int64(),
        "carriers": pa.int32(),
        "ties_by_size": pa.float64(),
        "ties_by_openness": pa.float64(),
        "chance": pa.float64(),
        "topic_similarity": pa.float64(),
        "shared_words": pa.list_(pa.string()),
        "contact_similarity": pa.float64(),
        "shared_contacts": pa.int32(),
        "shared_departments": pa.list_(pa.string()),
        "go_betweens": pa.int32(),
        "strongest_two_paths": pa.float64(),
        "paths_error": pa.float64(),
    }
)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Matrices `(d, d)` of all pairs of departments, and the profiles behind them."""

    ties: NDArray[np.float64]
    carriers: NDArray[np.int64]
    size: NDArray[np.float64]
    openness: NDArray[np.float64]
    chance: NDArray[np.float64]
    topics: profiles.Profiles
    topic_cosine: NDArray[np.float64]
    contacts: profiles.Profiles
    contact_cosine: NDArray[np.float64]
    common: NDArray[np.int64]  # contacts of both


def missing_bridges(talk: Talk, words: pa.Table, minimum: int, limits: BrokerageThresholds) -> pa.Table:
    """Rows of the table `missing_bridges`, the most alike first.

    Parameters
    ----------
    words
        `actor`, `word`, distinct; see `analyser.analysis.brokerage.talk.words`.
    minimum
        Smallest department that is spoken of; words are told only if so many people of both write them.

    Notes
    -----
    Two departments hardly talk if their ties are below `talk_ratio` of both expectations, from sizes
    (`links.by_size`) and from sizes and openness (`links.by_openness`), and so few would be rare by chance even under
    the smaller of them (Poisson).
    """
    groups = len(talk.names)
    if not groups:
        return SCHEMA.empty_table()
    found = _compare(talk, words, minimum, limits)
    large = talk.sizes >= minimum
    apart = (found.ties < limits.talk_ratio * np.minimum(found.size, found.openness)) & (found.chance <= limits.chance)
    both_write = found.topics.weight.astype(bool).astype(np.float64)
    told = (both_write @ both_write.T).toarray()
    spoken_of = np.triu(large[:, None] & large[None, :], k=1)
    by_topic = _alike(found.topic_cosine, spoken_of, limits.similarity, limits.alike) & (told >= limits.shared_words)
    by_contact = _alike(found.contact_cosine, spoken_of, limits.contact_similarity, limits.alike)
    by_contact &= found.common >= limits.shared_contacts
    one, other = np.nonzero(spoken_of & apart & (by_topic | by_contact))
    likeness = np.maximum(np.where(by_topic, found.topic_cosine, 0), np.where(by_contact, found.contact_cosine, 0))
    strength = likeness[one, other].round(9)
    order = np.lexsort((other, one, -strength))
    rows = [_row(talk, found, int(one[i]), int(other[i]), minimum, limits) for i in order]
    for row, i in zip(rows[: limits.pairs_followed], order, strict=False):
        row.update(_paths(talk, int(one[i]), int(other[i]), limits))
    return pa.Table.from_pylist(rows, SCHEMA)


def _alike(cosine: NDArray[np.float64], pairs: NDArray[np.bool_], least: float, share: float) -> NDArray[np.bool_]:
    """Pairs that are alike at all, and more so than this share of all pairs."""
    if not pairs.any():
        return np.zeros(cosine.shape, np.bool_)
    return np.asarray(cosine >= max(least, float(np.quantile(cosine[pairs], share))), np.bool_)


def _compare(talk: Talk, words: pa.Table, minimum: int, limits: BrokerageThresholds) -> _Compared:
    groups = len(talk.names)
    one, other, weight = talk.pairs()
    ends = np.sort(np.stack([talk.department[one], talk.department[other]]), axis=0)
    link = ends[0] * groups + ends[1]
    ties = np.bincount(link, minlength=groups * groups).reshape(groups, groups).astype(np.float64)
    carriers = carried(link, one, other, weight, groups * groups)[0].reshape(groups, groups)
    ties = ties + ties.T
    np.fill_diagonal(ties, 0)
    size, openness = by_size(talk.sizes, ties), by_openness(ties)
    least = max(limits.word_people, -(-minimum // 2))  # of each side, so that both together are enough to be told
    topics = profiles.topics(words, talk.actors, talk.department, groups, least, limits)
    contacts = profiles.contacts(talk)
    knows = contacts.weight.astype(bool).astype(np.float64)
    return _Compared(
        ties,
        carriers + carriers.T,
        size,
        openness,
        np.asarray(poisson.cdf(ties, np.minimum(size, openness)), np.float64),
        topics,
        profiles.cosines(topics.weight),
        contacts,
        profiles.cosines(contacts.weight, talk.department),
        (knows @ knows.T).toarray().astype(np.int64),
    )


def _row(
    talk: Talk, found: _Compared, one: int, other: int, minimum: int, limits: BrokerageThresholds
) -> dict[str, Any]:
    return {
        "department": talk.names[one],
        "other": talk.names[other],
        "people": int(talk.sizes[one]),
        "other_people": int(talk.sizes[other]),
        "ties": int(found.ties[one, other]),
        "carriers": int(found.carriers[one, other]),
        "ties_by_size": float(found.size[one, other]),
        "ties_by_openness": float(found.openness[one, other]),
        "chance": float(found.chance[one, other]),
        "topic_similarity": float(found.topic_cosine[one, other]),
        "shared_words": found.topics.shared(one, other)[: limits.words_shown],
        "contact_similarity": float(found.contact_cosine[one, other]),
        "shared_contacts": int(found.common[one, other]),
        "shared_departments": _thirds(talk, found, one, other, minimum),
    }


def _thirds(talk: Talk, found: _Compared, one: int, other: int, minimum: int) -> list[str]:
    """Departments with at least the minimum of contacts that both share, most of them first."""
    both = sp.coo_array(found.contacts.weight[[one]].multiply(found.contacts.weight[[other]]))
    homes = talk.department[both.coords[-1]]
    number = np.bincount(homes[homes >= 0], minlength=len(talk.names))
    order = np.argsort(-number, kind="stable")
    return [talk.names[i] for i in order if number[i] >= minimum]


def _paths(talk: Talk, one: int, other: int, limits: BrokerageThresholds) -> dict[str, Any]:
    """How much of what joins two departments at all passes the two strongest people in between."""
    own = np.flatnonzero(talk.department == one)
    rng = np.random.default_rng([limits.seed, one, other])
    sources = np.sort(rng.choice(own, min(len(own), limits.pair_samples), replace=False))
    goal = talk.department == other
    graph = talk.tied
    passed = dependencies(graph, sources, goal).passed.round(9)
    between = np.flatnonzero(passed)
    two = np.lexsort((np.arange(len(passed)), -passed))[:2]
    share = share_through(graph, sources, goal, two)
    return {
        "go_betweens": len(between),
        "strongest_two_paths": None if np.isnan(share) else float(share),
        "paths_error": error_bound(len(sources), len(own), limits.confidence),
    }
