"""Locked knowledge: what a department is asked again and again, by whom, and how few answer, in private.

A topic is what one desk is asked about. Breadth of contacts and insularity, which products publish, miss locked
knowledge; asks from outside, few answerers, private answers and new people who ask the same show it
(`reference/metrics.md` section 5). Nobody is named, and nobody is counted alone: rows bear counts and departments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from analyser.config import Savings

__all__ = ["Asks", "Knowledge", "KnowledgeThresholds", "knowledge", "locks", "read", "space_for"]


class KnowledgeThresholds(Thresholds):
    """When knowledge is locked, and what would open it."""

    effective_answerers: float = threshold(
        4.0, "Effective number of answerers, 1/HHI, at the most", source="metrics.md section 5", ge=1
    )
    private_share: float = threshold(
        0.5, "Share of the answers that only the asker got, at least", source="metrics.md section 5", ge=0, le=1
    )
    asker_departments: int = threshold(2, "Departments that ask, at least", source="metrics.md section 5", ge=1)
    reasked_share: float = threshold(
        0.25,
        "Share of asks by new people about what had been answered before, at least",
        source="metrics.md section 5",
        ge=0,
        le=1,
    )
    mailbox_share: float = threshold(
        0.5, "Share of asks to a shared mailbox, from which a ticket queue fits", ge=0, le=1
    )
    repeats: int = threshold(3, "People who ask with the same subject, from which it is the same question", ge=2)
    repeated_share: float = threshold(
        0.8, "Share of asks that are the same questions, from which a knowledge page fits", ge=0, le=1
    )


@dataclass(frozen=True, slots=True)
class Asks:
    """Tables that the measures are read from; within a run messages and principals are numbers.

    Parameters
    ----------
    outside
        `audience`, `department`, `thread`, `sent_at`, `asker`, `asker_department`, `answerer`, `stem`, `word`: what
        outsiders asked; one row per telling word and answerer.
    inside
        `audience`, `thread`, `asker`: what people of the department itself asked.
    mail
        `message`, `thread`, `sent_at`, `sender`, `reach`, `external`.
    participants
        `message`, `actor`, `role`.
    principals
        `actor`, `kind`, `is_internal`.
    """

    outside: ir.Table
    inside: ir.Table
    mail: ir.Table
    participants: ir.Table
    principals: ir.Table


def knowledge(asks: Asks, terms: ir.Table, savings: Savings, limits: KnowledgeThresholds) -> ir.Table:
    """Rows of the table `knowledge`, one per topic.

    Parameters
    ----------
    terms
        `audience`, `terms`.

    Notes
    -----
    Of the answers to an ask the first counts. Hours are
    ``sum over messages (minutes_per_sent + minutes_per_read * internal recipients) / 60 / weeks``, over all messages
    of the threads and the weeks from the first to the last ask (`reference/metrics.md` section 1, cost of a pattern).
    """
    first = asks.outside.group_by("audience", "department", "thread", "sent_at", "asker", "asker_department", "stem")
    each = first.agg(words=asks.outside.word.nunique()).drop("words")
    each = _answered(each, asks)
    result = terms.semi_join(each, "audience")
    for part in (
        _volume(each),
        _departments(each),
        _inside(asks.inside, each),
        _answerers(each),
        _again(asks.outside, each),
        _silence(each, asks.mail),
        _channel(each, asks, limits),
        _cost(each, asks, savings),
    ):
        result = result.left_join(part, "audience").drop("audience_right")
    result = result.mutate(
        reasked_share=result.reasked.cast("float64") / result.asks,
        mailbox_share=result.boxed.cast("float64") / result.asks,
        repeated_share=result.repeated.cast("float64") / result.asks,
        hours_per_week=(result.minutes / 60 / result.weeks_span).round(6),
    )
    result = result.mutate(space=space_for(result, limits), locked=locks(result, limits))
    number = ibis.row_number().over(ibis.window(order_by=[ibis.desc(result.hours_per_week), result.audience]))
    return result.mutate(knowledge=(number + 1).cast("int32")).drop("boxed", "repeated", "minutes", "reasked")


def locks(rows: ir.Table, limits: KnowledgeThresholds) -> ir.BooleanValue:
    """Whether a topic is locked: few answer, in private, outsiders of several departments, again and again new ones.

    A topic that only a shared mailbox answers hides who does: its number of answerers is unknown, and counts as few.
    """
    return (
        (rows.effective_answerers.fill_null(1.0) <= limits.effective_answerers)
        & (rows.private_share.fill_null(0.0) >= limits.private_share)
        & (rows.departments_asking >= limits.asker_departments)
        & (rows.reasked_share >= limits.reasked_share)
    )


def space_for(rows: ir.Table, limits: KnowledgeThresholds) -> ir.StringValue:
    """Kind of space that would open a topic, a key of the catalogue.

    A ticket queue where a shared mailbox is asked, since requests must not get lost; a knowledge page where the same
    questions return, since an answer can be written once; else a community, since every question is new.
    """
    return ibis.cases(
        (rows.mailbox_share >= limits.mailbox_share, "ticket_queue"),
        (rows.repeated_share >= limits.repeated_share, "knowledge_page"),
        else_="qa_community",
    )


def _answered(each: ir.Table, asks: Asks) -> ir.Table:
    """Asks with their first answer: adds `answerer`, `answered_at`, `hours`, `private`; null where nobody answered."""
    who = asks.outside.filter(asks.outside.answerer.notnull()).select("audience", "thread", "answerer").distinct()
    sent = asks.mail.select("thread", "message", "sender", "reach", "external", answered_at="sent_at")
    sent = sent.filter(sent.thread != sent.message)
    found = who.inner_join(sent, [who.thread == sent.thread, who.answerer == sent.sender])
    order = ibis.window(group_by=["audience", "thread"], order_by=["answered_at", "message"])
    found = found.select(
        "audience", "thread", "answerer", "message", "answered_at", private=(found.reach <= 2) & ~found.external,  # noqa: PLR2004  asker and answerer
    ).mutate(place=ibis.row_number().over(order))  # fmt: skip
    found = found.filter(found.place == 0).drop("place", "message")
    rows = each.left_join(found, ["audience", "thread"]).drop("audience_right", "thread_right")
    seconds = rows.answered_at.epoch_seconds() - rows.sent_at.epoch_seconds()
    people = asks.principals.filter(asks.principals.kind == "person").select(person="actor")
    rows = rows.left_join(people, rows.answerer == people.person)
    return rows.mutate(hours=seconds.cast("float64") / 3600, week=rows.sent_at.truncate("W"))


def _volume(each: ir.Table) -> ir.Table:
    answered = each.answered_at.notnull()
    span = (each.week.max().epoch_seconds() - each.week.min().epoch_seconds()).cast("float64") / 604800 + 1
    return each.group_by("audience", "department").agg(
        asks=each.count(),
        outside_askers=each.asker.nunique().cast("int32"),
        departments_asking=each.asker_department.nunique().cast("int32"),
        weeks=each.week.nunique().cast("int32"),
        weeks_span=span.cast("int32"),
        answered_share=answered.mean(),
        first_answer_hours=each.hours.median(),
        private_share=each.private.mean(),
    )


def _departments(each: ir.Table) -> ir.Table:
    """Departments that ask, most askers first, with the number of their askers."""
    rows = each.group_by("audience", "asker_department").agg(n=each.asker.nunique())
    order = [ibis.desc(rows.n), rows.asker_department]
    return rows.group_by("audience").agg(
        asker_departments=rows.asker_department.collect(order_by=order),
        department_askers=rows.n.collect(order_by=order),
    )


def _inside(inside: ir.Table, each: ir.Table) -> ir.Table:
    topics = each.select("audience").distinct()
    rows = topics.left_join(inside, "audience")
    return rows.group_by("audience").agg(
        inside_askers=rows.asker.nunique().cast("int32"), inside_asks=rows.thread.nunique()
    )


def _answerers(each: ir.Table) -> ir.Table:
    """People who answer, and how many they are in effect; answers in a mailbox's name do not say whose they are."""
    topics = each.select("audience").distinct()
    by = each.filter(each.person.notnull()).group_by("audience", "person").agg(n=lambda t: t.count())
    rows = by.group_by("audience").agg(
        answerers=by.count().cast("int32"), total=by.n.sum(), squares=(by.n * by.n).sum()
    )
    rows = rows.mutate(effective_answerers=rows.total.cast("float64") * rows.total / rows.squares)
    found = topics.left_join(rows, "audience")
    return found.select("audience", "effective_answerers", answerers=found.answerers.fill_null(0))


def _again(outside: ir.Table, each: ir.Table) -> ir.Table:
    """Asks by people who had not asked before, about a word that had been answered to somebody else: `reasked`."""
    words = outside.select("audience", "thread", "word").distinct()
    said = words.inner_join(each.select("audience", "thread", "answered_at"), ["audience", "thread"])
    known = said.group_by("audience", "word").agg(known=said.answered_at.min())
    met = (
        words.inner_join(known, ["audience", "word"]).group_by("audience", "thread").agg(known=lambda t: t.known.min())
    )
    order = ibis.window(group_by=["audience", "asker"], order_by=["sent_at", "thread"])
    rows = each.mutate(number=ibis.row_number().over(order)).inner_join(met, ["audience", "thread"])
    again = (rows.number == 0) & (rows.known < rows.sent_at)
    return rows.group_by("audience").agg(reasked=again.fill_null(False).cast("int64").sum())  # noqa: FBT003


def _silence(each: ir.Table, mail: ir.Table) -> ir.Table:
    """Weeks with asks in which the one who answers most sent no mail at all, against the other weeks.

    Not: sent no answer. Weeks chosen by their answers would have few of them by choice.
    """
    by = each.filter(each.person.notnull()).group_by("audience", "person").agg(n=lambda t: t.count())
    order = ibis.window(group_by="audience", order_by=[ibis.desc(by.n), by.person])
    main = by.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place == 0)
    main = main.select("audience", main="person")
    sent = mail.semi_join(main, mail.sender == main.main).select("sender", week=mail.sent_at.truncate("W")).distinct()
    rows = each.inner_join(main, "audience")
    rows = rows.left_join(sent.mutate(there=1), [rows.main == sent.sender, rows.week == sent.week])
    silent, there = rows.there.isnull(), rows.there.notnull()
    answered = rows.answered_at.notnull()
    return rows.group_by("audience").agg(
        silent_weeks=rows.week.nunique(where=silent).cast("int32"),
        silent_asks=rows.thread.nunique(where=silent),
        answered_share_when_silent=answered.mean(where=silent),
        answered_share_else=answered.mean(where=there),
        first_answer_hours_when_silent=rows.hours.median(where=silent),
        first_answer_hours_else=rows.hours.median(where=there),
    )


def _channel(each: ir.Table, asks: Asks, limits: KnowledgeThresholds) -> ir.Table:
    """Asks to a shared mailbox (`boxed`), and asks with a subject that several people have used (`repeated`)."""
    shared = asks.principals.filter(asks.principals.kind == "shared")
    to = (
        asks.participants.filter(asks.participants.role == "to").semi_join(shared, "actor").select("message").distinct()
    )
    rows = each.left_join(to, each.thread == to.message)
    same = each.group_by("audience", "stem").agg(same=each.asker.nunique())
    rows = rows.inner_join(same, ["audience", "stem"])
    return rows.group_by("audience").agg(
        boxed=rows.message.notnull().cast("int64").sum(), repeated=(rows.same >= limits.repeats).cast("int64").sum()
    )


def _cost(each: ir.Table, asks: Asks, savings: Savings) -> ir.Table:
    """Messages of the topic's threads, and the minutes that they took."""
    inside = asks.principals.filter(asks.principals.is_internal & (asks.principals.kind == "person"))
    messages = each.select("audience", "thread").inner_join(asks.mail.select("thread", "message"), "thread")
    got = asks.participants.filter(asks.participants.role != "from").semi_join(inside, "actor")
    got = got.semi_join(messages, "message").group_by("message").agg(readers=lambda t: t.count())
    rows = messages.left_join(got, "message")
    readers = rows.readers.fill_null(0)
    return rows.group_by("audience").agg(
        messages=rows.count(),
        minutes=(rows.count() * savings.minutes_per_sent + readers.sum() * savings.minutes_per_read).cast("float64"),
    )


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One topic as the table `knowledge` keeps it; shares are from 0 to 1, null where nothing was answered."""

    knowledge: int
    audience: str
    department: str
    terms: tuple[str, ...]
    outside_askers: int
    inside_askers: int
    inside_asks: int
    departments_asking: int
    asker_departments: tuple[str, ...]
    department_askers: tuple[int, ...]
    asks: int
    messages: int
    weeks: int
    weeks_span: int
    answered_share: float
    first_answer_hours: float | None
    private_share: float | None
    effective_answerers: float | None
    answerers: int
    reasked_share: float
    silent_weeks: int | None
    silent_asks: int | None
    answered_share_when_silent: float | None
    answered_share_else: float | None
    first_answer_hours_when_silent: float | None
    first_answer_hours_else: float | None
    mailbox_share: float
    repeated_share: float
    hours_per_week: float
    space: str
    locked: bool


def read(table: pa.Table) -> dict[str, Knowledge]:
    """Topics by audience, the costliest first: what findings and proposals show of a desk.

    Parameters
    ----------
    table
        Table `knowledge`.
    """
    found = {}
    for row in table.sort_by("knowledge").to_pylist():
        lists = {name: tuple(row[name] or ()) for name in ("terms", "asker_departments", "department_askers")}
        found[row["audience"]] = Knowledge(**row | lists)
    return found
