"""What Graph answers when it does not give what was asked for."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import httpx

__all__ = ["OverBudgetError", "RefusedError", "RetryableError", "is_resync", "refusal", "retry_after"]

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504, 509})
SLOWING: Final = frozenset({429, 503, 509})
_RESYNC: Final = frozenset({"syncstatenotfound", "resyncrequired", "syncstateinvalid"})
GONE: Final = 410


class _Inner(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Error(msgspec.Struct):
    error: _Inner = msgspec.field(default_factory=_Inner)


class RefusedError(Exception):
    """Graph refuses, and asking again would not help: status, `error.code`, `error.message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code or 'no code'}: {message}" if message else f"{status} {code or 'no code'}")
        self.status, self.code, self.message = status, code, message


class RetryableError(Exception):
    """The same request may be answered later: after so many seconds, where Graph says how many."""

    def __init__(self, said: str, after: float | None = None) -> None:
        super().__init__(said)
        self.said, self.after = said, after


class OverBudgetError(Exception):
    """A mailbox needed more retries than it has."""


def refusal(response: httpx.Response) -> RefusedError | RetryableError:
    """The error that an answer of status 400 or more stands for."""
    try:
        inner = msgspec.json.decode(response.content, type=_Error, strict=False).error
    except msgspec.MsgspecError:  # a proxy's page, or half an answer
        inner = _Inner()
    if response.status_code in RETRIED:
        return RetryableError(f"{response.status_code} {inner.code}".strip(), retry_after(response))
    return RefusedError(response.status_code, inner.code, inner.message)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that Graph asks to wait: a number or a date; None if it does not say."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def is_resync(error: RefusedError) -> bool:
    """True if a delta link is of no use any more: its folder or list must be read from the start."""
    return error.status == GONE or error.code.lower() in _RESYNC
