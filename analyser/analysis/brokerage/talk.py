"""Ties between people from mail that is talk: few recipients, more than once; and the words that people write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["Talk", "direct_mail", "name_words", "talk", "words"]


@dataclass(frozen=True, slots=True)
class Talk:
    """People with at least one tie, and their ties.

    Parameters
    ----------
    actors
        `(n,)` ascending numbers of people.
    department
        `(n,)` index into `names`, -1 where unknown.
    names
        Departments in alphabetical order.
    weight
        `(n, n)` directed, without diagonal: sum over messages of 1/recipients; pairs with too few messages left out.
    """

    actors: NDArray[np.int64]
    department: NDArray[np.int64]
    names: tuple[str, ...]
    weight: sp.csr_array

    @property
    def tied(self) -> sp.csr_array:
        """`(n, n)` symmetric: 1 where two people are tied, whoever writes."""
        both = sp.csr_array(self.weight + self.weight.T)
        both.data[:] = 1.0
        return both

    @property
    def sizes(self) -> NDArray[np.int64]:
        """People by department."""
        return np.bincount(self.department[self.department >= 0], minlength=len(self.names))

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Ties whose ends both have a known department, each once: one end, other end, weight of both directions."""
        both = sp.coo_array(sp.triu(self.weight + self.weight.T, k=1))
        one, other = (np.asarray(at, np.int64) for at in both.coords)
        known = (self.department[one] >= 0) & (self.department[other] >= 0)
        return one[known], other[known], np.asarray(both.data[known], np.float64)


def direct_mail(
    sent: ir.Table, parts: ir.Table, flags: ir.Table, keys: ir.Table, limits: BrokerageThresholds
) -> ir.Table:
    """Mail among few people inside: `source`, `target` (actors), `messages`, `weight`.

    Automatic messages, and messages with more than `max_people` recipients inside, are no talk between people.
    """
    few = flags.filter(~flags.automatic & flags.people.between(2, limits.max_people + 1)).select("message", "people")
    wrote = (
        sent.semi_join(keys, sent.sender == keys.actor).select("message", source="sender").inner_join(few, "message")
    )
    got = parts.filter(parts.role != "from").semi_join(keys, "actor").select("message", target="actor")
    rows = wrote.inner_join(got, "message").filter(lambda t: t.source != t.target)
    return rows.group_by("source", "target").agg(
        messages=rows.count(),
        # rounded, since a sum of floats depends on the order in which threads add it up
        weight=(1 / (rows.people - 1).cast("float64")).sum().round(9),
    )


def talk(mail: pa.Table, people: pa.Table, limits: BrokerageThresholds) -> Talk:
    """Ties of people from `direct_mail`.

    Parameters
    ----------
    mail
        `source`, `target`, `messages`, `weight`.
    people
        `actor`, `department`; null where unknown.
    """
    ends = [mail[name].to_numpy().astype(np.int64) for name in ("source", "target")]
    every = np.unique(np.concatenate(ends))
    source, target = (np.searchsorted(every, end) for end in ends)
    shape = (len(every), len(every))
    number = sp.coo_array((mail["messages"].to_numpy().astype(np.float64), (source, target)), shape=shape).tocsr()
    enough = sp.csr_array(number + number.T) >= limits.min_messages
    weight = sp.coo_array((mail["weight"].to_numpy().astype(np.float64), (source, target)), shape=shape).tocsr()
    weight.setdiag(0)
    weight = sp.csr_array(weight.multiply(enough))
    weight.eliminate_zeros()
    both = sp.csr_array(weight + weight.T)
    kept = np.flatnonzero(np.diff(both.indptr))
    department, names = _departments(every[kept], people)
    kept_weight = sp.csr_array(weight[kept][:, kept])
    kept_weight.sort_indices()
    return Talk(every[kept], department, names, kept_weight)


def _departments(actors: NDArray[np.int64], people: pa.Table) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    known = dict(zip(people["actor"].to_pylist(), people["department"].to_pylist(), strict=True))
    homes = [known.get(int(actor)) for actor in actors]
    names = tuple(sorted({home for home in homes if home is not None}))
    at = {name: index for index, name in enumerate(names)}
    return np.array([-1 if home is None else at[home] for home in homes], np.int64), names


def words(sent: ir.Table, flags: ir.Table, keys: ir.Table, limits: BrokerageThresholds) -> ir.Table:
    """Words of the subjects that people write: distinct `actor`, `word`. Sensitive and automatic mail is left out.

    Words that tell nothing in English are left out too; those of other languages fall out where all departments write
    them alike.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  imports take seconds

    told = flags.filter(flags.stem.notnull() & ~flags.automatic & ~flags.sensitive).select("message", "stem")
    wrote = sent.semi_join(keys, sent.sender == keys.actor).select("message", actor="sender")
    stems = wrote.inner_join(told, "message").select("actor", "stem").distinct()
    found = stems.select("actor", word=stems.stem.split(" ").unnest())
    telling = (found.word.length() >= limits.min_word) & ~found.word.contains("#")
    return found.filter(telling & found.word.notin(sorted(ENGLISH_STOP_WORDS))).distinct()


def name_words(principals: ir.Table) -> ir.Table:
    """Words that are parts of somebody's name or address: `word`. They are never evidence for a topic."""
    people = principals.filter((principals.kind == "person") & principals.is_internal)
    shown = people.display_name.fill_null("") + " " + people.principal
    text = shown.lower().re_replace(r"[^\p{L}\p{M}]+", " ")
    return people.select(word=text.split(" ").unnest()).distinct().filter(lambda t: t.word != "")
