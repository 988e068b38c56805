"""Requests to Exchange: bounded, patient and whole. Every reader of this package asks through it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import requests.exceptions
from exchangelib.util import CONNECTION_ERRORS, TLS_ERRORS
from oauthlib.oauth2 import OAuth2Error

from analyser.sources.ews.connection import Connections
from analyser.sources.ews.outcomes import REASONS, RefusedError, words_of
from analyser.sources.ews.soap import Message, envelope, read
from analyser.sources.service.answers import OverBudgetError, RetryableError, seconds_until
from analyser.sources.service.patience import Counters, patiently
from analyser.sources.service.throttle import Gate, Throttle

if TYPE_CHECKING:
    from collections.abc import Collection

    from lxml import etree

    from analyser.config import EwsSource

__all__ = ["Client"]

_PASSES: Final = frozenset({408, 429, 502, 503, 504, 509})
_SLOWS: Final = frozenset({429, 503, 509})
UNAUTHORIZED, SERVER_ERROR, OK = 401, 500, 200
UNTRUSTED: Final = "TLS"
SIGN_INS: Final = 2
"""Connections that are tried when the server refuses one that was signed in, or whose token has ended."""


class Client:
    """Asks Exchange within the limits of a source; each request runs in a thread of its own.

    Parameters
    ----------
    settings
        Endpoint, account, limits and time-outs.
    """

    def __init__(self, settings: EwsSource) -> None:
        self._settings = settings
        self._connections = Connections(settings)
        self._threads = ThreadPoolExecutor(settings.connections, "ews")
        self.counters = Counters()
        self.throttle = Throttle(settings.connections)

    async def close(self) -> None:
        """Close all connections; an answer that is still awaited is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connections.close()

    def gate(self) -> Gate:
        """A new gate for a mailbox, or for the account itself."""
        return Gate(self._settings.connections_per_mailbox, self._settings.retries_per_mailbox)

    async def call(
        self,
        body: etree._Element,
        gate: Gate,
        *,
        mailbox: str | None = None,
        expected: int = 1,
        passing: Collection[str] = (),
        partial: bool = False,
    ) -> list[Message]:
        """Ask until there is an answer.

        Parameters
        ----------
        mailbox
            Whose mailbox is read; None for what the account asks for itself.
        expected
            Response messages that a whole answer has.
        passing
            Codes that are no errors here: their messages are returned.
        partial
            True if messages with errors, or fewer messages, are returned as long as not all of them fail.

        Raises
        ------
        RefusedError
            Exchange refuses, and asking again would not help.
        OverBudgetError
            The mailbox has no retries left.
        """
        impersonated = mailbox if self._settings.access == "impersonation" else None
        content = envelope(body, self._settings.version, impersonated)

        async def ask() -> list[Message]:
            messages = await self._send(content, mailbox, gate)
            if len(messages) != expected and not (partial and 0 < len(messages) < expected):
                raise RetryableError(f"{len(messages)} of {expected} answers")
            failed = [message for message in messages if message.is_error and message.code not in passing]
            if failed and (not partial or len(failed) == len(messages) or failed[0].code in REASONS):
                failure = failed[0].failure()
                if not partial or isinstance(failure, RetryableError) or failure.code in REASONS:
                    raise self._slowed(failure, gate)
            self.throttle.answered()
            return messages

        return await patiently(ask, gate, self.counters)

    def hold(self, failures: list[Message], gate: Gate) -> None:
        """Parts of an answer failed and are to be asked for again: as the server says, and within the budget.

        Raises
        ------
        OverBudgetError
            The mailbox has no retries left.
        """
        for message in failures:
            self._slowed(message.failure(), gate)
        self.counters.retries += 1
        if not gate.spend():
            raise OverBudgetError(words_of(failures[0].code) if failures else "an answer that is cut off")

    def _slowed(self, failure: RefusedError | RetryableError, gate: Gate) -> RefusedError | RetryableError:
        if isinstance(failure, RetryableError):
            if failure.after is not None:
                gate.close_for(failure.after)
            if failure.slows:
                self.counters.throttled += 1
                self.throttle.refused()
        return failure

    async def _send(self, content: bytes, mailbox: str | None, gate: Gate) -> list[Message]:
        loop = asyncio.get_running_loop()
        async with gate.slot(self.throttle):
            try:
                answer = await loop.run_in_executor(self._threads, self._post, content, mailbox)
                return read(answer)
            except (RefusedError, RetryableError) as error:
                # before the slot is free: the next request of the mailbox must find the gate closed
                raise self._slowed(error, gate) from error.__cause__

    def _post(self, content: bytes, mailbox: str | None) -> bytes:
        """Send once, or again with a new connection where the server wants a new sign-in; in a thread."""
        for attempt in range(SIGN_INS):
            response = self._once(content, {} if mailbox is None else {"X-AnchorMailbox": mailbox})
            if response is not None and response.status_code != UNAUTHORIZED:
                return self._content(response)
            self._connections.close()
            if response is not None and attempt == SIGN_INS - 1:
                raise RefusedError(str(UNAUTHORIZED), "the server refuses the account")
        raise RetryableError("the token has ended")

    def _once(self, content: bytes, headers: dict[str, str]) -> requests.Response | None:
        """An answer; None where a token has ended."""
        self.counters.requests += 1
        try:
            session = self._connections.take()
        except OAuth2Error as error:
            raise RefusedError(str(UNAUTHORIZED), f"no token: {error.description or error.error}") from error
        except (*CONNECTION_ERRORS, *TLS_ERRORS, requests.exceptions.RequestException) as error:
            raise _broken(error) from error
        try:
            response = session.post(
                self._settings.endpoint,
                data=content,
                headers=headers,
                verify=session.verify,  # else CURL_CA_BUNDLE would count more
                timeout=self._settings.timeout,
                allow_redirects=False,
            )
        except OAuth2Error:
            self._connections.discard(session)
            self.counters.renewed += 1
            return None
        except (*CONNECTION_ERRORS, *TLS_ERRORS, requests.exceptions.RequestException) as error:
            self._connections.discard(session)
            raise _broken(error) from error
        except BaseException:
            self._connections.discard(session)
            raise
        if response.status_code == UNAUTHORIZED:
            self._connections.discard(session)
        else:
            self._connections.give_back(session)
        return response

    def _content(self, response: requests.Response) -> bytes:
        self.counters.bytes += len(response.content)
        status, kind = response.status_code, response.headers.get("content-type", "")
        if status == OK or (status == SERVER_ERROR and "xml" in kind):
            content: bytes = response.content
            return content
        said = f"HTTP {status}"
        if status in _PASSES or status == SERVER_ERROR:
            after = seconds_until(response.headers.get("retry-after", ""))
            raise RetryableError(said, after, slows=status in _SLOWS)
        raise RefusedError(str(status), said)


def _broken(error: Exception) -> RefusedError | RetryableError:
    """A connection that broke; one to a server that is not trusted will break again."""
    said = f"{type(error).__name__}: {error}"
    return RefusedError(UNTRUSTED, said) if "CERTIFICATE_VERIFY_FAILED" in said else RetryableError(said)
