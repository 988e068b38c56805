"""Analyses that are made only to be judged: of earlier mail, or without a sample. Nothing of them is published.

Each trial opens the lake anew, so that its tables are gone when it ends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from analyser import pipeline
from analyser.evaluation.coverage import Coverage, cover, group_mail, weights
from analyser.evaluation.stability import Stability, in_sample, stability
from analyser.lake.store import Lake

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from analyser.config import Settings
    from analyser.evaluation.coverage import GroupMail
    from analyser.pipeline.run import Listener, Run

__all__ = ["cross_validate", "leave_out"]


def cross_validate(settings: Settings, splits: Sequence[datetime], listener: Listener) -> list[Coverage]:
    """Of each split, how much of the later group mail the proposals made from earlier mail cover.

    Raises
    ------
    EmptyLakeError
        No mail was sent before a split.
    """
    with Lake(settings.lake) as lake:
        mails = _group_mail(lake, settings, splits, listener)
    found = []
    for split, mail in zip(splits, mails, strict=True):
        with Lake(settings.lake) as lake:
            proposals = documents(pipeline.trial(lake, settings, since=None, until=split, listener=listener))
        found.append(cover(mail, [p["members"] for p in proposals if p["status"] != "leave"]))
    return found


def leave_out(settings: Settings, runs: int, listener: Listener) -> Stability | None:
    """Analyse the whole mail, and `runs` times without a sample; None where there are no pilots."""
    found = []
    for number in range(-1, runs):
        with Lake(settings.lake) as lake:
            only = (lambda messages, n=number: ~in_sample(messages.message_key, n)) if number >= 0 else None
            found.append(
                documents(pipeline.trial(lake, settings, since=None, until=None, listener=listener, only=only))
            )
    return stability(found[0], found[1:])


def documents(run: Run) -> list[dict[str, Any]]:
    """Proposals of a run in rank order."""
    rows = run["proposals"].to_pyarrow().sort_by("rank")
    return [json.loads(text) for text in rows["document"].to_pylist()]


def _group_mail(lake: Lake, settings: Settings, splits: Sequence[datetime], listener: Listener) -> list[GroupMail]:
    """Group mail of the whole lake, weighed for each split."""
    run = pipeline.trial(lake, settings, since=None, until=None, listener=listener, last="participants")
    named = run["recipient_set_members"].inner_join(run["actors"], "actor")
    members = named.select("recipient_set", "principal").to_pyarrow()
    return [group_mail(weights(run["sets"], run["messages"], split).to_pyarrow(), members) for split in splits]
