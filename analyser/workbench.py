"""What a notebook works with: a lake opened for reading, its tables as data frames, its graphs, its pictures.

Nothing is computed here that the pages do not show: a notebook looks closer, and it writes nothing into a lake.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import ibis
import pyarrow as pa

from analyser import config, pipeline
from analyser.analysis import graphs
from analyser.errors import EmptyLakeError, UsageError
from analyser.lake import ingest
from analyser.lake.store import Lake
from analyser.report import charts, measures, series
from analyser.sources.sample import SampleOrganisationSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    import ibis.expr.types as ir
    import networkx as nx
    import pandas as pd

    from analyser.config import Settings
    from analyser.lake.accounts import MailboxOutcome
    from analyser.report.svg import Picture
    from analyser.sources.contract import Mailbox

__all__ = ["Workbench", "bars", "open_lake", "sample", "weekly"]

bars, weekly = series.bars, series.weekly


@dataclass(frozen=True, slots=True)
class _Silence:
    """Is told how a scan or an analysis goes on, and says nothing."""

    def planned(self, source: str, mailboxes: int) -> None: ...

    def started(self, source: str, mailbox: Mailbox) -> None: ...

    def advanced(self, source: str, mailbox: Mailbox, batch_messages: int, progress: int) -> None: ...

    def finished(self, source: str, mailbox: Mailbox, outcome: MailboxOutcome) -> None: ...

    def counted(self, source: str, counts: Mapping[str, float]) -> None: ...

    def publishing(self) -> None: ...

    def stage(self, name: str, number: int, of: int) -> None: ...


def open_lake(path: str | Path | None = None) -> Workbench:
    """The lake of a configuration.

    Parameters
    ----------
    path
        A configuration file; None for the one that the command line would take.

    Raises
    ------
    EmptyLakeError
        Nothing has been analysed yet.
    """
    bench = Workbench(config.load(None if path is None else Path(path)))
    if not bench.lake.exists("proposals"):
        bench.close()
        raise EmptyLakeError("proposals", fix="run 'analyser scan' and 'analyser analyse' first")
    return bench


def sample(people: int = 120, weeks: int = 26, seed: int = 7) -> Workbench:
    """A sample organisation, scanned and analysed in a folder that goes with the workbench.

    Parameters
    ----------
    people, weeks, seed
        As for `analyser demo`.
    """
    folder = tempfile.TemporaryDirectory(prefix="analyser-")
    given = config.Settings(lake=config.Lake(path=Path(folder.name) / "lake"))
    bench = Workbench(given)
    bench.ends.callback(folder.cleanup)
    source = SampleOrganisationSource("sample", people, weeks, seed)
    ingest.scan(bench.lake, [source], given, listener=_Silence())
    pipeline.analyse(bench.lake, given, since=None, until=None, listener=_Silence())
    return bench


class Workbench:
    """A lake opened for reading; a context manager, or closed by `close`.

    Parameters
    ----------
    settings
        The configuration.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ends = ExitStack()
        self.lake = Lake(settings.lake)
        # what is entered last is left first: the lake closes before its folder goes
        self._open = ExitStack()
        self._open.enter_context(self.lake)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the lake; the lake of a sample organisation is removed."""
        self._open.close()
        self.ends.close()

    # tables

    def table(self, name: str) -> pd.DataFrame:
        """A table of the lake as a data frame; `analyser tables` lists them with their columns."""
        rows: pd.DataFrame = self.lake.arrow(name).to_pandas()
        return rows

    def proposals(self) -> list[dict[str, Any]]:
        """Proposals in rank order, as ``analyser proposals --json`` prints them."""
        rows = self.lake.arrow("proposals").sort_by("rank")
        return [json.loads(text) for text in rows["document"].to_pylist()]

    def weekly_messages(self, audience: str, *, among: Sequence[str] | None = None) -> pd.DataFrame:
        """Messages of an audience by week: `week` (its Monday), `messages`, `deliveries` to people inside.

        Weeks without mail are left out.

        Parameters
        ----------
        among
            Keys of the messages that count; None for all.

        Raises
        ------
        UsageError
            There is no such audience.
        """
        spoken = self.lake.table("audience_messages")
        spoken = spoken.filter(spoken.audience == audience)
        if among is not None:
            kept = pa.table({"message_key": pa.array(among, pa.string())})
            spoken = spoken.semi_join(ibis.memtable(kept), "message_key")
        messages = self.lake.table("messages").select("message_key", "sent_at")
        people = self.lake.table("principals").filter(lambda t: (t.kind == "person") & t.is_internal)
        got = self.lake.table("audience_participants").filter(lambda t: t.role != "from").semi_join(people, "principal")
        got = got.select("message_key", "principal").distinct().group_by("message_key").agg(got=lambda t: t.count())
        rows = spoken.inner_join(messages, "message_key").left_join(got, "message_key").drop("message_key_right")
        rows = rows.group_by(week=rows.sent_at.truncate("W").date()).agg(
            messages=rows.count(), deliveries=rows.got.fill_null(0).sum()
        )
        found: pd.DataFrame = rows.order_by("week").to_pyarrow().to_pandas()
        if found.empty:
            raise UsageError(f"no audience named {audience!r}", fix="see the table audiences")
        return found

    # graphs

    def people_graph(self) -> nx.DiGraph:
        """Who writes to whom; see `analyser.analysis.graphs.communication_graph`."""
        return graphs.communication_graph(self.lake.arrow("interactions"), self.lake.arrow("principals"))

    def department_graph(self) -> nx.DiGraph:
        """Who writes to whom by department; small groups are left out, see `privacy.minimum_group`."""
        minimum = self.settings.privacy.minimum_group
        return graphs.department_graph(self.lake.arrow("interactions"), self.lake.arrow("principals"), minimum)

    # pictures

    def flows(self) -> Picture:
        """Mail between departments as a matrix."""
        people = [person for person in measures.people(self.lake).values() if person.is_person]
        headcount = {name: sum(1 for p in people if p.department == name) for name in {p.department for p in people}}
        return charts.flow_matrix("flows", measures.flows(self.lake), headcount, self.settings.privacy.minimum_group)

    def calendar(self, audience: str, name: str) -> Picture:
        """When the mail of an audience was sent."""
        zone = self.settings.organisation.timezone
        mail = measures.days(self.lake, [audience], zone, datetime(1970, 1, 1, tzinfo=UTC))[audience]
        if not mail:
            raise UsageError(f"no audience named {audience!r}", fix="see the table audiences")
        return charts.cadence_calendar("calendar", name, mail, max(mail))

    # what if

    def without(self, drop: Callable[[ir.Table], ir.BooleanValue], last: str = "interactions") -> dict[str, Any]:
        """Tables of an analysis that leaves messages out; nothing is written.

        Parameters
        ----------
        drop
            Rows of `messages` -> whether they are left out.
        last
            Stage after which the analysis ends.

        Returns
        -------
        dict
            Data frames by name.
        """
        run = pipeline.trial(
            self.lake, self.settings, since=None, until=None, listener=_Silence(),
            only=lambda messages: ~drop(messages), last=last,
        )  # fmt: skip
        stages = pipeline.STAGES[: [stage.name for stage in pipeline.STAGES].index(last) + 1]
        names: Sequence[str] = [name for stage in stages for name in stage.writes]
        return {name: run.published(name).to_pyarrow().to_pandas() for name in names}
