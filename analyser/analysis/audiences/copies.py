"""Copies of one notice: what one sender writes within minutes to several sets of people that hardly meet.

Subjects tell that it is one notice: they share most of their words, or open with the same ones ("Site notice London:
lift", "Site notice Munich: car park"), or, where each site has its own language, the same two come together each time.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["CopiesThresholds", "measures", "notices", "pairs", "readers", "shares", "themes"]


class CopiesThresholds(Thresholds):
    """When messages are copies of one notice."""

    minutes: float = threshold(30.0, "Minutes between two copies, at the most", source="patterns.md row 15", gt=0)
    ahead: int = threshold(8, "Messages after a copy among which the sender's next ones are sought", ge=1)
    min_readers: int = threshold(3, "Recipients of a copy: two people are a conversation", ge=1)
    overlap: float = threshold(
        0.25, "Share of the smaller copy's recipients who also get the other: a head may be on all", ge=0, lt=1
    )
    words: float = threshold(
        0.5, "Jaccard similarity of the words of two subjects from which they are one notice", gt=0, le=1
    )
    opening: int = threshold(2, "Words with which two subjects open alike, from which they are one notice", ge=1)
    together: float = threshold(
        0.8, "Share of their occasions on which two subjects without common words must come together", gt=0, le=1
    )
    occasions: int = threshold(3, "Occasions on which one notice came in copies", ge=2)


def readers(mail: ir.Table, parts: ir.Table, limits: CopiesThresholds) -> ir.Table:
    """Recipients of what people inside begin with several others: `message`, `sender`, `sent_at`, `stem`, `actor`, `n`.

    Parameters
    ----------
    mail
        One row per message: `message`, `sent_at`, `sender` (actor), `sender_inside`, `stem`, `answers`, `automatic`,
        `external`, `sensitive`.
    parts
        `message`, `actor`, `role`; lists that are addressed count as recipients like their members.
    """
    begun = mail.filter(
        ~mail.answers & ~mail.automatic & ~mail.external & ~mail.sensitive & mail.sender_inside & mail.stem.notnull()
    ).select("message", "sender", "sent_at", "stem")
    got = begun.inner_join(parts.filter(parts.role != "from").select("message", "actor"), "message")
    got = got.filter(got.actor != got.sender)
    sizes = got.group_by("message").agg(n=got.count())
    return got.inner_join(sizes.filter(sizes.n >= limits.min_readers), "message")


def pairs(rows: ir.Table, limits: CopiesThresholds) -> ir.Table:
    """Pairs of copies of one notice: `sender`, `message`, `other`, `stem`, `other_stem`, `opening`, `overlap`.

    Parameters
    ----------
    rows
        Result of `readers`.
    """
    sent = rows.select("message", "sender", "sent_at", "stem", "n").distinct()
    order = ibis.window(group_by="sender", order_by=["sent_at", "message"])
    before, after = (step.epoch_seconds() for step in (sent.sent_at.lag().over(order), sent.sent_at.lead().over(order)))
    at = sent.sent_at.epoch_seconds()
    close = sent.mutate(gap=ibis.least(at - before, after - at) / 60.0).filter(lambda t: t.gap <= limits.minutes)
    # what stands close to nothing has no copy, and most mail does
    close = close.mutate(place=ibis.row_number().over(order).cast("int64"))
    earlier = close.mutate(at=close.place + ibis.range(1, limits.ahead + 1).unnest().cast("int64"))
    later = close.select("sender", at="place", other="message", other_at="sent_at", other_stem="stem", other_n="n")
    near = earlier.inner_join(later, ["sender", "at"])
    gap = (near.other_at.epoch_seconds() - near.sent_at.epoch_seconds()) / 60.0
    near = _alike(near.filter(gap <= limits.minutes), sent, limits)
    first = rows.select("message", "actor")
    second = rows.select(other="message", actor="actor")
    both = near.select("message", "other").inner_join(first, "message").inner_join(second, ["other", "actor"])
    shared = both.group_by("message", "other").agg(shared=both.count())
    near = near.left_join(shared, ["message", "other"])
    overlap = near.shared.fill_null(0) / ibis.least(near.n, near.other_n).cast("float64")
    near = near.mutate(overlap=overlap).filter(lambda t: t.overlap <= limits.overlap)
    return near.select("sender", "message", "other", "stem", "other_stem", "opening", "overlap")


def _alike(near: ir.Table, sent: ir.Table, limits: CopiesThresholds) -> ir.Table:
    """Pairs whose subjects share words, or come together again and again."""
    words, others = (near[name].split(" ").unique().filter(lambda word: word != "#") for name in ("stem", "other_stem"))
    common = words.intersect(others).length()
    similarity = common / ibis.greatest(words.length() + others.length() - common, 1).cast("float64")
    near = near.mutate(similarity=similarity, opening=_opening(near, limits))
    near = near.mutate(one=ibis.least(near.stem, near.other_stem), two=ibis.greatest(near.stem, near.other_stem))
    each = sent.group_by("sender", "stem").agg(each=sent.count())
    met = near.group_by("sender", "one", "two").agg(met=near.message.nunique())
    for name in ("one", "two"):
        met = met.inner_join(each.select("sender", **{name: "stem", f"of_{name}": "each"}), ["sender", name])
    met = met.filter(
        (met.met >= limits.occasions) & (met.met >= limits.together * ibis.greatest(met.of_one, met.of_two))
    ).select("sender", "one", "two")
    by_words = (near.similarity >= limits.words) | near.opening.notnull()
    return near.filter(by_words).union(near.filter(~by_words).semi_join(met, ["sender", "one", "two"]))


def _opening(near: ir.Table, limits: CopiesThresholds) -> ir.StringValue:
    """Words with which both subjects open; null where they differ or one is shorter."""
    first, second = (near[name].split(" ")[: limits.opening] for name in ("stem", "other_stem"))
    opening = first.join(" ")
    same = (opening == second.join(" ")) & (first.length() == limits.opening) & ~first.contains("#")
    return same.ifelse(opening, ibis.null("string"))


def themes(found: pa.Table) -> pa.Table:
    """Which notice each subject of a sender belongs to: `sender`, `stem`, `theme`, the words that its stems share.

    Parameters
    ----------
    found
        Distinct `sender`, `stem`, `other_stem`, `opening` of `pairs`.
    """
    links = [
        ((row["sender"], True, row["stem"]), (row["sender"], kind, row[name]))
        for row in found.to_pylist()
        for kind, name in ((True, "other_stem"), (False, "opening"))  # False: no stem, but what stems have in common
        if row[name] is not None
    ]
    nodes = sorted({node for link in links for node in link})
    number = {node: n for n, node in enumerate(nodes)}
    row, column = (np.array([number[link[end]] for link in links], np.int64) for end in (0, 1))
    graph = sp.coo_array((np.ones(len(row), np.int8), (row, column)), shape=(len(nodes), len(nodes)))
    label = connected_components(graph, directed=False)[1].tolist() if nodes else []
    stems: dict[int, list[str]] = defaultdict(list)
    for (_, is_stem, text), component in zip(nodes, label, strict=True):
        if is_stem:
            stems[component].append(text)
    theme = {component: _common(texts) for component, texts in stems.items()}
    rows = [(who, text, theme[n]) for (who, is_stem, text), n in zip(nodes, label, strict=True) if is_stem]
    return pa.Table.from_pylist([dict(zip(_THEMES.names, values, strict=True)) for values in rows], schema=_THEMES)


_THEMES = pa.schema({"sender": pa.int32(), "stem": pa.string(), "theme": pa.string()})


def _common(stems: list[str]) -> str:
    """Words of the first stem that stand in all; the first stem where there is none."""
    shared = set.intersection(*(set(stem.split()) for stem in stems)) - {"#"}
    return " ".join(word for word in stems[0].split() if word in shared) or stems[0]


def notices(rows: ir.Table, found: ir.Table, by_stem: ir.Table, names: ir.Table, limits: CopiesThresholds) -> ir.Table:
    """Copies of notices that came several times: `audience`, `stem` (null where they vary), `message`, `occasion`.

    Parameters
    ----------
    rows, found, by_stem
        Results of `readers`, `pairs` and `themes`.
    names
        `actor`, `principal`: audiences bear the sender's address.
    """
    copied = found.select("message").union(found.select(message="other")).distinct()
    sent = rows.select("message", "sender", "sent_at", "stem").distinct().semi_join(copied, "message")
    sent = sent.inner_join(by_stem, ["sender", "stem"])
    before = sent.sent_at.lag().over(ibis.window(group_by="sender", order_by=["sent_at", "message"]))
    gap = (sent.sent_at.epoch_seconds() - before.epoch_seconds()) / 60.0
    sent = sent.mutate(start=(before.isnull() | (gap > limits.minutes)).cast("int64"))
    counted = ibis.cumulative_window(group_by="sender", order_by=["sent_at", "message"])
    sent = sent.mutate(occasion=sent.start.sum().over(counted))
    often = sent.group_by("sender", "theme").agg(times=sent.occasion.nunique())
    sent = sent.left_join(often.filter(often.times >= limits.occasions), ["sender", "theme"])
    sent = sent.mutate(kept=sent.times.notnull().ifelse(sent.theme, ibis.null("string")))
    sent = sent.select("message", "sender", "occasion", "kept").inner_join(names.rename(sender="actor"), "sender")
    sent = sent.mutate(audience=ibis.literal("copies ") + sent.principal + ibis.literal(" ") + sent.kept.fill_null(""))
    enough = sent.group_by("audience").agg(times=sent.occasion.nunique())
    enough = enough.filter(enough.times >= limits.occasions)
    return sent.semi_join(enough, "audience").select("audience", "message", "occasion", stem="kept")


def shares(found: ir.Table, parts: ir.Table, people: ir.Table) -> ir.Table:
    """Share of the occasions that each person was on: `audience`, `actor`, `share`; nobody gets all copies.

    Parameters
    ----------
    found
        Result of `notices`.
    people
        Actors that count as people (column `actor`).
    """
    total = found.group_by("audience").agg(times=found.occasion.nunique())
    on = found.inner_join(parts.semi_join(people, "actor"), "message")
    each = on.group_by("audience", "actor").agg(on=on.occasion.nunique()).inner_join(total, "audience")
    return each.select("audience", "actor", share=each.on / each.times.cast("float64"))


def measures(found: ir.Table, paired: ir.Table) -> ir.Table:
    """`audience`, `occasions`, `copies` (per occasion), `overlap` (mean of pairs).

    Parameters
    ----------
    found, paired
        Results of `notices` and `pairs`.
    """
    each = found.group_by("audience").agg(occasions=found.occasion.nunique(), n=found.message.nunique())
    meet = paired.select("message", "overlap").inner_join(found.select("audience", "message"), "message")
    meet = meet.group_by("audience").agg(overlap=meet.overlap.mean().round(6))
    joined = each.inner_join(meet, "audience")
    return joined.select(
        "audience",
        occasions=joined.occasions.cast("float64"),
        copies=joined.n / joined.occasions.cast("float64"),
        overlap="overlap",
    )
