"""Where the reading of a mailbox stands: sync states of its lists of folders, and of each folder. Opaque to others."""

from __future__ import annotations

from typing import Final

import msgspec

from analyser.sources.service.folders import FolderTree

__all__ = ["SKIPPED", "MailboxState", "Place"]

SKIPPED: Final = (
    "drafts",
    "outbox",
    "junkemail",
    "deleteditems",
    "conversationhistory",
    "searchfolders",
    "syncissues",
    "conflicts",
    "localfailures",
    "serverfailures",
    "recoverableitemsroot",
)
"""Distinguished folders that are left out with all below them: no mail, not sent, not wanted, or shown elsewhere."""

SKIPPED_OF_ARCHIVE: Final = ("archivedeleteditems", "archiverecoverableitemsroot")

VERSION: Final = 1


class Place(msgspec.Struct, omit_defaults=True):
    """How far a folder has been read: the state of SyncFolderItems; None at the very start."""

    sync: str | None = None


class MailboxState(FolderTree, kw_only=True):
    """State of a mailbox; `archive` goes on with the list of folders of the archive mailbox."""

    version: int = VERSION
    archive: str | None = None
    folders: dict[str, Place] = msgspec.field(default_factory=dict)
