"""Asking until there is an answer: within the budget of a mailbox, not before the service allows it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from analyser.sources.service.answers import OverBudgetError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from analyser.sources.service.throttle import Gate

__all__ = ["Counters", "patiently"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_BACKOFF = wait_random_exponential(multiplier=0.25, max=60)


@dataclass(slots=True)
class Counters:
    """What a client has done so far, for progress and metrics."""

    requests: int = 0
    retries: int = 0
    throttled: int = 0
    renewed: int = 0
    bytes: int = 0
    seconds_waited: float = 0.0

    def told(self, limit: float) -> Mapping[str, float]:
        """As `Source.counts` gives them; `limit` is how many requests may be in flight now."""
        return {
            "requests": self.requests,
            "retries": self.retries,
            "throttled": self.throttled,
            "tokens_renewed": self.renewed,
            "bytes": self.bytes,
            "seconds_waited": round(self.seconds_waited, 3),
            "limit": round(limit, 1),
        }


async def patiently(ask: Callable[[], Awaitable[T]], gate: Gate, counters: Counters) -> T:
    """Ask until there is an answer.

    Parameters
    ----------
    ask
        Asks once, through the gate, which it closes for as long as the service says.
    gate
        That of the mailbox, with its budget.

    Raises
    ------
    OverBudgetError
        The mailbox has no retries left.
    """

    def budget(_: RetryCallState) -> bool:
        return not gate.spend()

    def pause(state: RetryCallState) -> float:
        counters.retries += 1
        failure = state.outcome.exception() if state.outcome is not None else None
        after = failure.after if isinstance(failure, RetryableError) else None
        wait = _BACKOFF(state) if after is None else 0.0  # the gate keeps what the service said
        waited = wait if after is None else after
        counters.seconds_waited += waited
        _log.info("asked again in %.1f s: %s", waited, failure)
        return wait

    async def once() -> T:  # a coroutine function, also where `ask` is a lambda
        return await ask()

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(RetryableError), stop=budget, wait=pause, sleep=asyncio.sleep, reraise=True
    )
    try:
        answer: T = await retrying(once)
    except RetryableError as error:
        raise OverBudgetError(error.said) from error
    gate.earn()
    return answer
