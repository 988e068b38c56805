"""The stage that says how departments are linked, where links are missing, and who shares a practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.analysis.brokerage import bridges, links, openness, practice, talk

if TYPE_CHECKING:
    from analyser.pipeline.run import Run

__all__ = ["connections"]


def connections(run: Run) -> None:
    """Tables about departments and the links between them; no table holds a figure about one person."""
    limits, minimum = run.thresholds["connections"], run.settings.privacy.minimum_group
    mail = talk.direct_mail(run["sent"], run["participants"], run["message_flags"], run["keys"], limits)
    network = talk.talk(
        mail.order_by("source", "target").to_pyarrow(), run["people"].order_by("actor").to_pyarrow(), limits
    )
    written = talk.words(run["sent"], run["message_flags"], run["keys"], limits)
    written = written.anti_join(talk.name_words(run["principals"]), "word").order_by("actor", "word").to_pyarrow()
    found = run["communities"].order_by("actor").to_pyarrow()
    run.keep("department_openness", openness.openness(network, limits))
    run.keep("department_links", links.links(network))
    run.keep("missing_bridges", bridges.missing_bridges(network, written, minimum, limits))
    run.keep("practice_communities", practice.practice_communities(network, found, written, minimum, limits))
