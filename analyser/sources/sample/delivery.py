"""From messages to what mailboxes hold: copies, identifiers, forms of addresses.

Copies of one message may bear different Message-IDs, three replies in ten lack their thread headers, every third
mailbox knows no conversations, and people are addressed by old, short, X.500 and plus-addresses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analyser.sources.contract import RECIPIENT, RECORDS
from analyser.sources.sample.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from analyser.sources.sample.organisation import Company, Principal
    from analyser.sources.sample.post import Message
    from analyser.sources.sample.worktime import Worktime

__all__ = ["deliver", "units"]

PEOPLE_PER_UNIT = 20
WITHOUT_THREAD_HEADERS = 0.3
OTHER_ID = 0.08  # of the copies beyond the first
REFERENCES_KEPT = 10
ROLES = ("to", "cc", "bcc")


@dataclass(slots=True)
class _Copies:
    """Columns of the copies of all messages, and the flat recipients of the messages."""

    columns: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    message: list[int] = field(default_factory=list)  # which recipients the copy shows: position in `bounds`
    unit: list[int] = field(default_factory=list)
    bounds: list[int] = field(default_factory=lambda: [0])
    addresses: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)


def units(company: Company) -> tuple[list[str], dict[int, int]]:
    """The mailboxes to scan: the people of one department, twenty at a time.

    Returns
    -------
    names
        Of the units, in stable order.
    unit_of
        Unit of each person and shared mailbox that has one.
    """
    names: list[str] = []
    unit_of: dict[int, int] = {}
    for department, members in company.departments.items():
        for first in range(0, len(members), PEOPLE_PER_UNIT):
            for member in members[first : first + PEOPLE_PER_UNIT]:
                unit_of[member] = len(names)
            names.append(f"{department.lower().replace(' ', '-')}-{first // PEOPLE_PER_UNIT + 1}")
    for shared in company.places["shared"]:
        department = company.principals[shared].department or ""
        # a department that a small company does not have leaves its shared mailbox to the management
        unit_of[shared] = unit_of[company.departments.get(department, [0])[0]]
    return names, unit_of


def deliver(parts: dict[str, list[Message]], company: Company, worktime: Worktime, seed: int) -> dict[str, pa.Table]:
    """Put copies of all messages into mailboxes.

    Parameters
    ----------
    parts
        Messages by part, each in order of writing; their `ids` and `conversation` are filled in.
    company, worktime, seed
        Who receives, and when names changed.

    Returns
    -------
    mailboxes
        By name: table with the schema `RECORDS`, oldest first.
    """
    names, unit_of = units(company)
    copies = _Copies()
    for part, messages in parts.items():
        carrier = _Carrier(part, seed, company, worktime, unit_of)
        carrier.identify(messages)
        for message in messages:
            carrier.carry(message, copies)
    return _tables(copies, names)


class _Carrier:
    """Delivers one part; every part has its own chance."""

    def __init__(self, part: str, seed: int, company: Company, worktime: Worktime, unit_of: dict[int, int]) -> None:
        self.part, self.company, self.worktime, self.unit_of = part, company, worktime, unit_of
        self.dice, self.seed = Dice(seed, f"delivery {part}"), seed
        self.holders: dict[Message, list[int]] = {}

    def identify(self, messages: list[Message]) -> None:
        """Decide who holds a copy, and under which Message-IDs, before replies refer to them."""
        for number, message in enumerate(messages):
            digest = _digest(f"{self.seed} {self.part} {number}")
            host = self.company.principals[message.sender].address.split("@")[1]
            self.holders[message] = holders = self._who_keeps(message)
            message.held = bool(holders)
            ids = [f"<{digest}@mail.{host}>"]
            others = [copy for copy in range(1, len(holders)) if self.dice.chance(OTHER_ID)]
            ids += [f"<{_digest(f'{digest} {copy}')}@gateway.{host}>" for copy in others]
            message.ids = tuple(ids)
            message.conversation = message.thread.conversation or _digest(digest)

    def carry(self, message: Message, copies: _Copies) -> None:
        """Enter the copies of one message."""
        if not message.held:
            return
        dice = self.dice
        answered, ancestors = self._thread_headers(message)
        if message.parent and not answered and dice.chance(0.3):
            # a phone that forgets the thread gives its answer a conversation of its own
            message.conversation = _digest(f"{message.ids[0]} alone")
        sender = self.company.principals[message.sender]
        sent_as = self._sender_address(sender, message)
        size = int(dice.minutes(9_000, 0.7) + (dice.minutes(300_000, 1.2) if message.attached else 0))
        unresolved = int(dice.chance(0.004))
        shown = self._write_recipients(message, copies)
        ids = list(message.ids)
        message.ids = tuple(sorted(ids))
        for copy, holder in enumerate(self.holders[message]):
            unit = self.unit_of[holder]
            columns = copies.columns
            columns["internet_message_id"].append(ids[copy] if 0 < copy < len(ids) else ids[0])
            columns["sent_at"].append(message.at * 1_000_000)
            columns["sender"].append(sent_as)
            columns["sender_name"].append(sender.name)
            columns["subject"].append(message.subject)
            columns["conversation_id"].append(None if unit % 3 == 2 else message.conversation)  # noqa: PLR2004
            columns["in_reply_to"].append(answered)
            columns["references"].append(ancestors)
            columns["has_attachments"].append(message.attached)
            columns["importance"].append(message.importance)
            columns["size"].append(size + 37 * copy)
            columns["is_automatic"].append(message.automatic)
            columns["list_id"].append(message.list_id)
            columns["unresolved_recipients"].append(unresolved)
            copies.unit.append(unit)
            # only the sender's copy shows blind copies; it is always the first
            copies.message.append(shown - 1 if holder != message.sender and message.bcc else shown)

    def _who_keeps(self, message: Message) -> list[int]:
        """The sender first, then a few of the recipients: two to three copies on average keep the volume small."""
        reached: list[int] = []
        for recipient in message.recipients:
            reached.extend(self.company.members.get(recipient, (recipient,)))
        day = self.worktime.day(message.at)
        able = [i for i in dict.fromkeys(reached) if i in self.unit_of and i != message.sender]
        able = [i for i in able if self.worktime.employed[i, day]]
        keepers = [message.sender] if message.sender in self.unit_of else []
        wanted = 1 + self.dice.poisson(0.55)
        return keepers + self.dice.some(able, wanted)

    def _thread_headers(self, message: Message) -> tuple[str | None, list[str]]:
        dice, parent = self.dice, message.parent
        if parent is None or dice.chance(WITHOUT_THREAD_HEADERS):
            return None, []
        answered = dice.pick(parent.ids)  # whoever answers holds some copy, under that copy's Message-ID
        ancestors, older = [answered], parent.parent
        while older is not None and len(ancestors) < REFERENCES_KEPT:
            ancestors.append(older.ids[0])
            older = older.parent
        return answered, ancestors[::-1]

    def _sender_address(self, sender: Principal, message: Message) -> str:
        if sender.former and sender.renamed and self.worktime.date(self.worktime.day(message.at)) < sender.renamed:
            return sender.former
        usable = [alias for alias in sender.aliases if not alias.startswith("/") and alias != sender.former]
        return self.dice.pick(usable) if usable and self.dice.chance(0.05) else sender.address

    def _write_recipients(self, message: Message, copies: _Copies) -> int:
        """Enter the recipients, without and (where there are any) with the blind ones; the position of the latter."""
        fields = (message.to, message.cc, message.bcc)
        lines = [(*self._recipient(i), role) for role, who in zip(ROLES, fields, strict=True) for i in who]
        versions = [lines[: len(lines) - len(message.bcc)], lines] if message.bcc else [lines]
        for version in versions:
            for address, name, role in version:
                copies.addresses.append(address)
                copies.names.append(name)
                copies.roles.append(role)
            copies.bounds.append(len(copies.addresses))
        return len(copies.bounds) - 2

    def _recipient(self, position: int) -> tuple[str, str]:
        """How somebody is addressed this time."""
        person = self.company.principals[position]
        draw = self.dice.real(0, 1)
        if draw > 0.06 or person.kind != "person":  # noqa: PLR2004
            return person.address, person.name
        if draw > 0.003 and person.aliases:  # noqa: PLR2004
            alias = self.dice.pick(person.aliases)
            first, _, last = person.name.partition(" ")
            return alias, f"{last.upper()}, {first}" if alias.startswith("/") else person.name.upper()
        local, _, host = person.address.partition("@")
        return f"{local}+{self.dice.pick(('lists', 'travel', 'archive'))}@{host}", person.name


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=10).hexdigest()


def _tables(copies: _Copies, names: list[str]) -> dict[str, pa.Table]:
    values = [pa.array(column, pa.string()) for column in (copies.addresses, copies.names, copies.roles)]
    flat = pa.StructArray.from_arrays(values, fields=list(RECIPIENT))
    recipients = pa.ListArray.from_arrays(pa.array(copies.bounds, pa.int32()), flat)
    columns = dict(copies.columns)
    columns["recipients"] = recipients.take(pa.array(copies.message, pa.int64()))
    unit = np.array(copies.unit, dtype=np.int64)
    order = np.lexsort((np.array(columns["internet_message_id"]), np.array(columns["sent_at"]), unit))
    columns["item_id"] = [""] * len(unit)
    columns["folder"] = columns["meeting"] = pa.nulls(len(unit), pa.string())
    whole = pa.table([_column(columns[name], kind) for name, kind in _types()], schema=RECORDS).take(pa.array(order))
    counts = np.bincount(unit, minlength=len(names))
    tables: dict[str, pa.Table] = {}
    for name, first, count in zip(names, np.cumsum(counts) - counts, counts, strict=True):
        table = whole.slice(int(first), int(count)).combine_chunks()
        items: npt.NDArray[np.str_] = np.char.add(f"{name}/", np.arange(count).astype(str))
        tables[name] = table.set_column(1, RECORDS.field("item_id"), pa.array(items.tolist(), pa.string()))
    return tables


def _types() -> Iterable[tuple[str, pa.DataType]]:
    return ((name, RECORDS.field(name).type) for name in RECORDS.names)


def _column(values: object, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)
