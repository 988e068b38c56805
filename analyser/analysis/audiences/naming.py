"""What a desk is asked about, in a few words: the phrases, or the words, that most people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from analyser.analysis.audiences.words import FILLER
from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from collections.abc import Collection

    import ibis.expr.types as ir

__all__ = ["NamingThresholds", "heads", "identities", "phrase"]

_SHORTEST = 3
"""Letters of a word that may begin or end a term."""


class NamingThresholds(Thresholds):
    """How a desk is named."""

    terms: int = threshold(3, "Terms that name a desk, at the most", ge=1)
    accompanied: float = threshold(
        0.8, "Share of a word's asks that bear a commoner word too, from which it is no term of its own", gt=0, le=1
    )
    phrase: float = threshold(
        0.3, "Share of a word's asks with one stem, from which that stem stands for the word", gt=0, le=1
    )


def heads(told: ir.Table, limits: NamingThresholds) -> ir.Table:
    """The words that name each desk, with their commonest stem: `desk`, `department`, `word`, `askers`, `asks`, `stem`,
    `stem_asks`.

    Parameters
    ----------
    told
        `desk`, `department`, `thread`, `stem`, `word`, `asker`: asks of desks by telling word.
    """
    told = told.select("desk", "department", "thread", "stem", "word", "asker").distinct()
    words = told.group_by("desk", "department", "word").agg(askers=told.asker.nunique(), asks=told.thread.nunique())
    order = ibis.window(group_by=words.desk, order_by=[ibis.desc(words.askers), words.word])
    words = words.mutate(place=ibis.row_number().over(order))
    ranked = told.select("desk", "thread", "word").inner_join(words.select("desk", "word", "place"), ["desk", "word"])
    commoner = ranked.select("desk", "thread", other="place")
    both = ranked.inner_join(commoner, ["desk", "thread"]).filter(lambda t: t.other < t.place)
    met = both.group_by("desk", "word", "other").agg(n=both.count())
    most = met.group_by("desk", "word").agg(met=met.n.max())
    words = words.left_join(most, ["desk", "word"]).drop("desk_right", "word_right")
    words = words.filter(words.met.fill_null(0) < limits.accompanied * words.asks)
    stems = told.group_by("desk", "word", "stem").agg(stem_asks=told.thread.nunique())
    best = ibis.window(group_by=["desk", "word"], order_by=[ibis.desc(stems.stem_asks), stems.stem])
    stems = stems.mutate(n=ibis.row_number().over(best)).filter(lambda t: t.n == 0).drop("n")
    named = words.inner_join(stems, ["desk", "word"])
    named = named.mutate(
        n=ibis.row_number().over(ibis.window(group_by=named.desk, order_by=[ibis.desc(named.askers), named.word]))
    ).filter(lambda t: t.n < limits.terms)
    return named.select("desk", "department", "word", "askers", "asks", "stem", "stem_asks")


def identities(found: pa.Table, hidden: Collection[str], limits: NamingThresholds) -> pa.Table:
    """The name of each desk: `desk`, `audience`, `term`, `terms`.

    Two desks of one department that are asked about the same bear a number, the one with more askers first.

    Parameters
    ----------
    found
        Result of `heads`.
    hidden
        Words that no term may bear: names of people.
    """
    desks: dict[str, list[dict[str, object]]] = {}
    for row in found.sort_by([("askers", "descending"), ("word", "ascending")]).to_pylist():
        desks.setdefault(row["desk"], []).append(row)
    taken: set[str] = set()
    rows = []
    for desk in sorted(desks, key=lambda d: (-int(str(desks[d][0]["askers"])), d)):
        terms = list(dict.fromkeys(_term(row, hidden, limits) for row in desks[desk]))
        term = ", ".join(terms)
        identity = f"desk {desks[desk][0]['department']}: {term}"
        number = 1
        while (numbered := identity if number == 1 else f"{identity} {number}") in taken:
            number += 1
        taken.add(numbered)
        rows.append({"desk": desk, "audience": numbered, "term": term, "terms": terms})
    text = pa.string()
    return pa.Table.from_pylist(
        rows, pa.schema({"desk": text, "audience": text, "term": text, "terms": pa.list_(text)})
    )


def _term(row: dict[str, object], hidden: Collection[str], limits: NamingThresholds) -> str:
    if float(str(row["stem_asks"])) < limits.phrase * float(str(row["asks"])):
        return str(row["word"])
    return phrase(str(row["stem"]), hidden) or str(row["word"])


def phrase(stem: str, hidden: Collection[str]) -> str:
    """A stem without masked and hidden words, and without filler at either end.

    >>> phrase("how are travel expenses of smith which cost centre #", {"smith"})
    'travel expenses of which cost centre'
    """
    words = [word for word in stem.split() if word != "#" and word not in hidden]
    places = [n for n, word in enumerate(words) if word not in FILLER and len(word) >= _SHORTEST]
    return " ".join(words[places[0] : places[-1] + 1]) if places else ""
