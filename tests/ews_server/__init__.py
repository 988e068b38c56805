"""An Exchange server (EWS) on loopback, in a process of its own, over TLS.

::

    from ews_server import EwsServer, Fault, World

    world = World.generate(mailboxes=20, messages=2_000, seed=1)
    with EwsServer(world) as server:
        ...                                   # point exchangelib at server.endpoint, with server.username and .password
        assert server.expected() == found     # {(mailbox address, item id), …} of a complete scan
        assert not server.violations

In pytest a ``conftest.py`` says ``from ews_server.fixtures import ews_server``; the fixture is a function with the
arguments of `EwsServer`, and stops what it started at the end of the test. By hand:
``PYTHONPATH=tests python -m ews_server --mailboxes 20 --messages 2000``.

Where the client finds it
-------------------------
``server.endpoint``           ``https://localhost:PORT/EWS/Exchange.asmx``; HTTP/1.1 with connections kept alive
``server.ca_file``            PEM of the CA (`REQUESTS_CA_BUNDLE`)
``server.username``           the service account ``CONTOSO\\\\scanner``; ``server.password``
``server.environment``        `REQUESTS_CA_BUNDLE`, `SSL_CERT_FILE` and ``ANALYSER_EWS_PASSWORD``, for a child process
``server.build``              the four numbers of ServerVersionInfo: ``exchangelib.Build(*server.build)``

Options of `EwsServer` (all by keyword)
---------------------------------------
``validate=True``             share of requests and responses that are checked against the schema: True, False, 0…1
``auth=("ntlm", "basic")``    what ``WWW-Authenticate`` offers; NTLM is checked (NTLMv2), once per connection
``version="2019"``            ``2016``, ``2019`` or ``se`` (15.2.2562)
``latency=0.005``             seconds that every answer takes at least (0 for benchmarks)
``item_latency=0.0``          seconds more for each item that GetItem reads
``connections=27``            requests of the account in flight; more are answered ErrorExceededConnectionCount
``find_limit=1000``           most items or folders in one page of FindItem or FindFolder
``resolve_limit=100``         most hits of ResolveNames
``seed=0``                    of everything random in the server

What the server knows (each read from the process when asked)
-------------------------------------------------------------
``server.requests``           list of `Logged`: method, path, operation, mailbox (impersonated), fields (FieldURIs asked
                              for), items (ids asked for, or items in the answer), code (of the answer, NoError if
                              all is well), status, headers (no credentials), body, started, ended, fault.
                              Handshakes that are answered 401 have operation ``""``. ``server.asked``: their number
``server.violations``         list of `Violation`: kind, detail, operation, mailbox. An empty list is the proof that the
                              client kept the rules. Kinds: ``request_schema``, ``response_schema`` (ours), ``content``
                              (body, MIME, attachments or headers asked for), ``shape`` (BaseShape other than IdOnly),
                              ``back_off`` (the same request again before the time that was told), ``unimpersonated``
                              (mail read without ExchangeImpersonation), ``unsupported`` (an operation that writes, or
                              is not here). ``server.broken``: their kinds as a set
``server.peak``               {mailbox address, or ``""`` for all: most requests in flight at once}
``server.expected(mailboxes=None, archive=False)``  the set of a complete scan of the world as it is now
``server.messages(archive=False)``  {(mailbox address, item id): `Message`} of the same, to compare each field
``server.outcomes()``         {mailbox address: state} of mailboxes that cannot be read; states: see `STATES`
``server.world``              the `World` as it is now; ``server.checked``: exchanges held against the schema
``server.reset()``            world, options, faults and log as at the start: one server, many tests
``server.forgive()``          forgets each back-off that was told: a client that was killed cannot tell the next
``server.clear_log()``        forgets requests, violations and peaks
``server.set(latency=0)``     changes options while it runs

Operations
----------
GetFolder, FindFolder (Shallow, Deep), SyncFolderHierarchy, SyncFolderItems, FindItem, GetItem, ResolveNames, ExpandDL,
GetServerTimeZones; ConvertId converts nothing, it is there for a client that guesses the version. Everything else is
refused (ErrorInvalidRequest) and recorded as ``unsupported``.

Faults
------
``server.inject(Fault(kind, …))`` adds one; ``server.clear_faults()`` ends all; ``server.fired`` counts {kind: times}.
`Fault` fields: ``kind``; ``operation`` (regular expression, ``GetItem``), ``mailbox`` (address); ``times`` (at most so
often; None: always), ``after`` (passes the first n matches), ``probability``; ``back_off`` (milliseconds),
``retry_after`` (seconds, None: no header), ``status``, ``code``, ``form`` (``fault`` or ``response``), ``share``,
``delay``, ``length``.

==================  =============================================================================================
``busy``            ErrorServerBusy with `back_off` as BackOffMilliseconds in MessageXml; `form` ``fault`` (SOAP fault,
                    HTTP 500) or ``response`` (in each response message). The same request earlier is a violation
``connections``     ErrorExceededConnectionCount, as a SOAP fault
``error``           `code` in the given `form`: ErrorTimeoutExpired, ErrorInternalServerTransientError,
                    ErrorMailboxMoveInProgress, ErrorMailboxStoreUnavailable …; does not change the mailbox
``status``          HTTP `status` (503) with an HTML page, with `retry_after` or without
``unauthorized``    401 in the middle: the connection must sign in again
``reset``           the connection is reset in the middle of the body
``truncate``        XML cut in the middle; `length` ``right`` (that of the cut), ``wrong`` (of the whole), ``chunked``
``slow``            answers after `delay` seconds
``sync_state``      ErrorInvalidSyncStateData: every state of that folder (or of the hierarchy) is void from now on
``partial``         a `share` of the items of a GetItem is answered ErrorItemNotFound (or `code`)
``short``           the last response messages of a GetItem are missing, by `share`
``vanish``          the folder of the request is gone from now on (ErrorFolderNotFound; SyncFolderItems:
                    ErrorSyncFolderNotFound)
``mailbox``         the mailbox of the request changes into the state `code` of `STATES`
==================  =============================================================================================

Changes between scans (each returns what it made; all appear in the next round of SyncFolderItems)
--------------------------------------------------------------------------------------------------
``server.add_messages(mailbox, folder="inbox", count=1, **properties)`` → ids;
``server.update_message(id, **properties)`` (``is_read`` alone gives a ReadFlagChange);
``server.move_message(id, folder)`` → **a new id** (Delete in the old folder, Create in the new one);
``server.delete_message(id)``;
``server.add_folder(mailbox, name, parent="msgfolderroot")`` → id; ``server.move_folder(id, parent)``;
``server.rename_folder(id, name)``; ``server.delete_folder(id)``; ``server.set_state(mailbox, state)``;
``server.expire_sync(mailbox, folder=None)``; ``server.add_user``, ``update_user``, ``delete_user``, ``update_group``,
``add_member``, ``remove_member`` as in `graph_server`. Properties are the fields of `Message`, `User`, `Group`.
`folder` is an id or a distinguished id.

What lies in the mailboxes
--------------------------
People, lists and threads are those of ``graph_server.World.generate`` with the same arguments (message ids too, so
that one lake can take both). Every fourth mailbox is German, every fourth Japanese, in the names of its folders. Each
has the distinguished folders, ``searchfolders`` with a search folder below ``root``, a folder named as a distinguished
one that is none, calendar, contacts and tasks (FolderClass); every fifth an archive mailbox (``archiveroot``,
``archivemsgfolderroot``), whose messages are in no other folder. In every third message internal people appear with
``RoutingType`` EX and the X.500 address of ``World.x500``, which ResolveNames knows; item classes are IPM.Note,
IPM.Note.SMIME, IPM.Schedule.Meeting.*, REPORT.IPM.Note.IPNRN. Some item ids differ only in the case of a letter.

Rules that the server holds a client to
---------------------------------------
- BaseShape IdOnly and AdditionalProperties; MaxChangesReturned at most 512 (schema). Content is refused and recorded.
- FindItem and SyncFolderItems give no more than a name for senders, and nothing for recipients, InternetMessageId,
  ConversationIndex, InReplyTo, References: for those GetItem is needed.
- SyncFolderItems brings the newest first; search folders have no sync (ErrorInvalidFolderTypeForOperation). A SyncState
  is signed, and good for one folder; a folder that is gone is ErrorSyncFolderNotFound.
- Extended properties: PidTagSenderSmtpAddress (0x5D01) and PidTagSentRepresentingSmtpAddress (0x5D02) of items, by
  GetItem, spare a ResolveNames for senders; PidTagAttributeHidden (0x10F4) of folders.
- ResolveNames takes one name and at most answers `resolve_limit`; ExpandDL goes one level deep; both as the account.

exchangelib 5.6 gives a folder of ``root.sync_hierarchy()`` for which the server says no DistinguishedFolderId that of
the root, and then asks for the root instead of the folder: take its id alone.

The schemas are those of `contracts/ews` below the folder ``ANALYSER_SHARED`` (default: ``shared`` beside the project);
without them a server with ``validate`` on raises FileNotFoundError; tests skip by `schema_folder`.
"""

from __future__ import annotations

from ews_server.faults import KINDS, Fault
from ews_server.ledger import Logged, Violation
from ews_server.schema import schema_folder
from ews_server.server import EwsServer
from ews_server.world import (
    SKIPPED,
    STATES,
    Folder,
    Group,
    Mailbox,
    Message,
    User,
    World,
    messages,
    outcomes,
)

__all__ = [
    "KINDS",
    "SKIPPED",
    "STATES",
    "EwsServer",
    "Fault",
    "Folder",
    "Group",
    "Logged",
    "Mailbox",
    "Message",
    "User",
    "Violation",
    "World",
    "messages",
    "outcomes",
    "schema_folder",
]
