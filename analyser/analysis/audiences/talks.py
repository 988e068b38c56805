"""Talks: short threads of a few people that end with an invitation: they looked for a date.

What marks an invitation is that a room is addressed, or the words that calendars put before a subject. Where a lake
knows neither, a message to exactly the same people that begins a thread and stays alone may be one; whoever uses it
must ask that most talks of a group end so, since colleagues write such messages now and then anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["TalksThresholds", "closings", "endings", "invitations", "people_of", "talks"]

_WEEK = 604800


class TalksThresholds(Thresholds):
    """When a thread looks for a date."""

    messages: int = threshold(4, "Messages, the invitation included", source="patterns.md row 5", ge=3)
    max_people: int = threshold(4, "Internal people in the thread, at the most", source="patterns.md row 5", ge=2)
    gap_hours: float = threshold(
        48.0, "Mean hours from message to message, at the most", source="patterns.md row 5: hours apart", gt=0
    )
    invite_hours: float = threshold(72.0, "Hours after the last message in which the invitation follows", gt=0, le=168)
    same_people: float = threshold(
        0.6, "Jaccard similarity of those invited to those of the thread: one more or one less", gt=0, le=1
    )
    inside: float = threshold(
        0.6, "Share of a talk's people who must belong to the group whose talk it is", gt=0.5, le=1
    )
    closing_share: float = threshold(
        0.5, "Share of a group's talks with an end, where no room and no calendar marks invitations", gt=0, le=1
    )
    calendar_words: tuple[str, ...] = threshold(
        (
            "invitation",
            "updated invitation",
            "meeting request",
            "accepted",
            "declined",
            "tentative",
            "tentatively accepted",
            "canceled",
            "cancelled",
            "einladung",
            "besprechungsanfrage",
            "zugesagt",
            "angenommen",
            "abgelehnt",
            "mit vorbehalt",
            "abgesagt",
            "accepté",
            "refusé",
            "provisoire",
            "annulé",
        ),
        "What calendars write before the colon of a subject, lower case",
    )


def talks(threads: ir.Table, mail: ir.Table, limits: TalksThresholds) -> ir.Table:
    """Threads in which a few people write to and fro without a file: `thread`, `enough_at`, `last_sent`.

    `enough_at` is when so many messages were written that an invitation completes the talk. A thread of which any
    message is sensitive or leaves the house is none.

    Parameters
    ----------
    mail
        One row per message: `message`, `thread`, `sent_at`, `automatic`, `external`, `sensitive`.
    """
    hours = (threads.last_sent.epoch_seconds() - threads.first_sent.epoch_seconds()) / 3600.0
    shape = threads.filter(
        (threads.messages >= limits.messages - 1)
        & threads.people.between(2, limits.max_people)
        & (threads.senders >= 2)  # noqa: PLR2004
        & (threads.with_attachments == 0)
        & ~threads.external
        & (hours <= limits.gap_hours * (threads.messages - 1))
    ).select("thread")
    closed = mail.filter(mail.external | mail.sensitive).select("thread")
    rows = mail.filter(~mail.automatic).semi_join(shape, "thread").anti_join(closed, "thread")
    order = ibis.window(group_by="thread", order_by="message")
    placed = rows.select("thread", "sent_at", place=ibis.row_number().over(order))
    found = placed.group_by("thread").agg(
        enough_at=placed.sent_at.max(where=placed.place == limits.messages - 2), last_sent=placed.sent_at.max()
    )
    return found.filter(found.enough_at.notnull())


def invitations(
    mail: ir.Table, messages: ir.Table, parts: ir.Table, principals: ir.Table, limits: TalksThresholds
) -> ir.Table:
    """Messages that a room or a calendar's words mark: `message`, `sent_at`, `sender`.

    Parameters
    ----------
    messages
        `message`, `base_subject`.
    principals
        `actor`, `kind`.
    """
    rooms = principals.filter(principals.kind == "room").select("actor")
    marked = parts.filter(parts.role != "from").semi_join(rooms, "actor").select("message")
    if limits.calendar_words:
        words = "|".join(re.escape(word) for word in sorted(limits.calendar_words)).replace("\\ ", r"\s+")
        marked = marked.union(messages.filter(messages.base_subject.re_search(rf"^(?:{words})\s*:")).select("message"))
    rows = _among_few(mail, limits).semi_join(marked, "message")
    return rows.select("message", "sent_at", "sender")


def closings(mail: ir.Table, threads: ir.Table, limits: TalksThresholds) -> ir.Table:
    """Messages that begin a thread and stay alone, where nothing marks invitations: `message`, `sent_at`, `sender`."""
    alone = threads.filter((threads.messages == 1) & (threads.with_attachments == 0)).select("thread")
    rows = _among_few(mail, limits).filter(lambda t: ~t.answers).semi_join(alone, "thread")
    return rows.select("message", "sent_at", "sender")


def _among_few(mail: ir.Table, limits: TalksThresholds) -> ir.Table:
    few = mail.people.between(2, limits.max_people + 1)
    return mail.filter(~mail.automatic & ~mail.external & ~mail.sensitive & few)


def people_of(found: ir.Table, mail: ir.Table, parts: ir.Table, people: ir.Table) -> ir.Table:
    """Who is on each of these threads: `thread`, `actor`.

    Parameters
    ----------
    found
        Threads (column `thread`).
    people
        Actors that count as people (column `actor`).
    """
    rows = mail.filter(~mail.automatic).semi_join(found, "thread").select("message", "thread")
    return rows.inner_join(parts.semi_join(people, "actor"), "message").select("thread", "actor").distinct()


def endings(
    found: ir.Table, talkers: ir.Table, calls: ir.Table, parts: ir.Table, people: ir.Table, limits: TalksThresholds
) -> ir.Table:
    """Which talk each invitation ends: `thread`, `message`; an invitation ends one talk, the one that it fits best.

    Parameters
    ----------
    found
        Result of `talks`.
    talkers
        Result of `people_of` for them.
    calls
        Result of `invitations` or of `closings`.
    """
    invited = calls.inner_join(parts.semi_join(people, "actor"), "message").select("message", "actor")
    # who invites is in the talk; joined by week as well, since a busy person is in many talks of a year
    week = calls.sent_at.epoch_seconds() // _WEEK
    near = calls.mutate(week=ibis.array([week - 1, week, week + 1]).unnest())
    dated = found.mutate(week=found.last_sent.epoch_seconds() // _WEEK)
    pairs = near.inner_join(dated.inner_join(talkers.rename(sender="actor"), "thread"), ["sender", "week"])
    late = pairs.sent_at.epoch_seconds() - pairs.last_sent.epoch_seconds()
    pairs = pairs.filter((pairs.sent_at > pairs.enough_at) & (late <= limits.invite_hours * 3600.0))
    pairs = pairs.select("message", "thread", "last_sent")
    both = pairs.inner_join(invited, "message").inner_join(talkers, ["thread", "actor"])
    both = both.group_by("message", "thread", "last_sent").agg(shared=both.count())
    sizes = invited.group_by("message").agg(invited=invited.count())
    talking = talkers.group_by("thread").agg(talking=talkers.count())
    both = both.inner_join(sizes, "message").inner_join(talking, "thread")
    both = both.mutate(similarity=both.shared / (both.invited + both.talking - both.shared).cast("float64"))
    both = both.filter(both.similarity >= limits.same_people)
    order = [ibis.desc(both.similarity), ibis.desc(both.last_sent), both.thread]
    best = both.mutate(place=ibis.row_number().over(ibis.window(group_by="message", order_by=order)))
    return best.filter(best.place == 0).select("thread", "message")
