"""The certificates that the environment says to trust."""

from __future__ import annotations

import os
import ssl
from typing import Final

__all__ = ["CA_VARIABLES", "ca_file", "tls_context"]

CA_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables that may name the certificates to trust, best first."""


def ca_file() -> str | None:
    """The file of certificates that the environment names; None where it names none."""
    return next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), None)


def tls_context() -> ssl.SSLContext | bool:
    """TLS with the certificates of the environment; True where none are named."""
    named = ca_file()
    return True if named is None else ssl.create_default_context(cafile=named)
