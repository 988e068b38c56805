"""What departments know and how they talk, as the page says it."""

from __future__ import annotations

import pytest

from analyser.config import Settings
from analyser.lake.schema import TABLES
from analyser.privacy import Pseudonyms
from analyser.report import knowledge
from analyser.report.page import render

OPEN = Pseudonyms(b"x" * 32, enabled=False)
SHUT = Pseudonyms(b"x" * 32, enabled=True)
TOPIC = {
    "knowledge": 1, "audience": "desk 1", "department": "Legal", "terms": ["vat rules", "customs"],
    "outside_askers": 14, "inside_askers": 0, "inside_asks": 0, "departments_asking": 2,
    "asker_departments": ["Sales", "Finance"],
    "department_askers": [8, 6], "asks": 60, "messages": 130, "weeks": 20, "weeks_span": 26, "answered_share": 0.9,
    "first_answer_hours": 3.0, "private_share": 0.95, "effective_answerers": 1.4, "answerers": 2, "reasked_share": 0.6,
    "silent_weeks": 0, "silent_asks": 0, "mailbox_share": 0.0, "repeated_share": 0.9, "hours_per_week": 1.5,
    "space": "knowledge_page", "locked": True,
}  # fmt: skip
LINK = {
    "from_department": "Sales", "to_department": "Finance", "from_people": 8, "to_people": 6, "ties": 20, "weight": 9.0,
    "density": 0.4, "density_by_size": 0.2, "density_by_openness": 0.3, "carriers": 9, "strongest_two_share": 0.9,
}  # fmt: skip
BRIDGE = {
    "department": "Finance", "other": "Sales", "people": 6, "other_people": 8, "ties": 5, "carriers": 9,
    "ties_by_size": 20.0, "ties_by_openness": 20.0, "chance": 0.001, "topic_similarity": 0.5,
    "shared_words": ["audit", "budget", "forecast", "margin", "plan"], "contact_similarity": 0.0, "shared_contacts": 0,
    "shared_departments": [], "go_betweens": 0, "strongest_two_paths": None, "paths_error": 0.0,
}  # fmt: skip
PRACTICE = {
    "community": 1, "people": 9, "departments": ["Sales", "Finance"], "shared_words": ["audit"], "stability": 0.9,
    "density": 0.4, "density_overall": 0.1, "across_share": 0.5,
}  # fmt: skip


@pytest.fixture
def known(plant, world, make_document):
    """A lake with topics, and links between departments."""

    def known(topics=(TOPIC,), links=(LINK,), bridges=(BRIDGE,), practice=(PRACTICE,), documents=None):
        if documents is None:
            documents = [make_document(evidence={"audience": "desk 1"}, name="Vat Rules")]
        lake = plant(documents, mail=world.mail(audience="desk 1"))
        rows = {
            "knowledge": topics, "department_links": links, "missing_bridges": bridges, "department_openness": (),
            "practice_communities": practice,
        }  # fmt: skip
        lake.replace({name: world.table(name, list(content)) for name, content in rows.items()})
        return lake, documents

    return known


def topics(known, names=OPEN, minimum=5, **changes):
    lake, documents = known(topics=[TOPIC | changes])
    return knowledge.topics(lake, documents, names, minimum)


def test_a_locked_topic_tells_its_story_and_what_opens_it(known):
    found = topics(known)
    assert found.opening == (
        "1 topic is locked in Legal: outsiders of several departments ask, few answer, in private mail, and new people"
        " ask the same again."
    )
    (topic,) = found.locked
    assert (topic.about, topic.department) == ("Vat rules, customs", "Legal")
    assert topic.story.startswith("14 people of 2 other departments (Sales 8, Finance 6) ask Legal about")
    assert topic.space == "The pilot “Vat Rules” would open it."
    assert found.others == ()


def test_what_is_not_locked_stands_apart(known):
    found = topics(known, locked=False)
    assert found.locked == ()
    assert [topic.about for topic in found.others] == ["Vat rules, customs"]
    assert found.opening == "What departments are asked is answered by many, or in public."


def test_of_few_askers_neither_figures_nor_verdict_are_told(known):
    found = topics(known, outside_askers=4)
    assert found.locked == ()
    (topic,) = found.others
    assert "60" not in topic.story
    assert "fewer than 5 people" in topic.story
    assert topics(known, outside_askers=4, names=OPEN, minimum=3).locked


def test_a_shared_mailbox_goes_by_its_pseudonym(known):
    found = topics(known, SHUT, department="help@contoso.example")
    assert "help@" not in str(found)
    assert found.locked[0].department.startswith("p-")
    assert topics(known, department="help@contoso.example").locked[0].department == "help@contoso.example"


def test_where_nobody_asks_that_is_said(known):
    lake, documents = known(topics=())
    assert knowledge.topics(lake, documents, OPEN, 5).opening.startswith("No department is asked")


def test_without_an_analysis_of_it_nothing_is_said(plant, make_document):
    lake = plant([make_document()])
    assert knowledge.topics(lake, [], OPEN, 5) is None
    assert knowledge.departments(lake, {}, 5) is None
    assert "Knowledge that few hold" not in render(lake, _settings(lake))


def _settings(lake):
    return Settings(lake={"path": lake.path, "threads": 1}, organisation={"name": "Contoso"})


def test_a_backlog_space_says_why_it_waits(known, make_document):
    document = make_document(evidence={"audience": "desk 1"}, pilot=False, why_not="Silent", rank=4, name="Vat Rules")
    lake, documents = known(documents=[document])
    (topic,) = knowledge.topics(lake, documents, OPEN, 5).locked
    assert topic.space == "Number 4 of the list, “Vat Rules”, would open it; no pilot so far: Silent."
    assert knowledge.topics(lake, [], OPEN, 5).locked[0].space == ""


def test_departments_that_hardly_talk_and_links_of_few(known):
    found = knowledge.departments(known()[0], {}, 5)
    (missing,), (community,), (fragile,) = found.missing, found.communities, found.fragile
    assert missing.startswith("Finance and Sales share the topics audit, budget")
    assert "25% of the ties that their sizes would suggest" in missing
    assert community.startswith("9 people of Sales and Finance write about audit")
    assert fragile == (
        "Sales writes to Finance over 2.0 times the ties that sizes alone would make; 9 people take part, the two"
        " strongest in 90% of it."
    )


def test_of_few_carriers_only_that_is_told(known):
    lake, _ = known(links=[LINK | {"carriers": 4}])
    assert knowledge.departments(lake, {}, 5).fragile == ("Sales writes to Finance through fewer than 5 people.",)
    lake, _ = known(links=[LINK | {"strongest_two_share": 0.1}])
    assert knowledge.departments(lake, {}, 5).fragile == ()


def test_thresholds_of_the_run_decide_what_is_fragile(known):
    lake, _ = known()
    assert knowledge.departments(lake, {"fragile_share": 0.95}, 5).fragile == ()


def test_the_page_shows_both(known):
    lake, _ = known()
    page = render(lake, _settings(lake))
    for told in (
        "Knowledge that few hold", "1 topic is locked in Legal", "Departments that hardly talk",
        "Finance and Sales share the topics", "Communities across departments", "1 link rests on few people",
    ):  # fmt: skip
        assert told in page


def test_the_rows_above_are_those_of_the_tables():
    for name, row in (
        ("department_links", LINK), ("missing_bridges", BRIDGE), ("practice_communities", PRACTICE),
    ):  # fmt: skip
        assert row.keys() == set(TABLES[name].schema.names)
    assert TOPIC.keys() <= set(TABLES["knowledge"].schema.names)
