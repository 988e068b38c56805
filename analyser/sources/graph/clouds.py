"""Where tokens and Graph are: the clouds by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from analyser.config import GraphCloud

if TYPE_CHECKING:
    from analyser.config import GraphSource

__all__ = ["Cloud", "cloud_of"]

# Microsoft, "National cloud deployments"; see docs/exchange-online.md
_HOSTS: Final = {
    "global": ("login.microsoftonline.com", "graph.microsoft.com"),
    "usgov": ("login.microsoftonline.us", "graph.microsoft.us"),
    "usgov-dod": ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    "china": ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
}


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
