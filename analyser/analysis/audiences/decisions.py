"""Decisions: long threads to all over days, into which people are drawn as they run on.

One such thread is an event. The same people in several is a way of deciding, and an audience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["DecisionsThresholds", "decisions", "seniors"]


class DecisionsThresholds(Thresholds):
    """When a thread is a decision."""

    people: int = threshold(5, "Internal people in the thread", source="patterns.md row 9", ge=3)
    max_people: int = threshold(60, "Internal people in the thread, at the most: more are a forum", ge=3)
    messages: int = threshold(8, "Messages in the thread", source="patterns.md row 9", ge=3)
    days: float = threshold(2.0, "Days from the first to the last message", source="patterns.md row 9", ge=0)
    reply_all: float = threshold(
        0.6, "Share of what follows its first message that answers to all", source="patterns.md row 9", ge=0, le=1
    )
    everyone: float = threshold(
        0.8, "Share of the people on one message who must be on the next, for that to be an answer to all", gt=0, le=1
    )
    added: int = threshold(
        1, "People on it who were not on its first message", source="patterns.md row 9: added mid-thread", ge=0
    )
    late: float = threshold(
        1 / 3, "Part of the thread that is over when somebody senior comes late", source="patterns.md row 9", gt=0, lt=1
    )
    titles: tuple[str, ...] = threshold(
        (
            "head",
            "director",
            "chief",
            "president",
            "vp",
            "ceo",
            "cfo",
            "coo",
            "cto",
            "cio",
            "managing",
            "leiter",
            "leiterin",
            "direktor",
            "direktorin",
            "geschäftsführer",
            "geschäftsführerin",
            "vorstand",
            "directeur",
            "directrice",
            "responsable",
        ),
        "Words of a title that mark somebody senior, besides whoever is another's manager; whole words, any case",
    )


def seniors(principals: ir.Table, limits: DecisionsThresholds) -> ir.Table:
    """People who manage others, or whose title says so: `actor`. Empty where no directory tells.

    Parameters
    ----------
    principals
        `actor`, `principal`, `title`, `manager`.
    """
    managers = principals.filter(principals.manager.notnull()).select(principal="manager").distinct()
    found = principals.semi_join(managers, "principal").select("actor")
    if not limits.titles:
        return found
    words = "|".join(sorted(limits.titles))
    titled = principals.filter(principals.title.lower().re_search(rf"(?:^|[^\p{{L}}])(?:{words})(?:$|[^\p{{L}}])"))
    return found.union(titled.select("actor")).distinct()


def decisions(
    threads: ir.Table,
    mail: ir.Table,
    parts: ir.Table,
    links: ir.Table,
    senior: ir.Table,
    people: ir.Table,
    limits: DecisionsThresholds,
) -> ir.Table:
    """Threads in which something is decided: `thread`, `reply_all`, `added`, `senior_late` (0 or 1).

    A thread of which any message is sensitive or leaves the house is none.

    Parameters
    ----------
    mail
        One row per message: `message`, `thread`, `answers`, `automatic`, `external`, `sensitive`.
    links
        Messages whose headers name what they answer (column `message`).
    senior
        Result of `seniors`.
    people
        Actors that count as people (column `actor`).
    """
    days = (threads.last_sent.epoch_seconds() - threads.first_sent.epoch_seconds()) / 86400.0
    long = threads.filter(
        (threads.messages >= limits.messages)
        & threads.people.between(limits.people, limits.max_people)
        & (days > limits.days)
        & ~threads.external
    ).select("thread")
    closed = mail.filter(mail.external | mail.sensitive).select("thread")
    # filtered after the joins: a place that is numbered right on a join is numbered anew by the next one
    rows = mail.semi_join(long, "thread").anti_join(closed, "thread").filter(lambda t: ~t.automatic)
    order = ibis.window(group_by="thread", order_by="message")
    rows = rows.select("thread", "message", "answers", place=ibis.row_number().over(order))
    length = rows.group_by("thread").agg(messages=rows.count())
    on = rows.inner_join(parts.semi_join(people, "actor"), "message").select("thread", "message", "place", "actor")
    # what bears the mark of an answer nowhere begins anew under the same subject: several talks, no decision
    answering = rows.filter(rows.answers).select("message").union(links.select("message")).distinct()
    shape = length.inner_join(_answers(on, answering, limits), "thread").inner_join(
        _joiners(on, length, senior, limits), "thread"
    )
    found = shape.filter(
        (shape.messages >= limits.messages) & (shape.reply_all >= limits.reply_all) & (shape.added >= limits.added)
    )
    return found.select("thread", "reply_all", "added", "senior_late")


def _answers(on: ir.Table, answering: ir.Table, limits: DecisionsThresholds) -> ir.Table:
    """Share of what follows the first message that answers to all: `thread`, `reply_all`.

    Such an answer reaches a group and loses few of those before.
    """
    again = on.place.lag().over(ibis.window(group_by=["thread", "actor"], order_by="place"))
    marked = on.mutate(kept=(on.place - again == 1).fill_null(False))  # noqa: FBT003
    each = marked.group_by("thread", "message", "place").agg(
        people=marked.count(), kept=marked.kept.cast("int64").sum()
    )
    each = each.mutate(before=each.people.lag().over(ibis.window(group_by="thread", order_by="place")))
    each = each.filter(each.before.notnull()).left_join(answering.mutate(answer=1), "message")
    to_all = each.answer.notnull() & (each.people >= 3) & (each.kept >= limits.everyone * each.before)  # noqa: PLR2004
    each = each.select("thread", all=to_all.cast("float64"))
    return each.group_by("thread").agg(reply_all=each["all"].mean().round(6))


def _joiners(on: ir.Table, length: ir.Table, senior: ir.Table, limits: DecisionsThresholds) -> ir.Table:
    """Who came after the first message: `thread`, `added`, and `senior_late`, 1 if somebody senior came late."""
    first = on.group_by("thread", "actor").agg(place=on.place.min()).inner_join(length, "thread")
    first = first.left_join(senior.mutate(senior=1), "actor")
    late = first.senior.notnull() & (first.place >= limits.late * first.messages)
    first = first.select("thread", added=(first.place > 0).cast("int64"), late=late.cast("int64"))
    return first.group_by("thread").agg(added=first.added.sum(), senior_late=first.late.max())
