"""Where tokens and Graph are: the clouds by name, and the CA file of the environment."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

from analyser.config import GraphCloud

if TYPE_CHECKING:
    from analyser.config import GraphSource

__all__ = ["CA_VARIABLES", "Cloud", "cloud_of", "tls_context"]

# Microsoft, "National cloud deployments"; see docs/exchange-online.md
_HOSTS: Final = {
    "global": ("login.microsoftonline.com", "graph.microsoft.com"),
    "usgov": ("login.microsoftonline.us", "graph.microsoft.us"),
    "usgov-dod": ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    "china": ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
}

CA_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables that may name the certificates to trust, best first."""


class Cloud(NamedTuple):
    """`authority` gives tokens, `graph` is the root of the interface; `known` if Microsoft runs it."""

    authority: str
    graph: str
    known: bool


def cloud_of(settings: GraphSource) -> Cloud:
    """The cloud that the settings name."""
    if isinstance(settings.cloud, GraphCloud):
        return Cloud(settings.cloud.authority, settings.cloud.graph, known=False)
    login, graph = _HOSTS[settings.cloud]
    return Cloud(f"https://{login}/{settings.tenant or 'organizations'}", f"https://{graph}", known=True)


def tls_context() -> ssl.SSLContext | bool:
    """TLS with the certificates of the environment; True where none are named."""
    named = next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), None)
    return True if named is None else ssl.create_default_context(cafile=named)
