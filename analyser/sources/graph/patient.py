"""The HTTP client that MSAL is given: it waits out what passes, so that MSAL meets answers alone."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from analyser.sources.graph.answers import RETRIED, retry_after
from analyser.sources.service.answers import RetryableError
from analyser.sources.service.throttle import MARGIN
from analyser.sources.service.tls import tls_context

__all__ = ["PatientHttp"]

ATTEMPTS: Final = 6

_BACKOFF: Final = wait_random_exponential(multiplier=0.2, max=10)


class PatientHttp:
    """`get` and `post` as MSAL calls them.

    A busy or broken answer is asked for again, not before its Retry-After; after `ATTEMPTS` it raises
    `RetryableError`.
    """

    def __init__(self) -> None:
        self._http = httpx.Client(verify=tls_context(), timeout=30.0, follow_redirects=True)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def get(self, url: str, **options: Any) -> httpx.Response:
        """GET."""
        return self._ask("GET", url, options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        """POST."""
        return self._ask("POST", url, options)

    def _ask(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        retrying = Retrying(
            retry=retry_if_exception_type(RetryableError), stop=stop_after_attempt(ATTEMPTS), wait=_pause, reraise=True
        )
        known = {name: options[name] for name in ("params", "data", "headers") if options.get(name) is not None}
        if isinstance(known.get("data"), dict):  # MSAL signs assertions as bytes, and httpx would write b'…'
            values = known["data"].items()
            known["data"] = {key: text.decode() if isinstance(text, bytes) else text for key, text in values}
        return retrying(self._once, method, url, known)

    def _once(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        try:
            response = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise RetryableError(f"{type(error).__name__}: {error}") from error
        if response.status_code in RETRIED:
            raise RetryableError(f"status {response.status_code}", retry_after(response))
        if "json" in response.headers.get("content-type", ""):
            try:
                json.loads(response.content)
            except ValueError as error:
                raise RetryableError("an answer that is cut off") from error
        return response


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome is not None else None
    after = failure.after if isinstance(failure, RetryableError) else None
    return _BACKOFF(state) if after is None else after + MARGIN
