"""The stages from the lake's facts to proposals: what each reads and writes, and in which order they run.

Every stage takes tables and returns tables. Nothing is published before the last stage has ended: one commit replaces
all derived tables, so a reader never sees findings of one run beside proposals of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from analyser.analysis import (
    automation,
    cadence,
    communities,
    evidence,
    knowledge,
    participants,
    period,
    sensitive,
    threads,
    topics,
)
from analyser.analysis.audiences import (
    alarms,
    bridges,
    circles,
    copies,
    covers,
    decisions,
    desks,
    forums,
    joiners,
    naming,
    paths,
    rounds,
    seasons,
    series,
    talks,
)
from analyser.analysis.brokerage import BrokerageThresholds
from analyser.errors import ConfigError
from analyser.findings import registry
from analyser.lake.schema import TABLES
from analyser.pipeline import choosing, connections, facts, known, mining
from analyser.pipeline.run import Listener, Run, Stage
from analyser.proposals.existing import ExistingThresholds
from analyser.proposals.portfolio import PortfolioThresholds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import ibis.expr.types as ir

    from analyser.config import Settings, Thresholds
    from analyser.lake.store import Lake

__all__ = ["MODELS", "STAGES", "Listener", "Run", "Stage", "analyse", "thresholds", "trial"]

MODELS: dict[str, type[Thresholds]] = {
    "period": period.PeriodThresholds,
    "evidence": evidence.EvidenceThresholds,
    "automation": automation.AutomationThresholds,
    "participants": participants.ParticipantsThresholds,
    "sensitive": sensitive.SensitiveThresholds,
    "threads": threads.ThreadsThresholds,
    "circles": circles.CirclesThresholds,
    "series": series.SeriesThresholds,
    "desks": desks.DesksThresholds,
    "naming": naming.NamingThresholds,
    "knowledge": knowledge.KnowledgeThresholds,
    "rounds": rounds.RoundsThresholds,
    "alarms": alarms.AlarmsThresholds,
    "copies": copies.CopiesThresholds,
    "forums": forums.ForumsThresholds,
    "joiners": joiners.JoinersThresholds,
    "paths": paths.PathsThresholds,
    "talks": talks.TalksThresholds,
    "decisions": decisions.DecisionsThresholds,
    "covers": covers.CoversThresholds,
    "bridges": bridges.BridgesThresholds,
    "seasons": seasons.SeasonsThresholds,
    "cadence": cadence.CadenceThresholds,
    "communities": communities.CommunitiesThresholds,
    "topics": topics.TopicsThresholds,
    "connections": BrokerageThresholds,
    "portfolio": PortfolioThresholds,
    "existing": ExistingThresholds,
    **{rule.id: rule.thresholds for rule in registry.RULES},
}
"""Models of the thresholds by stage or rule: the keys of [thresholds] in the configuration."""

STAGES = (
    Stage("mail", ("messages", "recipients", "copies"), (), facts.mail),
    Stage(
        "people",
        ("messages", "recipients", "address_names", "directory_people", "groups"),
        ("addresses", "principals", "suggested_merges"),
        facts.people_,
    ),
    Stage("evidence", ("messages", "recipients", "directory_people"), ("evidence",), facts.evidence_),
    Stage(
        "participants",
        ("messages", "recipients", "addresses", "group_members", "principals"),
        ("participants", "message_flags", "recipient_sets", "recipient_set_members"),
        facts.participants_,
    ),
    Stage(
        "interactions",
        ("messages", "participants", "message_flags", "principals"),
        ("interactions", "load"),
        facts.interactions_,
    ),
    Stage(
        "threads",
        ("messages", "copies", "participants", "message_flags"),
        ("message_threads", "threads"),
        facts.threads_,
    ),
    Stage("communities", ("interactions",), ("communities",), facts.communities_),
    Stage("topics", ("message_flags",), ("topics", "stem_topics"), facts.topics_),
    Stage(
        "connections",
        ("participants", "message_flags", "principals", "communities"),
        ("department_openness", "department_links", "missing_bridges", "practice_communities"),
        connections.connections,
    ),
    Stage(
        "audiences",
        (
            "messages",
            "message_flags",
            "participants",
            "principals",
            "group_members",
            "message_threads",
            "threads",
            "recipient_set_members",
        ),
        (
            "audiences",
            "audience_members",
            "audience_messages",
            "audience_participants",
            "audience_measures",
            "cadence",
            "signals",
        ),
        mining.audiences,
    ),
    Stage("knowledge", ("participants", "principals", "threads"), ("knowledge",), known.knowledge_),
    Stage(
        "findings",
        ("audiences", "audience_members", "audience_measures", "cadence", "signals"),
        ("findings",),
        choosing.findings,
    ),
    Stage(
        "proposals",
        (
            "groups",
            "group_members",
            "addresses",
            "principals",
            "audience_messages",
            "knowledge",
            "department_openness",
            "department_links",
            "missing_bridges",
            "practice_communities",
        ),
        ("proposals",),
        choosing.proposals,
    ),
    Stage("account", choosing.COUNTED, ("runs",), choosing.account),
)
"""All stages in the order in which they run."""


def thresholds(settings: Settings) -> dict[str, Any]:
    """All thresholds by stage or rule, the configured values in place of the defaults.

    Raises
    ------
    ConfigError
        A stage, a name or a value is unknown or out of bounds.
    """
    unknown = sorted(settings.thresholds.keys() - MODELS.keys())
    if unknown:
        raise ConfigError(
            "no such stage or rule", key=f"thresholds.{unknown[0]}", fix=f"known: {', '.join(sorted(MODELS))}"
        )
    result = {}
    for name, model in MODELS.items():
        try:
            result[name] = model(**settings.thresholds.get(name, {}))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(["thresholds", name, *(str(part) for part in first["loc"])])
            raise ConfigError(first["msg"], key=key, fix=f"known: {', '.join(model.model_fields)}") from error
    return result


def analyse(
    lake: Lake, settings: Settings, *, since: datetime | None, until: datetime | None, listener: Listener
) -> Run:
    """Run all stages and publish the derived tables in one commit.

    Parameters
    ----------
    since, until
        Only mail in ``[since, until)`` is read; None for no bound.

    Raises
    ------
    EmptyLakeError
        No message lies in the period.
    """
    with lake.lock():
        run = trial(lake, settings, since=since, until=until, listener=listener)
        lake.replace({name: run.published(name) for stage in STAGES for name in stage.writes if name in TABLES})
    return run


def trial(
    lake: Lake,
    settings: Settings,
    *,
    since: datetime | None,
    until: datetime | None,
    listener: Listener,
    only: Callable[[ir.Table], ir.BooleanValue] | None = None,
    last: str | None = None,
) -> Run:
    """Run the stages and publish nothing.

    Parameters
    ----------
    since, until
        Only mail in ``[since, until)`` is read; None for no bound.
    only
        Rows of `messages` -> whether they are read; None for all.
    last
        Name of the stage after which the run ends; None for all stages.

    Raises
    ------
    EmptyLakeError
        No message lies in the period.
    """
    run = Run(lake, settings, since, until, thresholds(settings), only=only)
    with lake.lock():
        for number, stage in enumerate(STAGES, 1):
            listener.stage(stage.name, number, len(STAGES))
            stage.run(run)
            if stage.name == last:
                break
    return run
