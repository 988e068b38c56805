"""Batches of a source as rows of `COPIES`: keys computed from the whole subject, then the subject reduced.

The content key is 32 hexadecimal digits: half from sender, second and base subject, half from the recipients in To and
Cc. Where subjects are not kept in full, the lake's secret goes into it, so that nobody can try out words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyser import privacy
from analyser.lake.copies import COPIES, HALF, NOBODY
from analyser.lake.schema import TABLES
from analyser.lake.subjects import base_subject, is_forward, is_reply
from analyser.sources.contract import RECIPIENT, RECORDS

if TYPE_CHECKING:
    from typing import Literal

    import ibis.expr.types as ir

    from analyser.lake.engine import Engine

__all__ = ["Keying"]

_PLACED: Final = COPIES.field("recipients").type
_ROWS: Final = pa.schema(
    [
        *(field if field.name != "recipients" else field.with_type(_PLACED) for field in RECORDS),
        *(COPIES.field(name) for name in ("source", "mailbox", "sequence")),
    ]
)
_SUBJECTS: Final = pa.schema([("whole", pa.string())])
_WORDS: Final = pa.schema(
    [
        *_SUBJECTS,
        ("base", pa.string()),
        *(TABLES["messages"].schema.field(name) for name in ("subject", "base_subject", "subject_key")),
        *(TABLES["messages"].schema.field(name) for name in ("is_reply", "is_forward")),
    ]
)


class Keying:
    """Turns batches into rows, many times: what is asked of the engine is compiled once.

    Parameters
    ----------
    secret
        Secret of the lake.
    subjects
        What is kept of subjects.
    """

    def __init__(self, engine: Engine, secret: bytes, subjects: Literal["full", "terms", "none"]) -> None:
        self._secret, self._subjects = secret, subjects
        self._reduce = engine.prepare({"subjects": _SUBJECTS}, self._reduced, _WORDS)
        self._key = engine.prepare({"rows": _ROWS, "words": _WORDS}, self._keyed, COPIES)

    def rows(self, records: pa.Table, *, source: str, mailbox: str, first: int = 0) -> pa.Table:
        """Records as rows of `COPIES`, numbered from `first`."""
        count = records.num_rows
        if not count:
            return COPIES.empty_table()
        placed = _placed(records)
        placed = placed.append_column("source", pa.repeat(source, count))
        placed = placed.append_column("mailbox", pa.repeat(mailbox, count))
        placed = placed.append_column("sequence", pa.array(np.arange(first, first + count), pa.int64()))
        # subjects repeat, and they are what costs
        distinct = pc.unique(records["subject"].drop_null())
        words = self._reduce(subjects=pa.table([distinct], schema=_SUBJECTS))
        return self._key(rows=placed.cast(_ROWS), words=words)

    def _reduced(self, subjects: ir.Table) -> ir.Table:
        """What becomes of each distinct subject."""
        bases = subjects.mutate(base=base_subject(subjects.whole).nullif(""))
        subject, base = privacy.keep_subject(self._subjects, bases.whole, bases.base)
        return bases.mutate(
            subject=subject,
            base_subject=base,
            subject_key=privacy.subject_key(bases.base, self._secret),
            is_reply=is_reply(bases.whole),
            is_forward=is_forward(bases.whole),
        )

    def _keyed(self, rows: ir.Table, words: ir.Table) -> ir.Table:
        salt = ibis.literal("" if self._subjects == "full" else self._secret.hex())
        rows = rows.rename(_subject="subject").left_join(words, ibis._["_subject"] == words["whole"])
        second = rows.sent_at.strftime("%Y-%m-%d %H:%M:%S")
        group = (rows.sender + "\n" + second + "\n" + salt + rows.base.fill_null("")).hexdigest("md5")
        named = rows.recipients.filter(lambda one: one.address.notnull() & (one.role != "bcc"))
        addresses = ibis.literal("\n").join(named.map(lambda one: one.address).unique().sort())
        nobody = addresses.isnull() | (addresses == "")
        people = ibis.ifelse(nobody, NOBODY, addresses.hexdigest("md5").left(HALF))
        return rows.mutate(
            content_key=group.left(HALF) + people,
            removed=ibis.literal(value=False),
            internet_message_id=rows.internet_message_id.nullif(""),
            is_reply=rows.is_reply.fill_null(False),  # noqa: FBT003
            is_forward=rows.is_forward.fill_null(False),  # noqa: FBT003
        )


def _placed(records: pa.Table) -> pa.Table:
    """Records with the place of each recipient in the header, from 0; here, where it costs nothing."""
    column = records["recipients"].combine_chunks()
    lists = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    position = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    values = lists.flatten()
    fields = [values.field(index) for index in range(len(RECIPIENT))]
    people = pa.StructArray.from_arrays([*fields, pa.array(position, pa.int32())], fields=list(_PLACED.value_type))
    together = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), people)
    return records.set_column(records.schema.get_field_index("recipients"), "recipients", together)
