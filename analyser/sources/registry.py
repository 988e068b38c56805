"""From the settings of a source to the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from analyser import config

if TYPE_CHECKING:
    from datetime import datetime

    from analyser.sources.contract import Declaration, Source

__all__ = ["declarations", "open_source"]


def open_source(  # noqa: PLR0911  one per type
    settings: config.SourceSettings, *, batch_size: int, earliest: datetime, since: datetime | None = None
) -> Source:
    """The source that the settings describe; nothing is read yet.

    Parameters
    ----------
    settings
        One entry of `Settings.sources`.
    batch_size
        Messages per batch.
    earliest
        Messages dated before are problems.
    since
        Older mail is not wanted: sources that can ask for less do so.

    Raises
    ------
    MissingExtraError
        The type needs a part that is not installed.
    """
    # each import stands in its branch: a scan loads only the libraries of the sources that it reads
    match settings:
        case config.MboxSource():
            from analyser.sources.mbox import MboxSource  # noqa: PLC0415

            return MboxSource(settings.name, settings.path, batch_size=batch_size, earliest=earliest)
        case config.TableSource():
            from analyser.sources.table import TableSource  # noqa: PLC0415

            return TableSource(settings.name, settings.path, batch_size=batch_size, earliest=earliest)
        case config.DirectorySource():
            from analyser.sources.directory import DirectorySource  # noqa: PLC0415

            return DirectorySource(
                settings.name, settings.path, groups=settings.groups, group_members=settings.group_members
            )
        case config.DataConnectSource():
            from analyser.sources.data_connect import DataConnectSource  # noqa: PLC0415

            return DataConnectSource(settings.name, settings.path, batch_size=batch_size, earliest=earliest)
        case config.MessageTraceSource() if settings.path is None:
            from analyser.sources.message_trace.tenant import MessageTraceTenant  # noqa: PLC0415

            return MessageTraceTenant(settings, batch_size=batch_size, earliest=earliest, since=since)
        case config.MessageTraceSource():
            from analyser.sources.message_trace.files import MessageTraceFiles  # noqa: PLC0415

            assert settings.path is not None
            return MessageTraceFiles(
                settings.name, settings.path, batch_size=batch_size, earliest=earliest, dates=settings.dates
            )
        case config.SampleSource():
            from analyser.sources.sample import SampleOrganisationSource  # noqa: PLC0415

            return SampleOrganisationSource(settings.name, settings.people, settings.weeks, settings.seed)
        case config.GraphSource():
            from analyser.sources.graph import GraphMailOnlySource, GraphMailSource  # noqa: PLC0415

            kind = GraphMailSource if settings.people else GraphMailOnlySource
            return kind(settings, batch_size=batch_size, earliest=earliest, since=since)
        case config.EwsSource():
            from analyser.sources.ews import EwsMailOnlySource, EwsSource  # noqa: PLC0415

            chosen = EwsSource if settings.people else EwsMailOnlySource
            return chosen(settings, batch_size=batch_size, earliest=earliest, since=since)
        case _:
            assert_never(settings)


def declarations() -> dict[str, Declaration]:
    """What each type of source can give, by type; imports all of them.

    Raises
    ------
    MissingExtraError
        A type needs a part that is not installed.
    """
    from analyser.sources.data_connect import DataConnectSource  # noqa: PLC0415
    from analyser.sources.directory import DirectorySource  # noqa: PLC0415
    from analyser.sources.ews import EwsSource  # noqa: PLC0415
    from analyser.sources.graph import GraphMailSource  # noqa: PLC0415
    from analyser.sources.mbox import MboxSource  # noqa: PLC0415
    from analyser.sources.message_trace.files import MessageTraceFiles  # noqa: PLC0415
    from analyser.sources.sample import SampleOrganisationSource  # noqa: PLC0415
    from analyser.sources.table import TableSource  # noqa: PLC0415

    classes = (
        *(GraphMailSource, EwsSource, DataConnectSource, MessageTraceFiles, MboxSource, TableSource),
        *(DirectorySource, SampleOrganisationSource),
    )
    return {each.declaration.type: each.declaration for each in classes}
