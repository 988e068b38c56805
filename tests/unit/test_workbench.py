"""A notebook's view of a lake says what the lake says, and leaves nothing behind."""

from __future__ import annotations

import networkx as nx
import pyarrow.compute as pc
import pytest

from analyser import workbench
from analyser.errors import AnalyserError, EmptyLakeError, UsageError
from analyser.lake.schema import TABLES


@pytest.fixture(scope="module")
def bench():
    with workbench.sample(people=60, weeks=14, seed=5) as bench:
        yield bench


@pytest.fixture(scope="module")
def busiest(bench):
    return bench.table("audiences").sort_values("messages").iloc[-1]


def test_tables_are_data_frames_with_the_declared_columns(bench):
    for name in ("audiences", "load", "knowledge"):
        frame = bench.table(name)
        assert list(frame.columns) == [column.name for column in TABLES[name].columns]
        assert len(frame) == bench.lake.arrow(name).num_rows


def test_an_unknown_table_is_named(bench):
    with pytest.raises(AnalyserError, match="no table is named 'nothing'"):
        bench.table("nothing")


def test_proposals_stand_in_rank_order(bench):
    ranks = [proposal["rank"] for proposal in bench.proposals()]
    assert ranks == sorted(ranks)
    assert len(ranks) == bench.lake.arrow("proposals").num_rows


def test_the_weeks_of_an_audience_add_up_to_its_messages(bench, busiest):
    weeks = bench.weekly_messages(busiest["audience"])
    assert weeks["messages"].sum() == busiest["messages"]
    assert weeks["week"].is_monotonic_increasing
    assert {day.weekday() for day in weeks["week"]} == {0}
    assert weeks["deliveries"].sum() > 0


def test_only_the_messages_asked_for_count(bench, busiest):
    spoken = bench.lake.arrow("audience_messages")
    keys = spoken.filter(pc.equal(spoken["audience"], busiest["audience"]))["message_key"].to_pylist()
    assert bench.weekly_messages(busiest["audience"], among=keys[:3])["messages"].sum() == 3


@pytest.mark.parametrize("ask", ["weekly_messages", "calendar"])
def test_an_unknown_audience_is_named(bench, ask):
    with pytest.raises(UsageError, match="no audience named 'nobody'"):
        getattr(bench, ask)("nobody", *(["x"] if ask == "calendar" else []))


def test_graphs_are_networkx_objects(bench):
    people, departments = bench.people_graph(), bench.department_graph()
    assert isinstance(people, nx.DiGraph)
    assert people.number_of_edges() == bench.lake.arrow("interactions").num_rows
    smallest = min(data["people"] for _, data in departments.nodes(data=True))
    assert smallest >= bench.settings.privacy.minimum_group


def test_pictures_show_what_is_there(bench, busiest):
    assert "delivery" in bench.flows().svg or "deliveries" in bench.flows().svg
    assert busiest["stem"] is None or "Name" in bench.calendar(busiest["audience"], "Name").title


def test_what_is_left_out_is_missing_and_the_lake_stays_as_it_was(bench):
    before = {size.name: size for size in bench.lake.describe()}
    found = bench.without(lambda messages: messages.has_attachments.fill_null(False))  # noqa: FBT003
    messages = bench.lake.table("messages")
    kept = messages.filter(~messages.has_attachments.fill_null(False)).count().to_pyarrow().as_py()  # noqa: FBT003
    assert len(found["message_flags"]) == kept
    assert 0 < kept < messages.count().to_pyarrow().as_py()
    assert found["interactions"]["source"].str.contains("@").all()
    assert {size.name: size for size in bench.lake.describe()} == before


def test_the_folder_of_a_sample_goes_with_it():
    bench = workbench.sample(people=60, weeks=12, seed=6)
    folder = bench.lake.path
    assert folder.is_dir()
    bench.close()
    assert not folder.exists()


def test_a_lake_that_was_never_analysed_is_said_to_be_empty(tmp_path):
    config = tmp_path / "analyser.toml"
    config.write_text('[lake]\npath = "lake"\n', encoding="utf-8")
    with pytest.raises(EmptyLakeError, match="proposals"):
        workbench.open_lake(config)


def test_a_configured_lake_is_opened(bench, tmp_path):
    config = tmp_path / "analyser.toml"
    config.write_text(f'[lake]\npath = "{bench.lake.path}"\n', encoding="utf-8")
    with workbench.open_lake(config) as other:
        assert other.table("proposals").equals(bench.table("proposals"))
