"""Where the reading of a mailbox stands: its folders, which of them are read, and a place in each."""

from __future__ import annotations

from typing import TypeVar

import msgspec

__all__ = ["FolderTree", "read_state"]


class FolderTree(msgspec.Struct, kw_only=True):
    """What is common to the states of all services; each adds `folders`, the place in each folder that is read.

    Parameters
    ----------
    mode, since
        Settings under which it was read: other settings begin anew.
    version
        Of the state itself: another one begins anew.
    listing
        From where the list of folders goes on.
    parents
        All folders that the list has told, with their parents; None for those whose mail lies elsewhere or is no mail.
    skipped
        Ids of the well-known folders that are left out, by name; "" where the mailbox has none.
    """

    mode: str
    version: int
    since: str | None = None
    listing: str | None = None
    parents: dict[str, str | None] = {}
    skipped: dict[str, str] = {}

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


S = TypeVar("S", bound=FolderTree)


def read_state(text: str | None, fresh: S) -> S:
    """The state to go on from: the earlier one if it fits, else the fresh one."""
    if text is None:
        return fresh
    known = msgspec.json.decode(text, type=type(fresh))
    same = (known.mode, known.since, known.version) == (fresh.mode, fresh.since, fresh.version)
    return known if same else fresh
