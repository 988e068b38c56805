"""Ctrl-C that is never lost: Python drops an interrupt that meets it inside a destructor."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyser.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Stopping", "stoppable"]


class Stopping:
    """Remembers that the user wants to stop."""

    def __init__(self) -> None:
        self.wanted = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if the user wanted to stop and was not heard."""
        if self.wanted:
            raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[Stopping]:
    """Within the block, Ctrl-C raises KeyboardInterrupt as always, and is remembered where that is lost.

    Raises
    ------
    StoppedError
        The block was stopped.
    """
    stopping = Stopping()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        stopping.wanted = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stopping
    except BaseException:  # the engine makes an error of its own out of an interrupt
        if stopping.wanted:
            raise StoppedError(fix="give the same command again: a scan goes on where it was") from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
