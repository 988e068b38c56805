"""What was seen of audiences: figures, members, rhythm, signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser.analysis import cadence
from analyser.analysis.audiences import figureheads, table
from analyser.findings.signals import signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from analyser.pipeline.mining.mined import Mined
    from analyser.pipeline.run import Run

__all__ = ["observe"]


def observe(run: Run, mined: Sequence[Mined]) -> dict[str, ir.Table]:
    """What was seen of these audiences: the tables that rules read."""
    messages = run.compute(ibis.union(*(m.spoken for m in mined)))
    roles = run.compute(ibis.union(*(m.members for m in mined)))
    # every message of an audience with its columns: joined once, read by all that follows
    spoken = run.compute(messages.inner_join(run["mail"], "message"))
    placed = roles.left_join(run["people"], "actor").select("audience", "actor", "department")
    half_life = run.thresholds["circles"].half_life_days
    meta = ibis.union(*(m.meta for m in mined))
    described = run.compute(table.describe(spoken, meta, placed, run["threads"], run.now, half_life))
    parts = run.compute(messages.inner_join(run["participants"].semi_join(messages, "message"), "message"))
    members = run.compute(table.describe_members(messages, roles, parts))
    # computed apart: in one query with the measures that read them they cost thirty times as much
    senders = run.compute(figureheads.ranked(spoken))
    answered = run.compute(figureheads.answered_threads(spoken, senders))
    measures = [figureheads.figureheads(spoken, senders, answered, roles, run["mail"])]
    measures += [m.measures for m in mined if m.measures is not None]
    return {
        "audience_messages": messages,
        "audiences": described,
        "audience_members": members,
        "audience_measures": run.compute(ibis.union(*measures)),
        "cadence": run.compute(_cadence(run, _rhythmic(spoken, mined))),
        "signals": run.compute(signals(spoken, members, parts)),
    }


def _rhythmic(spoken: ir.Table, mined: Sequence[Mined]) -> ir.Table:
    """Messages of the audiences whose rhythm is tested."""
    if all(m.rhythm for m in mined):
        return spoken
    return spoken.semi_join(ibis.union(*(m.meta.select("audience") for m in mined if m.rhythm)), "audience")


def _cadence(run: Run, rows: ir.Table) -> pa.Table:
    """The rhythm of every audience: one occasion per thread, since answers belong to what they answer."""
    first = rows.group_by("audience", "thread").agg(local_at=rows.local_at.min())
    occasions = first.select("audience", when=_hours(first.local_at)).order_by("audience", "when").to_pyarrow()
    # rows lie by audience: numbers of names tell where the next one begins
    coded = occasions["audience"].combine_chunks().dictionary_encode()
    names = coded.dictionary
    size = np.bincount(coded.indices.to_numpy(), minlength=len(names))
    return cadence.cadence(
        cadence.Occasions(
            names.to_pylist(),
            np.concatenate([np.zeros(1, np.int64), np.cumsum(size)]),
            occasions["when"].to_numpy(),
            _profiles(run, rows, names),
        ),
        run.thresholds["cadence"],
    )


def _hours(local: ir.TimestampValue) -> ir.FloatingValue:
    """Wall time in hours since Monday 1970-01-05 00:00."""
    return local.epoch_seconds() / 3600.0 - 96.0


def _slot(rows: ir.Table) -> ir.IntegerValue:
    """Hour of the week, 0 on Monday at midnight."""
    return (rows.local_at.day_of_week.index() * 24 + rows.local_at.hour()).cast("int64")


def _profiles(run: Run, rows: ir.Table, names: pa.StringArray) -> NDArray[np.float64]:
    """Hour-of-week profile of each audience's senders: its own messages left out, one per working hour added."""
    own = rows.select("audience", "sender", slot=_slot(rows))
    senders = own.select("audience", "sender").distinct()
    mail = run["mail"].semi_join(senders, "sender")
    mail = mail.select("sender", slot=_slot(mail))
    sent = mail.group_by("sender", "slot").agg(n=mail.count())
    habit = senders.inner_join(sent, "sender").group_by("audience", "slot").agg(n=lambda t: t.n.sum())
    minus = own.group_by("audience", "slot").agg(own=own.count())
    others = habit.left_join(minus, ["audience", "slot"])
    others = others.select("audience", "slot", n=ibis.greatest(others.n - others.own.fill_null(0), 0)).to_pyarrow()
    slots = np.arange(168)
    working = ((slots // 24 < 5) & (slots % 24 >= 8) & (slots % 24 < 17)).astype(np.float64)  # noqa: PLR2004
    profile = np.tile(working, (len(names), 1))
    at = pc.index_in(others["audience"].combine_chunks(), names).to_numpy()
    np.add.at(profile, (at, others["slot"].to_numpy()), others["n"].to_numpy().astype(np.float64))
    return np.asarray(profile / profile.sum(axis=1, keepdims=True), np.float64)
