"""What a service answers when it does not give what was asked for, whatever the service."""

from __future__ import annotations

import email.utils
from abc import abstractmethod
from datetime import UTC, datetime

__all__ = ["OverBudgetError", "RefusedError", "RetryableError", "seconds_until"]


class RefusedError(Exception):
    """The service refuses, and asking again would not help."""

    @property
    @abstractmethod
    def reason(self) -> str:
        """Why a mailbox cannot be read: few words, countable, with the service's own code."""

    @property
    @abstractmethod
    def concerns_all(self) -> bool:
        """True if not one mailbox but the whole program is refused."""

    @property
    @abstractmethod
    def lost_place(self) -> bool:
        """True if a state is of no use any more: its folder or list must be read from the start."""

    @property
    @abstractmethod
    def folder_gone(self) -> bool:
        """True if a folder or a message is not there, while its mailbox is."""


class RetryableError(Exception):
    """The same request may be answered later: after so many seconds, where the service says how many.

    `slows` if the service answers so because too much is asked of it.
    """

    def __init__(self, said: str, after: float | None = None, *, slows: bool = False) -> None:
        super().__init__(said)
        self.said, self.after, self.slows = said, after, slows


class OverBudgetError(Exception):
    """A mailbox needed more retries than it has."""


def seconds_until(text: str) -> float | None:
    """Seconds that a Retry-After header asks to wait: a number or a date; None if it does not say."""
    text = text.strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
