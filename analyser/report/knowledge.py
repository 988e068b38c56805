"""What departments know and are asked, and how they talk, in sentences for the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from analyser.analysis import knowledge
from analyser.analysis.brokerage import BrokerageThresholds
from analyser.findings import locked
from analyser.privacy import suppress
from analyser.report import connections
from analyser.report.text import capitalised, clean, counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyser.lake.store import Lake
    from analyser.privacy import Pseudonyms

__all__ = ["Departments", "Topic", "Topics", "departments", "topics"]

_FRAGILE_SHOWN: Final = 40
"""Links that are listed; a matrix of departments shows all."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What one department is asked about, and which proposal would open it, if there is one."""

    about: str
    department: str
    story: str
    space: str


@dataclass(frozen=True, slots=True)
class Topics:
    """Locked topics, and others that are asked about."""

    opening: str
    locked: tuple[Topic, ...]
    others: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Departments:
    """Pairs that hardly talk, communities across departments, links that rest on few people: sentences."""

    missing: tuple[str, ...]
    communities: tuple[str, ...]
    fragile: tuple[str, ...]


def topics(lake: Lake, documents: Sequence[Mapping[str, Any]], pseudonyms: Pseudonyms, minimum: int) -> Topics | None:
    """What departments are asked again and again; None where that was not analysed.

    Figures about fewer than `minimum` people are not told, nor whether such a topic is locked.
    """
    if not lake.exists("knowledge"):
        return None
    spaces = {d["evidence"]["audience"]: d for d in documents}
    shut: list[Topic] = []
    others: list[Topic] = []
    for audience, row in knowledge.read(lake.arrow("knowledge")).items():
        # a shared mailbox without a department goes by its address
        known = replace(row, department=pseudonyms.of(row.department)) if "@" in row.department else row
        topic = Topic(
            capitalised(clean(", ".join(known.terms))),
            clean(known.department, 80),
            clean(locked.story(known, minimum)),
            _space(spaces.get(audience)),
        )
        (shut if known.locked and not suppress(known.outside_askers, minimum) else others).append(topic)
    if not shut and not others:
        return Topics("No department is asked about the same things by many outsiders.", (), ())
    if not shut:
        return Topics("What departments are asked is answered by many, or in public.", (), tuple(others))
    named = listed(sorted({topic.department for topic in shut}))
    what = f"{counted(len(shut), 'topic')} {'is' if len(shut) == 1 else 'are'} locked in {named}"
    why = "outsiders of several departments ask, few answer, in private mail, and new people ask the same again"
    return Topics(f"{what}: {why}.", tuple(shut), tuple(others))


def _space(document: Mapping[str, Any] | None) -> str:
    if document is None:
        return ""
    name = clean(document["name"], 80)
    if document["pilot"]:
        return f"The pilot “{name}” would open it."
    place = f"Number {document['rank']} of the list, “{name}”, would open it"
    return f"{place}; no pilot so far: {clean(document['why_not'])}." if document["why_not"] else f"{place}."


def departments(lake: Lake, thresholds: Mapping[str, Any], minimum: int) -> Departments | None:
    """How departments talk; None where that was not analysed.

    Parameters
    ----------
    thresholds
        Those of the stage `connections` in the run that filled the lake.
    """
    if not lake.exists("department_links"):
        return None
    limits = BrokerageThresholds(**thresholds)
    found = connections.read(lake, minimum)
    fragile = [link for link in found.links if connections.link_is_fragile(link, limits.fragile_share)]
    return Departments(
        tuple(
            clean(connections.bridge_sentence(row, minimum, limits.shared_words, limits.shared_contacts))
            for row in found.missing_bridges
        ),
        tuple(clean(connections.practice_sentence(row)) for row in found.practice_communities),
        tuple(clean(connections.link_sentence(link, minimum)) for link in fragile[:_FRAGILE_SHOWN]),
    )
