"""The report: one HTML page that holds everything it shows, for a reader who has two minutes or an hour.

It needs no script and asks the network for nothing; its Content-Security-Policy forbids both.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from analyser.errors import EmptyLakeError, MissingExtraError
from analyser.privacy import Pseudonyms, lake_secret, suppressed
from analyser.proposals.shown import without_mailbox
from analyser.report import charts, content, knowledge, maps, measures, networks
from analyser.report.svg import themed, variable
from analyser.report.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyser.config import Settings
    from analyser.lake.store import Lake
    from analyser.report.content import Card
    from analyser.report.svg import Picture

__all__ = ["render"]

BACKLOG_SHOWN: Final = 12
"""Rows of the backlog that stand open; the rest opens on demand."""

BACKLOG_ON_MAP: Final = 4
DRAWN_MEMBERS: Final = 300
"""Members up to which a space's people are drawn; beyond, a picture shows nothing that a number does not."""

_GUARDED: Final = frozenset({"defer", "leave"})


def render(lake: Lake, settings: Settings, *, pseudonyms: Pseudonyms | None = None) -> str:
    """The report as HTML.

    Parameters
    ----------
    lake
        An open lake, after `analyser analyse`.
    pseudonyms
        How people are shown; None: as ``privacy.pseudonyms`` says, with the secret of the lake.

    Raises
    ------
    EmptyLakeError
        Nothing has been analysed yet.
    MissingExtraError
        The extra `report` is not installed.
    """
    if not lake.exists("proposals"):
        raise EmptyLakeError("proposals", fix="run 'analyser analyse' first")
    if pseudonyms is None:
        pseudonyms = Pseudonyms(lake_secret(lake.path), enabled=settings.privacy.pseudonyms)
    rows = lake.arrow("proposals").sort_by("rank")["document"].to_pylist()
    documents = [without_mailbox(json.loads(text), pseudonyms) for text in rows]
    page: str = _template().render(_context(lake, settings, documents, pseudonyms))
    return page


def _template() -> Any:
    try:
        import jinja2  # noqa: PLC0415  an extra: imported by who renders
        from markupsafe import Markup  # noqa: PLC0415  comes with jinja2
    except ImportError as error:
        raise MissingExtraError("report", wanted_for="the report") from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analyser.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # both are the program's own: texts in a picture were escaped when it was drawn
    environment.filters["inline"] = lambda svg: Markup(themed(svg))  # noqa: S704
    environment.filters["variable"] = variable
    style = resources.files("analyser.report").joinpath("static/report.css").read_text(encoding="utf-8")
    environment.globals["style"] = Markup(style)  # noqa: S704
    return environment.get_template("report.html.j2")


def _context(
    lake: Lake, settings: Settings, documents: Sequence[dict[str, Any]], pseudonyms: Pseudonyms
) -> dict[str, Any]:
    minimum, zone = settings.privacy.minimum_group, settings.organisation.zone
    people, run, reading = measures.people(lake), measures.run_entries(lake), measures.reading(lake)
    directory = content.Directory(people, pseudonyms)
    open_ = [d for d in documents if d["status"] not in _GUARDED]
    chosen = [d for d in open_ if d["pilot"]]
    backlog = [content.row(d, directory, minimum) for d in open_ if not d["pilot"]]
    cards = [content.card(d, place, directory, zone, minimum) for place, d in enumerate(chosen, 1)]
    end = datetime.fromisoformat(run["now"]) if "now" in run else reading.newest or datetime.now(UTC)
    once, every = measures.distinct_messages(lake, [c.audience for c in cards])
    served = sum(d["share_of_benefit"] for d in chosen)
    flows = measures.flows(lake)
    return {
        "organisation": clean(settings.organisation.name, 120),
        "opening": content.opening(cards, served, once / every if every else 1.0, len(backlog)),
        "shared": every - once,
        "cards": cards,
        "pictures": _card_pictures(lake, settings, cards, end),
        "organisation_map": _map(people, open_, flows, minimum),
        "coverage": charts.coverage_curve(
            "coverage", [(clean(d["name"], 80), d["share_of_benefit"], d["pilot"]) for d in open_]
        )
        if open_
        else None,
        "flows": _flows(people, flows, minimum),
        "why_these": content.why_these(cards, run.get("thresholds", {}).get("portfolio", {})),
        "backlog": backlog[:BACKLOG_SHOWN],
        "backlog_rest": backlog[BACKLOG_SHOWN:],
        "parked": [content.row(d, directory, minimum) for d in documents if d["status"] == "defer"],
        "left_alone": sum(d["status"] == "leave" for d in documents),
        "topics": knowledge.topics(lake, documents, pseudonyms, minimum),
        "departments": knowledge.departments(lake, run.get("thresholds", {}).get("connections", {}), minimum),
        "read": content.account(reading),
        "thresholds": _thresholds(run.get("thresholds", {})),
        "savings": run.get("savings") or settings.savings.model_dump(),
        "suppressed": suppressed(minimum),
        "pseudonyms": pseudonyms.enabled,
        "subjects": settings.privacy.subjects,
        "timezone": settings.organisation.timezone,
        "as_of": end.astimezone(zone).strftime("%d %B %Y").lstrip("0"),
        "counts": run.get("counts", {}),
    }


def _card_pictures(
    lake: Lake, settings: Settings, cards: Sequence[Card], end: datetime
) -> dict[int, tuple[Picture | None, Picture | None]]:
    """Calendar and members of each pilot; neither where too few people would be singled out."""
    since = end - timedelta(weeks=charts.WEEKS + 1)
    days = measures.days(lake, [c.audience for c in cards], settings.organisation.timezone, since) if cards else {}
    last = end.astimezone(settings.organisation.zone).date()
    result: dict[int, tuple[Picture | None, Picture | None]] = {}
    for card in cards:
        if card.too_few:
            result[card.number] = (None, None)
            continue
        calendar = charts.cadence_calendar(
            f"cadence-{card.number}", card.name, days[card.audience], last, expected=card.weekday
        )
        result[card.number] = (calendar, _members(lake, card) if len(card.members) <= DRAWN_MEMBERS else None)
    return result


def _members(lake: Lake, card: Card) -> Picture:
    dots = [
        networks.Dot(
            member.principal,
            member.initials,
            f"{member.name}, {member.department}" + (", proposed owner" if member.owner else ""),
            member.core,
            member.owner,
            member.department,
        )
        for member in card.members
    ]
    pairs = measures.ties(lake, [member.principal for member in card.members])
    return networks.members_picture(f"members-{card.number}", card.name, dots, pairs)


def _inside(people: Mapping[str, measures.Person]) -> dict[str, str]:
    return {p.principal: clean(p.department, 80) for p in people.values() if p.is_person}


def _shown(flows: Sequence[measures.Flow]) -> list[measures.Flow]:
    return [measures.Flow(clean(f.source, 80), clean(f.target, 80), f.deliveries, f.people) for f in flows]


def _map(
    people: Mapping[str, measures.Person],
    documents: Sequence[dict[str, Any]],
    flows: Sequence[measures.Flow],
    minimum: int,
) -> Picture | None:
    departments = _inside(people)
    if not departments:
        return None
    pilots = [d for d in documents if d["pilot"]]
    next_ = [d for d in documents if not d["pilot"]][:BACKLOG_ON_MAP]
    hubs = [maps.Hub(place, clean(d["name"], 80), frozenset(d["members"])) for place, d in enumerate(pilots, 1)]
    hubs += [maps.Hub(None, clean(d["name"], 80), frozenset(d["members"])) for d in next_]
    return maps.organisation_map("map", departments, hubs, _shown(flows), minimum)


def _flows(people: Mapping[str, measures.Person], flows: Sequence[measures.Flow], minimum: int) -> Picture | None:
    headcount = Counter(_inside(people).values())
    if len(headcount) < 2:  # noqa: PLR2004  a flow has two ends
        return None
    return charts.flow_matrix("flows", _shown(flows), headcount, minimum)


def _thresholds(models: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Thresholds by stage or rule, lists as the number of their entries."""
    return [
        (
            stage.replace("_", " "),
            [
                (
                    name.replace("_", " "),
                    counted(len(value), "entry", "entries") if isinstance(value, list) else f"{value}",
                )
                for name, value in values.items()
            ],
        )
        for stage, values in models.items()
    ]
