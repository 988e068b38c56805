"""The whole of a sample: people, their time, every part's mail, and what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from analyser.sources.contract import DIRECTORY_GROUP_MEMBERS, DIRECTORY_GROUPS, DIRECTORY_PEOPLE, Directory
from analyser.sources.sample import traffic
from analyser.sources.sample.delivery import deliver
from analyser.sources.sample.dice import Dice
from analyser.sources.sample.organisation import SITES, found
from analyser.sources.sample.patterns import PLANTERS
from analyser.sources.sample.planting import Planting
from analyser.sources.sample.post import Post
from analyser.sources.sample.worktime import timetable

if TYPE_CHECKING:
    from datetime import date

    from analyser.sources.sample.labels import Label
    from analyser.sources.sample.organisation import Company
    from analyser.sources.sample.post import Message

__all__ = ["World", "build", "directory"]

INTERNAL = ("person", "shared", "room", "service")


@dataclass(frozen=True, slots=True)
class World:
    """A finished sample.

    Parameters
    ----------
    company
        Whose positions messages and labels use.
    messages
        Every message once, part by part.
    labels
        What was planted.
    mailboxes
        Tables with the schema `RECORDS` by mailbox.
    """

    company: Company
    messages: tuple[Message, ...]
    labels: tuple[Label, ...]
    mailboxes: dict[str, pa.Table]


def build(people: int, start: date, end: date, weeks: int, seed: int) -> World:
    """Make a sample.

    Parameters
    ----------
    people, weeks, seed
        As in `SampleOrganisationSource`.
    start, end
        First day, a Monday, and last day.
    """
    company = found(people, start, end, seed)
    worktime = timetable(company, start, weeks, seed)
    parts: dict[str, list[Message]] = {}
    labels: list[Label] = []

    def bed(name: str) -> Planting:
        dice = Dice(seed, name)
        post = Post(company, worktime, dice)
        parts[name] = post.messages
        return Planting(name, company, worktime, dice, post)

    traffic.colleagues(bed("colleagues"))
    traffic.outside(bed("outside"))
    traffic.automatic_replies(bed("automatic_replies"), parts["colleagues"])
    for name, plant in PLANTERS.items():
        planting = bed(name)
        plant(planting)
        labels += planting.labels
    mailboxes = deliver(parts, company, worktime, seed)
    return World(company, tuple(m for part in parts.values() for m in part), tuple(labels), mailboxes)


def directory(company: Company, end: date) -> Directory:
    """What the organisation's directory says: people, shared mailboxes, rooms, services, groups; nobody outside.

    Parameters
    ----------
    company
        The organisation.
    end
        Last activity of every group that is in use.
    """
    people = [p for p in company.principals if p.kind in INTERNAL]
    columns = {
        "address": [p.address for p in people],
        "display_name": [p.name for p in people],
        "department": [p.department for p in people],
        "title": [p.title for p in people],
        "manager": [company.principals[p.manager].address if p.manager is not None else None for p in people],
        "kind": [p.kind for p in people],
        "location": [SITES[p.site].name if p.kind in {"person", "room"} else None for p in people],
        "joined_on": [p.joined for p in people],
        "left_on": [p.left for p in people],
        "aliases": [list(p.aliases) for p in people],
        "is_enabled": pa.nulls(len(people), pa.bool_()),
    }
    groups = [company.principals[i] for i in company.members]
    group_columns = {
        "address": [group.address for group in groups],
        "display_name": [group.name for group in groups],
        "kind": [group.kind for group in groups],
        "last_activity": [company.last_activity.get(i, end) for i in company.members],
    }
    pairs = [(company.principals[i].address, who) for i, members in company.members.items() for who in members]
    member_columns = {"group": [a for a, _ in pairs], "member": [company.principals[who].address for _, who in pairs]}
    return Directory(
        pa.table(columns, schema=DIRECTORY_PEOPLE),
        pa.table(group_columns, schema=DIRECTORY_GROUPS),
        pa.table(member_columns, schema=DIRECTORY_GROUP_MEMBERS),
    )
