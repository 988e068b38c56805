"""Who took part in which message, and what is known about the message as a whole.

Recipient sets are kept whole: identities of sets are built here, before anything is flattened to pairs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "ParticipantsThresholds",
    "message_flags",
    "participants",
    "principal_keys",
    "recipient_sets",
    "set_members",
    "sets",
]

ROLES = ("from", "to", "cc", "bcc", "member")
"""In order of weight: a person who is both in To and a member of an addressed group counts as To."""


class ParticipantsThresholds(Thresholds):
    """How recipients are read."""

    expand_up_to: int = threshold(1000, "Addressed groups with more known members than this stay one recipient", ge=0)


def participants(
    messages: ir.Table, recipients: ir.Table, addresses: ir.Table, group_members: ir.Table, expand_up_to: int
) -> ir.Table:
    """Sender and recipients of each message as actors, addressed groups expanded one level.

    Columns `message`, `actor`, `role`. An actor appears once per message, with its weightiest role.

    Parameters
    ----------
    messages, recipients
        With the number `message` instead of the key.
    addresses
        `address` -> `actor`, the number of its principal.
    """
    owner = addresses.select("address", "actor")
    sent = messages.select("message", address=messages.sender, weight=ibis.literal(0, "int8"))
    got = recipients.select(
        "message",
        "address",
        weight=ibis.cases((recipients.role == "to", 1), (recipients.role == "cc", 2), else_=3).cast("int8"),
    )
    sizes = group_members.group_by("group").agg(n=group_members.count())
    small = group_members.semi_join(sizes.filter(sizes.n <= expand_up_to), "group")
    expanded = recipients.inner_join(small, recipients.address == small.group).select(
        recipients.message, address=small.member, weight=ibis.literal(4, "int8")
    )
    rows = sent.union(got).union(expanded).inner_join(owner, "address")
    least = rows.group_by("message", "actor").agg(weight=rows.weight.min())
    return least.select(
        "message",
        "actor",
        role=ibis.cases(*((least.weight == i, role) for i, role in enumerate(ROLES[:-1])), else_=ROLES[-1]),
    )


def principal_keys(principals: pa.Table) -> pa.Table:
    """Two 40-bit numbers per internal person; their sums over a set identify the set on every engine.

    Only people count: kind ``person`` and internal. Columns `actor`, `key_a`, `key_b`.

    Parameters
    ----------
    principals
        Table `principals` with the column `actor`.
    """
    people = principals.filter(pc.and_(pc.equal(principals["kind"], "person"), principals["is_internal"]))
    digests = [hashlib.blake2b(name.encode(), digest_size=10).digest() for name in people["principal"].to_pylist()]
    return pa.table(
        {
            "actor": people["actor"],
            "key_a": pa.array([int.from_bytes(d[:5], "big") for d in digests], pa.int64()),
            "key_b": pa.array([int.from_bytes(d[5:], "big") for d in digests], pa.int64()),
        }
    )


def sets(parts: ir.Table, keys: ir.Table, principals: ir.Table) -> ir.Table:
    """What one pass over who took part tells of each message: `message`, `people`, `recipient_set`, `external`,
    `robot`.

    `recipient_set` is the identity of the set of internal people, null for fewer than two; `external` says that an
    outsider took part, `robot` that a program wrote.

    The identity is the pair of sums of the two keys and the head count: equal sets agree, different sets collide with
    a probability below 1e-20.
    """
    outside = principals.select(
        "actor",
        outsider=~principals.is_internal & (principals.kind != "service"),
        service=principals.kind == "service",
    )
    known = outside.left_join(keys, "actor").drop("actor_right")
    joined = parts.inner_join(known, "actor")
    summed = joined.group_by("message").agg(
        people=joined.key_a.count().cast("int32"),
        a=joined.key_a.sum().cast("int64"),
        b=joined.key_b.sum().cast("int64"),
        external=joined.outsider.any(),
        robot=((joined.role == "from") & joined.service).any(),
    )
    identity = summed.a.cast("string") + "-" + summed.b.cast("string") + "-" + summed.people.cast("string")
    return summed.select(
        "message",
        "people",
        "external",
        "robot",
        recipient_set=(summed.people >= 2).ifelse(identity, ibis.null("string")),  # noqa: PLR2004
    )


def message_flags(messages: ir.Table, message_sets: ir.Table, subjects: ir.Table) -> ir.Table:
    """Rows of the table `message_flags`.

    Parameters
    ----------
    message_sets
        Result of `sets`.
    subjects
        One row per `base_subject`: `stem`, `sensitive`; see `analyser.analysis.stems` and `.sensitive`.
    """
    flags = messages.left_join(message_sets, "message").left_join(subjects, "base_subject")
    return flags.select(
        "message",
        automatic=flags.is_automatic.fill_null(False) | flags.robot.fill_null(False),  # noqa: FBT003
        external=flags.external.fill_null(False),  # noqa: FBT003
        sensitive=flags.sensitive.fill_null(False),  # noqa: FBT003
        people=flags.people.fill_null(0).cast("int32"),
        recipient_set=flags.recipient_set,
        stem=flags.stem,
    )


def set_members(parts: ir.Table, flags: ir.Table, keys: ir.Table) -> ir.Table:
    """Rows of the table `recipient_set_members`, read from one message of each set."""
    one = flags.filter(flags.recipient_set.notnull()).group_by("recipient_set").agg(message=flags.message.min())
    return parts.semi_join(keys, "actor").inner_join(one, "message").select("recipient_set", "actor")


def recipient_sets(sent: ir.Table, flags: ir.Table) -> ir.Table:
    """Rows of the table `recipient_sets`.

    Parameters
    ----------
    sent
        `message`, `sent_at`, `sender` (actor).
    """
    known = flags.filter(flags.recipient_set.notnull()).select("message", "recipient_set", "people")
    rows = known.inner_join(sent.select("message", "sent_at", "sender"), "message")
    return rows.group_by("recipient_set").agg(
        people=rows.people.max(),
        messages=rows.count(),
        senders=rows.sender.nunique().cast("int32"),
        weeks=rows.sent_at.truncate("W").nunique().cast("int32"),
        first_sent=rows.sent_at.min(),
        last_sent=rows.sent_at.max(),
    )
