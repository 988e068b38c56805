"""The source `sample`: an invented organisation with planted patterns, as if its mailboxes were scanned."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from analyser.errors import SourceError
from analyser.sources.contract import RECORDS, Batch, Declaration, Directory, Mailbox, Source
from analyser.sources.sample import labels
from analyser.sources.sample.world import World, build, directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DEFAULT_END", "SampleOrganisationSource"]

DEFAULT_END = date(2026, 10, 30)
FEWEST_PEOPLE, FEWEST_WEEKS = 60, 12


class SampleOrganisationSource(Source):
    """A generated organisation. The same arguments give the same bytes, in any process.

    Parameters
    ----------
    name
        Name of the source.
    people
        Persons who work there within the period; at least 60.
    weeks
        Length of its history; at least 12.
    seed
        Any integer.
    end
        A day of the last week.
    batch_size
        Messages per batch.

    Raises
    ------
    SourceError
        Too few people or weeks for the patterns to show.
    """

    declaration: ClassVar[Declaration] = Declaration(
        "sample",
        frozenset({"messages", "people", "groups"}),
        frozenset(RECORDS.names) - {"folder", "meeting"},
        resumable=True,
    )

    def __init__(
        self,
        name: str,
        people: int = 400,
        weeks: int = 40,
        seed: int = 7,
        *,
        end: date = DEFAULT_END,
        batch_size: int = 20_000,
    ) -> None:
        super().__init__(name)
        if people < FEWEST_PEOPLE or weeks < FEWEST_WEEKS:
            raise SourceError(
                f"{people} people over {weeks} weeks are too few for patterns to show",
                source=name,
                fix=f"ask for at least {FEWEST_PEOPLE} people and {FEWEST_WEEKS} weeks",
            )
        self.people, self.weeks, self.seed, self.end, self.batch_size = people, weeks, seed, end, batch_size
        # whole weeks, so that every rhythm has its slots
        self.start = end - timedelta(days=end.weekday(), weeks=weeks - 1)

    @cached_property
    def world(self) -> World:
        """The finished sample; made at first use."""
        return build(self.people, self.start, self.end, self.weeks, self.seed)

    def mailboxes(self) -> Iterator[Mailbox]:
        """Some twenty people of one department each."""
        version = f"{self.people} {self.weeks} {self.seed} {self.end}"
        for mailbox, table in self.world.mailboxes.items():
            yield Mailbox(mailbox, table.num_rows, version=version)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one mailbox, from the message whose number is `state`."""
        table = self.world.mailboxes.get(mailbox)
        if table is None:
            known = ", ".join(self.world.mailboxes)
            raise SourceError(f"no mailbox '{mailbox}'", source=self.name, fix=f"name one of: {known}")
        first = int(state or 0)
        while first < table.num_rows:
            messages = table.slice(first, self.batch_size)
            first += messages.num_rows
            yield Batch(messages, progress=first, state=str(first))

    def directory(self) -> Directory:
        """People, shared mailboxes, rooms, services and groups; nobody from outside."""
        return directory(self.world.company, self.end)

    def write_labels(self, path: Path) -> None:
        """Write what was planted, and the true thread of every message, as JSON.

        Parameters
        ----------
        path
            The file; it is overwritten. `docs/sample.md` says how to read it.
        """
        about = {"people": self.people, "weeks": self.weeks, "seed": self.seed}
        period = {"start": self.start.isoformat(), "end": self.end.isoformat()}
        labels.write(path, self.world.labels, self.world.messages, self.world.company, about | period)
