"""Recovery of departments: 1 for equal partitions, about 0 by chance, and nothing where nothing is known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from analyser.evaluation.communities import department_recovery


def recovery(rows, further=()):
    """Of (community or None, department or None) per person; `further` are departments without mail."""
    names = [f"p{n}" for n in range(len(rows) + len(further))]
    there = [(name, row[0]) for name, row in zip(names, rows, strict=False) if row[0] is not None]
    communities = pa.table(
        {
            "principal": pa.array([name for name, _ in there], pa.string()),
            "community": pa.array([number for _, number in there], pa.int32()),
        }
    )
    departments = [row[1] for row in rows] + list(further)
    principals = {
        "principal": pa.array(names[::-1], pa.string()),
        "department": pa.array(departments[::-1], pa.string()),
    }
    return department_recovery(communities, pa.table(principals))


def test_equal_partitions_under_other_names_agree_fully():
    found = recovery([(1, "Sales"), (1, "Sales"), (0, "Legal"), (0, "Legal")])
    assert (found.people, found.departments, found.communities) == (4, 2, 2)
    assert found.adjusted_mutual_information == pytest.approx(1)


def test_chance_agrees_about_nothing():
    dice = np.random.default_rng(5)
    rows = [(int(c), f"d{d}") for c, d in dice.integers(0, 4, (800, 2))]
    assert abs(recovery(rows).adjusted_mutual_information) < 0.02


def test_one_community_tells_nothing():
    assert recovery([(0, "Sales"), (0, "Legal"), (0, "Legal")]).adjusted_mutual_information == pytest.approx(0)


def test_people_without_department_or_mail_are_left_out():
    rows = [(1, "Sales"), (1, "Sales"), (0, "Legal"), (0, "Legal"), (0, None), (None, "Legal")]
    found = recovery(rows, ["Research"])
    assert (found.people, found.departments) == (4, 2)
    assert found.adjusted_mutual_information == pytest.approx(1)


@pytest.mark.parametrize("rows", [[], [(0, None), (1, None)], [(0, "Sales"), (1, "Sales")], [(None, "a"), (None, "b")]])
def test_without_two_departments_there_is_no_figure(rows):
    assert recovery(rows) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), min_size=2, max_size=30))
def test_the_figure_is_that_of_the_rows_in_their_order(rows):
    found = recovery(rows)
    if len({department for _, department in rows}) < 2:
        assert found is None
    else:
        expected = adjusted_mutual_info_score([d for _, d in rows], [c for c, _ in rows])
        assert found.adjusted_mutual_information == pytest.approx(expected)
