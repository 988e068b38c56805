"""Topics over subject stems: what the mail is about, from the words of its subjects alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TopicsThresholds", "topics"]


class TopicsThresholds(Thresholds):
    """How topics are found."""

    topics: int = threshold(40, "Topics at the most", ge=2)
    min_stem_messages: int = threshold(2, "Stems with fewer messages belong to no topic", ge=1)
    max_stems: int = threshold(20_000, "Most frequent stems that are read", ge=10)
    terms: int = threshold(6, "Terms that describe a topic", ge=1)
    seed: int = threshold(0, "Seed of the factorisation")


def topics(stems: pa.Table, limits: TopicsThresholds) -> tuple[pa.Table, pa.Table]:
    """Factorise stems by terms.

    Parameters
    ----------
    stems
        Columns `stem`, `messages`.

    Returns
    -------
    topics, stem_topics
        Tables of the lake with these names; topic 0 has most messages.

    Notes
    -----
    Non-negative matrix factorisation of TF-IDF rows weighted by ``log(1 + messages)``; a stem belongs to its strongest
    topic, or to none if no term of it is known.
    """
    from sklearn.decomposition import NMF  # noqa: PLC0415  imports take seconds and only this stage needs them
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer  # noqa: PLC0415

    chosen = stems.filter(pa.compute.greater_equal(stems["messages"], limits.min_stem_messages))
    chosen = chosen.sort_by([("messages", "descending"), ("stem", "ascending")]).slice(0, limits.max_stems)
    names, counts = chosen["stem"].to_pylist(), chosen["messages"].to_numpy()
    vectorizer = TfidfVectorizer(
        token_pattern=r"(?u)\b[^\W\d_]{3,}\b",  # noqa: S106  a pattern, no password
        stop_words=list(ENGLISH_STOP_WORDS),
        min_df=min(3, max(1, len(names) // 10)),
        max_df=0.5 if len(names) > 20 else 1.0,  # noqa: PLR2004
        max_features=4000,
    )
    try:
        matrix = vectorizer.fit_transform(names)
    except ValueError:  # no stem has a known term: there are no topics, which is a result
        return _tables([], [], np.zeros(0, np.int64), [], np.zeros(0, np.int64))
    weighted = matrix.multiply(np.log1p(counts)[:, None]).tocsr()
    size = min(limits.topics, *(max(2, n // 4) for n in weighted.shape))
    size = min(size, *weighted.shape)
    model = NMF(size, init="nndsvd", random_state=limits.seed, max_iter=200, tol=1e-3)
    loads = _factorise(model, weighted)
    strongest = np.where(loads.max(axis=1) > 0, loads.argmax(axis=1), -1)
    known = strongest >= 0
    total = np.bincount(strongest[known], weights=counts[known], minlength=size)
    rank = np.argsort(np.argsort(-total, kind="stable"), kind="stable")
    words = vectorizer.get_feature_names_out()
    terms = [
        [str(words[i]) for i in np.argsort(-row, kind="stable")[: limits.terms] if row[i] > 0]
        for row in model.components_
    ]
    order = np.argsort(rank, kind="stable")
    return _tables(
        [terms[i] for i in order],
        [names[i] for i in np.flatnonzero(known)],
        rank[strongest[known]],
        counts[known].tolist(),
        total[order].astype(np.int64),
    )


def _factorise(model: object, weighted: object) -> NDArray[np.float64]:
    import warnings  # noqa: PLC0415

    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415

    with warnings.catch_warnings():
        # a topic model that is not at its last decimal is still the same topics
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit_transform(weighted))  # type: ignore[attr-defined]


def _tables(
    terms: list[list[str]], stems: list[str], topic: NDArray[np.int64], counts: list[int], totals: NDArray[np.int64]
) -> tuple[pa.Table, pa.Table]:
    return (
        pa.table(
            {
                "topic": pa.array(range(len(terms)), pa.int32()),
                "terms": pa.array(terms, pa.list_(pa.string())),
                "messages": pa.array(totals, pa.int64()),
            }
        ),
        pa.table(
            {
                "stem": pa.array(stems, pa.string()),
                "topic": pa.array(topic, pa.int32()),
                "messages": pa.array(counts, pa.int64()),
            }
        ),
    )
