"""The rules that hold for every request, and who answers which operation."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ews_server.faults import Faults
from ews_server.ledger import Ledger
from ews_server.mail import Mail
from ews_server.names import Names
from ews_server.schema import Contract
from ews_server.soap import Call, Refusal, T, envelope, failure, fault, messages
from ews_server.store import Store
from ews_server.sync import Sync
from ews_server.world import STATES
from graph_server.message import Answer

if TYPE_CHECKING:
    from ews_server.faults import Fault
    from ews_server.ledger import Logged
    from ews_server.login import Login
    from ews_server.world import World
    from graph_server.message import Request
    from graph_server.state import Box

__all__ = ["BUILDS", "App", "Exchange", "Options"]

BUILDS = {"2016": (15, 1, 2507, 39), "2019": (15, 2, 1544, 11), "se": (15, 2, 2562, 17)}
VERSIONS = (
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2016",
)
PATH = "/ews/exchange.asmx"
MAILBOX_FREE = ("ResolveNames", "ExpandDL", "GetServerTimeZones", "ConvertId")
ALWAYS = frozenset({"busy", "connections", "error", "status", "unauthorized", "slow", "mailbox"})
SYNCS = ("SyncFolderItems", "SyncFolderHierarchy")
AFTER = frozenset({"reset", "truncate"})
BUSY = "<html><head><title>Service Unavailable</title></head><body>HTTP Error 503</body></html>"


class Options(msgspec.Struct, kw_only=True):
    """See the package's description."""

    validate: float = 1.0
    auth: list[str] = msgspec.field(default_factory=lambda: ["ntlm", "basic"])
    version: str = "2019"
    latency: float = 0.005
    item_latency: float = 0.0
    connections: int = 27
    find_limit: int = 1_000
    resolve_limit: int = 100
    seed: int = 0


@dataclass(slots=True)
class Exchange:
    """One request while it is answered."""

    request: Request
    entry: Logged
    call: Call
    box: Box | None = None

    @property
    def key(self) -> tuple[str | None, bytes]:
        """What makes two requests the same."""
        return self.entry.mailbox, self.request.body


class App:
    """One organisation with its login; `handle` answers any request."""

    def __init__(self, world: World, options: Options, login: Login) -> None:
        self.login, self.ledger = login, Ledger()
        self.contract = Contract(options.seed, self.ledger)
        self.begin(world, options)

    def begin(self, world: World, options: Options) -> None:
        """Be as new, on the same ports and with the same password."""
        self.options, self.store, self.faults = options, Store(world), Faults(options.seed)
        self.ledger.clear()
        self.contract.checked = 0
        self.mail, self.sync, self.names = Mail(self), Sync(self), Names(self)
        self.operations = {
            "GetFolder": self.mail.get_folder,
            "FindFolder": self.mail.find_folder,
            "FindItem": self.mail.find_item,
            "GetItem": self.mail.get_item,
            "SyncFolderItems": self.sync.items,
            "SyncFolderHierarchy": self.sync.hierarchy,
            "ResolveNames": self.names.resolve,
            "ExpandDL": self.names.expand,
            "GetServerTimeZones": self.names.time_zones,
            "ConvertId": self.names.convert,
        }
        self._draw = random.Random(f"app/{options.seed}")
        self._not_before: dict[tuple[str | None, bytes], float] = {}
        self.apply()

    def apply(self) -> None:
        """Make changed options count."""
        self.login.offers = self.options.auth
        self.contract.begin(self.options.validate)

    def forgive(self) -> None:
        """Forget who was told to wait: a client that was killed cannot tell the next one."""
        self._not_before.clear()

    @property
    def build(self) -> tuple[int, ...]:
        return BUILDS[self.options.version]

    async def handle(self, request: Request) -> Answer:
        entry = self.ledger.open(request)
        if request.path.lower() != PATH:
            answer = Answer(404, b"", content_type="text/html")
        else:
            answer = self.login.check(request) or await self._signed_in(request, entry)
        entry.status = answer.status
        return answer

    async def _signed_in(self, request: Request, entry: Logged) -> Answer:
        entry.body = request.body.decode(errors="replace")
        call = None
        try:
            call = Call.read(request.body)
            exchange = Exchange(request, entry, call)
            answer = await self._answer(exchange)
        except Refusal as refusal:
            answer = self._refused(refusal, call, entry)
        if answer.content_type.startswith("text/xml"):
            self.contract.check(request.body, answer.body, entry)
        if answer.status == 200 and call is not None:
            for one in self._struck(exchange, AFTER):
                answer.cut = "reset" if one.kind == "reset" else one.length
        return answer

    def _refused(self, refusal: Refusal, call: Call | None, entry: Logged) -> Answer:
        entry.code = refusal.code
        if refusal.form == "fault" or call is None:
            return envelope(fault(refusal), self.build, 500)
        parts = [failure(refusal, call.operation)] * call.wanted
        return envelope(messages(call.operation, parts), self.build)

    async def _answer(self, exchange: Exchange) -> Answer:
        entry, call = exchange.entry, exchange.call
        entry.operation, entry.fields = call.operation, call.fields
        if call.version not in VERSIONS:
            raise Refusal("ErrorInvalidServerVersion", "fault")
        if call.operation not in self.operations:
            self.ledger.violate("unsupported", call.operation, entry)
            raise Refusal("ErrorInvalidRequest", "fault")
        self._impersonate(exchange)
        flying = self.ledger.enter(exchange.request, entry.mailbox)
        if flying > self.options.connections:
            raise Refusal("ErrorExceededConnectionCount", "fault")
        self._check_back_off(exchange)
        for one in self._struck(exchange, self._kinds(exchange)):
            if (answer := await self._strike(one, exchange)) is not None:
                return answer
        wait = self.options.latency + self.options.item_latency * (call.wanted if call.operation == "GetItem" else 0)
        if wait:
            await asyncio.sleep(wait)
        self._check_mailbox(exchange)
        self.mail.check_shape(exchange)
        parts = self.operations[call.operation](exchange)
        if call.operation == "GetItem":
            for one in self._struck(exchange, frozenset({"partial", "short"})):
                parts = self._fewer(one, parts)
        text = messages(call.operation, parts)
        codes = (code for code in re.findall(r"<m:ResponseCode>(\w+)<", text) if code != "NoError")
        entry.code = next(codes, "NoError")
        return envelope(text, self.build)

    # rules

    def _impersonate(self, exchange: Exchange) -> None:
        header = exchange.call.header
        sid = None if header is None else header.find(f"{T}ExchangeImpersonation/{T}ConnectingSID")
        if sid is None or not len(sid):
            return
        kind, name = sid[0].tag.removeprefix(T), sid[0].text or ""
        exchange.box, code = self.store.impersonated(kind, name)
        exchange.entry.mailbox = exchange.box.mailbox.address if exchange.box else name.lower()
        if exchange.box is None:
            raise Refusal(code, "fault")

    def _check_mailbox(self, exchange: Exchange) -> None:
        if exchange.call.operation in MAILBOX_FREE:
            return
        if exchange.box is None:
            self.ledger.violate("unimpersonated", exchange.call.operation, exchange.entry)
            raise Refusal("ErrorNonExistentMailbox", "fault")
        if (state := STATES[exchange.box.mailbox.state]) is not None:
            raise Refusal(*state)

    def _check_back_off(self, exchange: Exchange) -> None:
        left = self._not_before.get(exchange.key, 0.0) - time.monotonic()
        if left <= 0:
            self._not_before.pop(exchange.key, None)
            return
        self.ledger.violate("back_off", f"{left:.3f} seconds too early", exchange.entry)
        raise Refusal("ErrorServerBusy", "fault", back_off=math.ceil(left * 1_000))

    def _tell(self, exchange: Exchange, seconds: float) -> None:
        """From when the answer is on its way, the same request may not come again for so long."""
        request, key = exchange.request, exchange.key
        request.promise = lambda: self._not_before.update({key: time.monotonic() + seconds})
        request.regret = lambda: self._not_before.pop(key, None)

    # faults

    def _struck(self, exchange: Exchange, kinds: frozenset[str]) -> list[Fault]:
        found = self.faults.of(exchange.call.operation, exchange.entry.mailbox, kinds)
        if found:
            exchange.entry.fault = found[-1].kind
        return found

    @staticmethod
    def _kinds(exchange: Exchange) -> frozenset[str]:
        """Faults that can strike this request before it is answered."""
        call, kinds = exchange.call, set(ALWAYS)
        if call.operation in SYNCS and call.text("SyncState"):
            kinds.add("sync_state")
        if call.operation in ("SyncFolderItems", "FindItem", "GetFolder"):
            kinds.add("vanish")
        return frozenset(kinds)

    async def _strike(self, one: Fault, exchange: Exchange) -> Answer | None:
        match one.kind:
            case "slow":
                await asyncio.sleep(one.delay)
            case "busy":
                self._tell(exchange, one.back_off / 1_000)
                raise Refusal("ErrorServerBusy", one.form, back_off=one.back_off)
            case "connections":
                raise Refusal("ErrorExceededConnectionCount", "fault")
            case "error":
                raise Refusal(one.code or "ErrorInternalServerTransientError", one.form)
            case "status":
                return self._unavailable(one, exchange)
            case "unauthorized":
                return self.login.refuse(exchange.request.claims["connection"])
            case "mailbox" | "sync_state" | "vanish" if exchange.box:
                self._change(one, exchange)
        return None

    def _unavailable(self, one: Fault, exchange: Exchange) -> Answer:
        told = {}
        if one.retry_after is not None:
            seconds = math.ceil(one.retry_after)
            self._tell(exchange, seconds)
            told["Retry-After"] = str(seconds)
        return Answer(one.status, BUSY.encode(), told, content_type="text/html")

    def _change(self, one: Fault, exchange: Exchange) -> None:
        """What the fault does to the mailbox; the request is answered as this makes it."""
        match one.kind:
            case "mailbox":
                self.store.set_state(exchange.box.mailbox.address, one.code or "moving")
            case "sync_state":
                self.sync.journal(exchange).generation += 1
            case "vanish":
                self.store.delete_folder(self.mail.place(exchange, exchange.call.ids()[0]).folder.id)

    def _fewer(self, one: Fault, parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if one.kind == "short":
            return parts[: len(parts) - math.ceil(len(parts) * one.share)]
        lost = failure(Refusal(one.code or "ErrorItemNotFound"), "GetItem")
        chosen = set(self._draw.sample(range(len(parts)), math.ceil(len(parts) * one.share)))
        return [lost if at in chosen else part for at, part in enumerate(parts)]
