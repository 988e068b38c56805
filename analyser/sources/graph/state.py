"""Where the reading of a mailbox stands: its folders, and for each the link from which it goes on. Opaque to others."""

from __future__ import annotations

from typing import Final

import msgspec

from analyser.sources.service.folders import FolderTree

__all__ = ["SKIPPED", "FolderState", "MailboxState", "Older"]

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
    "recoverableitemsdeletions",
)
"""Well-known folders that are left out with all below them: no mail, not sent, not wanted, or shown elsewhere again."""

VERSION: Final = 1


class Older(msgspec.Struct, omit_defaults=True):
    """What a start date left over after the cap: mail received before `until`; `link` within a window."""

    until: str
    link: str | None = None


class FolderState(msgspec.Struct, omit_defaults=True):
    """How far a folder has been read.

    Parameters
    ----------
    link
        The next or delta link to ask; None at the very start.
    first
        True until the first round has ended: from then on the link tells what has changed.
    told, oldest
        Messages of the first round under a start date, and when the oldest was received: they tell if the cap cut it.
    older
        The rest that windows bring.
    """

    link: str | None = None
    first: bool = True
    told: int = 0
    oldest: str | None = None
    older: Older | None = None


class MailboxState(FolderTree, kw_only=True):
    """State of a mailbox; `folders` are those that are read."""

    version: int = VERSION
    folders: dict[str, FolderState] = msgspec.field(default_factory=dict)
