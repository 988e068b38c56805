"""What may be shown of links between departments, and how it is said: small groups are left out, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from analyser.privacy import suppress, suppressed

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from analyser.lake.store import Lake

__all__ = [
    "Connections",
    "bridge_sentence",
    "link_is_fragile",
    "link_sentence",
    "openness_sentence",
    "practice_sentence",
    "read",
    "shown",
]

_OF_FEW_CARRIERS: Final = ("ties", "weight", "density", "carriers", "strongest_two_share")
_OF_FEW_IN_TOUCH: Final = ("ties", "carriers", "chance")
_OF_FEW_BETWEEN: Final = ("go_betweens", "strongest_two_paths", "paths_error")


@dataclass(frozen=True, slots=True)
class Connections:
    """Rows of the tables of the same names, without what small groups would give away.

    Parameters
    ----------
    minimum
        Smallest group that is spoken of.
    known_share
        Share of all people with ties whose department is known: what is said speaks of these alone.
    hidden_departments
        Departments with fewer people with ties; neither they nor their links are shown.
    """

    minimum: int
    known_share: float
    hidden_departments: int
    departments: list[dict[str, Any]]
    links: list[dict[str, Any]]
    missing_bridges: list[dict[str, Any]]
    practice_communities: list[dict[str, Any]]


def read(lake: Lake, minimum: int) -> Connections:
    """What may be shown of the links in a lake."""
    return shown(lake.arrow, minimum)


def shown(tables: Callable[[str], pa.Table], minimum: int) -> Connections:
    """What may be shown of the tables of these names.

    A figure about fewer people than `minimum` is null, and the row says why in `not_shown`.
    """
    every = _rows(tables, "department_openness")
    kept = [row for row in every if row["people"] >= minimum]
    links = [row for row in _rows(tables, "department_links") if min(row["from_people"], row["to_people"]) >= minimum]
    bridges = [row for row in _rows(tables, "missing_bridges") if min(row["people"], row["other_people"]) >= minimum]
    for row in kept:
        _hide(row, ("path_half",), row["path_half"], minimum)
    for row in links:
        _hide(row, _OF_FEW_CARRIERS, row["carriers"], minimum)
    for row in bridges:
        _hide(row, _OF_FEW_IN_TOUCH, row["carriers"], minimum)
        _hide(row, _OF_FEW_BETWEEN, row["go_betweens"] or 0, minimum)
    practice = [row for row in _rows(tables, "practice_communities") if row["people"] >= minimum]
    kept.sort(key=lambda row: (row["ei_excess"] is None, row["ei_excess"], row["department"]))
    links.sort(key=lambda row: (-(row["ties"] or 0), row["from_department"], row["to_department"]))
    known = min(1.0, sum(row["people_share"] for row in every))
    return Connections(minimum, known, len(every) - len(kept), kept, links, bridges, practice)


def _rows(tables: Callable[[str], pa.Table], name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables(name).to_pylist()
    return rows


def _hide(row: dict[str, Any], columns: tuple[str, ...], people: int, minimum: int) -> None:
    row.setdefault("not_shown", None)
    if suppress(people, minimum):
        row.update(dict.fromkeys(columns))
        row["not_shown"] = suppressed(minimum).removeprefix("not shown: ")


def link_is_fragile(link: dict[str, Any], share: float) -> bool:
    """True if a link rests on too few people to be counted, or its two strongest carry at least `share` of it."""
    strongest: float | None = link["strongest_two_share"]
    return strongest is None or strongest >= share


def link_sentence(link: dict[str, Any], minimum: int) -> str:
    """How one department is linked to another, and on how few people that rests."""
    said = f"{link['from_department']} writes to {link['to_department']}"
    if link["not_shown"] is not None:
        return f"{said} through fewer than {minimum} people."
    times = link["density"] / link["density_by_size"] if link["density_by_size"] else 0.0
    return (
        f"{said} over {times:.1f} times the ties that sizes alone would make; {link['carriers']:,} people take part,"
        f" the two strongest in {link['strongest_two_share']:.0%} of it."
    )


def openness_sentence(row: dict[str, Any], typical: float | None) -> str:
    """How far one department turns outwards.

    Parameters
    ----------
    typical
        Share of ties that the middle department keeps inside; None to leave it out.
    """
    if row["ei"] is None:
        return f"{row['department']} has no tie with a known department."
    said = f"{row['department']} keeps {(1 - row['ei']) / 2:.0%} of its ties inside; sizes alone would make it"
    said += f" {(1 - row['ei_expected']) / 2:.0%}"
    return said + (f", and the middle department here keeps {typical:.0%}." if typical is not None else ".")


def bridge_sentence(row: dict[str, Any], minimum: int, least_words: int, least_contacts: int) -> str:
    """Two departments, what they share, and how little they talk.

    Parameters
    ----------
    least_words, least_contacts
        Fewest words, and fewest common contacts, that are worth telling.
    """
    shares = []
    if len(row["shared_words"]) >= least_words:
        shares.append(f"the topics {_listed(row['shared_words'])}")
    if row["shared_contacts"] >= least_contacts:
        where = f" in {_listed(row['shared_departments'])}" if row["shared_departments"] else ""
        shares.append(f"{row['shared_contacts']:,} contacts{where}")
    said = f"{row['department']} and {row['other']} share {' and '.join(shares) or 'contacts'}"
    if row["ties"] is None:
        return f"{said}, and fewer than {minimum} of their people are in touch."
    if row["ties"] == 0:
        return f"{said}, and none of their people are in touch."
    return f"{said}, and have {row['ties'] / row['ties_by_size']:.0%} of the ties that their sizes would suggest."


def practice_sentence(row: dict[str, Any]) -> str:
    """A community across departments, and what it writes about."""
    times = row["density"] / row["density_overall"] if row["density_overall"] else 0.0
    return (
        f"{row['people']:,} people of {_listed(row['departments'])} write about {_listed(row['shared_words'])};"
        f" they are tied {times:.1f} times as densely as people at large, {row['across_share']:.0%} of it across"
        " departments."
    )


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
