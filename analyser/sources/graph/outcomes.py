"""What an error of Graph means for a mailbox: in words that can be counted, with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from analyser.sources.graph.answers import RefusedError

__all__ = ["CONSENT", "REASONS", "is_consent_missing", "is_folder_gone", "reason_of"]

CONSENT: Final = "access denied: consent is missing"

_NO_MAILBOX: Final = "no mailbox in Exchange Online: unlicensed, soft-deleted or on-premises"
REASONS: Final = {
    "MailboxNotEnabledForRESTAPI": _NO_MAILBOX,
    "MailboxNotSupportedForRESTAPI": _NO_MAILBOX,
    "ErrorNonExistentMailbox": "not found: no such mailbox",
    "ErrorMailboxNotFound": "not found: no such mailbox",
    "ResourceNotFound": "not found: no such mailbox",
    "ErrorInvalidUser": "not found: no such user",
    "Request_ResourceNotFound": "not found: no such user",
    "ErrorAccessDenied": "out of scope: an access policy or role scope shuts the application out",
    "Authorization_RequestDenied": CONSENT,
    "InvalidAuthenticationToken": "access denied: the token is refused",
    "AuthenticationError": "access denied: the token is refused, as for some unlicensed users",
    "extensionError": "on-premises, or an access policy shuts the application out",
    "ErrorQuotaExceeded": "over quota: the mailbox cannot be listed",
    "ErrorIncorrectRoutingHint": "the address leads to no mailbox",
}
"""What Graph's codes mean for a mailbox; they are compared without regard to case."""

_BY_CODE: Final = {code.lower(): words for code, words in REASONS.items()}
_FOLDER_GONE: Final = frozenset(
    {"erroritemnotfound", "itemnotfound", "errorsyncfoldernotfound", "errorfoldernotfound", "errorinvalidfolderid"}
)
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403


def reason_of(error: RefusedError) -> str:
    """Why a mailbox cannot be read, with Graph's own code."""
    code = error.code.lower()
    words = _BY_CODE.get(code)
    if words is None and error.status == _FORBIDDEN:
        words = "access denied"
    elif words is None and error.status == _NOT_FOUND:
        words = "not found"
    return f"{words or 'refused'} ({error.status} {error.code or 'without a code'})"


def is_folder_gone(error: RefusedError) -> bool:
    """True if a folder or a message is not there, while its mailbox is."""
    return error.code.lower() in _FOLDER_GONE


def is_consent_missing(error: RefusedError) -> bool:
    """True if not one mailbox but the whole application is refused."""
    return error.code.lower() == "authorization_requestdenied"
