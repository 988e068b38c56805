"""What Graph answers when it does not give what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from analyser.sources.graph import outcomes
from analyser.sources.service import answers
from analyser.sources.service.answers import RetryableError, seconds_until

if TYPE_CHECKING:
    import httpx

__all__ = ["RefusedError", "is_resync", "refusal", "retry_after"]

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504, 509})
SLOWING: Final = frozenset({429, 503, 509})
_RESYNC: Final = frozenset({"syncstatenotfound", "resyncrequired", "syncstateinvalid"})
GONE: Final = 410


class _Inner(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Error(msgspec.Struct):
    error: _Inner = msgspec.field(default_factory=_Inner)


class RefusedError(answers.RefusedError):
    """Graph refuses, and asking again would not help: status, `error.code`, `error.message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code or 'no code'}: {message}" if message else f"{status} {code or 'no code'}")
        self.status, self.code, self.message = status, code, message

    @property
    def reason(self) -> str:
        """See `answers.RefusedError`."""
        return outcomes.reason_of(self)

    @property
    def concerns_all(self) -> bool:
        """True for want of consent."""
        return outcomes.is_consent_missing(self)

    @property
    def lost_place(self) -> bool:
        """See `is_resync`."""
        return is_resync(self)

    @property
    def folder_gone(self) -> bool:
        """See `answers.RefusedError`."""
        return outcomes.is_folder_gone(self)


def refusal(response: httpx.Response) -> RefusedError | RetryableError:
    """The error that an answer of status 400 or more stands for."""
    try:
        inner = msgspec.json.decode(response.content, type=_Error, strict=False).error
    except msgspec.MsgspecError:  # a proxy's page, or half an answer
        inner = _Inner()
    if response.status_code in RETRIED:
        said, slows = f"{response.status_code} {inner.code}".strip(), response.status_code in SLOWING
        return RetryableError(said, retry_after(response), slows=slows)
    return RefusedError(response.status_code, inner.code, inner.message)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that Graph asks to wait: a number or a date; None if it does not say."""
    return seconds_until(response.headers.get("retry-after", ""))


def is_resync(error: RefusedError) -> bool:
    """True if a delta link is of no use any more: its folder or list must be read from the start."""
    return error.status == GONE or error.code.lower() in _RESYNC
