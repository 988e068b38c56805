"""Topics are the planted ones, most messages first; stems without a telling word belong to none."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.topics import TopicsThresholds, topics
from analyser.lake.schema import TABLES

PLANTED = {
    "money": "invoice payment ledger account refund",
    "cars": "engine brake wheel gearbox clutch",
    "food": "lunch canteen menu kitchen dinner",
}


def stems(each=(12, 12, 12), messages=(20, 14, 8), seed=0):
    """Stems of three words out of each theme, and their messages."""
    random = np.random.default_rng(seed)
    result = {}
    for words, n, count in zip(PLANTED.values(), each, messages, strict=True):
        triples = list(itertools.permutations(words.split(), 3))
        result |= {" ".join(triples[i]): count for i in random.choice(len(triples), n, replace=False)}
    return result


def found(counts, **limits):
    rows = pa.table({"stem": pa.array(counts, pa.string()), "messages": pa.array(counts.values(), pa.int64())})
    by_topic, by_stem = topics(rows, TopicsThresholds(**{"topics": 3, **limits}))
    assert by_topic.schema == TABLES["topics"].schema
    assert by_stem.schema == TABLES["stem_topics"].schema
    return by_topic.to_pylist(), {row["stem"]: row["topic"] for row in by_stem.to_pylist()}


def theme(text):
    return {name for name, words in PLANTED.items() if set(text.split()) & set(words.split())}


@pytest.mark.parametrize(("each", "messages"), [((12, 12, 12), (20, 14, 8)), ((10, 30, 20), (30, 8, 5))])
@pytest.mark.parametrize("seed", range(2))
def test_planted_themes_are_the_topics_in_order_of_their_messages(seed, each, messages):
    """In the second organisation the strongest factor is cars, but most messages are about money."""
    counts = stems(each, messages, seed)
    by_topic, topic_of = found(counts, terms=3)
    assert [theme(" ".join(row["terms"])) for row in by_topic] == [{"money"}, {"cars"}, {"food"}]
    assert {stem: list(PLANTED)[topic] for stem, topic in topic_of.items()} == {s: theme(s).pop() for s in counts}
    assert [row["messages"] for row in by_topic] == [
        sum(n for stem, n in counts.items() if topic_of[stem] == topic) for topic in range(3)
    ]


def test_stems_without_a_telling_word_belong_to_no_topic():
    others = {"of the and": 50, "ab cd": 50, "# # xy": 50}
    assert set(found(stems() | others)[1]) == set(stems())


def test_rare_stems_belong_to_no_topic():
    counts = stems() | {"invoice payment": 1, "invoice ledger": 2}
    assert set(found(counts)[1]) == set(counts) - {"invoice payment"}
    assert "invoice ledger" not in found(counts, min_stem_messages=3)[1]


def test_only_the_most_frequent_stems_are_read():
    frequent, rare = (
        ["zulu", "whisky", "victor", "tango", "sierra", "romeo"],
        ["oscar", "mike", "lima", "kilo", "india"],
    )
    counts = {f"invoice payment {word}": 9 - n // 2 for n, word in enumerate(frequent)}
    counts |= {f"invoice payment {word}": 2 for word in rare}
    assert set(found(counts, max_stems=10)[1]) == set(sorted(counts, key=lambda stem: (-counts[stem], stem))[:10])


@pytest.mark.parametrize("n", [1, 3])
def test_a_topic_is_described_by_few_terms(n):
    assert {len(row["terms"]) for row in found(stems(), terms=n)[0]} == {n}


def test_numbers_and_stop_words_are_no_terms():
    counts = {f"{stem} # {'and the of' * (i % 3 == 0)} q#x": n for i, (stem, n) in enumerate(stems().items())}
    known = set(" ".join(PLANTED.values()).split())
    assert {term for row in found(counts, terms=20)[0] for term in row["terms"]} <= known


def test_words_that_stand_in_most_subjects_tell_nothing():
    counts = {f"project {stem}": n for stem, n in stems().items()}
    assert "project" not in {term for row in found(counts, terms=20)[0] for term in row["terms"]}


@pytest.mark.parametrize("counts", [{}, {"# ab": 9}, {"invoice payment": 1}], ids=["nothing", "no word", "too rare"])
def test_without_words_there_are_no_topics(counts):
    assert found(counts) == ([], {})


def test_a_single_stem_is_a_topic():
    by_topic, topic_of = found({"invoice payment": 4})
    assert [(row["topic"], row["terms"], row["messages"]) for row in by_topic] == [(0, ["invoice", "payment"], 4)]
    assert topic_of == {"invoice payment": 0}


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(sorted(stems().items())))
def test_the_order_of_rows_changes_nothing(order):
    assert found(dict(order)) == found(stems())
