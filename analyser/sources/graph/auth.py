"""Tokens of an application: secret, certificate, managed identity or workload identity, by MSAL.

A token lives in memory alone and is never logged. It is renewed before it expires, and when the service refuses it.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msal
import msal.exceptions

from analyser.errors import ConfigError, SourceError
from analyser.sources.graph.clouds import cloud_of
from analyser.sources.graph.patient import PatientHttp
from analyser.sources.service.answers import RetryableError

if TYPE_CHECKING:
    from analyser.config import GraphSource

__all__ = ["Tokens", "roles_of"]

EARLY: Final = 300.0
"""Seconds before its end at which a token is renewed; a token that lives shortly, at four fifths of its life."""

AGAIN: Final = 30.0
"""Seconds until a renewal that failed is tried again, while the old token is good."""
FEDERATED: Final = "AZURE_FEDERATED_TOKEN_FILE"


_log = logging.getLogger(__name__)


class Tokens:
    """Gives a token that is good for the next minutes; safe to be used by several threads.

    Parameters
    ----------
    settings
        Who the application is and how it proves that.

    Raises
    ------
    ConfigError
        A secret or certificate is not where the settings say.
    """

    def __init__(self, settings: GraphSource) -> None:
        self._settings, self._cloud = settings, cloud_of(settings)
        self._http: PatientHttp | None = None
        self._credential = None if settings.managed_identity else _credential(settings)
        self._lock = threading.Lock()
        self._application: Any = None
        self._token = ""
        self._renew_at = self._ends_at = 0.0

    def close(self) -> None:
        """Forget the token and close connections; `get` opens them again."""
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http, self._application, self._token = None, None, ""

    def get(self, *, refused: str | None = None) -> str:
        """A token; a new one if `refused` is the one in use.

        Raises
        ------
        SourceError
            The authority gives none.
        """
        with self._lock:
            if refused is not None and refused == self._token:
                self._application = None  # with its cache, which would give the same token again
                self._token = ""
            if not self._token or time.monotonic() >= self._renew_at:
                try:
                    self._acquire()
                except SourceError as error:
                    now = time.monotonic()
                    if not self._token or now >= self._ends_at:
                        raise
                    _log.warning("the token is kept until its end: %s", error.message)
                    self._renew_at = now + AGAIN
            return self._token

    def _acquire(self) -> None:
        asked = time.monotonic()
        try:
            result = self._ask()
        except (RetryableError, msal.exceptions.MsalError, ValueError, OSError) as error:
            raise self._failed(f"{self._cloud.authority} gives no token: {error}") from error
        if "access_token" not in result:
            self._application = None  # it would remember the refusal
            said = str(result.get("error_description") or result.get("error") or "no reason given").splitlines()[0]
            raise self._failed(f"{self._cloud.authority} refuses a token: {said}")
        life = float(result.get("expires_in", 3600))
        self._ends_at = asked + life
        self._token = result["access_token"]
        self._renew_at = asked + max(life - EARLY, life * 0.8) if life < 5 * EARLY else asked + life - EARLY

    def _ask(self) -> dict[str, Any]:
        graph, settings = self._cloud.graph, self._settings
        if self._http is None:
            self._http = PatientHttp()
        if settings.managed_identity:
            name = settings.managed_identity
            identity = (
                msal.UserAssignedManagedIdentity(client_id=name)
                if isinstance(name, str)
                else msal.SystemAssignedManagedIdentity()
            )
            client = msal.ManagedIdentityClient(identity, http_client=self._http)
            answer: dict[str, Any] = client.acquire_token_for_client(resource=graph)
            return answer
        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=self._credential,
                authority=self._cloud.authority,
                instance_discovery=None if self._cloud.known else False,
                validate_authority=self._cloud.known,
                http_client=self._http,
            )
        given: dict[str, Any] = self._application.acquire_token_for_client([f"{graph}/.default"])
        return given

    def _failed(self, message: str) -> SourceError:
        return SourceError(
            message,
            source=self._settings.name,
            fix="check tenant, client_id, the credential and its expiry; 'analyser check' tries each step",
        )


def roles_of(token: str) -> frozenset[str] | None:
    """Application permissions that a token carries, read without checking its signature; None if it cannot be read."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(map(str, claims.get("roles", ())))
    except (IndexError, ValueError, binascii.Error, AttributeError):
        return None


def _credential(settings: GraphSource) -> str | dict[str, Any]:
    """What MSAL takes as `client_credential`."""
    key = f"sources.{settings.name}"
    if settings.client_secret_env is not None:
        return _variable(settings.client_secret_env, f"{key}.client_secret_env")
    if settings.client_secret_file is not None:
        return _file(settings.client_secret_file, f"{key}.client_secret_file").strip()
    if settings.certificate is not None:
        return _certificate(settings, settings.certificate, f"{key}.certificate")
    named = settings.workload_identity
    path = named if isinstance(named, Path) else Path(_variable(FEDERATED, f"{key}.workload_identity"))
    _file(path, f"{key}.workload_identity")
    # read at each use: the file is renewed while the scan runs
    return {"client_assertion": lambda: path.read_text(encoding="utf-8").strip()}


def _certificate(settings: GraphSource, path: Path, key: str) -> dict[str, Any]:
    secret: dict[str, Any] = {}
    if settings.certificate_password_env is not None:
        secret["passphrase"] = _variable(settings.certificate_password_env, f"{key}_password_env")
    if path.suffix.lower() in {".pfx", ".p12"}:
        if not path.is_file():
            raise ConfigError("no such file", key=key, places=[str(path)], fix="correct the path")
        return {"private_key_pfx_path": str(path), "public_certificate": True, **secret}
    text = _file(path, key)
    if "PRIVATE KEY" not in text or "BEGIN CERTIFICATE" not in text:
        raise ConfigError(
            "the file lacks a private key or a certificate", key=key, places=[str(path)], fix="put both into one PEM"
        )
    return {"private_key": text, "public_certificate": text[text.index("-----BEGIN CERTIFICATE") :], **secret}


def _variable(name: str, key: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigError("the secret is not there", key=key, places=[f"{name} (not set)"], fix=f"set {name}")
    return value


def _file(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", key=key, places=[str(path)], fix="correct the path") from error
