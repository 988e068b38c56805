"""A Microsoft Graph and Entra tenant on loopback, in a process of its own, over TLS.

::

    from graph_server import Fault, GraphServer, World

    world = World.generate(mailboxes=20, messages=2_000, seed=1)
    with GraphServer(world) as server:
        ...                                   # point the client at server.authority and server.graph
        assert server.expected() == found     # {(mailbox address, item id), …} of a complete scan
        assert not server.violations

In pytest a ``conftest.py`` says ``from graph_server.fixtures import graph_server``; the fixture is a function with the
arguments of `GraphServer`, and stops what it started at the end of the test. By hand:
``PYTHONPATH=tests python -m graph_server --mailboxes 20 --messages 2000``.

Where the client finds it
-------------------------
``server.authority``          ``https://localhost:PORT/TENANT``: ``{authority}/v2.0/.well-known/openid-configuration``
``server.graph``              ``https://localhost:PORT``: the root, without ``/v1.0``; scope ``{graph}/.default``
``server.ca_file``            PEM of the CA: `SSL_CERT_FILE` (httpx), `REQUESTS_CA_BUNDLE` (MSAL by requests)
``server.environment``        those two variables and ``ANALYSER_GRAPH_SECRET``, for a child process
``server.tenant``, ``.client_id``, ``.client_secret``
``server.certificate``        PEM file with private key and certificate of the application; ``.thumbprint`` SHA-1, hex
``server.assertion_file``     a workload identity's federated token (a file, as Kubernetes projects it)
``server.managed_identity``   ``http://127.0.0.1:PORT/metadata/identity/oauth2/token``; MSAL 1.39 finds it by
                              `AZURE_POD_IDENTITY_AUTHORITY_HOST` = ``.managed_identity_root``; as App Service by
                              `IDENTITY_ENDPOINT` = ``.app_service_endpoint`` and
                              `IDENTITY_HEADER` = ``.app_service_secret``

Options of `GraphServer` (all by keyword)
-----------------------------------------
``validate=True``             share of requests and responses that are checked against the contract: True, False, 0…1
``roles=…``                   application roles that tokens carry; an endpoint without its role answers 403
``token_lifetime=3600``       seconds
``latency=0.005``             seconds that every Graph answer takes at least (0 for benchmarks)
``concurrency=4``             requests in flight per mailbox and application; more are answered 429
``max_page_size=1000``        ``odata.maxpagesize`` is cut to it; without the preference a page has 10 messages
``empty_pages=0.1``           share of message pages that are preceded by an empty page with a next link
``top="refuse"``              ``$top`` on a message delta: ``refuse`` (400), ``ignore`` or ``cap`` (caps the total)
``http2=True``                offer HTTP/2 by ALPN beside HTTP/1.1
``seed=0``                    of everything random in the server
``trace_limit=100``, ``trace_window=300.0``  message-trace requests per seconds

What the server knows (each read from the process when asked)
-------------------------------------------------------------
``server.requests``           list of `Logged`: method, path, query, headers (no token), mailbox, status, started,
                              ended, fault, protocol, page (items in the answer); ``server.asked``: their number
``server.violations``         list of `Violation`: kind, detail, method, path, mailbox. An empty list is the proof that
                              the client kept the rules. Kinds: ``request_contract``, ``response_contract`` (ours),
                              ``forbidden_field``, ``concurrency``, ``retry_after``, ``missing_prefer``, ``top``,
                              ``link_changed``, ``outside_contract``, ``authorization_sent``, ``trace_rate``,
                              ``unsupported``. ``server.broken``: their kinds as a set
``server.peak``               {mailbox address: most requests in flight at once}
``server.expected(folders="all", mailboxes=None)``  the set of a complete scan of the world as it is now; or ``sent``
``server.outcomes()``         {mailbox address: state} of mailboxes that cannot be read; states: see `STATES`
``server.traces``             every row that the message trace holds; needs ``World.generate(…, now=int(time.time()))``
``server.world``              the `World` as it is now; ``server.checked``: exchanges held against the contract
``server.reset()``            world, options, faults, log and tokens as they were at the start: one server, many tests
``server.forgive()``          forgets each ``Retry-After`` that was given: a client that was killed cannot tell the next
``server.clear_log()``        forgets requests, violations and peaks
``server.set(latency=0, roles=[…], token_lifetime=2)``  changes options while it runs; tokens given out keep their roles

Faults
------
``server.inject(Fault(kind, …))`` adds one; ``server.clear_faults()`` ends all; ``server.fired`` counts {kind: times}.
`Fault` fields: ``kind``; ``path`` (regular expression searched in path and query), ``mailbox`` (address); ``times``
(at most so often; None: always), ``after`` (passes the first n matches), ``probability``; ``retry_after`` (seconds,
None: no header), ``status``, ``code``, ``message``, ``delay``, ``location``, ``length``.

==================  =============================================================================================
``throttle``        429 ApplicationThrottled; `retry_after`. An earlier retry of that URL is a violation
``status``          `status` 500, 503, 504, 509 …, with `code`, `message`, `retry_after`
``reset``           the connection is reset in the middle of the body
``truncate``        JSON cut in the middle; `length` ``right`` (that of the cut), ``wrong`` (of the whole), ``chunked``
``slow``            answers after `delay` seconds
``duplicate``       some items of a page stand twice in it
``replay``          a page also brings items of the page before
``reorder``         items of a page in another order
``partial``         items that were delivered before come again with few properties (merge!)
``empty``           an empty page with a next link before the page
``expired_token``   401 InvalidAuthenticationToken; every token given out before is refused from now on
``unauthorized``    401 once, the token stays good
``resync``          `status` (410), `code` (syncStateNotFound, resyncRequired, SyncStateInvalid: in any case);
                    `location` ``empty`` (Location with an empty token), ``fresh`` or None; the tokens of the
                    folder, of the list of folders, or of ``/users/delta`` or ``/groups/delta`` are void
``vanish``          the folder of the request is gone from now on: 404 `code` (ErrorItemNotFound, ErrorFolderNotFound)
``mailbox``         the mailbox of the request changes into the state `code` of `STATES`
==================  =============================================================================================

``Fault("throttle", times=None, probability=0.2)`` throttles the whole tenant. Path and mailbox choose among requests,
the login's too. Several faults may strike one request; each draws from its own seeded chance.

Over HTTP/2 ``truncate`` with the wrong length reaches a user of httpx 0.28 as ``h2.exceptions.InvalidBodyLengthError``,
not as an ``httpx.TransportError``; a ``reset`` ends all requests of the connection, as a lost one does.

Changes between scans (each returns what it made; all appear in the next delta round)
-------------------------------------------------------------------------------------
``server.add_messages(mailbox, folder="inbox", count=1, **properties)`` → ids;
``server.update_message(id, **properties)`` (``is_read`` alone gives a partial item);
``server.move_message(id, folder)``; ``server.delete_message(id)``;
``server.add_folder(mailbox, name, parent="msgfolderroot")`` → id; ``server.move_folder(id, parent)``;
``server.delete_folder(id)``; ``server.set_state(mailbox, state)``; ``server.expire_sync(mailbox, folder=None)``;
``server.expire_directory()``; ``server.add_user(**properties)`` → address;
``server.update_user(address, **properties)``;
``server.delete_user(address)``; ``server.update_group(address, **properties)``; ``server.add_member(group, member)``;
``server.remove_member(group, member)``. Properties are the fields of `Message`, `User`, `Group`.
`folder` is an id or a well-known name.

Rules that the server holds a client to
---------------------------------------
- Every request for messages carries ``Prefer: IdType="ImmutableId"``, deltas ``odata.maxpagesize`` too, links as well.
  Without the first the ids are others, and change with the folder; without the second a page has 10 messages.
- Links are followed verbatim; tokens are opaque and signed. ``$filter`` on a message delta: only ``receivedDateTime
  ge|gt``, and the round then ends after 5,000 messages. ``$orderby``: only ``receivedDateTime desc``. No ``$search``.
- Body, bodyPreview, uniqueBody, attachments, extensions, extended properties and internetMessageHeaders: 403, recorded.
- At most 4 requests in flight per mailbox; no retry before ``Retry-After``.
- Reports answer 302 to another host name; the second request must not carry the token.
- Message trace: windows of at most 10 days, not older than 90 days before the world's `now`, `and` only, 5,000 rows a
  page, 100 requests per 5 minutes.

The contract is `contracts/graph-openapi.yaml` below the folder ``ANALYSER_SHARED`` (default: ``shared`` beside the
project); without it a server with ``validate`` on raises FileNotFoundError; tests skip by `contract_file`.
"""

from __future__ import annotations

from graph_server.app import ROLES
from graph_server.contract import contract_file
from graph_server.faults import KINDS, Fault
from graph_server.ledger import Logged, Violation
from graph_server.server import GraphServer
from graph_server.world import (
    SKIPPED,
    STATES,
    Channel,
    Folder,
    Group,
    Mailbox,
    Message,
    User,
    World,
    expected,
    outcomes,
)

__all__ = [
    "KINDS",
    "ROLES",
    "SKIPPED",
    "STATES",
    "Channel",
    "Fault",
    "Folder",
    "GraphServer",
    "Group",
    "Logged",
    "Mailbox",
    "Message",
    "User",
    "Violation",
    "World",
    "contract_file",
    "expected",
    "outcomes",
]
