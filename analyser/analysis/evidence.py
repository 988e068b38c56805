"""What the mail at hand tells besides who wrote to whom: To and Cc, threads, subjects, attachments, departments.

A source either tells such a thing or it does not: a message trace knows no Cc, mail files say nothing of conversations.
Which it is, its messages show; a source that fills a column now and then by chance does not count.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from analyser.config import Thresholds, threshold

__all__ = ["KINDS", "EvidenceThresholds", "told"]

KINDS: Final = ("roles", "threads", "subjects", "attachments", "headers", "departments")
"""What may be told: To and Cc apart; conversations, or headers of answers; subjects; whether there are attachments;
headers that mark mail of programs and lists; departments of people."""


_COLUMNS: Final = ("evidence", "source", "messages", "told")


class EvidenceThresholds(Thresholds):
    """When mail counts as telling something that rules need."""

    least: float = threshold(
        0.005,
        "Share of a source's messages (or people) with it, from which the source tells it",
        gt=0,
        le=1,
    )
    little: float = threshold(0.05, "Share of all mail told, below which a rule that needs it cannot work", ge=0, lt=1)
    whole: float = threshold(0.9, "Share of all mail told, below which a rule works less well", gt=0, le=1)


def told(messages: ir.Table, recipients: ir.Table, people: ir.Table, key: str) -> ir.Table:
    """How much each source tells.

    Parameters
    ----------
    messages
        `key`, `source`, `base_subject`, `conversation_id`, `in_reply_to`, `references`, `has_attachments`,
        `is_automatic`, `list_id`.
    recipients
        `key`, `role`.
    people
        `source`, `department`, `kind` of directories; rooms, lists and the like have no department to tell.
    key
        Column that identifies a message.

    Returns
    -------
    Table
        `evidence` (one of `KINDS`), `told_by` (the source), `messages` (people, for departments), `told` (with it).
    """
    copied = recipients.filter(recipients.role.isin(["cc", "bcc"])).select(key).distinct().mutate(has_copy=True)
    rows = messages.left_join(copied, key)
    tells = {
        "roles": rows.has_copy.notnull(),
        "threads": rows.conversation_id.notnull() | rows.in_reply_to.notnull() | (rows.references.length() > 0),
        "subjects": rows.base_subject.notnull(),
        "attachments": rows.has_attachments.notnull(),
        "headers": rows.is_automatic.notnull() | rows.list_id.notnull(),
    }
    counts = rows.group_by("source").agg(
        messages=rows.count(),
        **{name: flag.fill_null(False).cast("int64").sum() for name, flag in tells.items()},  # noqa: FBT003
    )
    found = counts.pivot_longer(list(tells), names_to="evidence", values_to="told")
    people = people.filter(people.kind.isnull() | (people.kind == "person"))
    placed = people.group_by("source").agg(
        messages=people.count(), told=people.department.notnull().cast("int64").sum()
    )
    placed = placed.mutate(evidence=ibis.literal("departments"))
    rows = found.select(*_COLUMNS).union(placed.select(*_COLUMNS))
    return rows.rename(told_by="source").order_by("evidence", "told_by")
