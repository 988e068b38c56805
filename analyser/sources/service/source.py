"""A source that reads the mailboxes of a service, many at once: what Graph and EWS have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from analyser.errors import SourceError
from analyser.sources.contract import Batch, Mailbox, Mark, Request, Source
from analyser.sources.records import Period
from analyser.sources.service.answers import OverBudgetError, RefusedError
from analyser.sources.service.chosen import distinct, listed
from analyser.sources.service.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Iterable, Iterator, Mapping
    from datetime import date

    from analyser.sources.contract import Event
    from analyser.sources.service.patience import Counters
    from analyser.sources.service.reader import FolderReader
    from analyser.sources.service.throttle import Throttle

__all__ = ["Emit", "ServiceSource"]

MAILBOXES_AT_ONCE: Final = 16
"""Mailboxes that are open at the same time: their buffers are what memory is used for."""
BATCH: Final = 2_000
"""Most messages of a batch: so many may lie in the buffer of each open mailbox."""

Emit = Callable[[Batch], Awaitable[None]]


class _Client(Protocol):
    """What a source needs of the client that asks its service."""

    counters: Counters
    throttle: Throttle

    async def close(self) -> None: ...


C = TypeVar("C", bound=_Client)


class ServiceSource(Source, Generic[C]):
    """Reads mailboxes through a client that lives as long as a scan.

    Parameters
    ----------
    name
        Name of the source.
    chosen
        Its setting `mailboxes`.
    batch_size
        Messages per batch, at most `BATCH`.
    earliest
        Messages dated before are problems.
    day, since
        Older mail is not asked for; the later of the two counts.
    """

    service: str
    """What the service is called in messages."""

    def __init__(
        self,
        name: str,
        chosen: str | tuple[str, ...] | Path,
        *,
        batch_size: int,
        earliest: datetime,
        day: date | None,
        since: datetime | None,
    ) -> None:
        super().__init__(name)
        self._chosen = chosen
        self._batch_size = min(batch_size, BATCH)
        self._period = Period.until_now(earliest)
        own = datetime.combine(day, time(), UTC) if day else None
        self._since = max((moment for moment in (own, since) if moment is not None), default=None)
        self._engine: Engine | None = None
        self._client: C | None = None

    @abstractmethod
    async def _open(self) -> C:
        """The client, in the thread that will use it."""

    @abstractmethod
    def _everyone(self) -> Iterable[str]:
        """Addresses of all mailboxes that the directory knows."""

    @abstractmethod
    async def _members_of(self, group: str) -> Iterable[str]:
        """Addresses of all people below a group."""

    @abstractmethod
    def _reader(self, client: C, request: Request, width: int, emit: Emit) -> FolderReader:
        """What reads one mailbox."""

    def _prepare(self) -> int:
        """What is needed before the first mailbox is read; returns how many folders of one are read at once."""
        return 1

    def close(self) -> None:
        """See `Source.close`."""
        if self._engine is not None and self._client is not None:
            self._engine.call(self._client.close())
            self._engine.close()
        self._engine = self._client = None

    def counts(self) -> Mapping[str, float]:
        """Requests, retries, throttled answers, bytes and the requests that may be in flight now."""
        if self._client is None:
            return {}
        return self._client.counters.told(self._client.throttle.limit)

    def _running(self) -> tuple[Engine, C]:
        if self._engine is None or self._client is None:
            self._engine = Engine()
            self._client = self._engine.call(self._open())
        return self._engine, self._client

    def _call(self, work: Coroutine[Any, Any, Any], what: str) -> Any:
        """Run one coroutine; what the service refuses becomes an error of the source."""
        engine, _ = self._running()
        try:
            return engine.call(work)
        except RefusedError as error:
            raise SourceError(
                f"{what} cannot be read: {error}",
                source=self.name,
                fix="'analyser check' names the permission that is missing",
                reason=f"{what}: {error.reason}",
            ) from error
        except OverBudgetError as error:
            raise SourceError(
                f"{what} cannot be read: {error}",
                source=self.name,
                fix="try again later, or raise 'retries_per_mailbox'",
                reason=f"{what}: over the retry budget ({error})",
            ) from error

    def mailboxes(self) -> Iterator[Mailbox]:
        """Those that the settings name, or all that the directory knows."""
        chosen = self._chosen
        names: Iterable[str]
        if isinstance(chosen, tuple):
            names = chosen
        elif isinstance(chosen, Path):
            names = listed(chosen, self.name)
        elif chosen == "all":
            names = self._everyone()
        else:
            names = self._call(self._members_of(chosen), f"group {chosen}")
        yield from map(Mailbox, distinct(names))

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:
        """Read one mailbox, folder after folder; see `Source.read`."""
        for _, what in self._stream([Request(mailbox, state)], width=1):
            if isinstance(what, SourceError):
                raise what
            if not isinstance(what, Mark):
                yield what

    def read_many(self, requests: Iterable[Request]) -> Generator[Event, None, None]:
        """Read many mailboxes at once; see `Source.read_many`."""
        yield from self._stream(requests, width=None)

    def _stream(self, requests: Iterable[Request], width: int | None) -> Generator[Event, None, None]:
        engine, client = self._running()
        usual = self._prepare()

        async def read(request: Request, emit: Emit) -> None:
            await self._reader(client, request, usual if width is None else width, emit).run()

        yield from engine.stream(self.name, requests, read, MAILBOXES_AT_ONCE)
