"""Requests to Graph: bounded, patient and typed. Every reader of this package asks through it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import httpx
import msgspec
from h2.exceptions import H2Error

from analyser.sources.graph.answers import SLOWING, refusal
from analyser.sources.service.answers import RetryableError
from analyser.sources.service.patience import Counters, patiently
from analyser.sources.service.throttle import Gate, Throttle
from analyser.sources.service.tls import tls_context

if TYPE_CHECKING:
    from analyser.config import GraphSource
    from analyser.sources.graph.auth import Tokens

__all__ = ["Client"]

T = TypeVar("T")

IMMUTABLE: Final = 'IdType="ImmutableId"'
UNAUTHORIZED: Final = 401
RENEWALS: Final = 2
"""Times that a request may renew the token: once for its end, and once more if a second token ends meanwhile."""


class Client:
    """Asks Graph within the limits of a source.

    Parameters
    ----------
    settings
        Limits and time-outs.
    tokens
        Where a token is had.
    """

    def __init__(self, settings: GraphSource, tokens: Tokens) -> None:
        self._settings, self._tokens = settings, tokens
        self.counters = Counters()
        self.throttle = Throttle(settings.requests_at_once)
        self._http = httpx.AsyncClient(
            http2=True,
            verify=tls_context(),
            timeout=httpx.Timeout(settings.timeout, connect=min(15.0, settings.timeout)),
            limits=httpx.Limits(max_connections=settings.requests_at_once, max_keepalive_connections=None),
            headers={"Accept": "application/json", "User-Agent": "analyser"},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def gate(self) -> Gate:
        """A new gate for a mailbox, or for anything else that the service throttles by itself."""
        return Gate(self._settings.requests_per_mailbox, self._settings.retries_per_mailbox)

    async def get(
        self, url: str, decoder: msgspec.json.Decoder[T], gate: Gate, *, page_size: int | None = None, mail: bool = True
    ) -> T:
        """Ask until there is an answer.

        Parameters
        ----------
        url
            A whole address: built from `ENDPOINTS`, or a link of an earlier answer, which is followed as it is.
        decoder
            What the answer should be; unknown fields are passed over.
        page_size
            Items wanted in a page; said on every request of a round, links included.
        mail
            True to ask for ids that outlive moves.

        Raises
        ------
        RefusedError, OverBudgetError, SourceError
            Asking again would not help; the mailbox has no retries left; there is no token.
        """
        wanted = ([IMMUTABLE] if mail else []) + ([f"odata.maxpagesize={page_size}"] if page_size else [])
        headers = {"Prefer": ", ".join(wanted)} if wanted else {}

        return await patiently(lambda: self._ask(url, headers, decoder, gate), gate, self.counters)

    async def _ask(self, url: str, headers: dict[str, str], decoder: msgspec.json.Decoder[T], gate: Gate) -> T:
        """Ask once, or again with a new token."""
        token = await asyncio.to_thread(self._tokens.get)
        for renewal in range(RENEWALS + 1):
            response = await self._send(url, {**headers, "Authorization": f"Bearer {token}"}, gate)
            if response.status_code != UNAUTHORIZED or renewal == RENEWALS:
                break
            self.counters.renewed += 1
            token = await asyncio.to_thread(self._tokens.get, refused=token)
        if response.is_error:
            if response.status_code in SLOWING:
                self.counters.throttled += 1
            raise refusal(response)
        self.throttle.answered()
        try:
            return decoder.decode(response.content)
        except msgspec.DecodeError as error:
            raise RetryableError(f"an answer that is cut off or no JSON: {error}") from error

    async def _send(self, url: str, headers: dict[str, str], gate: Gate) -> httpx.Response:
        async with gate.slot(self.throttle):
            self.counters.requests += 1
            try:
                response = await self._http.get(url, headers=headers)
            except (httpx.TransportError, H2Error) as error:  # httpx lets some errors of HTTP/2 through
                raise RetryableError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
            except httpx.DecodingError as error:
                raise RetryableError("an answer that cannot be unpacked") from error
            # before the slot is free: the next request of the mailbox must find the gate closed
            if response.is_error and (failure := refusal(response)) and isinstance(failure, RetryableError):
                if failure.after is not None:
                    gate.close_for(failure.after)
                if response.status_code in SLOWING:
                    self.throttle.refused()
        self.counters.bytes += len(response.content)
        return response
