"""The prefix filter finds exactly what a plain comparison of all pairs finds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.audiences import similarity

families = st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=8), min_size=1, max_size=25)


def matrix(sets):
    rows = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    columns = np.array([member for s in sets for member in sorted(s)])
    return similarity.incidence(rows, columns, (len(sets), 13))


def plain(sets, threshold):
    return {
        (i, j): len(a & b) / len(a | b)
        for i, a in enumerate(sets)
        for j, b in enumerate(sets)
        if len(a & b) / len(a | b) >= threshold - 1e-9
    }


@given(sets=families, threshold=st.sampled_from([0.2, 0.34, 0.5, 0.6, 0.75, 1.0]))
@settings(max_examples=150, deadline=None)
def test_all_pairs_above_the_threshold_and_no_others(sets, threshold):
    found = similarity.jaccard_pairs(matrix(sets), threshold).tocoo()
    pairs = dict(zip(zip(*(c.tolist() for c in found.coords), strict=True), found.data.tolist(), strict=True))
    expected = plain(sets, threshold)
    assert pairs.keys() == expected.keys()
    assert all(pairs[key] == pytest.approx(expected[key]) for key in expected)


@given(sets=families)
@settings(max_examples=50, deadline=None)
def test_blocks_of_candidates_do_not_change_the_pairs(sets):
    whole = similarity.jaccard_pairs(matrix(sets), 0.34)
    before = similarity._BLOCK
    similarity._BLOCK = 3
    try:
        parted = similarity.jaccard_pairs(matrix(sets), 0.34)
    finally:
        similarity._BLOCK = before
    assert (whole != parted).nnz == 0


@given(sets=families, other=st.sets(st.integers(0, 12), min_size=1))
@settings(max_examples=50, deadline=None)
def test_similarity_to_one_set(sets, other):
    whole = matrix(sets)
    met, similar = similarity.jaccard_to(whole, sp.csr_array(whole.T), np.array(sorted(other)))
    assert met.tolist() == [i for i, s in enumerate(sets) if s & other]
    assert similar == pytest.approx([len(sets[i] & other) / len(sets[i] | other) for i in met])


@given(sets=families, data=st.data())
@settings(max_examples=50, deadline=None)
def test_members_of_rows_are_those_of_a_slice(sets, data):
    whole = matrix(sets)
    rows = np.array(data.draw(st.lists(st.integers(0, len(sets) - 1), max_size=6)), np.int64)
    place, member = similarity.members_of(whole, rows)
    expected = [(n, m) for n, row in enumerate(rows.tolist()) for m in sorted(sets[row])]
    assert list(zip(place.tolist(), member.tolist(), strict=True)) == expected
