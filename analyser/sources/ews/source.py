"""The source `ews`: mailboxes of an Exchange server, many at once, and who is behind its addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from analyser.errors import ConfigError
from analyser.sources.contract import RECORDS, Declaration, Directory
from analyser.sources.directory import read_directory
from analyser.sources.ews.client import Client
from analyser.sources.ews.connection import Connections
from analyser.sources.ews.mail import MailboxReader
from analyser.sources.ews.people import AddressList
from analyser.sources.service.source import ServiceSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from analyser.config import EwsSource as EwsSettings
    from analyser.sources.contract import Request
    from analyser.sources.service.source import Emit

__all__ = ["EwsMailOnlySource", "EwsSource"]


class EwsSource(ServiceSource[Client]):
    """Reads mailboxes of an Exchange server through Exchange Web Services.

    Parameters
    ----------
    settings
        Endpoint, account and limits.
    batch_size
        Messages per batch.
    earliest
        Messages dated before are problems.
    since
        Older mail is not asked for; the later of this and the setting counts.

    Raises
    ------
    ConfigError
        The password is not where the settings say.
    """

    declaration: ClassVar[Declaration] = Declaration(
        type="ews",
        provides=frozenset({"messages", "people", "groups"}),
        fields=frozenset(RECORDS.names) - {"list_id"},
        resumable=True,
        incremental=True,
    )

    def __init__(
        self, settings: EwsSettings, *, batch_size: int, earliest: datetime, since: datetime | None = None
    ) -> None:
        super().__init__(
            settings.name,
            settings.mailboxes,
            batch_size=batch_size,
            earliest=earliest,
            day=settings.since,
            since=since,
        )
        self._settings = settings
        Connections(settings).close()  # a password that is not there is told before anything is read
        self._directory_state: str | None = None
        self._known: Directory | None = None
        self._people: AddressList | None = None

    def begin(self, state: str | None) -> None:
        """See `Source.begin`."""
        self._directory_state = state

    def close(self) -> None:
        """See `Source.close`."""
        super().close()
        self._people = self._known = None

    def counts(self) -> Mapping[str, float]:
        """As of every service, and the X.500 addresses that nobody knows."""
        found = super().counts()
        return {**found, "unknown_addresses": len(self._people.unknown)} if found and self._people else found

    async def _open(self) -> Client:
        return Client(self._settings)

    # mail

    def _everyone(self) -> Iterable[str]:
        """People and shared mailboxes of the directory file."""
        people = self._directory_file()
        if people is None:
            raise ConfigError(
                "'all' needs to know who there is",
                key=f"sources.{self.name}.mailboxes",
                places=["directory (not set)"],
                fix="name an LDIF or CSV export as 'directory', or certain mailboxes as 'mailboxes'",
            )
        rows = people.people.select(["address", "kind"]).to_pylist()
        return [row["address"] for row in rows if row["kind"] in {None, "person", "shared", "service"}]

    async def _members_of(self, group: str) -> Iterable[str]:
        return await self._address_list().members_of(group)

    def _prepare(self) -> int:
        self._address_list()
        return self._settings.connections_per_mailbox

    def _reader(self, client: Client, request: Request, width: int, emit: Emit) -> MailboxReader:
        return MailboxReader(
            client,
            self._address_list(),
            self._settings,
            request.mailbox,
            request.state,
            period=self._period,
            batch_size=self._batch_size,
            since=self._since,
            width=width,
            emit=emit,
        )

    # people

    def _directory_file(self) -> Directory | None:
        if self._known is None and self._settings.directory is not None:
            self._known = read_directory(self._settings.directory, None, None, source=self.name)
        return self._known

    def known_addresses(self) -> set[str]:
        """Addresses of the directory file, in lower case; empty without one."""
        return set() if self._directory_file() is None else set(self._everyone())

    def _address_list(self) -> AddressList:
        _, client = self._running()
        if self._people is None:
            file = self._directory_file()
            rows = [] if file is None else file.people.select(["address", "aliases"]).to_pylist()
            aliases = {alias: row["address"] for row in rows for alias in row["aliases"] or () if alias[0] == "/"}
            self._people = AddressList(client, self.name, aliases, self._directory_state)
        return self._people

    def directory(self) -> Directory:
        """Who was looked up in the server's address list; see `Source.directory`."""
        return self._address_list().directory()


class EwsMailOnlySource(EwsSource):
    """Reads mail alone: people come from elsewhere."""

    declaration: ClassVar[Declaration] = replace(EwsSource.declaration, provides=frozenset({"messages"}))
