"""Stages say truly what they read and write, publish all or nothing, and find what was planted."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from analyser import pipeline
from analyser.config import Settings
from analyser.errors import ConfigError, EmptyLakeError
from analyser.findings.registry import RULES
from analyser.findings.rules.working_group import WorkingGroupThresholds
from analyser.lake.schema import TABLES
from analyser.pipeline import MODELS, STAGES, Stage, choosing

FACTS = {name for name, table in TABLES.items() if not table.derived}
DERIVED = TABLES.keys() - FACTS


# declarations


def test_every_derived_table_is_written_by_one_stage_and_facts_by_none():
    written = Counter(name for stage in STAGES for name in stage.writes)
    # a stage may also write what only a run needs; it goes by another name
    assert {name: n for name, n in written.items() if name in TABLES} == dict.fromkeys(DERIVED, 1)


@pytest.mark.parametrize("number", range(len(STAGES)), ids=[stage.name for stage in STAGES])
def test_what_a_stage_reads_is_a_fact_or_written_before(number):
    before = {name for stage in STAGES[:number] for name in stage.writes}
    assert set(STAGES[number].reads) <= FACTS | before


def test_stages_have_names_of_their_own():
    assert len({stage.name for stage in STAGES}) == len(STAGES)


def test_every_threshold_has_a_meaning_a_source_and_a_default_within_its_bounds():
    assert {rule.id for rule in RULES} < MODELS.keys()
    for name, model in MODELS.items():
        model.model_validate(model().model_dump())
        for key, field in model.model_fields.items():
            assert field.description, f"{name}.{key}"
            assert field.json_schema_extra["source"], f"{name}.{key}"


# thresholds


def test_configured_thresholds_stand_in_place_of_defaults():
    found = pipeline.thresholds(Settings(thresholds={"working_group": {"min_weeks": 3}}))
    assert found.keys() == MODELS.keys()
    assert found["working_group"] == WorkingGroupThresholds(min_weeks=3)
    assert found["broadcast"] == MODELS["broadcast"]()


@pytest.mark.parametrize(
    ("given", "key", "fix"),
    [
        ({"working_groups": {}}, "thresholds.working_groups", "working_group"),
        ({"working_group": {"min_week": 3}}, "thresholds.working_group.min_week", "min_weeks"),
        ({"working_group": {"hhi": 1.1}}, "thresholds.working_group.hhi", "hhi"),
        ({"working_group": {"min_weeks": "often"}}, "thresholds.working_group.min_weeks", "min_weeks"),
        ({"portfolio": {"pilots": 0}}, "thresholds.portfolio.pilots", "pilots"),
    ],
)
def test_a_wrong_threshold_names_its_key_and_those_that_are_known(given, key, fix):
    with pytest.raises(ConfigError) as caught:
        pipeline.thresholds(Settings(thresholds=given))
    assert caught.value.key == key
    assert fix in caught.value.fix.removeprefix("known: ").split(", ")


# a run


class Watched(pipeline.Run):
    """A run that writes down which stage keeps and reads which table."""

    now_running = None
    kept, got = defaultdict(set), defaultdict(set)

    def keep(self, name, rows):
        self.kept[Watched.now_running].add(name)
        super().keep(name, rows)

    def __getitem__(self, name):
        self.got[Watched.now_running].add(name)
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def analysed(copy_of, settings_in, silent, tmp_path_factory):
    """The run over all mail, its lake still open, and the stages as the listener heard them."""
    folder = tmp_path_factory.mktemp("analysed")

    class Follower(silent):
        def stage(self, name, number, of):
            super().stage(name, number, of)
            Watched.now_running = name

    listener = Follower()
    with copy_of(folder) as lake, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "Run", Watched)
        run = pipeline.analyse(lake, settings_in(folder), since=None, until=None, listener=listener)
        Watched.now_running = "afterwards"
        yield run, lake, listener.stages


def test_stages_run_in_order_and_say_so(analysed):
    _, _, heard = analysed
    assert heard == [(stage.name, n, len(STAGES)) for n, stage in enumerate(STAGES, 1)]


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_a_stage_keeps_what_it_says_and_no_table_of_another(stage, analysed):
    kept = analysed[0].kept[stage.name]
    assert set(stage.writes) <= kept
    assert kept & DERIVED == set(stage.writes) & TABLES.keys()


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_a_stage_reads_what_it_says(stage, analysed):
    run = analysed[0]
    written = {name for other in STAGES for name in other.writes}
    assert run.got[stage.name] & written - run.kept[stage.name] <= set(stage.reads)
    assert set(stage.reads) & written <= run.got[stage.name]


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_a_stage_reads_no_table_of_a_later_one(stage, analysed):
    later = {name for other in STAGES[STAGES.index(stage) + 1 :] for name in other.writes}
    assert not analysed[0].got[stage.name] & later


def test_published_tables_have_the_declared_columns_and_speak_in_keys_and_addresses(analysed):
    _, lake, _ = analysed
    keys = set(lake.arrow("messages")["message_key"].to_pylist())
    people = set(lake.arrow("principals")["principal"].to_pylist())
    for name in DERIVED:
        table = lake.arrow(name)
        assert table.schema.names == TABLES[name].schema.names
        for column, known in (("message_key", keys), ("thread", keys), ("principal", people), ("source", people)):
            if column in table.schema.names:
                assert set(table[column].to_pylist()) <= known, (name, column)
    assert set(lake.arrow("message_threads")["message_key"].to_pylist()) == keys


def test_what_was_planted_is_found_and_nothing_else(analysed):
    found = {row["rule"]: row for row in analysed[1].arrow("findings").to_pylist()}
    assert found.keys() == {"status_report", "working_group"}
    report, group = found["status_report"], found["working_group"]
    assert (report["messages"], report["weeks_active"], report["stems"]) == (26, 26, ["pipeline week #"])
    assert [m.partition("@")[0] for m in group["members"]] == ["finance0", "finance1", "legal0", "sales0", "sales1"]
    assert group["messages"] == 4 * 26
    proposals = [json.loads(text) for text in analysed[1].arrow("proposals")["document"].to_pylist()]
    assert [p["patterns"] for p in proposals] == [["working_group"], ["status_report"]]
    # Sales 0 begins every thread of the group, the others answer; of equals one counts as the busiest
    others = {o["person"].partition("@")[0]: o["reasons"] for o in proposals[0]["second_owners"]}
    assert others == {
        "finance1": ["answers threads that others began"],
        "sales0": ["begins threads that others answer"],
        "sales1": ["answers threads that others began"],
    }
    spent = proposals[0]["savings"]["generated"]
    assert (spent["answering_hours_per_week"], spent["beginning_hours_per_week"]) == (0.25, 0.08)


def test_thresholds_of_a_run_decide(analysed, monkeypatch):
    run, _, _ = analysed
    monkeypatch.setitem(run.thresholds, "working_group", WorkingGroupThresholds(min_messages=4 * 26 + 1))
    choosing.findings(run)
    assert {row["rule"] for row in run["findings"].to_pyarrow().to_pylist()} == {"status_report"}
    monkeypatch.undo()
    choosing.findings(run)
    assert len(run.objects["findings"]) == 2


def test_choosing_again_gives_the_same(analysed):
    run, lake, _ = analysed
    choosing.findings(run)
    choosing.proposals(run)
    assert run["proposals"].to_pyarrow()["document"].to_pylist() == lake.arrow("proposals")["document"].to_pylist()


def test_a_run_accounts_for_itself(analysed):
    run, lake, _ = analysed
    told = {row["key"]: json.loads(row["value"]) for row in lake.arrow("runs").to_pylist()}
    assert (told["since"], told["until"]) == (None, None)
    assert told["now"] == run.now.isoformat()
    assert told["thresholds"].keys() == MODELS.keys()
    assert told["savings"]["minutes_per_sent"] == 5
    assert told["counts"]["messages"] == lake.arrow("messages").num_rows
    assert told["counts"]["findings"] == 2
    assert told["counts"]["proposals"] == lake.arrow("proposals").num_rows


# how departments are linked


def test_links_between_departments_are_those_that_were_planted(analysed):
    _, lake, _ = analysed
    rows = {row["department"]: row for row in lake.arrow("department_openness").to_pylist()}
    assert {name: row["people"] for name, row in rows.items()} == {"Sales": 5, "Finance": 5, "Legal": 5}
    assert all(-1 <= row["ei"] <= 1 and 0 <= row["ei_percentile"] <= 100 for row in rows.values())
    # the group that works by reply-all is two of Sales, two of Finance and one of Legal
    links = {(r["from_department"], r["to_department"]): r for r in lake.arrow("department_links").to_pylist()}
    assert len(links) == 6
    assert links["Sales", "Finance"]["weight"] > links["Sales", "Legal"]["weight"] > 0
    assert all(0 < row["density"] <= 1 and row["carriers"] >= 2 for row in links.values())


def test_no_table_about_links_names_a_person():
    for name in ("department_openness", "department_links", "missing_bridges", "practice_communities"):
        assert not [c.name for c in TABLES[name].columns if c.sensitivity == "personal"]
        assert not {"principal", "member", "members", "actor"} & set(TABLES[name].schema.names)


# periods and failures: the first stages are enough


@pytest.fixture
def analyse(lake, settings_in, silent, tmp_path, monkeypatch):
    def analyse(stages=STAGES[:1], since=None, until=None):
        monkeypatch.setattr(pipeline, "STAGES", stages)
        return pipeline.analyse(lake, settings_in(tmp_path), since=since, until=until, listener=silent())

    return analyse


MONDAY = datetime(2025, 3, 3, tzinfo=UTC)


def test_a_period_is_since_and_before_until(analyse, lake):
    run = analyse(since=MONDAY, until=MONDAY + timedelta(weeks=2))
    at = [row["sent_at"] for row in run["messages"].to_pyarrow().to_pylist()]
    assert min(at) == run.first == MONDAY + timedelta(hours=8, minutes=30)
    assert MONDAY + timedelta(weeks=1) < max(at) == run.now < MONDAY + timedelta(weeks=2)
    assert len(at) < lake.arrow("messages").num_rows
    sent = set(run["messages"].to_pyarrow()["message"].to_pylist())
    assert set(run["recipients"].to_pyarrow()["message"].to_pylist()) == sent
    assert set(run["copies"].to_pyarrow()["message"].to_pylist()) == sent


def test_bounds_hold_to_the_instant(analyse):
    instant = MONDAY + timedelta(hours=8, minutes=30)
    ends = analyse(until=instant)["messages"].to_pyarrow()["sent_at"].to_pylist()
    begins = analyse(since=instant)["messages"].to_pyarrow()["sent_at"].to_pylist()
    assert max(ends) < instant == min(begins)


def test_messages_are_numbered_by_time(analyse):
    rows = sorted(analyse()["messages"].to_pyarrow().to_pylist(), key=lambda r: r["message"])
    assert [r["message"] for r in rows] == list(range(len(rows)))
    assert [(r["sent_at"], r["message_key"]) for r in rows] == sorted((r["sent_at"], r["message_key"]) for r in rows)


def test_a_period_without_mail_is_said(analyse):
    with pytest.raises(EmptyLakeError, match="no messages in that period yet") as caught:
        analyse(until=datetime(1999, 1, 1, tzinfo=UTC))
    assert "analyser scan" in caught.value.fix


def test_a_stage_that_fails_publishes_nothing(analyse, lake):
    def fail(run):
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        analyse((*STAGES[:2], Stage("broken", (), (), fail)))
    assert not any(lake.exists(name) for name in DERIVED)
    analyse(STAGES[:2])
    assert {name for name in DERIVED if lake.exists(name)} >= {"addresses", "principals"}
    before = lake.arrow("principals").num_rows
    with pytest.raises(RuntimeError, match="in the middle"):
        analyse((*STAGES[:2], Stage("broken", (), (), fail)), until=MONDAY)
    assert lake.arrow("principals").num_rows == before
