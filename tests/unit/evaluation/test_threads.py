"""Pairwise scores of threads, held to a count of all pairs."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.evaluation.threads import score_subjects, score_threads


def naive(pairs):
    """Precision, recall and F1 over all pairs of messages given as (true thread, rebuilt thread)."""
    together = list(itertools.combinations(pairs, 2))
    same_true = sum(a[0] == b[0] for a, b in together)
    same_found = sum(a[1] == b[1] for a, b in together)
    both = sum(a == b for a, b in together)
    precision, recall = both / max(1, same_found), both / max(1, same_true)
    return precision, recall, 2 * precision * recall / (precision + recall) if both else 0.0


@pytest.fixture(scope="session")
def score(make):
    def score(pairs, copies=None):
        truth = {f"<{n}@x>": true for n, (true, _) in enumerate(pairs)}
        threads = make.text_table(("message_key", "thread"), [(f"k{n}", found) for n, (_, found) in enumerate(pairs)])
        known = [(f"k{n}", f"<{n}@x>") for n in range(len(pairs))]
        return score_threads(truth, threads, make.copies(known if copies is None else copies))

    return score


def figures(found):
    return found.precision, found.recall, found.f1


THREADS = st.sampled_from("abcde")


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(THREADS, THREADS), max_size=25), random=st.randoms(use_true_random=False))
def test_scores_are_those_of_all_pairs(score, pairs, random):
    found = score(pairs)
    assert figures(found) == pytest.approx(naive(pairs))
    assert found.messages == len(pairs)
    # names of threads and the order of messages mean nothing
    random.shuffle(pairs)
    assert figures(score([(t.upper(), f"thread {f}") for t, f in pairs])) == pytest.approx(figures(found))


@pytest.mark.parametrize(
    ("pairs", "precision", "recall"),
    [
        ("aA aA bB bB", 1, 1),
        ("aA aA bA bA", 2 / 6, 1),  # two threads thrown together
        ("aA aB bC bC", 1, 1 / 2),  # one thread torn apart
        ("aA aB", 0, 0),
        ("aA", 0, 0),
        ("", 0, 0),
    ],
)
def test_by_hand(pairs, precision, recall, score):
    found = score([tuple(pair) for pair in pairs.split()])
    assert (found.precision, found.recall) == (pytest.approx(precision), recall)


def test_copies_of_a_message_count_once(make):
    truth = {"<1@x>": "a", "<1copy@x>": "a", "<2@x>": "a", "<3@x>": "b"}
    copies = make.copies([("k1", "<1@x>"), ("k1", "<1copy@x>"), ("k2", "<2@x>"), ("k3", "<3@x>"), ("k3", None)])
    threads = make.text_table(("message_key", "thread"), [("k1", "A"), ("k2", "A"), ("k3", "A")])
    found = score_threads(truth, threads, copies)
    assert figures(found) == pytest.approx(naive([("a", "A"), ("a", "A"), ("b", "A")]))


def test_what_the_lake_does_not_hold_is_left_out(make):
    truth = {"<1@x>": "a", "<2@x>": "a", "<gone@x>": "a", "<unthreaded@x>": "a"}
    copies = make.copies([("k1", "<1@x>"), ("k2", "<2@x>"), ("k9", "<unthreaded@x>"), ("k8", "<unknown@x>")])
    threads = make.text_table(("message_key", "thread"), [("k1", "A"), ("k2", "A"), ("k8", "A")])
    assert figures(score_threads(truth, threads, copies)) == (1, 1, 1)


def test_tables_in_chunks_are_read_whole(make):
    parts = [make.text_table(("message_key", "thread"), [(f"k{n}", "A")]) for n in range(4)]
    copies = [make.copies([(f"k{n}", f"<{n}@x>")]) for n in range(4)]
    truth = {f"<{n}@x>": "a" for n in range(4)}
    assert figures(score_threads(truth, pa.concat_tables(parts), pa.concat_tables(copies))) == (1, 1, 1)


def test_the_plain_method_is_one_thread_per_subject(make):
    def plain(subjects):
        rows = [(f"k{n}", subject) for n, subject in enumerate(subjects)]
        return score_subjects(truth, make.text_table(("message_key", "subject_key"), rows), copies)

    truth = {f"<{n}@x>": thread for n, thread in enumerate("aabb")}
    copies = make.copies([(f"k{n}", f"<{n}@x>") for n in range(4)])
    assert figures(plain(["plan", "plan", "menu", "menu"])) == (1, 1, 1)
    assert figures(plain(["plan"] * 4)) == pytest.approx(naive([(t, "plan") for t in "aabb"]))
    # messages without a subject are threads of their own: what belongs together is torn apart
    assert figures(plain(["plan", "plan", None, None])) == pytest.approx((1, 1 / 2, 2 / 3))
