"""The rules that hold for every request, and who answers which path."""

from __future__ import annotations

import asyncio
import math
import re
import time
from typing import TYPE_CHECKING

import msgspec

from graph_server.contract import Contract
from graph_server.directory import Directory
from graph_server.entra import Entra, Refused
from graph_server.faults import Faults
from graph_server.ledger import Ledger
from graph_server.mail import Mail
from graph_server.message import Answer, error
from graph_server.odata import Problem, forbidden, link, preferences, token_of
from graph_server.reports import Reports, Traces
from graph_server.state import Tenant
from graph_server.world import STATES

if TYPE_CHECKING:
    from graph_server.faults import Fault
    from graph_server.message import Request
    from graph_server.state import Box, Journal, Place
    from graph_server.world import World

__all__ = ["ROLES", "App", "Options"]

ROLES = (
    "Mail.ReadBasic.All",
    "User.Read.All",
    "GroupMember.Read.All",
    "MailboxSettings.Read",
    "Team.ReadBasic.All",
    "TeamMember.Read.All",
    "Channel.ReadBasic.All",
    "ChannelMember.Read.All",
    "Organization.Read.All",
    "Reports.Read.All",
    "ExchangeMessageTrace.Read.All",
)
"""What tokens carry unless told otherwise: just enough for every endpoint."""

MAIL = ("Mail.ReadBasic.All", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite")
TEXTS = {
    "MailboxNotEnabledForRESTAPI": "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    "MailboxNotSupportedForRESTAPI": "REST API is not yet supported for this mailbox.",
    "ErrorAccessDenied": "Access to OData is disabled.",
    "Authorization_RequestDenied": "Insufficient privileges to complete the operation.",
    "ResourceNotFound": "Resource could not be discovered.",
    "Request_ResourceNotFound": "Resource does not exist or one of its queried objects are not present.",
    "ErrorNonExistentMailbox": "No mailbox with such guid.",
    "ErrorInvalidUser": "The requested user is invalid.",
    "MailboxMoveInProgress": "Mailbox move is in progress. Try again later.",
    "ErrorMailboxStoreUnavailable": "The mailbox database is temporarily unavailable.",
    "ErrorQuotaExceeded": "The mailbox is over its quota.",
    "ErrorIncorrectRoutingHint": "The routing hint does not fit the mailbox.",
    "extensionError": "The mailbox is on-premises, or an application policy refuses the request.",
    "ApplicationThrottled": "Application is over its MailboxConcurrency limit.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "syncStateNotFound": "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
}
CODES = {
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
    509: "Bandwidth",
}
BEFORE = frozenset({"throttle", "status", "slow", "expired_token", "unauthorized", "resync", "vanish", "mailbox"})
AFTER = frozenset({"reset", "truncate"})


class Options(msgspec.Struct, kw_only=True):
    """See the package's description."""

    validate: float = 1.0
    roles: list[str] = msgspec.field(default_factory=lambda: list(ROLES))
    token_lifetime: int = 3_600
    latency: float = 0.005
    concurrency: int = 4
    max_page_size: int = 1_000
    empty_pages: float = 0.1
    top: str = "refuse"
    http2: bool = True
    seed: int = 0
    trace_limit: int = 100
    trace_window: float = 300.0


class App:
    """One tenant with its login; `handle` answers any request."""

    def __init__(self, world: World, options: Options, entra: Entra) -> None:
        self.entra, self.ledger = entra, Ledger()
        self.contract = Contract(options.seed, self.ledger)
        self.begin(world, options)

    def begin(self, world: World, options: Options) -> None:
        """Be as new, on the same ports and with the same keys; tokens of before are refused."""
        self.options, self.tenant, self.faults = options, Tenant(world), Faults(options.seed)
        self.apply()
        self.entra.revoke()
        self.ledger.clear()
        self.contract.checked = 0
        self.mail, self.directory = Mail(self), Directory(self)
        self.reports, self.traces = Reports(self), Traces(self)
        self._not_before: dict[tuple[str, str], float] = {}

    def forgive(self) -> None:
        """Forget who was told to wait: a client that was killed cannot tell the next one."""
        self._not_before.clear()

    def apply(self) -> None:
        """Make changed options count."""
        self.entra.roles, self.entra.lifetime = self.options.roles, self.options.token_lifetime
        self.contract.begin(self.options.validate)

    async def handle(self, request: Request) -> Answer:
        graph = request.path.startswith("/v1.0/")
        request.mailbox = self._mailbox(request) if graph else None
        request.entry = self.ledger.open(request, request.mailbox)
        try:
            answer = await self._answer(request, graph=graph)
        except Problem as problem:
            answer = problem.answer
        except Refused as refused:
            answer = error(401, refused.code, refused.message, www_authenticate='Bearer error="invalid_token"')
        request.entry.status, request.entry.page = answer.status, answer.items
        if graph:
            answer.headers |= {"request-id": "5b6b1a0c-0000-4000-8000-5e1f5e1f5e1f", "odata-version": "4.0"}
            self.contract.submit(request, answer, request.mailbox)
        return answer

    async def _answer(self, request: Request, *, graph: bool) -> Answer:
        self._check_retry(request)
        if graph:
            await self._check_concurrency(request)
        for fault in self.struck(request, BEFORE):
            await self._strike(fault, request)
        if not graph:
            download = request.path.startswith("/reports-download/")
            answer = self.reports.download(request) if download else self.entra.answer(request)
        else:
            if self.options.latency:
                await asyncio.sleep(self.options.latency)
            request.claims = self.entra.check(request.headers.get("authorization"))
            self._check_rules(request)
            answer = self._route(request)
        if answer.status == 200:
            for fault in self.struck(request, AFTER):
                answer.cut = "reset" if fault.kind == "reset" else fault.length
        return answer

    def link(self, path: str, name: str, content: dict) -> str:
        return link(self.entra.base, path, name, content)

    def context(self, name: str) -> str:
        return f"{self.entra.base}/v1.0/$metadata#{name}"

    # routes

    def _mailbox(self, request: Request) -> str | None:
        match request.path.removeprefix("/v1.0/").split("/"):
            case ["users", name, "mailFolders" | "messages", *_]:
                user = self.tenant.user(name)
                return user.address if user else name.lower()
        return None

    def _route(self, request: Request) -> Answer:
        parts = request.path.removeprefix("/v1.0/").split("/")
        match parts:
            case ["users", name, "mailFolders" | "messages", *_]:
                self.permit(request, *MAIL)
                return self.mail.answer(request, self._box(name), parts[2:])
            case ["users", *_]:
                self.permit(request, "User.Read.All", "Directory.Read.All")
            case ["organization"]:
                self.permit(request, "Organization.Read.All", "Directory.Read.All", "User.Read.All")
            case ["groups", *_]:
                self.permit(request, "GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
            case ["teams", *_]:
                self._permit_teams(request, parts)
            case ["reports", call]:
                self.permit(request, "Reports.Read.All")
                if match := re.fullmatch(r"(get\w+Detail)\(period='(\w+)'\)", call):
                    return self.reports.answer(request, match[1], match[2])
            case ["admin", "exchange", "tracing", "messageTraces"]:
                self.permit(request, "ExchangeMessageTrace.Read.All")
                return self.traces.answer(request)
            case _:
                self.ledger.violate("unsupported", "no such endpoint", request)
                raise Problem.of(404, "BadRequest", f"Resource not found for the segment '{parts[0]}'.")
        return self.directory.answer(request, parts)

    def _permit_teams(self, request: Request, parts: list[str]) -> None:
        if "channels" in parts:
            least = "ChannelMember.Read.All" if parts[-1] == "members" else "Channel.ReadBasic.All"
        else:
            least = "TeamMember.Read.All" if parts[-1] == "members" else "Team.ReadBasic.All"
        self.permit(request, least, "Group.Read.All", "Directory.Read.All")

    def permit(self, request: Request, *roles: str) -> None:
        """The token needs one of the roles."""
        if not set(roles) & set(request.claims.get("roles", ())):
            raise self.unreachable("not_consented")

    def _box(self, name: str) -> Box:
        user = self.tenant.user(name)
        if user is None:
            raise Problem.of(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
        box = self.tenant.boxes.get(user.address)
        if box is None or box.mailbox.state != "ok":
            raise self.unreachable(box.mailbox.state if box else "unlicensed")
        return box

    @staticmethod
    def unreachable(state: str) -> Problem:
        status, code = STATES[state]
        headers = {"Retry_After": "1"} if status == 429 else {}
        return Problem.of(status, code, TEXTS.get(code, ""), **headers)

    # rules

    def struck(self, request: Request, kinds: frozenset[str]) -> list[Fault]:
        """Faults that strike now; the log names the last."""
        found = self.faults.of(request.target, request.mailbox, kinds)
        if found:
            request.entry.fault = found[-1].kind
        return found

    def too_many(self, request: Request, code: str, message: str, wait: float | None) -> Problem:
        """429; with `wait` in whole seconds, and no retry of the same request may come before."""
        if wait is None:
            return Problem.of(429, code, message)
        seconds = math.ceil(wait)
        key = (request.method, request.target)
        request.promise = lambda: self._not_before.update({key: time.monotonic() + seconds})
        request.regret = lambda: self._not_before.pop(key, None)
        return Problem.of(429, code, message, Retry_After=str(seconds))

    def _check_retry(self, request: Request) -> None:
        key = (request.method, request.target)
        left = self._not_before.get(key, 0.0) - time.monotonic()
        if left > 0:
            self.ledger.violate("retry_after", f"{left:.3f} seconds too early", request, request.mailbox)
            problem = self.too_many(request, "TooManyRequests", "Retry-After was not obeyed.", left)
            request.promise = None  # the first word counts
            raise problem
        self._not_before.pop(key, None)

    async def _check_concurrency(self, request: Request) -> None:
        if request.mailbox is None:
            return
        for _ in range(3):  # a broken connection is noticed in the same turn of the loop
            if self.ledger.in_flight[request.mailbox] <= self.options.concurrency:
                break
            await asyncio.sleep(0)
        if (reached := self.ledger.reached(request.mailbox)) > self.options.concurrency:
            self.ledger.violate("concurrency", f"{reached} requests in flight", request, request.mailbox)
            raise self.too_many(request, "ApplicationThrottled", TEXTS["ApplicationThrottled"], 1)

    def _check_rules(self, request: Request) -> None:
        violate, query = self.ledger.violate, request.query
        if request.method != "GET":
            violate("unsupported", "a reader only reads", request, request.mailbox)
            raise Problem.of(405, "Request_BadRequest", "The method is not allowed.")
        if names := forbidden(request):
            violate("forbidden_field", ", ".join(names), request, request.mailbox)
            raise Problem.of(403, "ErrorAccessDenied", f"Not in Mail.ReadBasic: {', '.join(names)}.")
        if {"$skiptoken", "$deltatoken"} & query.keys() and len(query) > 1 and token_of(request):
            violate("link_changed", f"a link with {', '.join(query)}", request, request.mailbox)
        if "/messages" in request.path:
            self._check_messages(request)

    def _check_messages(self, request: Request) -> None:
        violate, query, wanted = self.ledger.violate, request.query, preferences(request)
        delta = request.path.endswith("/messages/delta")
        if wanted.get("idtype", "").lower() != "immutableid":
            violate("missing_prefer", 'IdType="ImmutableId"', request, request.mailbox)
        if delta and "odata.maxpagesize" not in wanted:
            violate("missing_prefer", "odata.maxpagesize", request, request.mailbox)
        if "$select" not in query and not token_of(request):
            violate("forbidden_field", "no $select means the body too", request, request.mailbox)
            raise Problem.of(403, "ErrorAccessDenied", "Without $select the body is asked for.")
        if delta and "$top" in query:
            violate("top", f"$top={query['$top']} on a message delta", request, request.mailbox)
            if self.options.top == "refuse":
                raise Problem.of(400, "ErrorInvalidUrlQuery", "$top is not supported by this function.")

    # faults before the answer

    async def _strike(self, fault: Fault, request: Request) -> None:
        wait = fault.retry_after
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.delay)
            case "throttle":
                code = fault.code or "ApplicationThrottled"
                raise self.too_many(request, code, fault.message or TEXTS["ApplicationThrottled"], wait)
            case "status":
                status = fault.status or 503
                problem = self.too_many(
                    request, fault.code or CODES.get(status, "UnknownError"), fault.message or "", wait
                )
                problem.answer.status = status
                raise problem
            case "expired_token" | "unauthorized":
                if fault.kind == "expired_token":
                    self.entra.revoke()
                raise Refused("Lifetime validation failed, the token is expired.")
            case "mailbox" if request.mailbox in self.tenant.boxes:
                self.tenant.set_state(request.mailbox, fault.code or "unlicensed")
            case "vanish" if place := self._place(request):
                self.tenant.delete_folder(place.folder.id)
                code = fault.code or "ErrorItemNotFound"
                raise Problem.of(fault.status or 404, code, fault.message or TEXTS.get(code, ""))
            case "resync" if journal := self._journal(request):
                raise self._resync(fault, request, journal)

    def _place(self, request: Request) -> Place | None:
        parts = request.path.split("/")
        box = self.tenant.boxes.get(request.mailbox or "")
        return box.place(parts[5]) if box and len(parts) > 5 else None

    def _journal(self, request: Request) -> Journal | None:
        """Of the messages of a folder, of the folders of a mailbox, or of the directory."""
        if place := self._place(request):
            return place.journal
        if box := self.tenant.boxes.get(request.mailbox or ""):
            return box.journal
        directory = {"/v1.0/users/delta": self.tenant.journal, "/v1.0/groups/delta": self.tenant.group_journal}
        return directory.get(request.path)

    def _resync(self, fault: Fault, request: Request, journal: Journal) -> Problem:
        journal.generation += 1
        headers = {}
        if fault.location is not None:
            end = "?$deltatoken=" if fault.location == "empty" else ""
            headers["Location"] = f"{self.entra.base}{request.path}{end}"
        code = fault.code or "syncStateNotFound"
        return Problem.of(fault.status or 410, code, fault.message or TEXTS["syncStateNotFound"], **headers)
