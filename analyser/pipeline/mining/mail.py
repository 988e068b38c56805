"""One row per message with what mining looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from analyser.pipeline.run import Run

__all__ = ["join_mail"]


def join_mail(run: Run) -> None:
    """Keep the table `mail`."""
    limits = run.thresholds["series"]
    inside = run["principals"].select(sender="actor", sender_inside="is_internal")
    members = run["group_members"].inner_join(
        run["principals"], run["group_members"].group == run["principals"].principal
    )
    sizes = members.group_by("actor").agg(size=members.count())
    lists = run["principals"].filter(lambda t: t.kind == "list").select("actor")
    addressed = run["participants"].filter(lambda t: t.role != "from").semi_join(lists, "actor")
    addressed = addressed.left_join(sizes, "actor")
    # a list of unknown size reaches as many as a broadcast does; one whose members are known reaches them
    addressed = addressed.group_by("message").agg(
        size=addressed["size"].fill_null(limits.broadcast_people).max(),
        to_list=ibis.literal(True),  # noqa: FBT003
    )
    rows = run["sent"].drop("subject_key").inner_join(inside, "sender").inner_join(run["message_flags"], "message")
    rows = rows.inner_join(run["message_threads"], "message").left_join(addressed, "message").drop("message_right")
    run.keep(
        "mail",
        rows.mutate(
            reach=ibis.greatest(rows.people, rows["size"].fill_null(0)).cast("int64"),
            to_list=rows.to_list.fill_null(False),  # noqa: FBT003
        ).drop("size"),
    )
