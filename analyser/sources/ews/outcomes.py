"""What a response code of Exchange means: asked again, the end of a folder or of a mailbox; and in which words."""

from __future__ import annotations

from typing import Final

from analyser.sources.service import answers

__all__ = ["REASONS", "SLOWING", "TRANSIENT", "RefusedError", "words_of"]

SLOWING: Final = frozenset(
    {
        "ErrorServerBusy",
        "ErrorExceededConnectionCount",
        "ErrorExceededSubscriptionCount",
        "ErrorTooManyObjectsOpened",
        "ErrorInsufficientResources",
    }
)
"""More was asked than the throttling policy allows."""

TRANSIENT: Final = SLOWING | {
    "ErrorBatchProcessingStopped",
    "ErrorConnectionFailed",
    "ErrorInternalServerTransientError",
    "ErrorMailboxFailover",
    "ErrorMailboxMoveInProgress",
    "ErrorMailboxStoreUnavailable",
    "ErrorTimeoutExpired",
}
"""The same request may be answered later."""

REASONS: Final = {
    "ErrorNonExistentMailbox": "not found: no such mailbox",
    "ErrorInvalidSmtpAddress": "not found: no such mailbox",
    "ErrorImpersonateUserDenied": "out of scope: the account may not impersonate this user",
    "ErrorImpersonationDenied": "out of scope: the account may not impersonate",
    "ErrorImpersonationFailed": "impersonation failed",
    "ErrorAccessDenied": "access denied: the account has no right to this mailbox",
    "ErrorMailboxLogonFailed": "the mailbox cannot be opened: disabled, or its database is not mounted",
    "ErrorMailboxMoveInProgress": "the mailbox is being moved",
    "ErrorMailboxStoreUnavailable": "the database of the mailbox is not available",
    "ErrorMailboxFailover": "the database of the mailbox moves to another server",
    "ErrorWrongServerVersion": "the server does not know the configured version",
    "ErrorInvalidServerVersion": "the server does not know the configured version",
    "ErrorAccountDisabled": "the account of the mailbox is disabled",
    "401": "access denied: the server refuses user name or password",
    "403": "access denied: Exchange Web Services are blocked for this account or organisation",
    "404": "no Exchange Web Services at this endpoint",
    "TLS": "the certificate of the server is not trusted: name its authority in SSL_CERT_FILE",
}
"""What codes of Exchange, and HTTP statuses, mean for a mailbox."""

_FOR_ALL: Final = frozenset({"401", "403", "404", "TLS", "ErrorImpersonationDenied", "ErrorInvalidServerVersion"})
_FOLDER_GONE: Final = frozenset({"ErrorFolderNotFound", "ErrorSyncFolderNotFound", "ErrorItemNotFound"})
_LOST: Final = frozenset({"ErrorInvalidSyncStateData"})


def words_of(code: str) -> str:
    """A code with what it means, where that is known."""
    known = REASONS.get(code)
    return f"{known} ({code})" if known else code


class RefusedError(answers.RefusedError):
    """Exchange refuses, and asking again would not help: response code or HTTP status, and what it says."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message = code, message

    @property
    def reason(self) -> str:
        """See `answers.RefusedError`."""
        return f"{REASONS.get(self.code, 'refused')} ({self.code})"

    @property
    def concerns_all(self) -> bool:
        """See `answers.RefusedError`."""
        return self.code in _FOR_ALL

    @property
    def lost_place(self) -> bool:
        """See `answers.RefusedError`."""
        return self.code in _LOST

    @property
    def folder_gone(self) -> bool:
        """See `answers.RefusedError`."""
        return self.code in _FOLDER_GONE
