"""Exchange Server through Exchange Web Services: metadata of mailboxes, read by a service account."""

from __future__ import annotations

from analyser.errors import MissingExtraError

try:
    import exchangelib  # noqa: F401
    import lxml  # noqa: F401
    import msgspec  # noqa: F401
    import tenacity  # noqa: F401
except ImportError as error:
    raise MissingExtraError("ews", wanted_for="a source of type 'ews'") from error

from analyser.sources.ews.source import EwsMailOnlySource, EwsSource

__all__ = ["EwsMailOnlySource", "EwsSource"]
