from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyser import config
from analyser.errors import LakeError, LakeLockedError
from analyser.lake import journal
from analyser.lake.schema import TABLES
from analyser.lake.store import Lake

MESSAGES = TABLES["messages"].schema


def names(*rows):
    return pa.Table.from_pylist(
        [{"address": address, "display_name": name} for address, name in rows], TABLES["address_names"].schema
    )


def messages(*times):
    rows = [{"message_key": f"k{number}", "sent_at": time} for number, time in enumerate(times)]
    return pa.Table.from_pylist(rows, MESSAGES)


def at(year, month, day=1, hour=0):
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_was_never_written_is_empty_with_its_schema(lake, name):
    assert not lake.exists(name)
    assert lake.table(name).count().to_pyarrow().as_py() == 0
    assert lake.table(name).columns == tuple(TABLES[name].schema.names)
    assert lake.arrow(name).schema == TABLES[name].schema


@pytest.mark.parametrize("name", TABLES)
def test_every_declared_type_survives_the_engine(lake, name):
    empty = lake.engine.memory(TABLES[name].schema.empty_table())
    assert lake.engine.to_arrow(empty, TABLES[name].schema).schema == TABLES[name].schema


def test_an_unknown_table_is_an_error_that_lists_the_tables(lake):
    with pytest.raises(LakeError, match=r"no table is named 'mesages'[\s\S]*messages, recipients"):
        lake.table("mesages")


def test_replace_keeps_the_order_of_arrow_rows_and_casts_to_the_declaration(lake):
    lake.replace({"interactions": pa.table({
        "source": ["b", "a"], "target": ["x", "y"], "to_count": pa.array([1, 2], pa.int8()),
        "cc_count": pa.array([0, 0], pa.float64()), "weight": pa.array([1, 2], pa.int64()),
        "first_seen": pa.array([None, None], pa.timestamp("us", tz="UTC")),
        "last_seen": pa.array([at(2024, 1), None], pa.timestamp("ms", tz="Europe/Berlin")),
    })})  # fmt: skip
    table = lake.arrow("interactions")
    assert table.schema == TABLES["interactions"].schema
    assert table["source"].to_pylist() == ["b", "a"]
    assert table["last_seen"].to_pylist() == [at(2024, 1), None]


def test_an_expression_whose_type_ibis_mistakes_is_written_as_declared(lake):
    table = lake.engine.memory(pa.table({"n": pa.array([1, 2], pa.int64())}))
    counted = table.agg(messages=table.n.sum(), terms=ibis.array(["a"]), topic=ibis.literal(1))
    lake.replace({"topics": counted})
    assert pq.read_schema(lake.files("topics")[0]).types == [pa.int32(), pa.list_(pa.string()), pa.int64()]


def test_a_table_can_be_replaced_from_itself(lake):
    lake.replace({"address_names": names(("b@x", "B"), ("a@x", None))})
    table = lake.table("address_names")
    lake.replace({"address_names": table.filter(table.display_name.notnull())})
    assert lake.arrow("address_names").to_pylist() == [{"address": "b@x", "display_name": "B"}]
    assert len(lake.files("address_names")) == 1


def test_several_tables_change_together_or_not_at_all(lake):
    lake.replace({"address_names": names(("a@x", "A"))})
    broken = {"address_names": names(("b@x", "B")), "stem_topics": pa.table({"stem": ["x"]})}
    with pytest.raises(KeyError):
        lake.replace(broken)
    assert lake.arrow("address_names").to_pylist() == [{"address": "a@x", "display_name": "A"}]
    assert not lake.exists("stem_topics")
    assert not list((lake.path / ".staging").iterdir())


def test_messages_lie_in_the_month_of_their_time_in_utc(lake):
    lake.replace({"messages": messages(at(2024, 1, 31, 23), at(2024, 2, 1), at(2024, 2, 2))})
    assert lake.months("messages") == ["2024-01", "2024-02"]
    assert lake.table("messages", ["2024-02"]).count().to_pyarrow().as_py() == 2
    rows = lake.table("messages", partition=True).select("message_key", "month").to_pyarrow().to_pylist()
    assert sorted((row["message_key"], row["month"]) for row in rows) == [
        ("k0", "2024-01"), ("k1", "2024-02"), ("k2", "2024-02"),
    ]  # fmt: skip


def test_months_can_be_replaced_alone_and_an_emptied_month_goes(lake):
    lake.replace({"messages": messages(at(2024, 1), at(2024, 2))})
    with lake.commit() as commit:
        commit.write("messages", messages()[:0], months=["2024-01"])
    assert lake.months("messages") == ["2024-02"]
    assert not (lake.path / "messages" / "month=2024-01").exists()
    lake.replace({"messages": messages(at(2024, 3))})
    assert lake.months("messages") == ["2024-03"]


def test_any_parquet_reader_reads_a_table_folder(lake):
    lake.replace({"messages": messages(at(2024, 1), at(2024, 2)), "address_names": names(("a@x", "A"))})
    folder = lake.path / "messages"
    assert len(pd.read_parquet(folder)) == 2
    assert pq.read_table(folder).num_rows == 2
    glob = folder.as_posix() + "/**/*.parquet"
    assert duckdb.sql(f"SELECT count(*) FROM '{glob}'").fetchall() == [(2,)]  # noqa: S608
    assert pq.read_table(lake.path / "address_names").schema == TABLES["address_names"].schema


def test_columns_that_older_files_lack_are_null(lake):
    folder = lake.path / "stem_topics"
    folder.mkdir()
    pq.write_table(pa.table({"stem": ["plan"]}), folder / "part-old.parquet")
    assert lake.table("stem_topics").to_pyarrow().to_pylist() == [{"stem": "plan", "topic": None, "messages": None}]
    assert lake.arrow("stem_topics").to_pylist() == [{"stem": "plan", "topic": None, "messages": None}]


def test_describe_counts_rows_bytes_and_files(lake):
    lake.replace({"messages": messages(at(2024, 1), at(2024, 2))})
    (size,) = lake.describe()
    assert (size.name, size.rows, size.files) == ("messages", 2, 2)
    assert size.bytes == sum(path.stat().st_size for path in lake.files("messages"))


def test_paths_with_quotes_and_spaces_work(tmp_path):
    with Lake(config.Lake(path=tmp_path / "O'Brien's lake")) as lake:
        lake.replace({"messages": messages(at(2024, 1)), "address_names": lake.engine.memory(names(("a@x", "A")))})
        assert [size.rows for size in lake.describe()] == [1, 1]


def test_nothing_is_left_over_when_a_lake_is_closed(folder):
    with Lake(config.Lake(path=folder)) as lake:
        lake.replace({"address_names": names(("a@x", "A"))})
    assert [path.name for path in (folder / ".spill").iterdir()] == []
    assert [path.name for path in (folder / ".commit").iterdir()] == []
    assert not (folder / ".holder").exists()
    with pytest.raises(LakeError, match="not open"):
        _ = lake.engine.connection


def test_spill_of_a_dead_process_is_swept_and_that_of_a_living_one_is_kept(folder):
    with Lake(config.Lake(path=folder)) as reader:
        dead = folder / ".spill" / "analyser-dead"
        dead.mkdir()
        dead.with_suffix(".lock").touch()
        mine = set((folder / ".spill").iterdir()) - {dead, dead.with_suffix(".lock")}
        with reader.lock():
            assert set((folder / ".spill").iterdir()) == mine


def test_an_engine_that_cannot_start_names_the_setting(tmp_path):
    with pytest.raises(LakeError, match="memory_limit"), Lake(config.Lake(path=tmp_path, memory_limit="plenty")):
        pass


def test_a_lake_that_cannot_be_a_folder_names_the_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LakeError, match=r"file[\s\S]*\[lake\] path"), Lake(config.Lake(path=tmp_path / "file")):
        pass


# locks


def test_a_second_writer_is_refused_and_told_who_writes(folder):
    with Lake(config.Lake(path=folder)) as first, Lake(config.Lake(path=folder)) as second, first.lock():
        with pytest.raises(LakeLockedError, match=f"process {os.getpid()} on") as caught, second.lock():
            pass
        assert caught.value.path == folder
        with pytest.raises(LakeLockedError):
            second.replace({"address_names": names()})
    with Lake(config.Lake(path=folder)) as third, third.lock():
        pass


def test_the_lock_may_be_nested(lake):
    with lake.lock():
        with lake.lock():
            assert (lake.path / ".holder").exists()
        assert (lake.path / ".holder").exists()
        lake.replace({"address_names": names(("a@x", "A"))})
    assert not (lake.path / ".holder").exists()


# recovery


def test_staging_without_a_journal_is_garbage(folder):
    (folder / ".staging" / "dead" / "tables").mkdir(parents=True)
    with Lake(config.Lake(path=folder)) as lake:
        assert (folder / ".staging" / "dead").exists()  # a reader leaves it: it may be alive
        with lake.lock():
            assert not (folder / ".staging").exists()


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_a_published_journal_is_completed_by_whoever_opens_the_lake(folder, done):
    with Lake(config.Lake(path=folder)) as lake:
        lake.replace({"address_names": names(("old@x", "A")), "stem_topics": pa.table({
            "stem": ["old"], "topic": [1], "messages": [1]})})  # fmt: skip
        old = [*lake.files("address_names"), *lake.files("stem_topics")]
        staging = folder / ".staging" / "c1"
        moves = []
        for table, rows in (("address_names", names(("new@x", "N"))), ("stem_topics", pa.table({
                "stem": ["new"], "topic": pa.array([1], pa.int32()), "messages": [1]}))):  # fmt: skip
            (staging / table).mkdir(parents=True)
            pq.write_table(rows, staging / table / "part-c1.parquet")
            moves.append([f".staging/c1/{table}/part-c1.parquet", f"{table}/part-c1.parquet"])
    text = {"move": moves, "remove": [path.relative_to(folder).as_posix() for path in old]}
    (folder / ".commit" / "c1.json").write_text(json.dumps(text), encoding="utf-8")
    for source, target in moves[:done]:
        (folder / source).replace(folder / target)
    if done == 3:
        old[0].unlink()
    with Lake(config.Lake(path=folder)) as lake:
        assert lake.arrow("address_names")["address"].to_pylist() == ["new@x"]
        assert lake.arrow("stem_topics")["stem"].to_pylist() == ["new"]
    assert journal.roll_forward(folder) == 0


def test_a_damaged_journal_is_reported_not_skipped(folder):
    (folder / ".commit").mkdir(parents=True)
    (folder / ".commit" / "c1.json").write_text("{", encoding="utf-8")
    with pytest.raises(LakeError, match=r"c1\.json is damaged"), Lake(config.Lake(path=folder)):
        pass


def test_a_limit_that_is_too_low_is_said_with_the_way_out(tmp_path):
    def crowd():
        with Lake(config.Lake(path=tmp_path, memory_limit="20MB")) as lake:
            numbers = ibis.range(3_000_000).unnest().name("n").as_table()
            texts = numbers.mutate(text=numbers.n.cast("string").lpad(200, "x"))
            lake.engine.keep(texts.group_by("text").agg(n=texts.n.collect()))

    with pytest.raises(LakeError, match="has used up its memory of 19 MiB") as raised:
        crowd()
    assert "raise [lake] memory_limit" in str(raised.value)
