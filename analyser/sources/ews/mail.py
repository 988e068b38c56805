"""One mailbox: its folders, and the rounds of each: ids by SyncFolderItems, fields by GetItem."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from analyser.sources.ews import soap
from analyser.sources.ews.items import Columns
from analyser.sources.ews.outcomes import TRANSIENT, RefusedError
from analyser.sources.ews.soap import M, T
from analyser.sources.ews.state import SKIPPED, SKIPPED_OF_ARCHIVE, MailboxState, Place
from analyser.sources.service.answers import OverBudgetError
from analyser.sources.service.buffer import Buffer, Words
from analyser.sources.service.folders import read_state
from analyser.sources.service.reader import RESTARTS, FolderReader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lxml import etree

    from analyser.config import EwsSource
    from analyser.sources.contract import Batch
    from analyser.sources.ews.client import Client
    from analyser.sources.ews.people import AddressList
    from analyser.sources.records import Period

__all__ = ["MailboxReader"]

MAIL: Final = f"{T}Folder"
TRIES: Final = 5
"""Times that an item is asked for which the server has listed and does not find."""
GONE: Final = "ErrorItemNotFound"
_MISSING: Final = ("ErrorFolderNotFound", "ErrorItemNotFound", "ErrorMailboxNotFound", "ErrorNoArchiveMailbox")


@dataclass(slots=True)
class _Changes:
    """One answer of SyncFolderItems: the last word about each item, and where it goes on."""

    state: str
    last: bool
    present: dict[str, bool] = field(default_factory=dict)  # id -> it was there before
    removed: dict[str, None] = field(default_factory=dict)


class MailboxReader(FolderReader):
    """Reads a mailbox to its end, or what has changed since a state.

    Parameters
    ----------
    client
        Asks Exchange.
    people
        Knows SMTP addresses of X.500 addresses.
    mailbox
        Address of the mailbox.
    state
        Where an earlier reading stopped; None for the start.
    since
        Items received before are not asked for.
    width, emit
        See `FolderReader`.
    """

    def __init__(
        self,
        client: Client,
        people: AddressList,
        settings: EwsSource,
        mailbox: str,
        state: str | None,
        *,
        period: Period,
        batch_size: int,
        since: datetime | None,
        width: int,
        emit: Callable[[Batch], Awaitable[None]],
    ) -> None:
        mode = settings.folders + ("+archive" if settings.archive else "")
        fresh = MailboxState(mode=mode, since=since.isoformat() if since is not None else None)
        going = read_state(state, fresh)
        super().__init__(mailbox, going, Buffer(mailbox, batch_size), width=width, emit=emit)
        self._client, self._people, self._settings = client, people, settings
        self._owner = mailbox if settings.access == "delegate" else None
        self._gate = client.gate()
        self._period, self._since = period, since
        self._page = min(settings.page_size, batch_size)
        self._chunk = min(settings.items_per_request, self._page)
        if state is not None and going is fresh:  # other settings: a folder that stays is emptied by its first round
            for folder in msgspec.json.decode(state, type=MailboxState).folders:
                self._buffer.empty(folder)

    def _at_the_start(self) -> Place:
        return Place()

    async def _ask(self, body: etree._Element, passing: Sequence[str] = ()) -> soap.Message:
        return (await self._client.call(body, self._gate, mailbox=self._mailbox, passing=passing))[0]

    # folders

    async def _find_folders(self) -> None:
        if self._settings.folders == "sent":
            if not self._state.folders:
                self._set_folders([key for key in (await self._ids(["sentitems"])).values() if key])
            return
        changed = await self._list("msgfolderroot", "listing")
        names = list(SKIPPED)
        if self._settings.archive:
            names += SKIPPED_OF_ARCHIVE
            changed |= await self._list("archivemsgfolderroot", "archive")
        # a distinguished folder may have come into being with any new folder
        unknown = [name for name in names if not self._state.skipped.get(name)]
        if changed and unknown:
            self._state.skipped |= await self._ids(unknown)
        self._set_folders(self._state.wanted())

    async def _ids(self, names: Sequence[str]) -> dict[str, str]:
        """Ids of folders by names that do not depend on the language; empty where the mailbox has none."""
        body = soap.get_folders(names, self._owner)
        answers = await self._client.call(
            body, self._gate, mailbox=self._mailbox, expected=len(names), passing=_MISSING
        )
        found = {}
        for name, answer in zip(names, answers, strict=True):
            key = answer.element.find(f"{M}Folders/*/{T}FolderId")
            found[name] = "" if key is None else key.get("Id")
        return found

    async def _list(self, root: str, place: str) -> bool:
        """Bring the list of folders below `root` up to date; True if there is a folder that was not known."""
        for again in range(RESTARTS):
            try:
                return await self._list_from(root, place)
            except RefusedError as error:
                if error.folder_gone and root != "msgfolderroot":
                    return False  # there is no archive mailbox
                if not error.lost_place or again == RESTARTS - 1:
                    raise
                # what is no longer there is told by nobody: both lists begin anew
                self._state.listing = self._state.archive = None
                self._state.parents = {}
                if root != "msgfolderroot":
                    await self._list("msgfolderroot", "listing")
        raise OverBudgetError(f"the list of folders lost its place {RESTARTS} times")

    async def _list_from(self, root: str, place: str) -> bool:
        last = changed = False
        while not last:
            body = soap.sync_folders(root, self._owner, getattr(self._state, place))
            answer = (await self._ask(body)).element
            for change in answer.iterfind(f"{M}Changes/*"):
                folder = change[0]
                key = (folder if folder.tag == f"{T}FolderId" else folder.find(f"{T}FolderId")).get("Id")
                if change.tag == f"{T}Delete":
                    self._state.parents.pop(key, None)
                else:
                    changed |= key not in self._state.parents
                    self._state.parents[key] = _parent(folder)
            setattr(self._state, place, answer.findtext(f"{M}SyncState"))
            last = _is_true(answer.findtext(f"{M}IncludesLastFolderInRange"))
        return changed

    # messages

    async def _rounds(self, folder: str) -> None:
        place = self._state.folders[folder]
        if place.sync is None:
            await self._emptied(folder)
        last = False
        while not last:
            changes = await self._changes(folder, place.sync)
            words = await self._words(folder, changes)
            place, last = Place(changes.state), changes.last
            await self._take(folder, words, place)

    async def _changes(self, folder: str, state: str | None) -> _Changes:
        body = soap.sync_items(folder, state, self._page, received=self._since is not None)
        answer = (await self._ask(body)).element
        state = answer.findtext(f"{M}SyncState")
        if not state:
            raise OverBudgetError("an answer without a sync state")
        found = _Changes(state, _is_true(answer.findtext(f"{M}IncludesLastItemInRange")))
        for change in answer.iterfind(f"{M}Changes/*"):
            item = change[0]
            key = (item if item.tag == f"{T}ItemId" else item.find(f"{T}ItemId")).get("Id")
            if change.tag == f"{T}Delete":
                found.removed[key] = None
                found.present.pop(key, None)
            elif change.tag != f"{T}ReadFlagChange" and not self._is_old(item):
                found.present[key] = change.tag == f"{T}Update" or key in found.removed
                found.removed.pop(key, None)
        return found

    def _is_old(self, item: etree._Element) -> bool:
        received = item.findtext(f"{T}DateTimeReceived") if self._since is not None else None
        return received is not None and self._since is not None and datetime.fromisoformat(received) < self._since

    async def _words(self, folder: str, changes: _Changes) -> Words:
        """What a page says, with the fields of the items that it names."""
        ids = list(changes.present)
        chunks = [ids[first : first + self._chunk] for first in range(0, len(ids), self._chunk)]
        found: dict[str, etree._Element] = {}
        failed: dict[str, str] = {}
        for items, failures in await asyncio.gather(*map(self._fetch, chunks)):
            found |= items
            failed |= failures
        if GONE in failed.values():
            # what was deleted meanwhile is told by the next page, which is only looked at here
            later = await self._changes(folder, changes.state)
            failed = {key: code for key, code in failed.items() if key not in later.removed}
        columns = Columns(found[key] for key in ids if key in found)
        known = await self._people.resolve(columns.exchange_addresses())
        changed = {key for key, before in changes.present.items() if before}
        words = columns.words(folder, self._period, known, list(changes.removed), changed)
        if not failed:
            return words
        problems = [*words.problems, *((key, f"not given by the server ({code})") for key, code in failed.items())]
        return replace(words, told=[*words.told, *failed], problems=problems)

    async def _fetch(self, ids: list[str]) -> tuple[dict[str, etree._Element], dict[str, str]]:
        """Items by id, and the codes of those that were not given however often they were asked for."""
        found: dict[str, etree._Element] = {}
        failed: dict[str, str] = {}
        tries = dict.fromkeys(ids, 0)
        wanted = ids
        while wanted:
            answers = await self._client.call(
                soap.get_items(wanted), self._gate, mailbox=self._mailbox, expected=len(wanted), partial=True
            )
            waiting: list[soap.Message] = []
            # in the order of the ids; where some are missing, the errors belong to nobody
            whole = len(answers) == len(wanted)
            for key, answer in zip(wanted, answers, strict=whole):
                if not answer.is_error:
                    found |= _items(answer.element)
                elif answer.code in TRANSIENT:
                    waiting.append(answer)
                elif whole:
                    tries[key] += 1
                    if tries[key] == TRIES:
                        failed[key] = answer.code
            left = [key for key in wanted if key not in found and key not in failed]
            if waiting or (len(left) == len(wanted) and not whole):
                self._client.hold(waiting, self._gate)
            wanted = left
        return {key: found[key] for key in ids if key in found}, failed


def _items(message: etree._Element) -> dict[str, etree._Element]:
    return {item.find(f"{T}ItemId").get("Id"): item for item in message.iterfind(f"{M}Items/*")}


def _parent(folder: etree._Element) -> str | None:
    """The parent of a folder of mail; None for search folders, and folders of appointments, contacts and such."""
    kind = folder.findtext(f"{T}FolderClass") or "IPF.Note"
    if folder.tag != MAIL or not kind.lower().startswith(("ipf.note", "ipf.imap")):
        return None
    parent = folder.find(f"{T}ParentFolderId")
    return "" if parent is None else parent.get("Id")


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in {"true", "1"}
