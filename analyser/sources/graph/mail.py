"""One mailbox: its folders, and the delta rounds of each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from analyser.sources.graph.answers import RefusedError, is_resync
from analyser.sources.graph.items import ITEM, PAGE, SELECT, Item, Page, is_partial, is_worth_asking, records
from analyser.sources.graph.outcomes import is_folder_gone
from analyser.sources.graph.permissions import ENDPOINTS
from analyser.sources.graph.state import SKIPPED, FolderState, MailboxState, Older
from analyser.sources.service.answers import OverBudgetError
from analyser.sources.service.buffer import Buffer, Words
from analyser.sources.service.folders import read_state
from analyser.sources.service.reader import RESTARTS, FolderReader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from analyser.config import GraphSource
    from analyser.sources.contract import Batch
    from analyser.sources.graph.client import Client
    from analyser.sources.records import Period

__all__ = ["MailboxReader"]

CAP: Final = 5_000
"""Messages after which Graph ends a round that has a start date, whether or not there are more."""
WINDOW: Final = timedelta(days=30)


class _Folder(msgspec.Struct):
    id: str
    parent: str | None = msgspec.field(name="parentFolderId", default=None)
    kind: str | None = msgspec.field(name="@odata.type", default=None)
    removed: dict[str, str] | None = msgspec.field(name="@removed", default=None)


class _Folders(msgspec.Struct):
    value: list[_Folder] = []
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


_FOLDER: Final = msgspec.json.Decoder(_Folder)
_FOLDERS: Final = msgspec.json.Decoder(_Folders)


class MailboxReader(FolderReader):
    """Reads a mailbox to its end, or what has changed since a state.

    Parameters
    ----------
    client
        Asks Graph.
    root
        Address of Graph.
    mailbox
        Address of the mailbox.
    key
        Id or principal name by which Graph knows its user.
    state
        Where an earlier reading stopped; None for the start.
    emit
        Takes each batch; reading waits until it returns.
    width
        Folders that are read at once; one keeps the order of batches the same in every reading.
    """

    def __init__(
        self,
        client: Client,
        root: str,
        settings: GraphSource,
        mailbox: str,
        state: str | None,
        *,
        key: str,
        period: Period,
        batch_size: int,
        since: datetime | None,
        width: int,
        emit: Callable[[Batch], Awaitable[None]],
    ) -> None:
        self._since = _instant(since) if since is not None else None
        fresh = MailboxState(mode=settings.folders, since=self._since)
        going = read_state(state, fresh)
        super().__init__(mailbox, going, Buffer(mailbox, batch_size), width=width, emit=emit)
        self._client, self._root, self._settings, self._key = client, root, settings, key
        self._gate = client.gate()
        self._period = period
        self._page_size = min(settings.page_size, batch_size)
        if state is not None and going is fresh:  # other settings: a folder that stays is emptied by its first round
            for folder in msgspec.json.decode(state, type=MailboxState).folders:
                self._buffer.empty(folder)

    async def _find_folders(self) -> None:
        await (self._find_sent() if self._settings.folders == "sent" else self._list())

    # folders

    async def _find_sent(self) -> None:
        if not self._state.folders:
            found = await self._well_known("sentitems")
            if found:
                self._state.folders[found] = FolderState()

    async def _list(self) -> None:
        """Bring the list of folders up to date."""
        for again in range(RESTARTS):
            try:
                await self._list_from(self._state.listing)
            except RefusedError as error:
                if not is_resync(error) or again == RESTARTS - 1:
                    raise
                self._state.listing, self._state.parents = None, {}
            else:
                break
        unknown = [name for name in SKIPPED if not self._state.skipped.get(name)]
        found = await asyncio.gather(*(self._well_known(name) for name in unknown)) if self._relisted else ()
        self._state.skipped |= dict(zip(unknown, found, strict=False))
        self._set_folders(self._state.wanted())

    async def _list_from(self, link: str | None) -> None:
        query = {"$select": "id,parentFolderId"}
        url: str | None = link or ENDPOINTS["folders"].url(self._root, query=query, user=self._key)
        self._relisted = link is None
        while url is not None:
            page = await self._client.get(url, _FOLDERS, self._gate, page_size=self._settings.page_size)
            for folder in page.value:
                if folder.removed is not None:
                    self._state.parents.pop(folder.id, None)
                else:
                    is_search = (folder.kind or "").lower().endswith("searchfolder")
                    # a well-known folder may have come into being with any new folder
                    self._relisted |= folder.id not in self._state.parents
                    self._state.parents[folder.id] = None if is_search else folder.parent or ""
            self._state.listing = page.delta_link or self._state.listing
            url = page.next_link

    async def _well_known(self, name: str) -> str:
        """Id of a folder by the name that does not depend on the language; empty if the mailbox has none."""
        url = ENDPOINTS["folder"].url(self._root, query={"$select": "id"}, user=self._key, folder=name)
        try:
            return (await self._client.get(url, _FOLDER, self._gate)).id
        except RefusedError as error:
            if is_folder_gone(error):
                return ""
            raise

    # messages

    def _at_the_start(self) -> FolderState:
        return FolderState()

    async def _rounds(self, folder: str) -> None:
        """From where the folder stands to the end of its round, and the windows that a start date needs."""
        state = self._state.folders[folder]
        if state.link is None:
            await self._emptied(folder)
        # a state that ended a round begins a new one; with windows left over, that round is still to be completed
        going = state.older is None
        while going:
            page = await self._page(state.link or self._first(folder))
            whole = await self._whole(page.value)
            going = page.next_link is not None
            after = self._after(state, page, whole)
            await self._told(folder, page.value, whole, after)
            state = after
        while state.older is not None:
            state = await self._window(folder, state)

    def _after(self, state: FolderState, page: Page, whole: Iterable[Item]) -> FolderState:
        """Where the folder stands after a page of a delta round."""
        link = page.next_link or page.delta_link
        if link is None:
            raise OverBudgetError("a page without a link")
        after = FolderState(link, first=state.first and page.next_link is not None)
        if self._since is not None and state.first:
            received = [item.receivedDateTime for item in whole if item.receivedDateTime]
            told, oldest = state.told + len(received), min(filter(None, [state.oldest, *received]), default=None)
            if after.first:
                after.told, after.oldest = told, oldest
            elif told >= CAP and oldest is not None:
                after.older = Older(oldest)
        return after

    def _first(self, folder: str) -> str:
        query = {"$select": ",".join(SELECT)}
        if self._since is not None:
            query |= {"$filter": f"receivedDateTime ge {self._since}", "$orderby": "receivedDateTime desc"}
        return ENDPOINTS["messages"].url(self._root, query=query, user=self._key, folder=folder)

    async def _window(self, folder: str, state: FolderState) -> FolderState:
        """One page of what the cap left over, newest window first."""
        older, since = state.older, self._since or ""
        assert older is not None
        start = max(since, _instant(_moment(older.until) - WINDOW))
        # up to and including the oldest that was told: others may have been received in the same second
        asked = f"receivedDateTime ge {start} and receivedDateTime le {older.until}"
        query = {"$filter": asked, "$orderby": "receivedDateTime desc", "$select": ",".join(SELECT)}
        first = ENDPOINTS["window"].url(self._root, query=query, user=self._key, folder=folder)
        page = await self._page(older.link or first)
        left: Older | None = Older(older.until, page.next_link)
        if page.next_link is None:
            left = Older(start) if start > since else None
        after = FolderState(state.link, first=False, older=left)
        await self._told(folder, page.value, [item for item in page.value if not is_partial(item)], after)
        return after

    async def _page(self, url: str) -> Page:
        return await self._client.get(url, PAGE, self._gate, page_size=self._page_size)

    async def _whole(self, items: Iterable[Item]) -> list[Item]:
        """Whole messages; those told in part are asked for where the part is of interest."""
        found = []
        for item in items:
            if item.removed is not None:
                continue
            if not is_partial(item):
                found.append(item)
            elif is_worth_asking(item):
                url = ENDPOINTS["message"].url(
                    self._root, query={"$select": ",".join(SELECT)}, user=self._key, message=item.id
                )
                try:
                    found.append(await self._client.get(url, ITEM, self._gate))
                except RefusedError as error:
                    if not is_folder_gone(error):  # the message has gone meanwhile: a later round says so
                        raise
        return found

    async def _told(self, folder: str, items: Iterable[Item], whole: Iterable[Item], after: FolderState) -> None:
        kept, removed = _last_words(items, whole)
        table, problems = records(kept, folder, self._period)
        gone = [(kept[row].id, reason) for row, reason in problems]
        await self._take(folder, Words(table, [item.id for item in kept], removed, gone), after)


def _last_words(items: Iterable[Item], whole: Iterable[Item]) -> tuple[list[Item], list[str]]:
    """What a page says last of each item: whole messages, and ids of those that are gone."""
    by_id = {item.id: item for item in whole}
    kept: dict[str, Item] = {}
    removed: dict[str, None] = {}
    for item in items:
        if item.removed is not None:
            removed[item.id] = None
            kept.pop(item.id, None)
        elif item.id in by_id:
            kept[item.id] = by_id[item.id]
            removed.pop(item.id, None)
    return list(kept.values()), list(removed)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
