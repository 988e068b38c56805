"""Where the reading of a mailbox stands: its folders, and for each the link from which it goes on. Opaque to others."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["SKIPPED", "FolderState", "MailboxState", "Older", "read_state"]

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


class MailboxState(msgspec.Struct, omit_defaults=True):
    """State of a mailbox.

    Parameters
    ----------
    mode, since
        Settings under which it was read: other settings begin anew.
    listing
        Delta link of the list of folders.
    parents
        All folders that the list has told, with their parents; None for search folders, whose mail lies elsewhere.
    skipped
        Ids of the well-known folders that are left out, by name; "" where the mailbox has none.
    folders
        Those that are read.
    """

    mode: str
    since: str | None = None
    listing: str | None = None
    parents: dict[str, str | None] = {}
    skipped: dict[str, str] = {}
    folders: dict[str, FolderState] = {}
    version: int = VERSION

    def encode(self) -> str:
        """As JSON."""
        return msgspec.json.encode(self).decode()

    def wanted(self) -> list[str]:
        """Folders that are read: none that is left out, or lies below one."""
        closed = set(self.skipped.values())

        def is_open(folder: str) -> bool:
            seen: set[str] = set()
            at: str | None = folder
            while at is not None and at not in seen:
                if at in closed or (at in self.parents and self.parents[at] is None):
                    return False
                seen.add(at)
                at = self.parents.get(at)
            return True

        return [folder for folder in self.parents if is_open(folder)]


def read_state(text: str | None, *, mode: str, since: str | None) -> tuple[MailboxState, list[str]]:
    """The state to go on from, and the folders of an earlier one that does not fit: they are to be emptied.

    A folder that stays is emptied by its own first round.
    """
    fresh = MailboxState(mode=mode, since=since)
    if text is None:
        return fresh, []
    known = msgspec.json.decode(text, type=MailboxState)
    if (known.mode, known.since, known.version) == (mode, since, VERSION):
        return known, []
    return fresh, list(known.folders)
