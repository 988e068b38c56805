"""What an error of Graph means for a mailbox: in words that can be counted, with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from analyser.sources.graph.answers import RefusedError

__all__ = ["CONSENT", "is_consent_missing", "is_folder_gone", "reason_of"]

CONSENT: Final = "access denied: consent is missing"

_NO_MAILBOX: Final = "no mailbox in Exchange Online: unlicensed, soft-deleted or on-premises"
_REASONS: Final = {
    "mailboxnotenabledforrestapi": _NO_MAILBOX,
    "mailboxnotsupportedforrestapi": _NO_MAILBOX,
    "errornonexistentmailbox": "not found: no such mailbox",
    "errormailboxnotfound": "not found: no such mailbox",
    "resourcenotfound": "not found: no such mailbox",
    "errorinvaliduser": "not found: no such user",
    "request_resourcenotfound": "not found: no such user",
    "erroraccessdenied": "out of scope: an access policy or role scope shuts the application out",
    "authorization_requestdenied": CONSENT,
    "invalidauthenticationtoken": "access denied: the token is refused",
    "authenticationerror": "access denied: the token is refused, as for some unlicensed users",
    "extensionerror": "on-premises, or an access policy shuts the application out",
    "errorquotaexceeded": "over quota: the mailbox cannot be listed",
    "errorincorrectroutinghint": "the address leads to no mailbox",
}
_FOLDER_GONE: Final = frozenset(
    {"erroritemnotfound", "itemnotfound", "errorsyncfoldernotfound", "errorfoldernotfound", "errorinvalidfolderid"}
)
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403


def reason_of(error: RefusedError) -> str:
    """Why a mailbox cannot be read, with Graph's own code."""
    code = error.code.lower()
    words = _REASONS.get(code)
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
