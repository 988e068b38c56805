"""Coverage of later mail equals a plain reference; on real mail it equals the project's judge."""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from analyser.config import Settings
from analyser.evaluation.coverage import cover, greedy, group_mail, weights
from analyser.lake import ingest
from analyser.lake.store import Lake
from analyser.pipeline import trials
from analyser.sources.registry import open_source

SPLIT = datetime(2025, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)

people = st.frozensets(st.sampled_from("abcdefgh"), min_size=1, max_size=6)
groups = st.frozensets(st.sampled_from("abcdefgh"), min_size=3, max_size=6)
weighed = st.dictionaries(groups, st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


def mail_of(weights):
    """`GroupMail` of {people: (past, future)}."""
    names = {"".join(sorted(group)): pair for group, pair in weights.items()}
    table = pa.table(
        {
            "recipient_set": pa.array(list(names), pa.string()),
            "past": pa.array([float(past) for past, _ in names.values()], pa.float64()),
            "future": pa.array([float(future) for _, future in names.values()], pa.float64()),
        }
    )
    pairs = [(name, person) for name in names for person in name]
    columns = {
        name: pa.array([pair[n] for pair in pairs], pa.string())
        for n, name in enumerate(("recipient_set", "principal"))
    }
    return group_mail(table, pa.table(columns))


def fits(one, other):
    return 2 * len(one & other) >= len(one | other)


def plain_greedy(weights, most):
    """Choose again and again the set with the largest gain; of equal ones the heavier, then the first by members."""
    left, chosen = dict(weights), []
    order = sorted((group for group in weights if weights[group] > 0), key=lambda g: (-weights[g], sorted(g)))
    while order and len(chosen) < most:
        gains = [sum(w for other, w in left.items() if fits(group, other)) for group in order]
        if max(gains) <= 0:
            break
        chosen.append(order[gains.index(max(gains))])
        left = {group: 0 if fits(group, chosen[-1]) else w for group, w in left.items()}
    return chosen


def plain_coverage(spaces, future):
    total = sum(future.values())
    return (
        sum(w for group, w in future.items() if any(fits(space, group) for space in spaces)) / total if total else 0.0
    )


@given(weighed, st.lists(people, max_size=5))
def test_every_figure_equals_a_plain_reference(weights, spaces):
    past, future = ({group: pair[n] for group, pair in weights.items()} for n in (0, 1))
    found = cover(mail_of(weights), spaces, (1, 2, 5))
    assert found.sets_before == sum(w > 0 for w in past.values())
    assert found.sets_after == sum(w > 0 for w in future.values())
    assert found.spaces == len(spaces)
    for row in found.rows:
        best = plain_coverage(plain_greedy(future, row.k), future)
        assert row.proposals == pytest.approx(plain_coverage(spaces[: row.k], future))
        assert row.baseline == pytest.approx(plain_coverage(plain_greedy(past, row.k), future))
        assert row.clairvoyant == pytest.approx(best)
        assert row.regret == (pytest.approx(row.proposals / best) if best else None)
        assert row.mean_size == (pytest.approx(np.mean([len(s) for s in spaces[: row.k]])) if spaces else None)


@given(weighed, st.lists(people, max_size=5))
def test_more_spaces_never_cover_less(weights, spaces):
    rows = cover(mail_of(weights), spaces, (1, 2, 3, 4, 5)).rows
    for name in ("proposals", "baseline", "clairvoyant"):
        values = [getattr(row, name) for row in rows]
        assert values == sorted(values)
        assert all(0 <= value <= 1 + 1e-12 for value in values)


@given(weighed)
def test_who_knows_the_future_covers_all_of_it_with_enough_sets(weights):
    if any(future for _, future in weights.values()):
        assert cover(mail_of(weights), [], (len(weights),)).rows[0].clairvoyant == pytest.approx(1)


@pytest.mark.parametrize(("space", "covered"), [("abcdef", 1.0), ("abcdefg", 0.0), ("ab", 1.0), ("a", 0.0)])
def test_half_alike_covers_and_less_does_not(space, covered):
    found = cover(mail_of({frozenset("abc"): (0, 4)}), [frozenset(space)], (1,))
    assert found.rows[0].proposals == covered


def test_strangers_count_in_the_size_of_a_space():
    strangers = frozenset({"a", "b", "c", "w", "x", "y", "z"})
    assert cover(mail_of({frozenset("abc"): (0, 4)}), [strangers], (1,)).rows[0].proposals == 0
    assert cover(mail_of({frozenset("abc"): (0, 4)}), [strangers - {"z"}], (1,)).rows[0].proposals == 1


def test_only_the_first_spaces_count():
    mail = mail_of({frozenset("abc"): (0, 4), frozenset("xyz"): (0, 6)})
    rows = cover(mail, [frozenset("abc"), frozenset("xyz")], (1, 2)).rows
    assert [row.proposals for row in rows] == [0.4, 1.0]
    assert [row.clairvoyant for row in rows] == [0.6, 1.0]


def test_the_baseline_knows_nothing_of_the_future():
    mail = mail_of({frozenset("abc"): (1, 0), frozenset("xyz"): (0, 6)})
    row = cover(mail, [], (5,)).rows[0]
    assert (row.baseline, row.clairvoyant, row.regret, row.mean_size) == (0.0, 1.0, 0.0, None)


def test_without_any_mail_everything_is_zero():
    mail = mail_of({})
    row = cover(mail, [frozenset("abc")], (5,)).rows[0]
    assert (row.proposals, row.baseline, row.clairvoyant, row.regret) == (0.0, 0.0, 0.0, None)


def test_of_equal_gains_the_heavier_set_comes_first_and_what_weighs_nothing_never():
    mail = mail_of({frozenset("abc"): (1, 0), frozenset("abcd"): (5, 0), frozenset("abce"): (0, 0)})
    alike = np.ones((3, 3))
    assert greedy(sp.csr_array(alike), mail.past, 9).tolist() == [int(mail.past.argmax())]


# weights


def weighted(*messages):
    """{set: (past, future)} of messages of (set, people, days from the split)."""
    sets = pa.table(
        {
            "message": pa.array(range(len(messages)), pa.int64()),
            "people": pa.array([m[1] for m in messages], pa.int32()),
            "recipient_set": pa.array([m[0] for m in messages], pa.string()),
        }
    )
    sent = pa.table(
        {
            "message": sets["message"],
            "sent_at": pa.array([SPLIT + m[2] * DAY for m in messages], pa.timestamp("us", tz="UTC")),
        }
    )
    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    found = engine.to_pyarrow(weights(ibis.memtable(sets), ibis.memtable(sent), SPLIT)).to_pylist()
    return {row["recipient_set"]: (row["past"], row["future"]) for row in found}


def test_earlier_mail_halves_with_its_age_and_later_mail_counts_in_full():
    found = weighted(("a", 5, -45), ("a", 5, -90), ("a", 5, 200), ("b", 3, 1))
    assert found == {"a": (pytest.approx(2 + 1), 4), "b": (0, 2)}


def test_the_split_itself_is_later():
    assert weighted(("a", 3, 0)) == {"a": (0, 2)}


def test_pairs_are_no_group_mail():
    assert weighted(("a", 2, -1), ("b", 2, 1), ("c", 3, 1)) == {"c": (0, 2)}


# real mail


class Silent:
    def __getattr__(self, name):
        return lambda *_: None


@pytest.mark.corpus
def test_yardsticks_equal_the_judge_on_real_mail(tmp_path):
    shared = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[4] / "shared"))
    corpus = shared / "data" / "enron-departments"
    if not corpus.is_dir():
        pytest.skip(f"no corpus in {corpus}: set ANALYSER_SHARED")
    settings = Settings(lake={"path": tmp_path / "lake"}, sources=[{"name": "d", "type": "table", "path": corpus}])
    source = open_source(settings.sources[0], batch_size=settings.scan.batch_size, earliest=settings.scan.earliest)
    with Lake(settings.lake) as lake:
        ingest.scan(lake, [source], settings, listener=Silent())
    split = datetime(2001, 9, 18, tzinfo=UTC)
    found = trials.cross_validate(settings, [split], Silent())[0]
    assert [round(row.baseline, 4) for row in found.rows] == [0.3136, 0.461, 0.7252]
    assert [round(row.clairvoyant, 4) for row in found.rows] == [0.3741, 0.6905, 0.9742]
    judge = _judge(shared)
    canon = judge.read_people(corpus)
    later: dict[frozenset[str], float] = {}
    for sent, group in judge.read_events(corpus, canon):
        if sent >= split:
            later[group] = later.get(group, 0) + len(group) - 1
    with Lake(settings.lake) as lake:
        run = trials.pipeline.trial(lake, settings, since=None, until=split, listener=Silent())
        spaces = [frozenset(p["members"]) for p in trials.documents(run) if p["status"] != "leave"]
    for row in found.rows:
        assert row.proposals == pytest.approx(judge.coverage(spaces[: row.k], later), abs=1e-9)


def _judge(shared):
    spec = importlib.util.spec_from_file_location("shared_coverage", shared / "evaluate" / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
