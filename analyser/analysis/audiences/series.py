"""Strands of mail with one sender or one counterpart: series, broadcasts, outside-facing and closed mail.

A *series* is what one sender begins again and again under the same stem; a *broadcast* is what one sender begins with
many readers; *outside* is what is shared with one outside domain; *closed* is sensitive mail among the same few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["SeriesThresholds", "broadcasts", "closed", "member_shares", "members", "outside", "roles", "series"]


class SeriesThresholds(Thresholds):
    """What counts as a series."""

    min_messages: int = threshold(
        5, "Messages of one sender and stem", source="metrics.md section 6: at least 5 cycles", ge=2
    )
    min_weeks: int = threshold(3, "Distinct weeks with such a message", ge=1)
    broadcast_people: int = threshold(
        25,
        "People on a message, or size of the addressed list, from which it is a broadcast",
        source="patterns.md row 2 [WL-A]",
        ge=3,
    )
    min_people: int = threshold(3, "Median number of people, sender included", ge=3)
    closed_messages: int = threshold(3, "Sensitive messages among exactly the same people", ge=1)
    member_share: float = threshold(
        0.5, "Share of the messages that a core member is on, the busiest member being on all", gt=0, le=1
    )
    peripheral_share: float = threshold(0.25, "The same for a peripheral member", gt=0, le=1)


def series(mail: ir.Table, names: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Messages of series: `audience`, `stem`, `message`.

    Only messages that begin something count: replies and forwards do not.

    Parameters
    ----------
    mail
        One row per message: `message`, `sent_at`, `sender` (actor), `sender_inside`, `people`, `reach`, `stem`,
        `answers` (is a reply or forward), `external`, `sensitive`.
    names
        `actor`, `principal`: audiences bear the sender's address.
    """
    rows = _begun(mail).filter(lambda t: t.stem.notnull())
    strands = rows.group_by("sender", "stem").agg(
        n=rows.count(), weeks=rows.sent_at.truncate("W").nunique(), people=rows.people.median()
    )
    kept = strands.filter(
        (strands.n >= limits.min_messages) & (strands.weeks >= limits.min_weeks) & (strands.people >= limits.min_people)
    )
    kept = kept.inner_join(names, kept.sender == names.actor)
    kept = kept.select(
        "sender", "stem", audience=ibis.literal("series ") + kept.principal + ibis.literal(" ") + kept.stem
    )
    return rows.inner_join(kept, ["sender", "stem"]).select("message", "stem", "audience")


def _begun(mail: ir.Table) -> ir.Table:
    return mail.filter(~mail.answers & ~mail.external & ~mail.sensitive & mail.sender_inside)


def broadcasts(mail: ir.Table, names: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Messages of broadcasts: `audience`, `stem` (null where a sender's broadcasts vary), `message`."""
    large = _begun(mail).filter(lambda t: t.reach >= limits.broadcast_people)
    named = large.group_by("sender", "stem").agg(n=large.count()).filter(lambda t: t.n >= limits.min_messages)
    rows = large.left_join(named, ["sender", "stem"])
    rows = rows.mutate(theme=rows.n.notnull().ifelse(rows.stem, ibis.null("string")))
    rows = rows.select("message", "theme", "sender").inner_join(names.rename(sender="actor"), "sender")
    rows = rows.mutate(
        audience=ibis.literal("broadcast ") + rows.principal + ibis.literal(" ") + rows.theme.fill_null("")
    )
    enough = rows.group_by("audience").agg(n=rows.count()).filter(lambda t: t.n >= limits.min_messages)
    return rows.semi_join(enough, "audience").select("message", "audience", stem="theme")


def outside(mail: ir.Table, parts: ir.Table, principals: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Messages shared with an outside domain: `audience`, `stem` (the domain), `message`."""
    strangers = principals.filter(~principals.is_internal & (principals.kind != "service"))
    strangers = strangers.select("actor", domain=strangers.principal.split("@")[1])
    human = mail.filter(mail.external & ~mail.automatic)
    rows = (
        human.select("message")
        .inner_join(parts.inner_join(strangers, "actor"), "message")
        .select("message", "domain")
        .filter(lambda t: t.domain.notnull())
        .distinct()
    )
    enough = rows.group_by("domain").agg(n=rows.count()).filter(lambda t: t.n >= limits.min_messages)
    return rows.semi_join(enough, "domain").select(
        "message", audience=ibis.literal("outside ") + rows.domain, stem="domain"
    )


def closed(mail: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Sensitive messages by the exact set of people: `audience`, `stem` (always null), `message`."""
    rows = mail.filter(mail.sensitive & mail.recipient_set.notnull() & ~mail.automatic)
    enough = rows.group_by("recipient_set").agg(n=rows.count()).filter(lambda t: t.n >= limits.closed_messages)
    return rows.semi_join(enough, "recipient_set").select(
        "message", audience=ibis.literal("closed ") + rows.recipient_set, stem=ibis.null("string")
    )


def member_shares(audience_messages: ir.Table, parts: ir.Table, people: ir.Table) -> ir.Table:
    """Share of an audience's messages that each of `people` was on: `audience`, `actor`, `share`."""
    total = audience_messages.group_by("audience").agg(n=audience_messages.count())
    on = audience_messages.inner_join(parts.semi_join(people, "actor"), "message")
    each = on.group_by("audience", "actor").agg(on=on.count()).inner_join(total, "audience")
    return each.select("audience", "actor", share=each.on / each.n.cast("float64"))


def members(audience_messages: ir.Table, parts: ir.Table, people: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Members by the share of messages that they were on: `audience`, `actor`, `role`.

    Parameters
    ----------
    people
        Actors that count as people (column `actor`).
    """
    return roles(member_shares(audience_messages, parts, people), limits)


def roles(shares: ir.Table, limits: SeriesThresholds) -> ir.Table:
    """Core and periphery by share of messages: `audience`, `actor`, `role`; who was on hardly any is no member.

    Shares are measured against the member who was on most: where a partner's mail goes to three teams, nobody is on
    half of it.

    Parameters
    ----------
    shares
        Result of `member_shares`.
    """
    most = shares.group_by("audience").agg(most=shares.share.max())
    each = shares.inner_join(most, "audience").mutate(part=lambda t: t.share / t.most)
    return each.filter(each.part >= limits.peripheral_share).select(
        "audience", "actor", role=(each.part >= limits.member_share).ifelse("core", "peripheral")
    )
