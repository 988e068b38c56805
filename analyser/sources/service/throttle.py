"""How many requests are in flight: per mailbox a fixed number, over all of them as many as the service bears.

The limit over all grows by one for each round of answers and halves when the service throttles (additive increase,
multiplicative decrease: Chiu and Jain 1989, as in TCP), but not again for refusals of requests of the same moment.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Gate", "Throttle"]

START: Final = 8.0
HALVED_EVERY: Final = 1.0
"""Seconds within which the limit is halved only once."""
MARGIN: Final = 0.02
"""Seconds added to Retry-After, so that clocks of different speed never make it too early."""


class Throttle:
    """Requests in flight over all mailboxes.

    Parameters
    ----------
    most
        Never more than these.
    """

    def __init__(self, most: int) -> None:
        self._most, self.limit = most, min(START, float(most))
        self._flying = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = -HALVED_EVERY

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One request in flight."""
        while self._flying >= int(self.limit):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1
            self._wake()

    def answered(self) -> None:
        """The service bore it: a little more from now on."""
        self.limit = min(float(self._most), self.limit + 1.0 / self.limit)
        self._wake()

    def refused(self) -> None:
        """The service throttles: half as much from now on."""
        now = time.monotonic()
        if now - self._halved_at >= HALVED_EVERY:
            self.limit, self._halved_at = max(1.0, self.limit / 2), now

    def _wake(self) -> None:
        free = int(self.limit) - self._flying
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


class Gate:
    """The requests of one mailbox: few at a time, none before the service allows it, and a budget of retries.

    Parameters
    ----------
    width
        Requests in flight.
    retries
        How many retries the mailbox may be behind by; each answer earns one back.
    """

    def __init__(self, width: int, retries: int) -> None:
        self._slots = asyncio.Semaphore(width)
        self._most, self.left = retries, retries
        self._closed_until = 0.0

    @asynccontextmanager
    async def slot(self, throttle: Throttle) -> AsyncIterator[None]:
        """One request of the mailbox in flight."""
        async with self._slots:
            while True:
                await self._open()
                async with throttle.slot():
                    if self._closed_until > time.monotonic():
                        continue  # closed while this one waited for its turn
                    yield
                    return

    async def _open(self) -> None:
        while (wait := self._closed_until - time.monotonic()) > 0:  # noqa: ASYNC110  the time moves on as it waits
            await asyncio.sleep(wait)

    def close_for(self, seconds: float) -> None:
        """Nothing is asked for so long."""
        self._closed_until = max(self._closed_until, time.monotonic() + seconds + MARGIN)

    def spend(self) -> bool:
        """Take one retry from the budget; False if there is none."""
        self.left -= 1
        return self.left >= 0

    def earn(self) -> None:
        """An answer came."""
        self.left = min(self._most, self.left + 1)
