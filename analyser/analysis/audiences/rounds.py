"""Rounds: threads in which a file goes round, by the people who pass it.

The same people may also be a working group; what they do with documents is another purpose and another audience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["RoundsThresholds", "people_of", "rounds"]


class RoundsThresholds(Thresholds):
    """When a thread is a round."""

    attachments: int = threshold(3, "Messages with attachments in the thread", source="patterns.md row 6", ge=2)
    senders: int = threshold(2, "Distinct senders of them", source="patterns.md row 6", ge=2)
    min_people: int = threshold(3, "Internal people in the thread", ge=2)
    max_threads: int = threshold(
        60_000, "Latest rounds that are compared; the work grows faster than their number", ge=1
    )


def rounds(threads: ir.Table, mail: ir.Table, limits: RoundsThresholds) -> ir.Table:
    """Messages of threads in which a file goes round among people inside: `thread`, `message`.

    Parameters
    ----------
    mail
        One row per message: `message`, `thread`, `automatic`, `external`, `sensitive`.
    """
    found = threads.filter(
        (threads.with_attachments >= limits.attachments)
        & (threads.attaching_senders >= limits.senders)
        & (threads.people >= limits.min_people)
        & ~threads.external
    ).select("thread")
    # threads are numbered by their first message: the highest began last
    found = found.order_by(ibis.desc("thread")).limit(limits.max_threads)
    ordinary = mail.filter(~mail.automatic & ~mail.external & ~mail.sensitive)
    return ordinary.semi_join(found, "thread").select("thread", "message")


def people_of(messages: ir.Table, parts: ir.Table, people: ir.Table) -> ir.Table:
    """Who is on each round: `thread`, `actor`.

    Parameters
    ----------
    messages
        Result of `rounds`.
    people
        Actors that count as people (column `actor`).
    """
    return messages.inner_join(parts.semi_join(people, "actor"), "message").select("thread", "actor").distinct()
