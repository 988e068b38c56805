"""The contract of every source: declare what can be read, read it in batches, account for the rest.

A source never writes and never guesses. What it cannot read becomes a `Problem` with place and reason,
so that ``read + problems + left out`` adds up to what the mailbox holds. A whole source that cannot be opened raises
`analyser.errors.SourceError`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pyarrow as pa

from analyser.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

__all__ = [
    "DIRECTORY_GROUPS",
    "DIRECTORY_GROUP_MEMBERS",
    "DIRECTORY_PEOPLE",
    "RECIPIENT",
    "RECORDS",
    "REMOVALS",
    "Batch",
    "Declaration",
    "Directory",
    "Event",
    "Mailbox",
    "Mark",
    "Problem",
    "Request",
    "Source",
]

RECIPIENT = pa.struct([("address", pa.string()), ("display_name", pa.string()), ("role", pa.string())])
"""One recipient as it stands in the header: `address` in lower case, `role` one of ``to``, ``cc``, ``bcc``."""

RECORDS = pa.schema(
    [
        ("internet_message_id", pa.string()),  # as in the header, angle brackets kept, white space stripped
        ("item_id", pa.string()),  # the provider's own id of this copy, where it has one
        ("folder", pa.string()),  # the provider's id of the folder; a later copy of the item there replaces this one
        ("sent_at", pa.timestamp("us", tz="UTC")),  # never null: a message without a usable date is a Problem
        ("sender", pa.string()),  # lower case; never null: a message without a sender is a Problem
        ("sender_name", pa.string()),
        ("subject", pa.string()),  # decoded, white space folded; null where absent
        ("conversation_id", pa.string()),
        ("in_reply_to", pa.string()),  # first message id of the header
        ("references", pa.list_(pa.string())),  # oldest first; empty list where absent
        ("has_attachments", pa.bool_()),  # null where the source cannot know
        ("importance", pa.string()),  # low, normal, high; null where absent
        ("size", pa.int64()),  # bytes; null where unknown
        ("is_automatic", pa.bool_()),  # from headers: Auto-Submitted, Precedence, X-Auto-Response-Suppress; else null
        ("list_id", pa.string()),  # List-Id without display text, lower case
        ("meeting", pa.string()),  # of calendar messages: request, response or notice; null for mail
        ("recipients", pa.list_(RECIPIENT)),
        ("unresolved_recipients", pa.int32()),  # recipients with a name but no address
    ]
)
"""Arrow schema of the messages in a `Batch`; one row per copy, exactly as the mailbox holds it."""

REMOVALS = pa.schema([("folder", pa.string()), ("item_id", pa.string())])
"""Copies that are no longer in a folder; `item_id` null: none of those that were there before."""

DIRECTORY_PEOPLE = pa.schema(
    [
        ("address", pa.string()),  # primary address, lower case
        ("display_name", pa.string()),
        ("department", pa.string()),
        ("title", pa.string()),
        ("manager", pa.string()),  # primary address, lower case
        ("kind", pa.string()),  # person, shared, room, list, service, external
        ("location", pa.string()),
        ("joined_on", pa.date32()),
        ("left_on", pa.date32()),
        ("aliases", pa.list_(pa.string())),  # lower case; X.500 addresses keep their leading slash
        ("is_enabled", pa.bool_()),  # False if the account cannot sign in; null where unknown
    ]
)
DIRECTORY_GROUPS = pa.schema(
    [
        ("address", pa.string()),
        ("display_name", pa.string()),
        ("kind", pa.string()),  # distribution_list, security_group, microsoft_365_group, team, channel, community
        ("last_activity", pa.date32()),
    ]
)
DIRECTORY_GROUP_MEMBERS = pa.schema([("group", pa.string()), ("member", pa.string())])


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a type of source can give, so that rules can say what they miss.

    Parameters
    ----------
    type
        The `type` of the configuration.
    provides
        Subset of ``{"messages", "people", "groups"}``.
    fields
        Columns of `RECORDS` that the source can fill; the others are always null.
    resumable
        True if `Source.read` can go on from the `state` of an earlier batch.
    tells_roles
        True if To, Cc and Bcc are told apart; else all recipients are ``to``.
    incremental
        True if the state at the end of a mailbox serves the next scan: reading from it gives what has changed since.
    """

    type: str
    provides: frozenset[str]
    fields: frozenset[str]
    resumable: bool
    incremental: bool = False
    tells_roles: bool = True


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A unit of reading: a mailbox, a file, a folder. `expected` counts `unit` for the progress bar, or is None.

    `version` changes whenever the content may have changed (size and modification time of a file): a mailbox that
    is complete in the same version need not be read again. None means: always read.
    """

    name: str
    expected: int | None = None
    unit: str = "messages"
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A message that could not be read: where it stands (`place`), and why (`reason`: few words, countable).

    Where records have folders, the place is ``folder/item_id``: it is settled when a later batch tells of that item.
    """

    mailbox: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some thousand messages of one mailbox, in a stable order.

    Parameters
    ----------
    messages
        Table with the schema `RECORDS`.
    problems
        What could not be read on the way.
    progress
        How many units of `Mailbox.expected` are done after this batch.
    state
        Opaque text from which `read` can go on after this batch; None if the source cannot.
    removed
        Table with the schema `REMOVALS`: copies that went before those of `messages` came; None for none.
    last
        True if the source knows that the mailbox ends here.
    left_out
        What stands there and is no mail that arrived (drafts, deliveries that failed): how many, by reason.
    """

    messages: pa.Table
    problems: tuple[Problem, ...] = ()
    progress: int = 0
    state: str | None = None
    removed: pa.Table | None = None
    last: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)


class Request(NamedTuple):
    """A mailbox to be read by `Source.read_many`, from `state` if there is one."""

    mailbox: str
    state: str | None = None


class Mark(Enum):
    """Where the reading of a mailbox begins and where it has come to its end."""

    STARTED = "started"
    ENDED = "ended"


class Event(NamedTuple):
    """What `Source.read_many` tells of a mailbox: that it begins, a batch, and its end or why there is none."""

    mailbox: str
    what: Mark | Batch | SourceError


@dataclass(frozen=True, slots=True)
class Directory:
    """People and groups: tables with the schemas `DIRECTORY_PEOPLE`, `DIRECTORY_GROUPS`, `DIRECTORY_GROUP_MEMBERS`.

    `state` is an opaque text that `Source.begin` is given by the next scan; None if the source keeps none.
    """

    people: pa.Table = field(default_factory=DIRECTORY_PEOPLE.empty_table)
    groups: pa.Table = field(default_factory=DIRECTORY_GROUPS.empty_table)
    group_members: pa.Table = field(default_factory=DIRECTORY_GROUP_MEMBERS.empty_table)
    problems: tuple[Problem, ...] = ()
    state: str | None = None


class Source(ABC):
    """Where metadata is read. `tests/conformance/test_sources.py` holds every implementation to this."""

    declaration: ClassVar[Declaration]

    def __init__(self, name: str) -> None:
        self.name = name

    def begin(self, state: str | None) -> None:  # noqa: B027  nothing to do for most
        """A scan begins; `state` is that of the last directory, None without one. Incremental sources are told."""

    def close(self) -> None:  # noqa: B027  nothing to do for most
        """A scan has ended, in whatever way: give connections back."""

    def counts(self) -> Mapping[str, float]:
        """What has been done so far in this scan, for progress and metrics: requests, retries, throttled and such."""
        return {}

    @abstractmethod
    def mailboxes(self) -> Iterator[Mailbox]:
        """Units of reading, in a stable order. Raises `SourceError` if the source cannot be opened."""

    @abstractmethod
    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one mailbox to its end, from `state` if given.

        The concatenated batches do not depend on where reading was interrupted. Raises `SourceError` if the
        mailbox cannot be read on; the batches before it stand.
        """

    def read_many(self, requests: Iterable[Request]) -> Generator[Event, None, None]:
        """Read mailboxes, here one after the other; sources that wait for a network read many at a time.

        The events of a mailbox stand in the order of `read`, between `Mark.STARTED` and either `Mark.ENDED` or a
        `SourceError`; those of different mailboxes may be mixed. Closing the iterator ends all reading.
        """
        for mailbox, state in requests:
            yield Event(mailbox, Mark.STARTED)
            try:
                for batch in self.read(mailbox, state=state):
                    yield Event(mailbox, batch)
            except SourceError as error:
                yield Event(mailbox, error)
            else:
                yield Event(mailbox, Mark.ENDED)

    def directory(self) -> Directory:
        """People and groups that this source knows; empty unless declared."""
        return Directory()
