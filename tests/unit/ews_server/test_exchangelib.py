"""exchangelib itself, as it comes, reads the whole of every mailbox."""

from __future__ import annotations

import pytest

exchangelib = pytest.importorskip("exchangelib")

from exchangelib import errors  # noqa: E402 - only where it is installed
from exchangelib.folders import FolderCollection  # noqa: E402
from exchangelib.protocol import CachingProtocol  # noqa: E402

from ews_server import SKIPPED, Fault  # noqa: E402

WRONG = "another"
FIELDS = [
    "subject",
    "sender",
    "author",
    "to_recipients",
    "cc_recipients",
    "message_id",
    "conversation_id",
    "conversation_index",
    "in_reply_to",
    "references",
    "datetime_sent",
    "datetime_received",
    "size",
    "has_attachments",
    "importance",
    "item_class",
    "is_draft",
    "parent_folder_id",
]


@pytest.fixture
def account(server, monkeypatch):
    """Makes accounts over one configuration; the pool ends with the test."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)

    def make(address, *, auth=exchangelib.NTLM, password=None, policy=None):
        config = exchangelib.Configuration(
            service_endpoint=server.endpoint,
            credentials=exchangelib.Credentials(server.username, password or server.password),
            auth_type=auth,
            version=exchangelib.Version(exchangelib.Build(*server.build)),
            retry_policy=policy,
            max_connections=2,
        )
        made = exchangelib.Account(address, config=config, autodiscover=False, access_type=exchangelib.IMPERSONATION)
        made.identity.upn = None
        return made

    yield make
    CachingProtocol.clear_cache()


def folders(account):
    """Those that are scanned, found from the top; an id of its own for each (see the package's description)."""
    kept, dropped = [], set()
    for _, folder in account.root.sync_hierarchy(only_fields=["name", "folder_class", "parent_folder_id"]):
        folder._distinguished_id = None
        kept.append(folder)
    for name in SKIPPED:
        for found in FolderCollection(account, [named(account, name)]).resolve():
            if not isinstance(found, Exception):
                dropped.add(found.id)
    for folder in kept:  # parents come first
        if folder.parent_folder_id.id in dropped:
            dropped.add(folder.id)
    return [folder for folder in kept if folder.id not in dropped and folder.folder_class in (None, "IPF.Note")]


def named(account, name):
    mailbox = exchangelib.Mailbox(email_address=account.primary_smtp_address)
    key = exchangelib.properties.DistinguishedFolderId(id=name, mailbox=mailbox)
    return exchangelib.folders.Folder(root=account.root, _distinguished_id=key)


def scanned(account):
    found = {}
    for folder in folders(account):
        keys = [item for _, item in folder.sync_items(only_fields=["id", "changekey"], max_changes_returned=20)]
        for item in account.fetch(keys, only_fields=FIELDS, chunk_size=20):
            found[(account.primary_smtp_address, item.id)] = item
    return found


@pytest.mark.parametrize("auth", [exchangelib.NTLM, exchangelib.BASIC])
def test_whole_mailboxes(server, account, world, auth):
    chosen = [box.address for box in world.mailboxes[1:4]]  # English, Japanese, German
    found = {}
    for address in chosen:
        found |= scanned(account(address, auth=auth))
    expected = server.messages(mailboxes=chosen)
    assert set(found) == set(expected)
    for key, message in expected.items():
        item = found[key]
        shown = world.x500 if message.exchange else {}
        assert item.message_id == message.message_id
        assert item.datetime_sent.timestamp() == message.sent
        assert [box.email_address for box in item.to_recipients] == [shown.get(a, a) for a in message.to]
    assert server.violations == []
    assert server.checked > 20


def test_guessing_login_and_version(server, account, box, monkeypatch):
    """Without a word about either in the configuration."""
    server.set(version="se")
    account(box.address)  # for the environment alone
    credentials = exchangelib.Credentials(server.username, server.password)
    config = exchangelib.Configuration(service_endpoint=server.endpoint, credentials=credentials)
    made = exchangelib.Account(box.address, config=config, autodiscover=False, access_type=exchangelib.IMPERSONATION)
    assert made.inbox.total_count
    assert made.version.build == exchangelib.Build(*server.build)
    assert server.violations == []


@pytest.mark.parametrize("auth", [exchangelib.NTLM, exchangelib.BASIC])
def test_wrong_password(account, world, auth):
    with pytest.raises(errors.UnauthorizedError):
        account(world.mailboxes[0].address, auth=auth, password=WRONG).root.refresh()


def test_its_own_query(server, account, box, inbox):
    items = list(account(box.address).inbox.all().only("subject", "sender", "to_recipients"))
    assert {item.id for item in items} == {message.id for message in inbox.messages}
    assert server.violations == []


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("missing", errors.ErrorNonExistentMailbox),
        ("out_of_scope", errors.ErrorImpersonateUserDenied),
        ("moving", errors.ErrorMailboxMoveInProgress),
        ("store_down", errors.ErrorMailboxStoreUnavailable),
    ],
)
def test_states(server, account, box, state, error):
    server.set_state(box.address, state)
    with pytest.raises(error):
        account(box.address).root.refresh()


def test_void_sync_state(server, account, box):
    inbox = account(box.address).inbox
    list(inbox.sync_items(only_fields=["id"]))
    server.expire_sync(box.address, "inbox")
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        list(inbox.sync_items(only_fields=["id"]))


def test_back_off_is_read_and_obeyed(server, account, box):
    patient = account(box.address, policy=exchangelib.FaultTolerance(max_wait=30))
    server.inject(Fault("busy", operation="SyncFolderItems", back_off=700))
    assert list(patient.inbox.sync_items(only_fields=["id"]))
    told, answered = [entry for entry in server.requests if entry.operation == "SyncFolderItems"][:2]
    assert answered.started - told.ended >= 0.7
    assert server.violations == []


def test_names(server, account, world):
    protocol = account(world.mailboxes[0].address).protocol
    address, name = next(iter(world.x500.items()))
    [found] = protocol.resolve_names([name])
    assert found.email_address == address
    assert "all-sales@contoso.example" in {box.email_address for box in protocol.expand_dl("everyone@contoso.example")}
    assert server.requests[-1].mailbox is None
    assert server.violations == []
