"""So many requests in so many seconds, and no more."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["Rate"]


class Rate:
    """A moving window of requests.

    Parameters
    ----------
    most
        Requests in any `seconds`.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._asked: deque[float] = deque()

    def wait(self) -> None:
        """Wait until another request may be made, and count it."""
        if len(self._asked) == self._most:
            pause = self._asked.popleft() + self._seconds - time.monotonic()
            if pause > 0:
                time.sleep(pause)
        self._asked.append(time.monotonic())
