"""Desks: those of a department, or behind a shared mailbox, whom many outsiders ask about the same thing.

An ask is a thread that somebody outside a department begins with a few people inside it, and that ends after a few
messages. Ordinary mail between departments is told
apart by its words: a desk is asked about the same few things by ever new people. A department has as many desks as it
has teams that answer (`analyser.analysis.audiences.answering`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa

from analyser.analysis.audiences import answering
from analyser.analysis.audiences.words import EMPTY, names
from analyser.config import threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["DesksThresholds", "asks", "begun", "by_team", "desks", "involved", "joint", "members", "teams", "telling"]


class DesksThresholds(answering.AnsweringThresholds):
    """When those who answer are a desk."""

    max_asked: int = threshold(3, "People in To of an ask, at the most", ge=1)
    max_messages: int = threshold(
        6, "Messages of the thread, at the most", source="patterns.md row 3: short thread", ge=1
    )
    min_asks: int = threshold(8, "Asks about one thing", ge=2)
    min_askers: int = threshold(
        8, "Distinct outsiders who ask about it", source="patterns.md row 3: many distinct askers", ge=2
    )
    effective_askers: float = threshold(
        8.0,
        "Effective number of outsiders who ask, 1/HHI of asks: a few who ask again and again are no public",
        source="patterns.md row 3: many distinct askers",
        ge=1,
    )
    min_asker_departments: int = threshold(2, "Distinct departments that ask", ge=1)
    min_weeks: int = threshold(4, "Distinct weeks with an ask", ge=1)
    answered: float = threshold(0.5, "Share of asks that somebody inside answers", ge=0, le=1)
    lift: float = threshold(3.0, "How much oftener the word stands in asks of this desk than in asks at large", gt=0)
    own: float = threshold(
        0.8, "Share of the asks with a word that come to this desk, from which the word tells at any lift", gt=0, le=1
    )
    min_word: int = threshold(3, "Letters of a telling word", ge=2)


def begun(
    mail: ir.Table, parts: ir.Table, principals: ir.Table, threads: ir.Table, limits: DesksThresholds
) -> ir.Table:
    """Short threads that somebody begins with a few people of one department: `thread`, `sent_at`, `stem`, `asker`,
    `asker_department`, `desk` (the department asked), `boxed`, `own` (whether it is the asker's).

    A shared mailbox without a department (`boxed`) is a desk of its own.
    """
    placed = _placed(principals)
    sent = mail.filter((mail.thread == mail.message) & ~mail.automatic & ~mail.external & mail.stem.notnull())
    short = threads.filter(threads.messages <= limits.max_messages).select("thread")
    sent = sent.semi_join(short, "thread").select("thread", "sent_at", "stem", asker="sender")
    to = parts.filter(parts.role == "to").semi_join(sent, parts.message == sent.thread).inner_join(placed, "actor")
    # first and last in place of distinct values, which cost more in as many groups as there are threads
    asked = to.group_by("message").agg(
        asked=to.count(), desk=to.place.min(), last=to.place.max(), unplaced=to.place.isnull().any(),
        boxed=to.boxed.any(),
    )  # fmt: skip
    asked = asked.filter((asked.asked <= limits.max_asked) & (asked.desk == asked["last"]) & ~asked.unplaced)
    rows = sent.inner_join(asked, sent.thread == asked.message).inner_join(
        placed.select(asker="actor", asker_department="place"), "asker"
    )
    rows = rows.mutate(own=rows.asker_department == rows.desk)
    return rows.select("thread", "sent_at", "stem", "asker", "asker_department", "desk", "boxed", "own")


def asks(rows: ir.Table, mail: ir.Table, principals: ir.Table, limits: DesksThresholds) -> ir.Table:
    """What was asked, and who answered: `thread`, `sent_at`, `stem`, `asker`, `asker_department`, `desk`, `answerer`,
    `word`.

    One row per ask, word of its stem and person inside who answered (null where nobody did). Whoever answers what a
    mailbox without a department was asked is inside.

    Parameters
    ----------
    rows
        Rows of `begun`: those of outsiders, or those of the department's own people.
    """
    rows = rows.left_join(_answers(rows, mail, _placed(principals)), "thread").select(
        "thread", "sent_at", "stem", "asker", "asker_department", "desk", "answerer"
    )
    rows = rows.mutate(word=rows.stem.split(" ").unnest())
    rows = rows.filter((rows.word.length() >= limits.min_word) & rows.word.notin(sorted(EMPTY)))
    return rows.anti_join(names(principals, limits.min_word), "word")


def _placed(principals: ir.Table) -> ir.Table:
    """Where people and shared mailboxes inside belong: `actor`, `place`, `shared`, `boxed` (a mailbox without a
    department).
    """
    rows = principals.filter(principals.is_internal & principals.kind.isin(["person", "shared"]))
    shared = rows.kind == "shared"
    boxed = rows.department.isnull() & shared
    return rows.select("actor", place=boxed.ifelse(rows.principal, rows.department), shared=shared, boxed=boxed)


def _answers(rows: ir.Table, mail: ir.Table, placed: ir.Table) -> ir.Table:
    """Who inside answered what: `thread`, `answerer`."""
    later = mail.filter(mail.thread != mail.message).select("thread", answerer="sender").distinct()
    later = later.inner_join(placed.select(answerer="actor", answerer_place="place"), "answerer")
    both = rows.select("thread", "asker", "desk", "boxed").inner_join(later, "thread")
    inside = (both.answerer_place == both.desk) | both.boxed
    return both.filter(inside.fill_null(False) & (both.answerer != both.asker)).select("thread", "answerer")  # noqa: FBT003


def telling(rows: ir.Table, limits: DesksThresholds) -> ir.Table:
    """Words that many outsiders write to one desk and hardly to others: `desk`, `word`, `askers`.

    Parameters
    ----------
    rows
        As `asks` returns; asks whose `desk` is null count for how common a word is, and for no desk.
    """
    distinct = rows.select("desk", "word", "thread").distinct()
    overall = distinct.group_by("word").agg(all=distinct.count())
    own = rows.filter(rows.desk.notnull())
    by_desk = own.group_by("desk", "word").agg(
        asks=own.thread.nunique(),
        askers=own.asker.nunique(),
        places=own.asker_department.nunique(),
        weeks=own.sent_at.truncate("W").nunique(),
        answered=own.thread.nunique(where=own.answerer.notnull()),
    )
    total = own.group_by("desk").agg(total=own.thread.nunique())
    everything = rows.thread.nunique().as_scalar()
    scored = by_desk.inner_join(overall, "word").inner_join(total, "desk")
    share = scored.asks.cast("float64") / scored["all"]
    lift = share / (scored.total.cast("float64") / everything)
    return scored.filter(
        (scored.asks >= limits.min_asks)
        & (scored.askers >= limits.min_askers)
        & (scored.places >= limits.min_asker_departments)
        & (scored.weeks >= limits.min_weeks)
        & (scored.answered >= limits.answered * scored.asks)
        & ((lift >= limits.lift) | (share >= limits.own))
    ).select("desk", "word", "askers")


def involved(rows: ir.Table, parts: ir.Table, principals: ir.Table) -> ir.Table:
    """Who of a department was on an ask: `thread`, `desk`, `actor`, `handles`.

    It is handled by those who answered, by those who were asked where nobody did, and by a shared mailbox that was
    asked, whoever answers: what is behind one mailbox is one desk.
    """
    placed = _placed(principals).select("actor", "place", "shared")
    found = rows.group_by("thread", "desk").agg(answered=rows.answerer.notnull().any())
    first = found.inner_join(parts.filter(parts.role != "from"), found.thread == parts.message)
    first = first.inner_join(placed, "actor")
    first = first.filter(first.place == first.desk)
    first = first.select("thread", "desk", "actor", handles=(first.shared | ~first.answered) & (first.role == "to"))
    answer = rows.filter(rows.answerer.notnull()).select("thread", "desk", actor="answerer").distinct()
    both = first.union(answer.mutate(handles=ibis.literal(True)))  # noqa: FBT003
    return both.group_by("thread", "desk", "actor").agg(handles=both.handles.any())


def joint(on: ir.Table, rows: ir.Table, words: ir.Table, limits: DesksThresholds) -> tuple[ir.Table, ir.Table]:
    """What answerers were asked about, and with whom: (`desk`, `actor`, `word`, `asks`, `mentions`), (`desk`, `actor`,
    `other`, `asks`); only asks with a telling word count, and only answerers with enough of them.

    An ask with three telling words counts a third for each of them, and is three mentions.

    Parameters
    ----------
    on
        Result of `involved`.
    words
        Result of `telling`.
    """
    topical = rows.select("thread", "desk", "word").distinct().semi_join(words, ["desk", "word"])
    on = on.semi_join(topical, ["thread", "desk"])
    handled = on.filter(on.handles)
    busy = handled.group_by("desk", "actor").agg(asks=handled.count())
    busy = busy.filter(busy.asks >= limits.min_handled)
    busy = busy.mutate(
        place=ibis.row_number().over(ibis.window(group_by="desk", order_by=[ibis.desc(busy.asks), busy.actor]))
    ).filter(lambda t: t.place < limits.max_answerers)
    parted = topical.mutate(part=1 / ibis._.count().over(ibis.window(group_by=["thread", "desk"])).cast("float64"))
    by_word = handled.semi_join(busy, ["desk", "actor"]).inner_join(parted, ["thread", "desk"])
    # rounded: the order in which an engine adds must not decide who is alike
    by_word = by_word.group_by("desk", "actor", "word").agg(asks=by_word.part.sum().round(9), mentions=by_word.count())
    kept = on.semi_join(busy, ["desk", "actor"]).select("thread", "desk", "actor")
    pairs = kept.inner_join(kept.select("thread", "desk", other="actor"), ["thread", "desk"])
    pairs = pairs.filter(pairs.actor != pairs.other)
    counted = pairs.group_by("desk", "actor", "other").agg(asks=pairs.count())
    everyone = busy.select("desk", "actor", "asks").mutate(other=busy.actor)
    return by_word, everyone.select("desk", "actor", "other", "asks").union(counted)


def teams(by_word: pa.Table, pairs: pa.Table, limits: DesksThresholds) -> pa.Table:
    """The teams of every department: `desk`, `actor`, `team`, a number from 0 in each desk.

    Parameters
    ----------
    by_word, pairs
        Results of `joint`; the pair of an answerer with itself bears all of its asks.
    """
    found: dict[str, list[object]] = {"desk": [], "actor": [], "team": []}
    desk_of = pairs["desk"].to_numpy(zero_copy_only=False).astype(str)
    word_desk = by_word["desk"].to_numpy(zero_copy_only=False).astype(str)
    for desk in np.unique(desk_of).tolist():
        own = pairs.filter(pa.array(desk_of == desk))
        actors, at = np.unique(own["actor"].to_numpy(), return_inverse=True)
        together = np.zeros((len(actors), len(actors)))
        together[at, np.searchsorted(actors, own["other"].to_numpy())] = own["asks"].to_numpy()
        np.fill_diagonal(together, 0)
        used = by_word.filter(pa.array(word_desk == desk))
        _, column = np.unique(used["word"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
        words = np.zeros((len(actors), int(column.max()) + 1))
        who = np.searchsorted(actors, used["actor"].to_numpy())
        words[who, column] = used["asks"].to_numpy()
        mentions = np.bincount(who, used["mentions"].to_numpy(), len(actors)).astype(np.float64)
        found["desk"] += [desk] * len(actors)
        found["actor"] += actors.tolist()
        found["team"] += answering.teams(words, mentions, together, limits).tolist()
    kinds = {"desk": pa.string(), "actor": pa.int32(), "team": pa.int64()}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in found.items()})


def by_team(rows: ir.Table, on: ir.Table, team: ir.Table) -> ir.Table:
    """The rows of `asks` with the team that handled each in place of the department in `desk`; null where none did.

    An ask that two teams handled counts for the first of them. `department` bears what `desk` was.
    """
    handled = on.filter(on.handles).inner_join(team, ["desk", "actor"])
    own = handled.group_by("thread", "desk").agg(team=handled.team.min())
    placed = rows.left_join(own, ["thread", "desk"]).drop("thread_right", "desk_right")
    return placed.mutate(
        department=placed.desk, desk=placed.desk + ibis.literal("\n") + placed.team.cast("string")
    ).drop("team")


def desks(rows: ir.Table, words: ir.Table, limits: DesksThresholds) -> ir.Table:
    """Asks of desks: `desk`, `department`, `thread`, `stem`, `word`, `asker`, `answerer`; one row per word, too.

    A desk is what one team is asked about: all of its asks whose subject bears a telling word.

    Parameters
    ----------
    rows
        Result of `by_team`.
    words
        Result of `telling` on these rows.
    """
    told = rows.inner_join(words.select("desk", "word"), ["desk", "word"])
    asked = told.select("desk", "thread", "asker").distinct()
    each = asked.group_by("desk", "asker").agg(n=asked.count().cast("float64"))
    public = each.group_by("desk").agg(asks=each.n.sum(), askers=each.count(), squares=(each.n * each.n).sum())
    kept = public.filter(
        (public.asks >= limits.min_asks)
        & (public.askers >= limits.min_askers)
        & (public.asks * public.asks / public.squares >= limits.effective_askers)
    )
    return told.semi_join(kept, "desk")


def members(desk_threads: ir.Table, people: ir.Table) -> ir.Table:
    """Who belongs to a desk: `audience`, `actor`, `role`; those who answer are the core."""
    answer = desk_threads.filter(desk_threads.answerer.notnull()).select("audience", actor="answerer")
    ask = desk_threads.select("audience", actor="asker")
    rows = answer.mutate(core=1).union(ask.mutate(core=0)).semi_join(people, "actor")
    roles = rows.group_by("audience", "actor").agg(core=rows.core.max())
    return roles.select("audience", "actor", role=(roles.core == 1).ifelse("core", "peripheral"))
