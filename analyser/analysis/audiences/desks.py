"""Desks: departments, or shared mailboxes, that many outsiders ask about the same thing.

An ask is a thread that somebody outside a department begins with a few people inside it, and that ends after a few
messages. Ordinary mail between departments is told
apart by its words: a desk is asked about the same few things by ever new people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["DesksThresholds", "asks", "desks", "members"]


_TERMS = 3
"""Words that name a desk."""


class DesksThresholds(Thresholds):
    """When a department is a desk."""

    max_asked: int = threshold(3, "People in To of an ask, at the most", ge=1)
    max_messages: int = threshold(
        6, "Messages of the thread, at the most", source="patterns.md row 3: short thread", ge=1
    )
    min_asks: int = threshold(8, "Asks about one thing", ge=2)
    min_askers: int = threshold(
        8, "Distinct outsiders who ask about it", source="patterns.md row 3: many distinct askers", ge=2
    )
    min_asker_departments: int = threshold(2, "Distinct departments that ask", ge=1)
    min_weeks: int = threshold(4, "Distinct weeks with an ask", ge=1)
    answered: float = threshold(0.5, "Share of asks that somebody inside answers", ge=0, le=1)
    lift: float = threshold(
        3.0, "How much oftener the word stands in asks into this department than in begun threads at large", gt=0
    )
    min_word: int = threshold(3, "Letters of a telling word", ge=2)


def asks(mail: ir.Table, parts: ir.Table, principals: ir.Table, threads: ir.Table, limits: DesksThresholds) -> ir.Table:
    """Threads that outsiders begin with one department: `thread`, `asker`, `asker_department`, `desk`, `answerer`,
    `word`.

    One row per ask, word of its stem and person inside who answered (null where nobody did).
    """
    placed = principals.filter(principals.is_internal & principals.kind.isin(["person", "shared"]))
    placed = placed.select(
        "actor",
        place=ibis.coalesce(placed.department, (placed.kind == "shared").ifelse(placed.principal, ibis.null("string"))),
    )
    begun = mail.filter((mail.thread == mail.message) & ~mail.automatic & ~mail.external & mail.stem.notnull())
    short = threads.filter(threads.messages <= limits.max_messages).select("thread")
    begun = begun.semi_join(short, "thread").select("thread", "sent_at", "stem", asker="sender")
    to = parts.filter(parts.role == "to").inner_join(placed, "actor")
    asked = to.group_by("message").agg(
        asked=to.count(), places=to.place.nunique(), unplaced=to.place.isnull().any(), desk=to.place.min()
    )
    asked = asked.filter((asked.asked <= limits.max_asked) & (asked.places == 1) & ~asked.unplaced)
    rows = begun.inner_join(asked, begun.thread == asked.message).inner_join(
        placed.rename(asker="actor", asker_department="place"), "asker"
    )
    rows = rows.filter(rows.asker_department != rows.desk).select(
        "thread", "sent_at", "stem", "asker", "asker_department", "desk"
    )
    inside = placed.rename(sender="actor", answerer_place="place")
    answers = (
        mail.filter(mail.thread != mail.message).select("thread", "sender").distinct().inner_join(inside, "sender")
    )
    rows = rows.left_join(answers, [rows.thread == answers.thread, rows.desk == answers.answerer_place]).select(
        "thread", "sent_at", "stem", "asker", "asker_department", "desk", answerer="sender"
    )
    return rows.mutate(word=rows.stem.split(" ").unnest()).filter(lambda t: t.word.length() >= limits.min_word)


def desks(rows: ir.Table, limits: DesksThresholds) -> ir.Table:
    """Asks of desks: `audience`, `term`, `thread`, `asker`, `answerer`.

    A desk is what one department is asked about: all asks whose subject bears a word that many outsiders write to this
    department and hardly to others. `term` holds the commonest of these words.
    """
    distinct = rows.select("desk", "word", "thread").distinct()
    overall = distinct.group_by("word").agg(all=distinct.count())
    by_desk = rows.group_by("desk", "word").agg(
        asks=rows.thread.nunique(),
        askers=rows.asker.nunique(),
        places=rows.asker_department.nunique(),
        weeks=rows.sent_at.truncate("W").nunique(),
        answered=rows.thread.nunique(where=rows.answerer.notnull()),
    )
    share = distinct.select("desk", "thread").distinct()
    total = share.group_by("desk").agg(total=share.count())
    everything = share.count().as_scalar()
    scored = by_desk.inner_join(overall, "word").inner_join(total, "desk")
    scored = scored.mutate(
        lift=(scored.asks / scored["all"].cast("float64")) / (scored.total / everything.cast("float64"))
    )
    good = scored.filter(
        (scored.asks >= limits.min_asks)
        & (scored.askers >= limits.min_askers)
        & (scored.places >= limits.min_asker_departments)
        & (scored.weeks >= limits.min_weeks)
        & (scored.answered >= limits.answered * scored.asks)
        & ((scored.lift >= limits.lift) | (scored.asks >= 0.8 * scored["all"]))
    )
    telling = rows.inner_join(good.select("desk", "word", "askers"), ["desk", "word"])
    named = good.group_by("desk").agg(
        term=good.word.collect(order_by=[ibis.desc(good.askers), good.word])[:_TERMS].join(" ")
    )
    kept = telling.group_by("desk").agg(asks=telling.thread.nunique(), askers=telling.asker.nunique())
    kept = kept.filter((kept.asks >= limits.min_asks) & (kept.askers >= limits.min_askers))
    return (
        telling.semi_join(kept, "desk")
        .inner_join(named, "desk")
        .select("thread", "asker", "answerer", "term", audience=ibis.literal("desk ") + telling.desk)
        .distinct()
    )


def members(desk_threads: ir.Table, people: ir.Table) -> ir.Table:
    """Who belongs to a desk: `audience`, `actor`, `role`; those who answer are the core."""
    answer = desk_threads.filter(desk_threads.answerer.notnull()).select("audience", actor="answerer")
    ask = desk_threads.select("audience", actor="asker")
    rows = answer.mutate(core=1).union(ask.mutate(core=0)).semi_join(people, "actor")
    roles = rows.group_by("audience", "actor").agg(core=rows.core.max())
    return roles.select("audience", "actor", role=(roles.core == 1).ifelse("core", "peripheral"))
