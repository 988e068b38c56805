"""Mailboxes of an Exchange server as plain data, beside the directory that the Graph server's world has too."""

from __future__ import annotations

import msgspec

import graph_server.world
from graph_server.world import NOW, Group, User

__all__ = ["SKIPPED", "STATES", "Folder", "Group", "Mailbox", "Message", "User", "World", "messages", "outcomes"]

SKIPPED = (
    "drafts",
    "outbox",
    "junkemail",
    "deleteditems",
    "conversationhistory",
    "searchfolders",
    "syncissues",
    "recoverableitemsroot",
    "archivedeleteditems",
    "archiverecoverableitemsroot",
)
"""Distinguished folders that a metadata scan leaves out with all that lies below them."""

STATES = {
    "ok": None,
    "missing": ("ErrorNonExistentMailbox", "fault"),
    "out_of_scope": ("ErrorImpersonateUserDenied", "fault"),
    "moving": ("ErrorMailboxMoveInProgress", "response"),
    "store_down": ("ErrorMailboxStoreUnavailable", "response"),
    "failover": ("ErrorMailboxFailover", "response"),
    "access_denied": ("ErrorAccessDenied", "response"),
    "logon_failed": ("ErrorMailboxLogonFailed", "response"),
}
"""State of a mailbox → response code with which every request for it is answered, and if that is a SOAP fault."""


class Message(graph_server.world.Message, kw_only=True):
    """One copy of a message; `exchange` says that internal people stand in it by their X.500 addresses."""

    item_class: str = "IPM.Note"
    in_reply_to: str | None = None
    references: str | None = None
    exchange: bool = False


class Folder(graph_server.world.Folder, kw_only=True):
    """A folder; `well_known` is its distinguished id, `archive` says that it is one of the archive mailbox."""

    folder_class: str | None = "IPF.Note"
    archive: bool = False
    messages: list[Message] = msgspec.field(default_factory=list)


class Mailbox(graph_server.world.Mailbox, kw_only=True):
    """A mailbox; `state` is a key of `STATES`, `language` that of its folders' names."""

    language: str = "en"
    folders: list[Folder] = msgspec.field(default_factory=list)


class World(graph_server.world.World, kw_only=True):
    """The organisation. `x500` has the X.500 address of each internal address."""

    mailboxes: list[Mailbox] = msgspec.field(default_factory=list)
    x500: dict[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def generate(cls, *, mailboxes: int, messages: int, seed: int = 0, now: int = NOW) -> World:
        """The organisation of ``graph_server.World.generate`` with the same arguments, on an Exchange server."""
        from ews_server.generate import generate  # noqa: PLC0415 - the generator builds what is declared here

        return generate(mailboxes=mailboxes, messages=messages, seed=seed, now=now)


def messages(
    world: World, *, mailboxes: set[str] | None = None, archive: bool = False
) -> dict[tuple[str, str], Message]:
    """Every message that a complete scan holds, by (mailbox address, item id)."""
    found = {}
    for box in world.mailboxes:
        if box.state == "ok" and (mailboxes is None or box.address in mailboxes):
            for folder in _scanned(box, archive=archive):
                found |= {(box.address, message.id): message for message in folder.messages}
    return found


def outcomes(world: World) -> dict[str, str]:
    """Mailboxes that cannot be read: {address: state}."""
    return {box.address: box.state for box in world.mailboxes if box.state != "ok"}


def _scanned(box: Mailbox, *, archive: bool) -> list[Folder]:
    by_id = {folder.id: folder for folder in box.folders}

    def skipped(folder: Folder | None) -> bool:
        while folder is not None:
            if folder.search or folder.well_known in SKIPPED:
                return True
            folder = by_id.get(folder.parent or "")
        return False

    return [folder for folder in box.folders if (archive or not folder.archive) and not skipped(folder)]
