"""Usage reports and the message trace: what the tenant counts, without opening a mailbox."""

from __future__ import annotations

import csv
import io
import time
from collections import deque
from typing import TYPE_CHECKING

from graph_server.generate import guid
from graph_server.message import Answer
from graph_server.odata import Problem, clauses, instant, page, page_size, parse_instant, token_of

if TYPE_CHECKING:
    from graph_server.app import App
    from graph_server.message import Request
    from graph_server.world import Message

__all__ = ["Reports", "Traces"]

DAY = 86_400
PERIODS = ("D7", "D30", "D90", "D180")
HEAD = ("Report Refresh Date", "User Principal Name", "Display Name", "Is Deleted", "Deleted Date")
COLUMNS = {
    "getEmailActivityUserDetail": (
        "Last Activity Date",
        "Send Count",
        "Receive Count",
        "Read Count",
        "Assigned Products",
        "Report Period",
    ),
    "getMailboxUsageDetail": (
        "Created Date",
        "Last Activity Date",
        "Item Count",
        "Storage Used (Byte)",
        "Report Period",
    ),
    "getOffice365ActiveUserDetail": ("Has Exchange License", "Exchange Last Activity Date", "Report Period"),
}
"""Columns after `HEAD`; of the third report only those about mail."""


class Reports:
    """``/reports/get…Detail(period='D30')``: a redirection to a CSV under another host name, signed in its URL."""

    def __init__(self, app: App) -> None:
        self.app = app

    def answer(self, request: Request, name: str, period: str) -> Answer:
        if name not in COLUMNS:
            raise Problem.of(400, "BadRequest", f"Resource not found for the segment '{name}'.")
        if period not in PERIODS:
            raise Problem.of(400, "InvalidRequest", f"Period {period} is none of {', '.join(PERIODS)}.")
        base = self.app.entra.base.replace("localhost", "127.0.0.1")
        return Answer(302, headers={"location": f"{base}/reports-download/{name}/{period}?sig=abc"}, checked=False)

    def download(self, request: Request) -> Answer:
        if "authorization" in request.headers:
            self.app.ledger.violate("authorization_sent", "the signed address of a report got the token", request)
        name, _, period = request.path.removeprefix("/reports-download/").partition("/")
        row = {
            "getEmailActivityUserDetail": self._activity,
            "getMailboxUsageDetail": self._mailbox,
            "getOffice365ActiveUserDetail": self._active,
        }[name]
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow((*HEAD, *COLUMNS[name]))
        writer.writerows(row(address, period.removeprefix("D")) for address in self.app.tenant.boxes)
        return Answer(200, ("\ufeff" + out.getvalue()).encode(), content_type="application/octet-stream", checked=False)

    def _head(self, address: str) -> list[str]:
        user = self.app.tenant.user(address)
        return [instant(self.app.tenant.world.now)[:10], user.principal_name, user.name, "False", ""]

    def _activity(self, address: str, period: str) -> list:
        box, user = self.app.tenant.boxes[address], self.app.tenant.user(address)
        sent = len(box.place("sentitems").at)
        received = sum(len(place.at) for place in box.places.values()) - sent
        return [*self._head(address), user.last_activity or "", sent, received, received, "EXCHANGE", period]

    def _mailbox(self, address: str, period: str) -> list:
        box, user = self.app.tenant.boxes[address], self.app.tenant.user(address)
        messages = [message for place in box.places.values() for message in place.messages()]
        size = sum(message.size for message in messages)
        created = instant(user.created)[:10]
        return [*self._head(address), created, user.last_activity or "", len(messages), size, period]

    def _active(self, address: str, period: str) -> list:
        user = self.app.tenant.user(address)
        return [*self._head(address), user.licensed, user.last_activity or "", period]


class Traces:
    """``/admin/exchange/tracing/messageTraces``: one row per recipient, newest first."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.asked: deque[float] = deque()
        self._rows: tuple[int, list[dict]] = (-1, [])

    def rows(self) -> list[dict]:
        """All traces of the world as it is, as a trace of everything would tell them."""
        boxes = self.app.tenant.boxes.values()
        changes = sum(place.journal.now for box in boxes for place in box.places.values())
        if self._rows[0] != changes:
            self._rows = (changes, self._traced())
        return self._rows[1]

    def _traced(self) -> list[dict]:
        messages: dict[str, Message] = {}
        for box in self.app.tenant.boxes.values():
            for place in box.places.values():
                messages |= {m.message_id: m for m in place.messages() if m.message_id and not m.is_draft}
        found = [
            {
                "id": guid(message.message_id),
                "senderAddress": message.sender,
                "recipientAddress": recipient,
                "messageId": message.message_id,
                "receivedDateTime": instant(message.sent),
                "subject": message.subject,
                "size": message.size,
                "status": "delivered",
                "fromIP": "192.0.2.7",
                "toIP": None,
            }
            for message in messages.values()
            for recipient in dict.fromkeys([*message.to, *message.cc, *message.bcc])
        ]
        found.sort(key=lambda row: (row["receivedDateTime"], row["id"], row["recipientAddress"]), reverse=True)
        return found

    def answer(self, request: Request) -> Answer:
        self._meter(request)
        token = token_of(request) or {"at": 0, "size": None, "filter": request.query.get("$filter", "")}
        start, end, tests = self._window(token["filter"])
        size = token["size"] or page_size(request, default=1_000, most=5_000)
        if int(request.query.get("$top", "1")) > 5_000:
            raise Problem.of(400, "BadRequest", "$top is at most 5000.")
        found = [
            row
            for row in self.rows()
            if start <= parse_instant(row["receivedDateTime"]) <= end and all(row[n] == v for n, v in tests)
        ]
        at, stop = token["at"], token["at"] + size
        following = None
        if stop < len(found):
            following = self.app.link(request.path, "skiptoken", token | {"at": stop, "size": size})
        context = self.app.context("admin/exchange/tracing/messageTraces")
        return page(found[at:stop], context, nextLink=following)

    def _meter(self, request: Request) -> None:
        options, now = self.app.options, time.monotonic()
        while self.asked and self.asked[0] <= now - options.trace_window:
            self.asked.popleft()
        if len(self.asked) >= options.trace_limit:
            wait = options.trace_window - (now - self.asked[0])
            self.app.ledger.violate("trace_rate", f"more than {options.trace_limit} requests in the window", request)
            raise self.app.too_many(request, "TooManyRequests", "Message trace rate limit exceeded.", wait)
        self.asked.append(now)

    def _window(self, text: str) -> tuple[float, float, list[tuple[str, str]]]:
        now = self.app.tenant.world.now
        if not text:
            return now - 2 * DAY, now, []
        starts, ends, tests = [], [], []
        names = "senderAddress|recipientAddress|messageId|status|subject"
        grammar = rf"receivedDateTime\s+(ge|gt|le|lt)\s+(\S+)|({names})\s+eq\s+'([^']*)'"
        for match in clauses(text, grammar):
            if match[3]:
                tests.append((match[3], match[4]))
            else:
                (starts if match[1][0] == "g" else ends).append(parse_instant(match[2]))
        if len(starts) != 1 or len(ends) != 1:
            raise Problem.of(400, "BadRequest", "The filter needs a start and an end of receivedDateTime.")
        if ends[0] - starts[0] > 10 * DAY or ends[0] < starts[0]:
            raise Problem.of(400, "BadRequest", "The window is longer than 10 days, or ends before it starts.")
        if starts[0] < now - 90 * DAY:
            raise Problem.of(400, "BadRequest", "The start is more than 90 days ago.")
        return starts[0], ends[0], tests
