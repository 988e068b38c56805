"""The trace of a whole tenant through Microsoft Graph: window by window, no mailbox opened.

Exchange Online keeps traces for 90 days, gives at most 10 days and 5,000 rows at a time, and answers 100 requests in
five minutes. Each window is a unit of reading, so that a scan that was stopped goes on with the next one, and windows
that lie behind are asked once. Windows begin at midnight (UTC) on the same days whenever a scan runs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
import numpy as np
import pyarrow as pa

from analyser.errors import SourceError
from analyser.sources import columns as convert
from analyser.sources.contract import Batch, Declaration, Mailbox, Problem, Source
from analyser.sources.graph import GraphMailSource  # noqa: F401  says which extra is missing
from analyser.sources.graph.answers import RefusedError
from analyser.sources.graph.auth import Tokens
from analyser.sources.graph.client import Client
from analyser.sources.graph.clouds import cloud_of
from analyser.sources.graph.outcomes import reason_of
from analyser.sources.graph.permissions import Endpoint
from analyser.sources.message_trace.deliveries import FIELDS, Rows, take
from analyser.sources.message_trace.rate import Rate
from analyser.sources.records import Period
from analyser.sources.service.answers import OverBudgetError
from analyser.sources.service.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analyser.config import MessageTraceSource

__all__ = ["TRACES", "MessageTraceTenant"]

TRACES: Final = Endpoint(
    "/admin/exchange/tracing/messageTraces", "ExchangeMessageTrace.Read.All", "the message trace of the tenant"
)
_PAGE: Final = 5_000
_KEPT: Final = timedelta(days=90, minutes=-10)
"""How far back may be asked; a little less, since time goes on between question and answer."""
_SETTLED: Final = timedelta(days=1)
"""After so long the status of deliveries no longer changes."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIX: Final = (
    "grant ExchangeMessageTrace.Read.All, and make the service principal of Microsoft's message trace application "
    "(8bd644d1-64a1-4d4b-ae52-2e0cbf64e373); it may take hours until it is accepted"
)


class _Trace(msgspec.Struct, gc=False, rename="camel"):
    sender_address: str | None = None
    recipient_address: str | None = None
    message_id: str | None = None
    received_date_time: str | None = None
    subject: str | None = None
    size: int | None = None
    status: str | None = None


class _Page(msgspec.Struct, gc=False):
    value: list[_Trace] = []
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


_DECODER: Final = msgspec.json.Decoder(_Page, strict=False)


class MessageTraceTenant(Source):
    """Asks a tenant for its message trace.

    Parameters
    ----------
    settings
        The tenant, the application, and how far back.
    batch_size
        Rows per page and batch, at most 5,000.
    earliest
        Messages dated before are problems.
    since
        Older mail is not asked for.
    rate
        Requests that the tenant answers; None for what Microsoft says.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="message_trace",
        provides=frozenset({"messages"}),
        fields=FIELDS,
        resumable=False,
        tells_roles=False,
    )

    def __init__(
        self,
        settings: MessageTraceSource,
        *,
        batch_size: int,
        earliest: datetime,
        since: datetime | None = None,
        rate: Rate | None = None,
    ) -> None:
        super().__init__(settings.name)
        self._settings, self._application = settings, settings.application()
        self._root = cloud_of(self._application).graph
        self._size = max(1, min(batch_size, _PAGE))
        self._period = Period.until_now(earliest)
        self._since = since
        self._rate = rate or Rate(100, 301.0)
        self._tokens = Tokens(self._application)
        self._running: tuple[Engine, Client] | None = None

    def close(self) -> None:
        """See `Source.close`."""
        if self._running is not None:
            engine, client = self._running
            engine.call(client.close())
            engine.close()
            self._running = None
        self._tokens.close()

    def counts(self) -> Mapping[str, float]:
        """Requests, retries, throttled answers and bytes."""
        if self._running is None:
            return {}
        found = self._running[1].counters
        return {
            "requests": found.requests,
            "retries": found.retries,
            "throttled": found.throttled,
            "bytes": found.bytes,
        }

    def mailboxes(self) -> Iterator[Mailbox]:
        """Windows by name, the oldest first; those that are settled have a version and are asked once.

        Raises
        ------
        SourceError
            The tenant refuses.
        """
        now = datetime.now(UTC)
        self._page(self._url(now - timedelta(seconds=1), now, size=1))  # refused once, not by each window
        for start, end in self._windows(now):
            settled = end + _SETTLED <= now
            yield Mailbox(_name(start, end), version=f"{start:%Y-%m-%d}" if settled else None)

    def read(self, mailbox: str, *, state: str | None = None) -> Iterator[Batch]:  # noqa: ARG002  windows are whole
        """Read one window; see `Source.read`."""
        now = datetime.now(UTC)
        window = next((each for each in self._windows(now) if _name(*each) == mailbox), None)
        if window is None:
            raise SourceError(f"no window '{mailbox}'", source=self.name, fix="scan again from the start")
        start, end = max(window[0], now - _KEPT), min(window[1], now)
        url: str | None = self._url(start, end, size=self._size)
        rows = 0
        while url is not None:
            page = self._page(url)
            url = page.next_link
            if page.value:
                taken = take(_rows(page.value, self._period))
                found = tuple(
                    Problem(mailbox, f"{mailbox}: row {rows + row + 1}", reason) for row, reason in taken.problems
                )
                rows += len(page.value)
                yield Batch(taken.table, found, rows, left_out=taken.left_out)

    def _oldest(self, now: datetime) -> datetime:
        """From when on the tenant is asked."""
        asked = now - min(timedelta(days=self._settings.days), _KEPT)
        return asked if self._since is None else max(asked, self._since)

    def _windows(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        width = timedelta(days=self._settings.window_days)
        start = _EPOCH + (self._oldest(now) - _EPOCH) // width * width
        while start < now:
            yield start, start + width
            start += width

    def _url(self, start: datetime, end: datetime, *, size: int) -> str:
        span = " and ".join(f"receivedDateTime {sign} {_instant(at)}" for sign, at in (("ge", start), ("le", end)))
        return TRACES.url(self._root, query={"$filter": span, "$top": str(size)})

    def _page(self, url: str) -> _Page:
        if self._running is None:
            engine = Engine()
            self._running = engine, engine.call(self._open())
        engine, client = self._running
        self._rate.wait()
        try:
            return engine.call(client.get(url, _DECODER, client.gate(), mail=False))
        except RefusedError as error:
            raise SourceError(
                f"the message trace cannot be read: {error}", source=self.name, fix=_FIX, reason=reason_of(error)
            ) from error
        except OverBudgetError as error:
            reason = f"over the retry budget ({error})"
            raise SourceError(f"the message trace: {reason}", source=self.name, reason=reason) from error

    async def _open(self) -> Client:
        return Client(self._application, self._tokens)


def _name(start: datetime, end: datetime) -> str:
    """The days of a window: the last one is the day before its end."""
    last = end - timedelta(days=1)
    return f"{start:%Y-%m-%d}" if last == start else f"{start:%Y-%m-%d} to {last:%Y-%m-%d}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _rows(traces: Sequence[_Trace], period: Period) -> Rows:
    names = ("sender_address", "subject", "message_id", "recipient_address", "status")
    sender, subject, message_id, recipient, status = (
        convert.texts(pa.array([getattr(trace, name) for trace in traces], pa.string())) for name in names
    )
    dates = pa.array([trace.received_date_time for trace in traces], pa.string())
    sent, reasons = convert.moments(dates, period)
    nothing = pa.nulls(len(traces), pa.string())
    sizes = pa.array([trace.size for trace in traces], pa.int64())
    return Rows(
        np.asarray(sent), reasons, sender, subject, sizes, message_id, recipient, status, event=nothing, list=nothing
    )
