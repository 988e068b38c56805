"""The period that mail really fills: a few messages with a wrong clock must not make everything else look old.

An archive holds stragglers: a mail from 1998, a batch that a broken machine dated two years ahead. Ages and silences
counted from the newest of them would call every living group dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PeriodThresholds", "bounds"]


class PeriodThresholds(Thresholds):
    """When a week counts as a part of the period."""

    live_share: float = threshold(
        0.1, "Messages of a week, as a share of the median week with mail, from which the week is alive", ge=0, le=1
    )


def bounds(sent_at: pa.ChunkedArray, limits: PeriodThresholds) -> tuple[datetime, datetime] | None:
    """First message of the first living week, and last message of the last one; None without messages.

    Parameters
    ----------
    sent_at
        Instants of all messages, shape (n,).

    Notes
    -----
    The median is taken over messages, not over weeks: half of all messages were sent in weeks at least that busy.
    However long a thin tail is, it does not lower it.
    """
    if not len(sent_at):
        return None
    rows = pa.table({"week": pc.floor_temporal(sent_at, unit="week"), "sent_at": sent_at})
    weeks = rows.group_by("week").aggregate([("sent_at", "count"), ("sent_at", "min"), ("sent_at", "max")])
    weeks = weeks.sort_by([("sent_at_count", "ascending")])
    count = weeks["sent_at_count"].to_numpy()
    median = count[(count.cumsum() * 2 >= count.sum()).argmax()]
    living = weeks.filter(pc.greater_equal(weeks["sent_at_count"], limits.live_share * float(median)))
    return pc.min(living["sent_at_min"]).as_py(), pc.max(living["sent_at_max"]).as_py()
