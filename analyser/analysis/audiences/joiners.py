"""Joiners: people who are new, and the explanations that one sender gives them again and again.

Who is new is told by the directory, or else by the first message on which somebody is seen. In the first weeks of the
data everybody looks new, so nobody is judged there by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

__all__ = ["JoinersThresholds", "arrivals", "explanations", "measures", "members", "strands", "templates"]

_WEEK = 7 * 86400


class JoinersThresholds(Thresholds):
    """Who is new, and what is an explanation."""

    weeks: float = threshold(6.0, "Weeks for which somebody is new", source="patterns.md row 14 [VI-R]", gt=0)
    before_weeks: float = threshold(2.0, "Weeks before the first day in which a joiner is written to already", ge=0)
    seen_weeks: int = threshold(
        3, "Distinct weeks in which a joiner must be seen: who appears once is a stranger", ge=1
    )
    max_people: int = threshold(8, "People on an explanation, at the most: more make it a notice", ge=2)
    min_joiners: int = threshold(3, "Joiners who get the same explanation", ge=2)
    new_share: float = threshold(0.5, "Share of its recipients who are new", gt=0, le=1)
    times: float = threshold(
        1.5, "Mean times that one person gets it, at the most: an explanation is given once, work goes on", ge=1
    )


def arrivals(
    mail: ir.Table,
    parts: ir.Table,
    principals: ir.Table,
    people: ir.Table,
    first: datetime,
    limits: JoinersThresholds,
) -> ir.Table:
    """When each person came: `actor`, `seen` (first message), `joined` (null where the directory is silent), `stays`
    (null for who was there in the first weeks of the data).

    Parameters
    ----------
    mail, parts
        `message`, `sent_at`; `message`, `actor`, `role`.
    principals
        `actor`, `joined_on`.
    people
        Actors that count as people (column `actor`).
    first
        Begin of the period.
    """
    # who is a member of a list today need not have been one when it was addressed
    named = parts.filter(parts.role != "member").semi_join(people, "actor").select("message", "actor")
    on = named.inner_join(mail.select("message", "sent_at"), "message")
    seen = on.group_by("actor").agg(seen=on.sent_at.min())
    later = seen.filter(seen.seen.epoch_seconds() >= int(first.timestamp()) + int(limits.weeks * _WEEK))
    weeks = on.semi_join(later, "actor")
    weeks = weeks.select("actor", week=weeks.sent_at.epoch_seconds() // _WEEK).distinct()
    weeks = weeks.group_by("actor").agg(seen_weeks=weeks.count())
    known = seen.left_join(principals.select("actor", "joined_on"), "actor").drop("actor_right")
    known = known.left_join(weeks, "actor")
    return known.select(
        "actor", "seen", joined=known.joined_on.cast("timestamp('UTC')"), stays=known.seen_weeks >= limits.seen_weeks
    )


def explanations(
    mail: ir.Table, parts: ir.Table, came: ir.Table, first: datetime, limits: JoinersThresholds
) -> ir.Table:
    """What people inside begin, or forward, to few: `message`, `sender`, `sent_at`, `stem`, `actor`, `new`.

    One row per message and person in To. `new` is null where it cannot be known.

    Parameters
    ----------
    mail
        One row per message: `message`, `sent_at`, `sender` (actor), `sender_inside`, `stem`, `is_reply`, `automatic`,
        `external`, `sensitive`, `people`.
    came
        Result of `arrivals`.
    first
        Begin of the period.
    """
    sent = mail.filter(
        ~mail.is_reply
        & ~mail.automatic
        & ~mail.external
        & ~mail.sensitive
        & mail.sender_inside
        & mail.stem.notnull()
        & (mail.people <= limits.max_people)
    ).select("message", "sender", "sent_at", "stem")
    to = parts.filter(parts.role == "to").select("message", "actor").inner_join(came, "actor")
    rows = sent.inner_join(to, "message").filter(lambda t: t.actor != t.sender)
    return rows.mutate(new=_is_new(rows, first, limits)).select("message", "sender", "sent_at", "stem", "actor", "new")


def _is_new(rows: ir.Table, first: datetime, limits: JoinersThresholds) -> ir.BooleanValue:
    """New by the directory, or else by what was seen; null in the first weeks of the data."""
    at, start = rows.sent_at.epoch_seconds(), int(first.timestamp())
    span, before = int(limits.weeks * _WEEK), int(limits.before_weeks * _WEEK)
    since = at - rows.joined.epoch_seconds()
    seen = rows.seen.epoch_seconds()
    return ibis.cases(
        (rows.joined.notnull(), (since >= -before) & (since <= span)),
        (at < start + span, ibis.null("boolean")),
        # who was there in the first weeks is no joiner, whoever writes to them first
        else_=(seen >= start + span) & (at - seen <= span) & rows.stays,
    )


def templates(rows: ir.Table, principals: ir.Table, limits: JoinersThresholds) -> ir.Table:
    """Explanations by senders who write to enough joiners, with their `template`: the stem without the recipient's
    name, since a welcome that calls everybody by name is one text.

    Parameters
    ----------
    rows
        Result of `explanations`.
    principals
        `actor`, `principal`, `display_name`.
    """
    # taking names out of subjects is dear, and most senders write to no joiners
    joined = rows.filter(rows.new).select("sender", "actor").distinct().group_by("sender").agg(n=lambda t: t.count())
    rows = rows.semi_join(joined.filter(joined.n >= limits.min_joiners), "sender")
    local = principals.principal.split("@")[0]
    named = principals.select("actor", called=(local + " " + principals.display_name.fill_null("")).lower())
    rows = rows.inner_join(named, "actor")
    called = rows.called.re_replace(r"[^\p{L}\p{M}]+", " ").split(" ")
    rows = rows.mutate(called=called, words=rows.stem.split(" "))
    own = rows.words.filter(lambda word: ~rows.called.contains(word)).join(" ")
    return rows.mutate(template=own).select("message", "sender", "sent_at", "stem", "template", "actor", "new")


def strands(rows: ir.Table, names: ir.Table, limits: JoinersThresholds) -> ir.Table:
    """Messages that one sender re-sends to joiners: `audience`, `message`.

    All explanations of one sender are one audience: who joins gets them together.

    Parameters
    ----------
    rows
        Result of `templates`.
    names
        `actor`, `principal`: audiences bear the sender's address.
    """
    each = rows.group_by("sender", "template").agg(
        joiners=rows.actor.nunique(where=rows.new),
        share=rows.new.cast("float64").mean(),
        times=rows.count().cast("float64") / rows.actor.nunique(),
    )
    good = each.filter(
        (each.joiners >= limits.min_joiners) & (each.share >= limits.new_share) & (each.times <= limits.times)
    )
    kept = rows.semi_join(good, ["sender", "template"]).inner_join(names.rename(sender="actor"), "sender")
    return kept.select("message", audience=ibis.literal("joiners ") + kept.principal).distinct()


def members(found: ir.Table, rows: ir.Table) -> ir.Table:
    """The sender, and those who got an explanation: `audience`, `actor`, `role`.

    Parameters
    ----------
    found, rows
        Results of `strands` and `explanations`.
    """
    on = found.inner_join(rows, "message")
    writes = on.select("audience", actor="sender", core=ibis.literal(1)).distinct()
    reads = on.select("audience", "actor", core=ibis.literal(0)).distinct()
    both = writes.union(reads).group_by("audience", "actor").agg(core=lambda t: t.core.max())
    return both.select("audience", "actor", role=(both.core == 1).ifelse("core", "peripheral"))


def measures(found: ir.Table, rows: ir.Table) -> ir.Table:
    """`audience`, `joiners`, `new_share` of recipients, `lift`: how much oftener they are new than in mail at large.

    Parameters
    ----------
    found, rows
        Results of `strands` and `explanations`.
    """
    usual = rows.new.cast("float64").mean().as_scalar()
    on = found.inner_join(rows, "message")
    each = on.group_by("audience").agg(
        joiners=on.actor.nunique(where=on.new).cast("float64"), new_share=on.new.cast("float64").mean()
    )
    return each.mutate(lift=each.new_share / ibis.greatest(usual, 1e-6))
