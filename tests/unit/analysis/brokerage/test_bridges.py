"""Missing bridges: planted ones are found, and what lacks one of the conditions is not."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from analyser.analysis.brokerage import BrokerageThresholds, bridges, profiles

SHARED = ["customs", "tariff", "freight", "clearance"]
NAMES = ("Finance", "HR", "IT", "Legal", "Production", "Sales")


@pytest.fixture
def find(network, organisation):
    """Missing bridges of an organisation as `{(department, other): row}`."""

    def find(said, minimum=5, limits=None, size=8, across=16, **between):
        made = organisation(size=size, names=NAMES, across=across, **between)
        given = BrokerageThresholds(**(limits or {}))
        found = bridges.missing_bridges(network(made.ties, made.homes), made.words(**said), minimum, given)
        assert found.schema == bridges.SCHEMA
        return {(row["department"], row["other"]): row for row in found.to_pylist()}

    return find


BOTH = {"Production": SHARED, "Sales": SHARED}


def by_topic(found):
    return {pair for pair, row in found.items() if row["shared_words"]}


def test_a_topic_in_common_and_hardly_a_tie_is_a_missing_bridge(find):
    found = find(BOTH, Production_Sales=2)
    row = found["Production", "Sales"]
    assert by_topic(found) == {("Production", "Sales")}
    assert row["shared_words"] == sorted(SHARED)
    assert row["topic_similarity"] > 0.3
    assert (row["people"], row["other_people"], row["ties"]) == (8, 8, 2)
    assert 2 <= row["carriers"] <= 4
    assert row["ties_by_size"] == pytest.approx((14 * 16 + 2) / 15)
    assert 2 < row["ties_by_openness"] < row["ties_by_size"]
    assert 0 < row["chance"] < 0.05


def test_departments_that_talk_need_no_bridge(find):
    assert ("Production", "Sales") not in find(BOTH)


def test_departments_that_share_nothing_need_no_bridge(find):
    none = {"contact_similarity": 1.0}
    assert find({"Production": SHARED}, Production_Sales=0, limits=none) == {}


def test_words_of_everybody_are_no_topic(find):
    none = {"contact_similarity": 1.0}
    assert find(dict.fromkeys(NAMES, SHARED), Production_Sales=0, limits=none) == {}


def test_contacts_in_common_are_enough(find):
    found = find({}, Production_Sales=0, limits={"contact_similarity": 0.05, "alike": 0.0, "shared_contacts": 1})
    row = found["Production", "Sales"]
    assert row["shared_words"] == []
    assert row["shared_contacts"] >= 1
    assert "Production" not in row["shared_departments"]
    assert "Sales" not in row["shared_departments"]


def test_the_ratio_has_an_edge(find):
    loose = {"chance": 0.99, "talk_ratio": 0.99, "contact_similarity": 1.0}
    row = find(BOTH, Production_Sales=9, limits=loose)["Production", "Sales"]
    ratio = row["ties"] / min(row["ties_by_size"], row["ties_by_openness"])
    for change, is_found in ((1e-9, True), (-1e-9, False)):
        found = find(BOTH, Production_Sales=9, limits=loose | {"talk_ratio": ratio + change})
        assert (("Production", "Sales") in found) is is_found


def test_so_few_ties_must_be_rare_by_chance(find):
    few = {"across": 2, "Production_Sales": 0}
    assert ("Production", "Sales") not in find(BOTH, **few)
    assert ("Production", "Sales") in find(BOTH, **few, limits={"chance": 0.9})


@pytest.mark.parametrize(("words", "is_found"), [(4, True), (5, False)])
def test_the_number_of_words_has_an_edge(find, words, is_found):
    found = find(BOTH, Production_Sales=0, limits={"shared_words": words, "contact_similarity": 1.0})
    assert (("Production", "Sales") in found) is is_found


def test_likeness_has_an_edge(find):
    row = find(BOTH, Production_Sales=0)["Production", "Sales"]
    exact = {"similarity": row["topic_similarity"], "contact_similarity": 1.0}
    assert ("Production", "Sales") in find(BOTH, Production_Sales=0, limits=exact)
    above = exact | {"similarity": row["topic_similarity"] + 1e-9}
    assert ("Production", "Sales") not in find(BOTH, Production_Sales=0, limits=above)


@pytest.mark.parametrize(("minimum", "is_found"), [(8, True), (9, False)])
def test_small_departments_are_not_spoken_of(find, minimum, is_found):
    found = find(BOTH, minimum=minimum, Production_Sales=0, limits={"word_people": 1})
    assert (("Production", "Sales") in found) is is_found


def test_one_diligent_writer_makes_no_topic(find, network, organisation):
    made = organisation(names=NAMES, across=16, Production_Sales=0)
    words = made.words(Production=SHARED, Sales=SHARED)
    sales = made.members("Sales")
    writers = words.filter([actor not in sales[2:] or word == "sales" for actor, word in rows(words)])
    limits = BrokerageThresholds(contact_similarity=1.0)
    assert bridges.missing_bridges(network(made.ties, made.homes), writers, 5, limits).num_rows == 0
    enough = words.filter([actor not in sales[3:] or word == "sales" for actor, word in rows(words)])
    assert bridges.missing_bridges(network(made.ties, made.homes), enough, 5, limits).num_rows == 1


def rows(words):
    return [(row["actor"], row["word"]) for row in words.to_pylist()]


def test_a_small_department_that_talks_enough_is_none(network, organisation):
    made = organisation(names=NAMES, across=16, Production_Sales=0)
    # five people of a new department write about the same, and talk with Sales as much as with others
    small = range(100, 105)
    made.homes |= dict.fromkeys(small, "Customs")
    made.ties += [(a, b) for a in small for b in small if a < b]
    made.ties += [(a, department * 8 + (3 * a + i) % 8) for a in small for department in range(6) for i in range(2)]
    words = made.words(Customs=SHARED, Production=SHARED, Sales=SHARED)
    found = bridges.missing_bridges(network(made.ties, made.homes), words, 5, BrokerageThresholds(alike=0.0))
    pairs = {(row["department"], row["other"]) for row in found.to_pylist()}
    assert ("Production", "Sales") in pairs
    assert not [pair for pair in pairs if "Customs" in pair]


def test_what_contact_there_is_may_rest_on_two(network, organisation):
    apart = {f"{one}_Sales": 0 for one in NAMES}
    made = organisation(names=NAMES, across=16, **apart)
    sales, finance = made.members("Sales"), made.members("Finance")
    made.ties += [(finance[0], other) for other in sales] + [(finance[1], other) for other in sales]
    found = bridges.missing_bridges(
        network(made.ties, made.homes), made.words(**BOTH), 5, BrokerageThresholds(chance=0.5)
    )
    row = next(row for row in found.to_pylist() if (row["department"], row["other"]) == ("Production", "Sales"))
    assert row["strongest_two_paths"] == pytest.approx(1)
    assert row["go_betweens"] >= 2
    assert row["paths_error"] == 0


def test_only_the_strongest_are_followed(find):
    two = BOTH | {"Finance": ["audit", "ledger", "accrual"], "HR": ["audit", "ledger", "accrual"]}
    limits = {"pairs_followed": 1, "contact_similarity": 1.0}
    found = find(two, Production_Sales=0, Finance_HR=0, limits=limits)
    assert [row["go_betweens"] is not None for row in found.values()] == [True, False]
    likeness = [row["topic_similarity"] for row in found.values()]
    assert likeness == sorted(likeness, reverse=True)


def test_the_same_seed_gives_the_same_table(find):
    assert find(BOTH, size=40, across=300, Production_Sales=0) == find(BOTH, size=40, across=300, Production_Sales=0)


def test_nobody_and_one_department_have_none(network, organisation):
    words = organisation().words()
    assert bridges.missing_bridges(network([], {}), words, 5, BrokerageThresholds()).num_rows == 0
    one = network([(0, 1)], {0: "A", 1: "A"})
    assert bridges.missing_bridges(one, words, 5, BrokerageThresholds()).num_rows == 0


# profiles


def test_cosines_equal_those_of_dense_vectors():
    rng = np.random.default_rng(0)
    weight = np.where(rng.random((5, 20)) < 0.4, rng.random((5, 20)), 0)
    weight[4] = 0
    found = profiles.cosines(sp.csr_array(weight))
    for a in range(4):
        for b in range(4):
            assert found[a, b] == pytest.approx(cosine(weight[a], weight[b]))
    assert found[4].tolist() == [0] * 5


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def masked_by_hand(weight, owner, a, b):
    use = ~np.isin(owner, [a, b])
    return np.where(use, weight[a], 0), np.where(use, weight[b], 0)


def test_contacts_leave_out_the_two_departments_themselves(network, organisation):
    made = organisation(names=NAMES, across=16)
    net = network(made.ties, made.homes)
    weight, owner = profiles.contacts(net).weight, net.department
    found = profiles.cosines(weight, owner)
    dense = weight.toarray()
    for a in range(len(NAMES)):
        assert not dense[a][owner == a].any()
        for b in range(a):
            assert found[a, b] == pytest.approx(cosine(*masked_by_hand(dense, owner, a, b)))
