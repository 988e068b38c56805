"""What Microsoft Graph Data Connect lands: mail, people and groups of a tenant as JSON Lines or Parquet."""

from analyser.sources.data_connect.source import DataConnectSource

__all__ = ["DataConnectSource"]
