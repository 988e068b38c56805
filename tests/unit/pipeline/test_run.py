"""Numbers inside a run, keys and addresses outside."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyser.lake.store import Lake
from analyser.pipeline import Run


@pytest.fixture
def run(settings_in, tmp_path):
    settings = settings_in(tmp_path)
    with Lake(settings.lake) as lake:
        made = Run(lake, settings, None, None, {})
        for name in ("messages", "keys_of_messages"):
            made.keep(name, pa.table({"message": [0, 1], "message_key": ["m0", "m1"]}))
        made.keep("actors", pa.table({"actor": [0, 1], "principal": ["ann@x", "bob@x"]}))
        yield made


def published(run, **columns):
    run.keep("rows", pa.table(columns))
    rows = run.published("rows").to_pyarrow()
    return set(rows.schema.names), sorted(rows.to_pylist(), key=repr)


def test_messages_and_people_get_their_keys_back(run):
    names, rows = published(run, message=[1, 0], actor=[0, 1], n=[7, 8])
    assert names == {"message_key", "principal", "n"}
    assert rows == [
        {"n": 7, "message_key": "m1", "principal": "ann@x"},
        {"n": 8, "message_key": "m0", "principal": "bob@x"},
    ]


def test_both_ends_of_a_tie_and_threads_keep_their_names(run):
    names, rows = published(run, source=[0], target=[1], thread=[1], first_sender=[0])
    assert names == {"source", "target", "thread", "first_sender"}
    assert rows == [{"source": "ann@x", "target": "bob@x", "thread": "m1", "first_sender": "ann@x"}]


def test_texts_stay_as_they_are(run):
    assert published(run, source=["mbox"], thread=["t"])[1] == [{"source": "mbox", "thread": "t"}]


def test_a_number_that_nobody_bears_is_null_and_keeps_its_row(run):
    rows = published(run, first_sender=pa.array([None, 9, 1], pa.int32()), n=[1, 2, 3])[1]
    assert sorted((row["n"], row["first_sender"]) for row in rows) == [(1, None), (2, None), (3, "bob@x")]


def test_what_is_kept_is_computed_once_and_found_again(run):
    run.keep("twice", run["messages"].mutate(double=run["messages"].message * 2))
    assert run["twice"].to_pyarrow()["double"].to_pylist() == [0, 2]
    with pytest.raises(KeyError):
        run["never"]
