"""Many mailboxes at once: an event loop in a thread of its own, and a bounded queue to the one who asks.

The queue is what keeps memory bounded: readers wait until their batch has been taken, and the caller says when another
mailbox may be begun.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from analyser.errors import SourceError
from analyser.sources.contract import Batch, Event, Mark
from analyser.sources.service.answers import OverBudgetError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable

    from analyser.sources.contract import Request

__all__ = ["Engine"]

T = TypeVar("T")

QUEUED: Final = 4
"""Events that wait to be taken; each batch may hold thousands of messages."""
REFUSED: Final = 5
"""Mailboxes that are refused because all are, none having been read, after which the others are not tried."""


class Engine:
    """Runs coroutines in its thread until it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail service", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stream(
        self,
        source: str,
        requests: Iterable[Request],
        read: Callable[[Request, Callable[[Batch], Awaitable[None]]], Awaitable[None]],
        at_once: int,
    ) -> Generator[Event, None, None]:
        """Events of many mailboxes, of which at most `at_once` are being read.

        Parameters
        ----------
        requests
            Taken in the caller's thread, one whenever there is room.
        read
            Reads one mailbox, handing on its batches.
        """
        run = _Stream(self._loop, source, read)
        waiting, open_ = iter(requests), 0
        try:
            while True:
                while open_ < at_once and (request := next(waiting, None)) is not None:
                    run.begin(request)
                    open_ += 1
                if not open_:
                    return
                event = run.events.get()
                if isinstance(event, Exception):
                    raise event
                if isinstance(event.what, Batch):
                    run.taken()
                yield event
                if event.what is Mark.ENDED or isinstance(event.what, SourceError):
                    open_ -= 1
        finally:
            run.stop()


class _Stream:
    """The mailboxes of one `Engine.stream` that are being read."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        source: str,
        read: Callable[[Request, Callable[[Batch], Awaitable[None]]], Awaitable[None]],
    ) -> None:
        self.events: queue.Queue[Event | Exception] = queue.Queue()
        self._loop, self._source, self._read = loop, source, read
        self._room = asyncio.Semaphore(QUEUED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused, self._succeeded = 0, False
        self._why = ""  # all are refused
        self._dead: SourceError | None = None

    def begin(self, request: Request) -> None:
        """Begin a mailbox, from any thread."""
        asyncio.run_coroutine_threadsafe(self._start(request), self._loop).result()

    def taken(self) -> None:
        """A batch has left the queue."""
        self._loop.call_soon_threadsafe(self._room.release)

    def stop(self) -> None:
        """End all reading; what is being asked is dropped."""

        async def cancel() -> None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self._loop).result()

    async def _start(self, request: Request) -> None:
        task = asyncio.create_task(self._mailbox(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mailbox(self, request: Request) -> None:
        name = request.mailbox

        async def emit(batch: Batch) -> None:
            await self._room.acquire()
            self.events.put(Event(name, batch))

        self.events.put(Event(name, Mark.STARTED))
        if self._refused >= REFUSED and not self._succeeded:
            self._dead = SourceError(f"{name}: {self._why}", source=self._source, reason=self._why)
        if self._dead is not None:
            self.events.put(Event(name, self._dead))
            return
        try:
            await self._read(request, emit)
        except RefusedError as error:
            reason = error.reason
            if error.concerns_all:
                self._refused, self._why = self._refused + 1, reason
            self.events.put(Event(name, SourceError(f"{name}: {reason}", source=self._source, reason=reason)))
        except OverBudgetError as error:
            reason = f"over the retry budget ({error})"
            self.events.put(Event(name, SourceError(f"{name}: {reason}", source=self._source, reason=reason)))
        except SourceError as error:  # there is no token, patience being spent: there is none for the others either
            self._dead = error
            self.events.put(Event(name, error))
        except Exception as error:  # noqa: BLE001  a fault of the program: the caller raises it
            self.events.put(error)
        else:
            self._succeeded = True
            self.events.put(Event(name, Mark.ENDED))
