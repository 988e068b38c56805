"""The source `graph`: mailboxes of a tenant, many at once, and its directory."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from analyser.errors import SourceError
from analyser.sources.contract import RECORDS, Declaration, Directory
from analyser.sources.graph.auth import Tokens
from analyser.sources.graph.client import Client
from analyser.sources.graph.clouds import cloud_of
from analyser.sources.graph.directory import DirectoryReader
from analyser.sources.graph.mail import MailboxReader
from analyser.sources.service.source import ServiceSource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from analyser.config import GraphSource
    from analyser.sources.contract import Request
    from analyser.sources.service.source import Emit

_log = logging.getLogger(__name__)

__all__ = ["GraphMailOnlySource", "GraphMailSource"]


class GraphMailSource(ServiceSource[Client]):
    """Reads a tenant of Exchange Online through Microsoft Graph.

    Parameters
    ----------
    settings
        The tenant, the application and its limits.
    batch_size
        Messages per batch, at most `BATCH`.
    earliest
        Messages dated before are problems.
    since
        Older mail is not asked for; the later of this and the setting counts.

    Raises
    ------
    ConfigError
        A secret or certificate is not where the settings say.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="graph",
        provides=frozenset({"messages", "people", "groups"}),
        fields=frozenset(RECORDS.names) - {"in_reply_to", "references", "size", "is_automatic", "list_id"},
        resumable=True,
        incremental=True,
    )

    def __init__(
        self, settings: GraphSource, *, batch_size: int, earliest: datetime, since: datetime | None = None
    ) -> None:
        super().__init__(
            settings.name,
            settings.mailboxes,
            batch_size=batch_size,
            earliest=earliest,
            day=settings.since,
            since=since,
        )
        self._settings, self._root = settings, cloud_of(settings).graph
        self._tokens = Tokens(settings)
        self._directory_state: str | None = None
        self._people: DirectoryReader | None = None
        self._known: DirectoryReader | None = None

    # life

    def begin(self, state: str | None) -> None:
        """See `Source.begin`."""
        self._directory_state = state

    def close(self) -> None:
        """See `Source.close`."""
        super().close()
        self._people = self._known = None
        self._tokens.close()

    async def _open(self) -> Client:
        return Client(self._settings, self._tokens)

    # mail

    def _everyone(self) -> Iterable[str]:
        """All people with a mail address who are no guests."""
        return self._directory_reader().mailboxes()

    async def _members_of(self, group: str) -> Iterable[str]:
        return await self._reader_of_people().members_of(group)

    def _prepare(self) -> int:
        self._known = self._known_people()
        return self._settings.requests_per_mailbox

    def _reader(self, client: Client, request: Request, width: int, emit: Emit) -> MailboxReader:
        people = self._known
        return MailboxReader(
            client,
            self._root,
            self._settings,
            request.mailbox,
            request.state,
            key=people.key_of(request.mailbox) if people is not None else request.mailbox,
            period=self._period,
            batch_size=self._batch_size,
            since=self._since,
            width=width,
            emit=emit,
        )

    def _known_people(self) -> DirectoryReader | None:
        """Who belongs to an address; None where the directory cannot be read, which `directory` tells."""
        if not self._settings.people and self._settings.mailboxes != "all":
            return None
        try:
            return self._directory_reader()
        except SourceError as error:
            _log.warning("mailboxes are asked for by address: %s", error.message)
            return None

    # directory

    def _reader_of_people(self) -> DirectoryReader:
        _, client = self._running()
        if self._people is None:
            self._people = DirectoryReader(client, self._root, self.name, self._directory_state)
        return self._people

    def _directory_reader(self) -> DirectoryReader:
        reader = self._reader_of_people()
        if not reader.is_loaded:
            self._call(reader.load_people(), "the directory")
        return reader

    def directory(self) -> Directory:
        """People, groups, teams and channels; see `Source.directory`."""
        reader = self._directory_reader()
        self._call(reader.load_groups(), "groups")
        return reader.directory()


class GraphMailOnlySource(GraphMailSource):
    """Reads mail alone: people and groups come from elsewhere."""

    declaration: ClassVar[Declaration] = replace(GraphMailSource.declaration, provides=frozenset({"messages"}))
