"""Connections that are signed in: exchangelib makes them, for each way of signing in that it knows."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from exchangelib.configuration import Configuration
from exchangelib.credentials import Credentials, OAuth2Credentials
from exchangelib.protocol import BaseProtocol
from exchangelib.transport import AUTH_TYPE_MAP, BASIC, GSSAPI, NTLM, OAUTH2

from analyser.errors import ConfigError, MissingExtraError
from analyser.sources.service.tls import ca_file

if TYPE_CHECKING:
    import requests

    from analyser.config import EwsSource

__all__ = ["Connections"]

_KINDS: Final = {"ntlm": NTLM, "basic": BASIC, "kerberos": GSSAPI, "oauth": OAUTH2}


class _Application(OAuth2Credentials):  # type: ignore[misc]  # exchangelib has no types
    """Client credentials of Entra ID, or of another server of tokens such as AD FS."""

    def __init__(self, settings: EwsSource, secret: str) -> None:
        super().__init__(client_id=settings.client_id, client_secret=secret, tenant_id=settings.tenant)
        self._place, self._asked_for = settings.token_url, settings.token_scope

    @property
    def token_url(self) -> str:
        """Where tokens are had."""
        return self._place or super().token_url

    @property
    def scope(self) -> list[str]:
        """What a token is asked for."""
        return [self._asked_for] if self._asked_for else super().scope


class _Protocol(BaseProtocol):  # type: ignore[misc]
    """One endpoint and one account; its own pool is not used: it may lock itself (see docs/exchange-on-premises.md)."""

    USERAGENT = "analyser"

    def get_auth_type(self) -> str:
        """Never guessed: the settings say it."""
        return str(self.config.auth_type)


class Connections:
    """Signed-in sessions, each with one connection, to be used by one thread at a time.

    Parameters
    ----------
    settings
        The endpoint and the account.

    Raises
    ------
    ConfigError
        The password or secret is not where the settings say.
    MissingExtraError
        Kerberos is wanted and not installed.
    """

    def __init__(self, settings: EwsSource) -> None:
        kind = _KINDS[settings.auth]
        if kind not in AUTH_TYPE_MAP:
            raise MissingExtraError("kerberos", wanted_for="auth = 'kerberos'")
        self._protocol = _Protocol(
            Configuration(
                service_endpoint=settings.endpoint,
                credentials=_credentials(settings),
                auth_type=kind,
                max_connections=1,
            )
        )
        self._free: deque[requests.Session] = deque()

    def take(self) -> requests.Session:
        """A session that nobody else has; a new one where none is free."""
        try:
            return self._free.pop()
        except IndexError:
            session: requests.Session = self._protocol.create_session()
            if (named := ca_file()) is not None:
                session.verify = named
            return session

    def give_back(self, session: requests.Session) -> None:
        """The session may be used again."""
        self._free.append(session)

    def discard(self, session: requests.Session) -> None:
        """The session is of no use any more, nor is its token where it has one."""
        self._protocol.close_session(session)

    def close(self) -> None:
        """Close what is free."""
        while self._free:
            self.discard(self._free.pop())


def _credentials(settings: EwsSource) -> Any:
    if settings.auth == "kerberos":
        return None  # the ticket of the machine or of `kinit`
    secret = _secret(settings)
    if settings.auth == "oauth":
        return _Application(settings, secret)
    return Credentials(settings.username, secret)


def _secret(settings: EwsSource) -> str:
    key = f"sources.{settings.name}.password"
    if settings.password_file is not None:
        path = settings.password_file
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot be read: {error}", key=f"{key}_file", places=[str(path)], fix="correct the path"
            ) from error
    name = settings.password_env or ""
    value = os.environ.get(name, "").strip()
    if not value:
        places = [f"{name} (not set)"]
        raise ConfigError("the password is not there", key=f"{key}_env", places=places, fix=f"set {name}")
    return value
