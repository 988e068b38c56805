"""Exchange Online through Microsoft Graph: metadata of mailboxes, people and groups, read by an application."""

from __future__ import annotations

from analyser.errors import MissingExtraError

try:
    import h2  # noqa: F401
    import httpx  # noqa: F401
    import msal  # noqa: F401
    import msgspec  # noqa: F401
    import tenacity  # noqa: F401
except ImportError as error:
    raise MissingExtraError("graph", wanted_for="a source of type 'graph'") from error

from analyser.sources.graph.source import GraphMailOnlySource, GraphMailSource

__all__ = ["GraphMailOnlySource", "GraphMailSource"]
