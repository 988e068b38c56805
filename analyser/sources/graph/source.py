"""The source `graph`: mailboxes of a tenant, many at once, and its directory."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable  # noqa: TC003  for `_Emit`
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from analyser.errors import SourceError
from analyser.sources.contract import RECORDS, Batch, Declaration, Directory, Mailbox, Mark, Request, Source
from analyser.sources.graph.answers import OverBudgetError, RefusedError
from analyser.sources.graph.auth import Tokens
from analyser.sources.graph.client import Client
from analyser.sources.graph.clouds import cloud_of
from analyser.sources.graph.directory import DirectoryReader
from analyser.sources.graph.engine import Engine
from analyser.sources.graph.mail import MailboxReader
from analyser.sources.graph.outcomes import reason_of
from analyser.sources.records import Period

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Iterable, Iterator, Mapping
    from typing import Any

    from analyser.config import GraphSource
    from analyser.sources.contract import Event

_log = logging.getLogger(__name__)

__all__ = ["GraphMailOnlySource", "GraphMailSource"]

MAILBOXES_AT_ONCE: Final = 16
"""Mailboxes that are open at the same time: their buffers are what memory is used for."""
BATCH: Final = 2_000
"""Most messages of a batch: so many may lie in the buffer of each open mailbox."""


class GraphMailSource(Source):
    """Reads a tenant of Exchange Online through Microsoft Graph.

    Parameters
    ----------
    settings
        The tenant, the application and its limits.
    batch_size
        Messages per batch, at most `BATCH`.
    earliest
        Messages dated before are problems.
    since
        Older mail is not asked for; the later of this and the setting counts.

    Raises
    ------
    ConfigError
        A secret or certificate is not where the settings say.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="graph",
        provides=frozenset({"messages", "people", "groups"}),
        fields=frozenset(RECORDS.names) - {"in_reply_to", "references", "size", "is_automatic", "list_id"},
        resumable=True,
        incremental=True,
    )

    def __init__(
        self, settings: GraphSource, *, batch_size: int, earliest: datetime, since: datetime | None = None
    ) -> None:
        super().__init__(settings.name)
        self._settings, self._root = settings, cloud_of(settings).graph
        self._batch_size = min(batch_size, BATCH)
        self._period = Period.until_now(earliest)
        own = datetime.combine(settings.since, time(), UTC) if settings.since else None
        self._since = max((moment for moment in (own, since) if moment is not None), default=None)
        self._tokens = Tokens(settings)
        self._engine: Engine | None = None
        self._client: Client | None = None
        self._directory_state: str | None = None
        self._people: DirectoryReader | None = None

    # life

    def begin(self, state: str | None) -> None:
        """See `Source.begin`."""
        self._directory_state = state

    def close(self) -> None:
        """See `Source.close`."""
        if self._engine is not None and self._client is not None:
            self._engine.call(self._client.close())
            self._engine.close()
        self._engine = self._client = self._people = None
        self._tokens.close()

    def counts(self) -> Mapping[str, float]:
        """Requests, retries, throttled answers, bytes and the requests that may be in flight now."""
        if self._client is None:
            return {}
        found = self._client.counters
        return {
            "requests": found.requests,
            "retries": found.retries,
            "throttled": found.throttled,
            "tokens_renewed": found.renewed,
            "bytes": found.bytes,
            "seconds_waited": round(found.seconds_waited, 3),
            "limit": round(self._client.throttle.limit, 1),
        }

    def _running(self) -> tuple[Engine, Client]:
        if self._engine is None or self._client is None:
            self._engine = Engine()
            self._client = self._engine.call(self._open())
        return self._engine, self._client

    async def _open(self) -> Client:
        return Client(self._settings, self._tokens)

    def _call(self, work: Coroutine[Any, Any, Any], what: str) -> Any:
        """Run one coroutine; what Graph refuses becomes an error of the source."""
        engine, _ = self._running()
        try:
            return engine.call(work)
        except RefusedError as error:
            raise SourceError(
                f"{what} cannot be read: {error}",
                source=self.name,
                fix="'analyser check' names the permission that is missing",
                reason=f"{what}: {reason_of(error)}",
            ) from error
        except OverBudgetError as error:
            raise SourceError(
                f"{what} cannot be read: {error}", source=self.name, reason=f"{what}: over the retry budget ({error})"
            ) from error

    # mail

    def mailboxes(self) -> Iterator[Mailbox]:
        """Those that the settings name; of all people those with a mail address who are no guests."""
        chosen = self._settings.mailboxes
        if isinstance(chosen, tuple):
            names = list(chosen)
        elif isinstance(chosen, Path):
            names = self._listed(chosen)
        elif chosen == "all":
            names = self._directory_reader().mailboxes()
        else:
            names = self._call(self._directory_reader(load=False).members_of(chosen), f"group {chosen}")
        for name in dict.fromkeys(name.strip().lower() for name in names):
            if name:
                yield Mailbox(name)

    def _listed(self, path: Path) -> list[str]:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"{path} cannot be read: {error}", source=self.name, fix="correct 'mailboxes' of the source"
            ) from error
        return [line.partition("#")[0] for line in lines]

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one mailbox, folder after folder; see `Source.read`."""
        for _, what in self._stream([Request(mailbox, state)], width=1):
            if isinstance(what, SourceError):
                raise what
            if not isinstance(what, Mark):
                yield what

    def read_many(self, requests: Iterable[Request]) -> Generator[Event, None, None]:
        """Read many mailboxes at once; see `Source.read_many`."""
        yield from self._stream(requests, width=self._settings.requests_per_mailbox)

    def _stream(self, requests: Iterable[Request], width: int) -> Generator[Event, None, None]:
        engine, client = self._running()
        people = self._known_people()

        async def read(request: Request, emit: Callable[[Batch], Awaitable[None]]) -> None:
            reader = MailboxReader(
                client,
                self._root,
                self._settings,
                request.mailbox,
                request.state,
                key=people.key_of(request.mailbox) if people is not None else request.mailbox,
                period=self._period,
                batch_size=self._batch_size,
                since=self._since,
                width=width,
                emit=emit,
            )
            await reader.run()

        yield from engine.stream(self.name, requests, read, MAILBOXES_AT_ONCE)

    def _known_people(self) -> DirectoryReader | None:
        """Who belongs to an address; None where the directory cannot be read, which `directory` tells."""
        if not self._settings.people and self._settings.mailboxes != "all":
            return None
        try:
            return self._directory_reader()
        except SourceError as error:
            _log.warning("mailboxes are asked for by address: %s", error.message)
            return None

    # directory

    def _directory_reader(self, *, load: bool = True) -> DirectoryReader:
        _, client = self._running()
        if self._people is None:
            self._people = DirectoryReader(client, self._root, self.name, self._directory_state)
        if load and not self._people.is_loaded:
            self._call(self._people.load_people(), "the directory")
        return self._people

    def directory(self) -> Directory:
        """People, groups, teams and channels; see `Source.directory`."""
        reader = self._directory_reader()
        self._call(reader.load_groups(), "groups")
        return reader.directory()


class GraphMailOnlySource(GraphMailSource):
    """Reads mail alone: people and groups come from elsewhere."""

    declaration: ClassVar[Declaration] = replace(GraphMailSource.declaration, provides=frozenset({"messages"}))
