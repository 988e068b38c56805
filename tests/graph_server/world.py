"""The tenant as plain data: users, groups, mailboxes with folders and messages. No behaviour but `expected`."""

from __future__ import annotations

import msgspec

__all__ = [
    "SKIPPED",
    "STATES",
    "Channel",
    "Folder",
    "Group",
    "Mailbox",
    "Message",
    "User",
    "World",
    "expected",
    "outcomes",
]

NOW = 1_764_000_000  # a November day in 2025
SKIPPED = (
    "drafts",
    "outbox",
    "junkemail",
    "deleteditems",
    "conversationhistory",
    "searchfolders",
    "syncissues",
    "recoverableitemsdeletions",
)
"""Well-known folders that a metadata scan leaves out with all that lies below them."""

STATES = {
    "ok": None,
    "unlicensed": (404, "MailboxNotEnabledForRESTAPI"),
    "soft_deleted": (404, "MailboxNotEnabledForRESTAPI"),
    "on_premises": (404, "MailboxNotEnabledForRESTAPI"),
    "not_supported": (404, "MailboxNotSupportedForRESTAPI"),
    "out_of_scope": (403, "ErrorAccessDenied"),
    "not_consented": (403, "Authorization_RequestDenied"),
    "missing": (404, "ResourceNotFound"),
    "no_user": (404, "Request_ResourceNotFound"),
    "no_mailbox": (404, "ErrorNonExistentMailbox"),
    "invalid_user": (404, "ErrorInvalidUser"),
    "moving": (503, "MailboxMoveInProgress"),
    "store_down": (503, "ErrorMailboxStoreUnavailable"),
    "over_quota": (507, "ErrorQuotaExceeded"),
    "routing": (400, "ErrorIncorrectRoutingHint"),
    "extension": (400, "extensionError"),
    "refused_token": (401, "AuthenticationError"),
    "throttled": (429, "ApplicationThrottled"),
}
"""State of a mailbox → status and ``error.code`` with which every mail request for it is answered."""


class Message(msgspec.Struct, kw_only=True):
    """One copy of a message. Times are seconds since 1970; addresses are lower case."""

    id: str
    message_id: str | None
    conversation_id: str
    conversation_index: str
    subject: str | None
    sender: str | None
    to: list[str]
    cc: list[str] = []
    bcc: list[str] = []
    sent: int
    received: int
    modified: int
    has_attachments: bool = False
    is_read: bool = True
    is_draft: bool = False
    importance: str = "normal"
    classification: str = "focused"
    categories: list[str] = []
    type: str | None = None
    meeting: str | None = None
    size: int = 20_000
    version: int = 1


class Folder(msgspec.Struct, kw_only=True):
    """A folder; `parent` is an id, None for the root, which no listing shows."""

    id: str
    name: str
    parent: str | None
    well_known: str | None = None
    hidden: bool = False
    search: bool = False
    messages: list[Message] = []


class Mailbox(msgspec.Struct, kw_only=True):
    """A mailbox: `purpose` is a userPurpose (user, shared, room …), `state` a key of `STATES`."""

    address: str
    user: str
    purpose: str = "user"
    state: str = "ok"
    folders: list[Folder] = []


class User(msgspec.Struct, kw_only=True):
    """A directory object: a user, or an organisation contact if `contact`."""

    id: str
    address: str
    name: str
    principal_name: str
    aliases: list[str] = []
    department: str | None = None
    title: str | None = None
    office: str | None = None
    country: str | None = "Germany"
    company: str | None = "Contoso"
    manager: str | None = None
    enabled: bool = True
    type: str = "Member"
    licensed: bool = True
    contact: bool = False
    created: int = 1_500_000_000
    last_activity: str | None = None


class Channel(msgspec.Struct, kw_only=True):
    """A channel of a team; `members` are user ids, for private ones."""

    id: str
    name: str
    membership: str = "standard"
    members: list[str] = []


class Group(msgspec.Struct, kw_only=True):
    """A group. `kind`: microsoft_365_group, team, distribution_list, security_group, mail_security_group.

    `members` and `owners` are ids of users, contacts or groups.
    """

    id: str
    address: str | None
    name: str
    kind: str
    aliases: list[str] = []
    members: list[str] = []
    owners: list[str] = []
    channels: list[Channel] = []
    renewed: int = 1_700_000_000
    archived: bool = False


class World(msgspec.Struct, kw_only=True):
    """The whole tenant. `now` is the time that its clock shows for message traces (seconds since 1970)."""

    organisation: str
    domain: str
    now: int
    users: list[User] = []
    groups: list[Group] = []
    mailboxes: list[Mailbox] = []
    names: dict[str, str] = {}

    @classmethod
    def generate(cls, *, mailboxes: int, messages: int, seed: int = 0, now: int = NOW) -> World:
        """A tenant with `mailboxes` readable mailboxes that hold at least `messages` copies to scan together.

        Mail is of the 400 days before `now`; message traces need ``now=int(time.time())``.
        """
        from graph_server.generate import generate  # noqa: PLC0415 - the generator builds what is declared here

        return generate(mailboxes=mailboxes, messages=messages, seed=seed, now=now)

    def mailbox(self, address: str) -> Mailbox:
        return next(box for box in self.mailboxes if box.address == address)

    def folder(self, address: str, name: str) -> Folder:
        return next(f for f in self.mailbox(address).folders if name in (f.id, f.well_known, f.name))


def expected(world: World, *, folders: str = "all", mailboxes: set[str] | None = None) -> set[tuple[str, str]]:
    """(mailbox address, item id) of every message that a complete scan holds."""
    found = set()
    for box in world.mailboxes:
        if box.state == "ok" and (mailboxes is None or box.address in mailboxes):
            kept = _scanned(box, folders)
            found |= {(box.address, message.id) for folder in kept for message in folder.messages}
    return found


def outcomes(world: World) -> dict[str, str]:
    """Mailboxes that cannot be read: {address: state}."""
    return {box.address: box.state for box in world.mailboxes if box.state != "ok"}


def _scanned(box: Mailbox, folders: str) -> list[Folder]:
    if folders == "sent":
        return [folder for folder in box.folders if folder.well_known == "sentitems"]
    by_id = {folder.id: folder for folder in box.folders}

    def skipped(folder: Folder | None) -> bool:
        while folder is not None:
            if folder.search or folder.well_known in SKIPPED:
                return True
            folder = by_id.get(folder.parent or "")
        return False

    return [folder for folder in box.folders if not skipped(folder)]
