"""The people of the sample organisation, and everything else that has an address.

Departments of uneven size over three sites, managers, joiners and leavers, aliases and changed names, two people of
the same name, shared mailboxes, rooms, services, distribution lists, partners and publishers outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from analyser.sources.sample.dice import Dice
from analyser.sources.sample.words import vocabulary, words

__all__ = ["SITES", "Company", "Principal", "Site", "found"]

_FOLD = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ë": "e", "ê": "e", "î": "i", "ï": "i", "ô": "o"}
)
MANAGEMENT = "Management"
SMALL_COMPANY = 150  # below, some departments do not exist


@dataclass(frozen=True, slots=True)
class Site:
    """A place of work: its time zone, its public holidays, its language."""

    name: str
    zone: str
    country: str
    subdivision: str
    language: str
    share: float


SITES = (
    Site("London", "Europe/London", "GB", "ENG", "en", 0.5),
    Site("Munich", "Europe/Berlin", "DE", "BY", "de", 0.33),
    Site("Montréal", "America/Toronto", "CA", "QC", "fr", 0.17),
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever has an address. `manager` and `site` are positions in `Company.principals` and `SITES`."""

    address: str
    name: str
    kind: str
    site: int = 0
    department: str | None = None
    title: str | None = None
    manager: int | None = None
    joined: date | None = None
    left: date | None = None
    aliases: tuple[str, ...] = ()
    former: str | None = None  # the address before the change of name, in use until `renamed`
    renamed: date | None = None

    @property
    def language(self) -> str:
        """Language of the site."""
        return SITES[self.site].language

    @property
    def is_external(self) -> bool:
        """True for everyone outside."""
        return self.kind in {"external", "publisher"}


@dataclass(slots=True)
class Company:
    """All principals by position: people first, then everything else. `teams` stand under their leads."""

    people: int
    principals: list[Principal]
    departments: dict[str, list[int]]
    heads: dict[str, int]
    teams: dict[int, list[int]]
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)  # of groups, by position of the group
    last_activity: dict[int, date] = field(default_factory=dict)  # of groups that nobody uses any more
    partners: dict[str, list[int]] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)  # rooms, services, shared, publishers

    def add(self, principal: Principal) -> int:
        """Enter a principal; its position."""
        self.principals.append(principal)
        return len(self.principals) - 1

    def add_group(self, local: str, name: str, members: list[int], kind: str = "distribution_list") -> int:
        """Enter a group with its members; its position. `kind` as the directory names it."""
        position = self.add(Principal(f"{local}@{domain()}", name, kind))
        self.members[position] = tuple(sorted(members))
        return position

    def list_of(self, name: str) -> int:
        """Position of the group of this name."""
        return next(i for i in self.members if self.principals[i].name == name)

    def language(self, position: int) -> str:
        """Language in which a principal writes."""
        return self.principals[position].language


def domain() -> str:
    """Mail domain of the organisation."""
    return str(vocabulary()["organisation"]["domain"])


def found(people: int, start: date, end: date, seed: int) -> Company:
    """Set up the organisation.

    Parameters
    ----------
    people
        Number of persons who have worked there within the period.
    start, end
        First and last day of the period.
    seed
        Of the whole sample.
    """
    dice = Dice(seed, "people")
    departments = _departments(people, dice)
    persons = _persons(departments, dice)
    heads = {name: members[0] for name, members in departments.items()}
    teams = _teams(departments, heads, persons, dice)
    persons = _with_careers(persons, {*heads.values(), *teams}, start, end, Dice(seed, "careers"))
    company = Company(people, _with_aliases(persons, start, end, Dice(seed, "aliases")), departments, heads, teams)
    _add_places(company)
    _add_lists(company, end, Dice(seed, "lists"))
    _add_outsiders(company, people, Dice(seed, "outside"))
    return company


def _departments(people: int, dice: Dice) -> dict[str, list[int]]:
    """Positions of the people of each department; the head first. Management holds position 0."""
    table: list[dict[str, Any]] = vocabulary()["departments"]
    table = table[:8] if people < SMALL_COMPANY else table
    shares = np.array([entry["share"] for entry in table]) * dice.rng.uniform(0.8, 1.2, len(table))
    managers = max(2, round(people * 0.012))
    sizes = np.maximum(4, np.floor(shares / shares.sum() * (people - managers)).astype(int))
    sizes[0] += people - managers - int(sizes.sum())
    bounds = np.concatenate([[managers], managers + np.cumsum(sizes)])
    departments = {MANAGEMENT: list(range(managers))}
    for entry, low, high in zip(table, bounds[:-1], bounds[1:], strict=True):
        departments[entry["name"]] = list(range(int(low), int(high)))
    return departments


def _persons(departments: dict[str, list[int]], dice: Dice) -> list[Principal]:
    titles = {entry["name"]: entry["titles"] for entry in vocabulary()["departments"]}
    titles[MANAGEMENT] = ["Executive Assistant", "Strategy Manager"]
    shares = np.array([site.share for site in SITES])
    persons: list[Principal] = []
    taken: set[str] = set()
    for name, members in departments.items():
        weights = dice.rng.dirichlet(shares * 6 + 0.2)
        for position in members:
            site = 0 if position == 0 else int(dice.rng.choice(len(SITES), p=weights))
            full = _name(SITES[site].language, taken, dice)
            if position == members[0] + 3 and name in {"Sales", "Production"}:
                full = persons[-1].name  # two people of one name: identity must not rest on names
            address = _address(full, taken)
            title = f"Head of {name}" if position == members[0] else dice.pick(titles[name])
            persons.append(Principal(address, full, "person", site, name, title))
    persons[0] = replace(persons[0], title="Chief Executive")
    return persons


def _name(language: str, taken: set[str], dice: Dice) -> str:
    for _ in range(200):
        # people move between countries: one in ten bears a name from elsewhere
        origin = language if dice.chance(0.9) else dice.pick(("en", "de", "fr"))
        name = f"{dice.pick(words('names', f'{origin}_first'))} {dice.pick(words('names', f'{origin}_last'))}"
        if _local(name) not in taken:
            return name
    return name  # in a very large organisation names repeat; addresses do not


def _local(name: str) -> str:
    return name.lower().translate(_FOLD).replace(" ", ".").encode("ascii", "ignore").decode()


def _address(name: str, taken: set[str]) -> str:
    local, number = _local(name), 1
    while (unique := local if number == 1 else f"{local}{number}") in taken:
        number += 1
    taken.add(unique)
    return f"{unique}@{domain()}"


def _teams(
    departments: dict[str, list[int]], heads: dict[str, int], persons: list[Principal], dice: Dice
) -> dict[int, list[int]]:
    """Cut departments into teams of one site where possible; enter managers and titles of leads into `persons`."""
    teams: dict[int, list[int]] = {}
    for name, members in departments.items():
        head = heads[name]
        if head != 0:
            persons[head] = replace(persons[head], manager=0)
        rest = sorted((i for i in members if i != head), key=lambda i: (persons[i].site, i))
        while rest:
            size = dice.whole(6, 11)
            size = len(rest) if len(rest) - size < 4 else size  # noqa: PLR2004  fewer than four are no team
            lead, team, rest = rest[0], rest[1:size], rest[size:]
            if name == MANAGEMENT or len(members) < SMALL_COMPANY // 20:
                team, lead = [lead, *team], head
            else:
                persons[lead] = replace(persons[lead], manager=head, title=f"Team Lead {name}")
            teams[lead] = teams.get(lead, []) + team
            for i in team:
                persons[i] = replace(persons[i], manager=lead)
    return teams


def _with_careers(persons: list[Principal], leads: set[int], start: date, end: date, dice: Dice) -> list[Principal]:
    """First and last days: leads stay; one in eight joins within the period, one in twenty leaves."""
    order = dice.some([i for i in range(len(persons)) if i not in leads], len(persons))
    joiners = set(order[: max(9, len(persons) // 8)])
    leavers = set(order[len(joiners) : len(joiners) + max(2, len(persons) // 20)])
    days = (end - start).days
    dated = []
    for position, person in enumerate(persons):
        joined = start - timedelta(days=dice.whole(60, 15 * 365))
        left = None
        if position in joiners:
            joined = start + timedelta(days=dice.whole(10, days - 21))
        elif position in leavers:
            left = start + timedelta(days=dice.whole(days // 6, days - 7))
        dated.append(replace(person, joined=joined, left=left))
    return dated


def _with_aliases(persons: list[Principal], start: date, end: date, dice: Dice) -> list[Principal]:
    """Old domains, X.500 addresses and changed names. All but plus-addresses stand in the directory."""
    former_domain = vocabulary()["organisation"]["former_domain"]
    changed = []
    for position, person in enumerate(persons):
        local = person.address.split("@")[0]
        aliases = []
        if dice.chance(0.35):
            aliases.append(f"/o=contoso/ou=exchange administrative group/cn=recipients/cn={position:05x}-{local[:12]}")
        if dice.chance(0.12):
            aliases.append(f"{local}@{former_domain}")
        if dice.chance(0.15):
            aliases.append(f"{local[0]}{local.split('.')[-1]}{position}@{domain()}")
        former = renamed = None
        if dice.chance(0.025):
            former = f"{local.split('.')[0]}.{_local(dice.pick(words('names', 'en_last')))}{position}@{domain()}"
            renamed = start + (end - start) * dice.real(0.2, 0.8)
            aliases.append(former)
        changed.append(replace(person, aliases=tuple(aliases), former=former, renamed=renamed))
    return changed


def _add_places(company: Company) -> None:
    section = vocabulary()["organisation"]
    company.places = {"service": [], "shared": [], "room": [], "publisher": []}
    for local in section["services"]:
        service = Principal(f"{local}@{domain()}", local.replace("-", " ").title(), "service")
        company.places["service"].append(company.add(service))
    for local, department in section["shared"]:
        shared = Principal(f"{local}@{domain()}", local.title(), "shared", department=department)
        company.places["shared"].append(company.add(shared))
    for index, room in enumerate(section["rooms"]):
        place = Principal(f"room.{room.lower()}@{domain()}", f"Room {room}", "room", index % len(SITES))
        company.places["room"].append(company.add(place))


def _add_lists(company: Company, end: date, dice: Dice) -> None:
    everybody = list(range(company.people))
    company.add_group("all-staff", "All staff", everybody)
    for site, place in enumerate(SITES):
        members = [i for i in everybody if company.principals[i].site == site]
        company.add_group(f"site-{_local(place.name)}", f"Site {place.name}", members)
    for name, members in company.departments.items():
        company.add_group(f"dl-{_local(name).replace('.', '-')}", f"DL {name}", members)
    for lead, team in company.teams.items():
        if dice.chance(0.5):
            local = f"team-{company.principals[lead].address.split('@')[0].split('.')[-1]}{lead}"
            company.add_group(local, f"Team {company.principals[lead].name}", [lead, *team])
    for name in words("organisation", "old_lists"):
        members = dice.some(everybody, dice.whole(5, 20))
        stale = company.add_group(_local(name).replace(".", "-"), name, members)
        company.last_activity[stale] = end - timedelta(days=dice.whole(380, 1500))
    company.add_group("leadership", "Leadership", list(company.heads.values()), "team")
    for name in dice.some(sorted(company.departments), 2):
        company.add_group(f"team-site-{_local(name)}", f"{name} team", company.departments[name], "microsoft_365_group")
    company.add_group("it-changes", "IT changes", dice.some(company.departments["IT"], 6), "channel")
    company.add_group("bikes", "Cyclists", dice.some(everybody, 15), "community")


def _add_outsiders(company: Company, people: int, dice: Dice) -> None:
    for place in words("organisation", "partners"):
        company.partners[place] = []
        taken: set[str] = set()
        for _ in range(max(3, round(people / 400 * dice.whole(4, 9)))):
            name = _name("en", taken, dice)
            local = _address(name, taken).split("@")[0]
            company.partners[place].append(company.add(Principal(f"{local}@{place}", name, "external")))
    for place in words("organisation", "publishers"):
        company.places["publisher"].append(
            company.add(Principal(f"newsletter@{place}", place.split(".")[1].title(), "publisher"))
        )
