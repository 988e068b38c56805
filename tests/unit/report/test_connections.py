"""What small groups would give away is not shown, and the reason is; sentences say the figures."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyser.config import Settings
from analyser.lake.schema import TABLES
from analyser.lake.store import Lake
from analyser.report import connections


def department(name="Sales", **row):
    known = {"people": 9, "ei": 0.2, "ei_expected": 0.8, "ei_excess": -0.6, "ei_percentile": 0.0, "path_half": 6}
    known["people_share"] = 0.25
    return {"department": name, **known, **row}


def link(one="Sales", other="Legal", **row):
    known = {"from_people": 9, "to_people": 8, "ties": 20, "weight": 30.0, "density": 0.2, "carriers": 12}
    return {"from_department": one, "to_department": other, **known, "strongest_two_share": 0.5, **row}


def bridge(**row):
    return {
        "department": "Legal", "other": "Sales", "people": 8, "other_people": 9, "ties": 6, "carriers": 8,
        "ties_by_size": 24.0, "ties_by_openness": 20.0, "chance": 0.001, "topic_similarity": 0.4,
        "shared_words": ["customs", "tariff", "freight"], "contact_similarity": 0.3, "shared_contacts": 12,
        "shared_departments": ["Finance", "IT"], "go_betweens": 9, "strongest_two_paths": 0.7, "paths_error": 0.0,
        **row,
    }  # fmt: skip


def practice(**row):
    known = {"community": 3, "people": 12, "departments": ["Legal", "Sales", "IT"], "shared_words": ["robot", "safety"]}
    return {**known, "stability": 0.9, "density": 0.5, "density_overall": 0.2, "across_share": 0.6, **row}


@pytest.fixture
def shown(tmp_path):
    """What is shown of a lake with these rows."""

    def shown(departments=(), links=(), bridges=(), practices=(), minimum=5):
        rows = {
            "department_openness": departments,
            "department_links": links,
            "missing_bridges": bridges,
            "practice_communities": practices,
        }
        tables = {name: pa.Table.from_pylist(list(r), TABLES[name].schema) for name, r in rows.items()}
        with Lake(Settings(lake={"path": tmp_path / "lake", "threads": 1}).lake) as lake:
            with lake.lock():
                lake.replace({name: lake.engine.memory(table) for name, table in tables.items()})
            return connections.read(lake, minimum)

    return shown


@pytest.mark.parametrize(("people", "is_shown"), [(5, True), (4, False)])
def test_small_departments_and_their_links_are_not_shown(shown, people, is_shown):
    found = shown(
        [department(), department("Legal", people=people)],
        [link(to_people=people), link("Legal", "Sales", from_people=people)],
        [bridge(people=people)],
        [practice(people=people)],
    )
    assert len(found.departments) == 1 + is_shown
    assert found.hidden_departments == 1 - is_shown
    assert found.known_share == 0.5
    assert len(found.links) == 2 * is_shown
    assert len(found.missing_bridges) == len(found.practice_communities) == is_shown


@pytest.mark.parametrize(("carriers", "is_shown"), [(5, True), (4, False)])
def test_a_link_on_few_people_shows_no_figure_and_says_why(shown, carriers, is_shown):
    (row,) = shown(links=[link(carriers=carriers)]).links
    for name in ("ties", "weight", "density", "carriers", "strongest_two_share"):
        assert (row[name] is not None) is is_shown
    assert row["not_shown"] == (None if is_shown else "fewer than 5 people")
    assert connections.link_is_fragile(row, 0.9) is not is_shown


@pytest.mark.parametrize(("share", "fragile"), [(0.89, False), (0.9, True)])
def test_a_link_on_two_is_fragile(share, fragile):
    assert connections.link_is_fragile(link(strongest_two_share=share), 0.9) is fragile


def test_few_in_touch_and_few_between_are_not_counted(shown):
    (row,) = shown(bridges=[bridge(carriers=3, ties=2)]).missing_bridges
    assert (row["ties"], row["carriers"], row["chance"]) == (None, None, None)
    assert row["strongest_two_paths"] == 0.7
    (row,) = shown(bridges=[bridge(go_betweens=4)]).missing_bridges
    assert (row["ties"], row["go_betweens"], row["strongest_two_paths"]) == (6, None, None)
    assert row["not_shown"] == "fewer than 5 people"
    (row,) = shown(bridges=[bridge(go_betweens=None, ties=0, carriers=0)]).missing_bridges
    assert (row["ties"], row["not_shown"]) == (0, None)


def test_half_of_the_paths_on_few_is_not_counted(shown):
    rows = {r["department"]: r for r in shown([department(path_half=4), department("Legal", path_half=5)]).departments}
    assert (rows["Sales"]["path_half"], rows["Sales"]["not_shown"]) == (None, "fewer than 5 people")
    assert (rows["Legal"]["path_half"], rows["Legal"]["not_shown"]) == (5, None)


def test_the_most_inward_department_and_the_strongest_link_come_first(shown):
    closed, unknown = department("Legal", ei_excess=-0.9), department("HR", ei=None, ei_excess=None)
    found = shown([unknown, department(), closed], [link(ties=3), link("Legal", "HR", ties=30)])
    assert [row["department"] for row in found.departments] == ["Legal", "Sales", "HR"]
    assert [row["ties"] for row in found.links] == [30, 3]


# sentences


def test_openness_in_words():
    assert connections.openness_sentence(department(), 0.25) == (
        "Sales keeps 40% of its ties inside; sizes alone would make it 10%, and the middle department here keeps 25%."
    )
    assert connections.openness_sentence(department(), None).endswith("would make it 10%.")
    assert "no tie" in connections.openness_sentence(department(ei=None), 0.25)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {},
            "share the topics customs, tariff and freight and 12 contacts in Finance and IT, and have 25% of the ties",
        ),
        ({"ties": 0}, "and none of their people are in touch."),
        ({"ties": None}, "and fewer than 5 of their people are in touch."),
        ({"shared_words": ["customs"]}, "Legal and Sales share 12 contacts in Finance and IT, and"),
        ({"shared_contacts": 4}, "share the topics customs, tariff and freight, and"),
        ({"shared_departments": []}, "and 12 contacts, and"),
    ],
)
def test_a_missing_bridge_in_words(row, words):
    assert words in connections.bridge_sentence(bridge(**row), 5, 3, 5)


def test_a_community_in_words():
    assert connections.practice_sentence(practice()) == (
        "12 people of Legal, Sales and IT write about robot and safety; they are tied 2.5 times as densely as people at"
        " large, 60% of it across departments."
    )
