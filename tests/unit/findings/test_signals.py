"""Signals by hand: one audience of four messages, and what changes when one of them does."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from analyser.findings.signals import signals

CORE, FRINGE = (1, 2, 3, 4), (5,)


def message(number, people, *, audience="a", thread=None, reach=None, **flags):
    """One message of an audience with the actors `on` it; flags: to_list, automatic, sensitive."""
    return {
        "audience": audience, "message": number, "thread": number if thread is None else thread, "on": people,
        "people": len(people), "reach": len(people) if reach is None else reach,
        **{name: flags.get(name, False) for name in ("to_list", "automatic", "sensitive")},
    }  # fmt: skip


def read(messages, threads=(), members=None, **limits):
    members = members or {"a": (CORE, FRINGE)}
    rows = [{k: v for k, v in m.items() if k != "on"} for m in messages]
    placed = [
        {"audience": audience, "actor": actor, "role": role}
        for audience, (core, fringe) in members.items()
        for role, group in (("core", core), ("peripheral", fringe))
        for actor in group
    ]
    parts = [
        {"audience": m["audience"], "message": m["message"], "actor": actor} for m in messages for actor in m["on"]
    ]
    tables = (ibis.memtable(pa.Table.from_pylist(part)) for part in (rows, placed, parts))
    found = signals(*tables)
    return {row.pop("audience"): row for row in found.to_pyarrow().to_pylist()}


FOUR = [message(n, CORE) for n in range(4)]


def test_calm_mail_among_the_core_is_coherent_and_nothing_else():
    assert read(FOUR)["a"] == {
        "reach": 4, "to_list": 0, "automatic": 0, "coherence": 1,
        "sensitive": 0, "sensitive_messages": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("people", "similarity"),
    [
        ((1, 2), 2 / 4),
        ((1, 2, 3, 4, 6, 7), 4 / 6),
        ((1, 2, 5, 6), 2 / 6),  # the fringe is no part of the core
    ],
)
def test_coherence_is_the_mean_similarity_to_the_core(people, similarity):
    assert read([*FOUR[1:], message(0, people)])["a"]["coherence"] == pytest.approx((3 + similarity) / 4)


def test_an_audience_without_a_core_has_no_coherence():
    assert read(FOUR, members={"a": ((), CORE)})["a"]["coherence"] == 0


@pytest.mark.parametrize("flag", ["to_list", "automatic", "sensitive"])
def test_shares_count_the_messages_that_bear_a_flag(flag):
    found = read([*FOUR[1:], message(0, CORE, **{flag: True})])["a"]
    assert {name: found[name] for name in ("to_list", "automatic", "sensitive")} == {
        name: 0.25 if name == flag else 0 for name in ("to_list", "automatic", "sensitive")
    }
    assert found["sensitive_messages"] == (flag == "sensitive")


def test_reach_is_a_median_that_one_mail_to_all_does_not_move():
    assert read([*FOUR[1:], message(0, CORE, reach=500)])["a"]["reach"] == 4
    assert read([message(n, CORE, reach=500) for n in range(4)])["a"]["reach"] == 500


def test_audiences_do_not_lend_one_another_their_signals():
    mail = [*FOUR, message(9, (8, 9), audience="b", thread=9, automatic=True, sensitive=True)]
    found = read(mail, {"a": (CORE, ()), "b": ((8, 9), ())})
    assert found["a"] == read(FOUR)["a"]
    assert found["b"]["automatic"] == found["b"]["sensitive"] == 1


def test_a_message_of_two_audiences_counts_for_both():
    mail = [message(0, (1, 2)), message(0, (1, 2), audience="b")]
    found = read(mail, members={"a": ((1, 2, 3, 4), ()), "b": ((1, 2), ())})
    assert (found["a"]["coherence"], found["b"]["coherence"]) == (0.5, 1)
