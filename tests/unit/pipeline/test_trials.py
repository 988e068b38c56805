"""Trials read the lake, publish nothing, and see only what they may see."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from analyser import pipeline
from analyser.errors import EmptyLakeError
from analyser.evaluation.stability import SAMPLES, in_sample
from analyser.lake.schema import TABLES
from analyser.pipeline import STAGES, trials


@pytest.fixture
def settings(lake, settings_in, tmp_path):
    """Settings of a lake of the test's own, which is scanned and not analysed."""
    return settings_in(tmp_path)


@pytest.fixture
def middle(lake):
    """An instant with mail on both sides."""
    times = sorted(lake.arrow("messages")["sent_at"].to_pylist())
    return times[len(times) * 2 // 3]


def files(lake):
    return {name: lake.files(name) for name in TABLES}


def test_a_trial_publishes_nothing(lake, settings, silent):
    before = files(lake)
    run = pipeline.trial(lake, settings, since=None, until=None, listener=silent())
    assert run["proposals"].count().to_pyarrow().as_py()
    assert files(lake) == before


def test_a_trial_finds_what_an_analysis_publishes(lake, settings, silent):
    tried = trials.documents(pipeline.trial(lake, settings, since=None, until=None, listener=silent()))
    pipeline.analyse(lake, settings, since=None, until=None, listener=silent())
    assert tried == [json.loads(text) for text in lake.arrow("proposals")["document"].to_pylist()]
    assert [p["rank"] for p in tried] == list(range(1, len(tried) + 1))


def test_a_trial_may_end_early(lake, settings, silent):
    heard = silent()
    run = pipeline.trial(lake, settings, since=None, until=None, listener=heard, last="participants")
    assert [name for name, _, _ in heard.stages] == [stage.name for stage in STAGES[:3]]
    assert "sets" in run.tables
    assert "proposals" not in run.tables


def test_a_trial_reads_only_what_it_may(lake, settings, silent):
    run = pipeline.trial(
        lake,
        settings,
        since=None,
        until=None,
        listener=silent(),
        only=lambda t: ~in_sample(t.message_key, 7),
        last="mail",
    )
    messages = lake.table("messages")
    left_out = messages.filter(in_sample(messages.message_key, 7)).count().to_pyarrow().as_py()
    assert left_out
    assert run["messages"].count().to_pyarrow().as_py() == lake.arrow("messages").num_rows - left_out
    assert not set(run["keys_of_messages"].to_pyarrow()["message_key"].to_pylist()) & set(
        messages.filter(in_sample(messages.message_key, 7)).to_pyarrow()["message_key"].to_pylist()
    )


def test_coverage_before_and_after_a_split(lake, settings, silent, middle):
    """The group of five and the four readers with their writer go on as before: two sets cover all group mail."""
    before = files(lake)
    found, early = trials.cross_validate(settings, [middle, middle - timedelta(days=14)], silent())
    row = found.rows[0]
    assert row.k == 5
    assert row.baseline == row.clairvoyant == pytest.approx(1)
    assert 0 < row.proposals <= 1
    assert row.regret == pytest.approx(row.proposals)
    assert (found.sets_before, found.sets_after) == (2, 2)
    assert early.rows[0].baseline == pytest.approx(1)
    assert files(lake) == before


def test_nothing_before_the_split_is_said(settings, silent, middle):
    with pytest.raises(EmptyLakeError):
        trials.cross_validate(settings, [middle - timedelta(days=9999)], silent())


def test_what_recurs_every_week_outlives_a_sample(lake, settings, silent):
    before = files(lake)
    found = trials.leave_out(settings, 2, silent())
    assert found.pilots >= 1
    assert found.kept == found.listed == (1.0, 1.0)
    assert files(lake) == before


def test_each_run_leaves_out_another_sample(settings, silent, monkeypatch):
    asked = []

    def trial(lake, *_, only, **__):
        keys = lake.table("messages")
        rows = keys.filter(only(keys)) if only else keys
        asked.append(set(rows.select("message_key").to_pyarrow()["message_key"].to_pylist()))

    monkeypatch.setattr(pipeline, "trial", trial)
    monkeypatch.setattr(trials, "documents", lambda _: [])
    assert trials.leave_out(settings, 4, silent()) is None
    missing = [asked[0] - kept for kept in asked[1:]]
    assert len(asked) == 5
    assert all(missing)
    assert sum(map(len, missing)) == len(set().union(*missing))
    assert len(set().union(*missing)) < len(asked[0]) * 12 / SAMPLES
