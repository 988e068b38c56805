"""Samples are disjoint and about one per cent; a pilot comes back if kind and most members do."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.evaluation.stability import SAMPLES, in_sample, stability

KEYS = [f"key-{n}" for n in range(20_000)]


@pytest.fixture(scope="module")
def drawn():
    """Keys of a sample."""
    engine = ibis.duckdb.connect()
    rows = ibis.memtable(pa.table({"key": KEYS}))

    def drawn(number, seed=0):
        found = engine.to_pyarrow(rows.filter(in_sample(rows.key, number, seed)).select("key"))
        return set(found["key"].to_pylist())

    return drawn


def test_samples_are_a_hundredth_each_disjoint_and_together_everything(drawn):
    samples = [drawn(number) for number in range(SAMPLES)]
    assert sum(map(len, samples)) == len(KEYS)
    assert set().union(*samples) == set(KEYS)
    assert all(120 <= len(sample) <= 280 for sample in samples)  # 200 and five and a half standard deviations


def test_a_sample_is_the_same_each_time_and_another_for_another_seed(drawn):
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(3, seed=1)


@pytest.mark.parametrize("number", [-1, SAMPLES])
def test_there_are_no_further_samples(number):
    with pytest.raises(ValueError, match="samples 0 to 99"):
        in_sample(ibis.literal("key"), number)


def space(members, kind="channel", pilot=True):
    return {"members": list(members), "kind": kind, "pilot": pilot}


@pytest.mark.parametrize(
    ("other", "kept", "listed"),
    [
        (space("abcd"), 1, 1),
        (space("ab"), 1, 1),  # half alike is enough
        (space("abcdefgh"), 1, 1),
        (space("abcdefghi"), 0, 0),
        (space("a"), 0, 0),
        (space("abcd", kind="group"), 0, 0),
        (space("abcd", pilot=False), 0, 1),
    ],
)
def test_the_same_kind_and_half_of_the_people_are_the_same_pilot(other, kept, listed):
    found = stability([space("abcd"), space("xyz", pilot=False)], [[other]])
    assert (found.pilots, found.kept, found.listed) == (1, (kept,), (listed,))


def test_shares_are_of_the_pilots_of_the_whole_mail():
    pilots = [space("abc"), space("def"), space("ghi"), space("klm")]
    found = stability(pilots, [pilots[:3], [], [*pilots, space("xyz")]])
    assert found.kept == (0.75, 0, 1)


def test_without_pilots_there_is_nothing_to_keep():
    assert stability([space("abc", pilot=False)], [[]]) is None
    assert stability([], []) is None


spaces = st.lists(
    st.builds(space, st.frozensets(st.sampled_from("abcdef"), min_size=1), st.sampled_from("xy"), st.booleans()),
    max_size=6,
)


@given(spaces, spaces)
def test_what_is_a_pilot_again_is_proposed_again(proposals, other):
    found = stability(proposals, [other, proposals])
    if found is not None:
        assert 0 <= found.kept[0] <= found.listed[0] <= 1
        assert found.kept[1] == found.listed[1] == 1
