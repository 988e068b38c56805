"""One mailbox of a service: its folders, as batches that never disagree with the state beside them."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from analyser.sources.service.answers import OverBudgetError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from analyser.sources.contract import Batch
    from analyser.sources.service.buffer import Buffer, Words

__all__ = ["RESTARTS", "FolderReader"]

_log = logging.getLogger(__name__)

RESTARTS: Final = 5
"""Times that one folder may lose its place in one scan before the mailbox is given up."""


class FolderReader(ABC):
    """Reads a mailbox to its end, or what has changed since a state.

    Parameters
    ----------
    mailbox
        Address of the mailbox.
    state
        Where reading goes on: a `FolderTree` with `folders`.
    buffer
        Collects what becomes a batch.
    width
        Folders that are read at once; one keeps the order of batches the same in every reading.
    emit
        Takes each batch; reading waits until it returns.
    """

    def __init__(
        self, mailbox: str, state: Any, buffer: Buffer, *, width: int, emit: Callable[[Batch], Awaitable[None]]
    ) -> None:
        self._mailbox, self._state, self._buffer = mailbox, state, buffer
        self._width, self._emit = width, emit
        self._flushing = asyncio.Lock()

    @abstractmethod
    async def _find_folders(self) -> None:
        """Bring `folders` of the state up to date; folders that are no longer read leave by `_drop`."""

    @abstractmethod
    async def _rounds(self, folder: str) -> None:
        """Read a folder from its place in the state to its end."""

    @abstractmethod
    def _at_the_start(self) -> Any:
        """The place of a folder of which nothing has been read."""

    async def run(self) -> None:
        """Read; raises `RefusedError` or `OverBudgetError` if it cannot go on. What was emitted before stands."""
        try:
            await self._find_folders()
            await self._read_folders()
        except (RefusedError, OverBudgetError):
            if self._buffer.is_worth_keeping:
                await self._flush()
            raise
        await self._flush(last=True)

    def _set_folders(self, wanted: list[str]) -> None:
        """From now on these folders are read; what the others held is gone."""
        for folder in set(self._state.folders) - set(wanted):
            del self._state.folders[folder]
            self._buffer.empty(folder)
        for folder in wanted:
            self._state.folders.setdefault(folder, self._at_the_start())

    async def _read_folders(self) -> None:
        free = asyncio.Semaphore(self._width)

        async def read(folder: str) -> None:
            async with free:
                await self._read_folder(folder)

        if self._width == 1:
            for folder in list(self._state.folders):
                await read(folder)
            return
        tasks = [asyncio.create_task(read(folder)) for folder in list(self._state.folders)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_folder(self, folder: str) -> None:
        for _ in range(RESTARTS):
            try:
                await self._rounds(folder)
            except RefusedError as error:
                if error.lost_place:
                    _log.info("%s: a folder is read from its start again: %s", self._mailbox, error)
                    self._state.folders[folder] = self._at_the_start()
                elif error.folder_gone:
                    await self._emptied(folder)  # first: a state without the folder never stands before its removal
                    del self._state.folders[folder]
                    self._state.parents.pop(folder, None)
                    return
                else:
                    raise
            else:
                return
        raise OverBudgetError(f"a folder lost its place {RESTARTS} times")

    async def _take(self, folder: str, words: Words, after: Any) -> None:
        """Hand on what was told of a folder; it stands at `after` then."""
        while self._buffer.holds(folder, words.ids) or not self._buffer.has_room(len(words.ids)):
            await self._flush()
        self._buffer.take(folder, words)
        self._state.folders[folder] = after

    async def _emptied(self, folder: str) -> None:
        if self._buffer.has(folder):
            await self._flush()
        self._buffer.empty(folder)

    async def _flush(self, *, last: bool = False) -> None:
        async with self._flushing:
            await self._emit(self._buffer.batch(self._state.encode(), last=last))
