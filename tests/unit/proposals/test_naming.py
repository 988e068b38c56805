"""Names come from the audience's own subjects, fit into a channel's name, and no two spaces share one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.proposals import naming

NONE = Counter()


def test_words_are_counted_by_audience_not_by_subject(make):
    found = naming.frequencies([make.audience(stems=("audit plan", "audit")), make.audience(stems=("audit",))])
    assert found == {"audit": 2, "plan": 1}


@pytest.mark.parametrize(
    ("audience", "topic"),
    [
        ({"stems": ("supplier audit", "plan")}, "supplier audit"),
        ({"stems": ("update of the #", "supplier audit")}, "supplier audit"),  # the first subject says nothing
        ({"stems": ("the audit of # kw",)}, "audit"),
        ({"stems": ("bericht für die prüfung",)}, "bericht für die prüfung"),  # a plain word makes it readable
        ({"stems": ("audit # plan for ghent",)}, "plan for ghent"),
        ({"stems": ("q audit b",)}, "audit"),
        ({"stems": ("fyi #",), "departments": ("Legal", "IT", "HR")}, "HR and IT"),
        ({"stems": (), "departments": ("Legal",)}, "Legal"),
        ({"stems": (), "departments": (None,)}, "group mail"),
        ({"stem": "weekly report pipeline week #"}, "weekly report pipeline"),
        ({"stem": "one two three four five six seven"}, "one two three four five six"),
        ({"stem": "please note open positions"}, "open positions"),
        ({"stem": "bitte stückliste prüfen"}, "stückliste"),
        ({"stem": "of the #", "stems": ("supplier audit",)}, "supplier audit"),
        ({"kind": "outside", "stem": "fabrikam.example"}, "fabrikam.example"),
        ({"kind": "outside", "stem": None}, "partners"),
        ({"kind": "forum", "stems": ("cake in the kitchen",)}, "social life"),
        ({"kind": "desk", "stem": "certificate of employment, change of working hours"}, "certificate of employment"),
        ({"kind": "series", "stem": "certificate of employment, change"}, "certificate of employment, change"),
    ],
)
def test_the_topic_is_what_the_subjects_say(audience, topic, make):
    assert naming.topic(make.audience(**{"people": "abcdef", **audience}), NONE) == topic


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        ("please note open positions", "open positions"),
        ("please review the contract annex", "the contract annex"),
        ("kindly approve invoice", "invoice"),
        ("bitte stückliste prüfen", "stückliste"),
        ("bitte prüfen stückliste", "stückliste"),
        ("bitte rechnungen", "rechnungen"),  # one word is what it is about
        ("merci de valider le budget", "le budget"),
        ("veuillez confirmer le budget", "le budget"),
        ("si prega di confermare il budget", "il budget"),
        ("por favor revisar presupuesto", "presupuesto"),
        ("contract annex please review", "contract annex"),
        ("please", "please"),
        ("please help", "please help"),
        ("open positions", "open positions"),
    ],
)
def test_a_request_is_named_after_what_it_is_about(subject, about):
    assert naming._asked_about(subject.split()) == about.split()


@given(
    st.lists(
        st.sampled_from(["please", "bitte", "merci", "de", "note", "prüfen", "budget", "#", "the", "favor"]), max_size=7
    )
)
def test_what_a_request_is_about_is_a_part_of_it(words):
    about = naming._asked_about(words)
    assert f" {' '.join(about)} " in f" {' '.join(words)} "
    assert bool(about) == bool(words)


@pytest.mark.parametrize(
    ("stems", "topic"),
    [
        (("thanks for yesterday", "supplier audit"), "supplier audit"),
        (("schedulers will no longer",), "schedulers"),
        (("stock levels kw #",), "stock levels"),
        (("who wants to buy winter gloves",), "wants to buy"),
    ],
)
def test_words_of_grammar_stand_at_neither_end(stems, topic, make):
    found = naming.topic(make.audience(stems=stems, departments=("Legal",)), NONE)
    assert set(found.split()) & set(topic.split())
    assert not {found.split()[0], found.split()[-1]} & naming._FILLER


def test_the_phrase_of_the_rarest_words_names_it(make):
    common = Counter({"plan": 90, "audit": 50, "supplier": 2, "ghent": 1, "north": 60})
    audience = make.audience(stems=("north supplier audit plan ghent",))
    assert naming.topic(audience, common) == "audit plan ghent"
    common["ghent"] = 95
    assert naming.topic(audience, common) == "north supplier audit"


SUBJECTS = st.lists(st.text("abcdefgh # of the", min_size=0, max_size=30), max_size=4)


@given(stems=SUBJECTS)
def test_a_topic_is_a_phrase_of_one_of_its_subjects(make, stems):
    topic = naming.topic(make.audience(stems=tuple(stems), departments=("Legal",)), NONE)
    assert topic
    assert topic == "Legal" or any(f" {topic} " in f" {' '.join(stem.split())} " for stem in stems)
    assert len(topic.split()) <= 5
    assert "#" not in topic.split()


@pytest.mark.parametrize(
    ("stems", "topic"),
    [
        (("ann lee audit plan",), "audit plan"),
        (("audit for ray",), "audit"),
        (("lee ray",), "group mail"),
        (("audit leeway",), "audit leeway"),  # no person's name
    ],
)
def test_a_space_is_not_named_after_its_people(stems, topic, make):
    members = [make.member(n, None) for n in ("ann.lee", "bob_ray")]
    assert naming.topic(make.audience(members=members, stems=stems), NONE) == topic


@pytest.mark.parametrize("stems", [(), ("fyi",), ("supplier audit",)])
def test_what_is_known_of_people_comes_into_no_name(stems, make):
    members = [make.member(n, None) for n in ("ann.lee", "bob.ray")]
    audience = make.audience(members=members, stems=stems)
    title = naming.unique(
        naming.name(naming.topic(audience, NONE), audience), audience, {"Supplier Audit", "Group Mail"}
    )
    assert not {"ann", "lee", "bob", "ray", "contoso"} & set(title.lower().replace(".", " ").split())


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("supplier audit", "Supplier Audit"),
        ("SAP rollout iOS", "SAP Rollout iOS"),
        ("q&a: costs / travel", "Q&a Costs Travel"),
        ("  prüfung   (ghent) ", "Prüfung (ghent)"),
        ("fabrikam.example", "Fabrikam.example"),
        ("-. audit .-", "Audit"),
        ('p*q?r<s>t|u"v', "P Q R S T U V"),
        ("the plan for the audit", "The Plan for the Audit"),
        ("x" * 60, "X" + "x" * 49),
        ("word " * 12, "Word " * 9 + "Word"),
        ("", "Sales"),
        ("///", "Sales"),
    ],
)
def test_a_name_is_a_title_that_a_channel_may_bear(subject, name, make):
    assert naming.name(subject, make.audience()) == name


def test_without_words_and_departments_it_is_a_group(make):
    assert naming.name("", make.audience(departments=(None,))) == "Group"


@given(subject=st.text(max_size=80))
def test_any_subject_gives_a_name_within_the_limits(make, subject):
    name = naming.name(subject, make.audience())
    assert 1 <= len(name) <= 50
    assert name == name.strip(" .,-")
    assert not set(name) & set("~#%*{}/\\:<>?|\"'\n")


def test_a_free_title_stays(make):
    assert naming.unique("Audit", make.audience(), {"Audits"}) == "Audit"


def test_a_taken_title_bears_a_department_then_a_number(make):
    audience, taken = make.audience(people="abcd", departments=("IT", "HR")), set()
    for expected in ("Audit", "Audit (HR)", "Audit (IT)", "Audit (2)", "Audit (3)"):
        title = naming.unique("Audit", audience, taken)
        assert title == expected
        taken.add(title)


def test_a_long_title_makes_room_for_what_tells_it_apart(make):
    title = "x" * 50
    longer = naming.unique(title, make.audience(), {title})
    assert longer == "x" * 42 + " (Sales)"
    assert len(longer) == 50


@given(titles=st.lists(st.sampled_from(["Audit", "Audit (Sales)", "Audit (2)", "y" * 50]), max_size=12))
def test_titles_that_were_given_are_all_different(make, titles):
    taken = []
    for title in titles:
        taken.append(naming.unique(title, make.audience(), taken))
    assert len(set(taken)) == len(taken)
    assert all(len(t) <= 50 for t in taken)


def test_a_series_is_not_named_after_its_writer(make):
    members = [make.member("ann.lee", sent=3), make.member("b")]
    series = make.audience(kind="series", stem="lee weekly figures #", members=members)
    assert naming.topic(series, Counter()) == "weekly figures"


def test_a_department_of_any_length_leaves_room_for_the_title(make):
    long = "Directorate for Regional Infrastructure and Transport Planning"
    title = naming.unique("Audit", make.audience(departments=(long,)), {"Audit"})
    assert title.startswith("Audit (Directorate")
    assert len(title) <= 50


def test_telling_words_are_neither_short_nor_filler_nor_common():
    words = ["plan", "for", "the", "supplier", "it", "#", "report", "plan", "tax", "audit"]
    assert naming.telling(words) == ["plan", "supplier", "tax", "audit"]
    assert naming.telling([]) == naming.telling(["for", "update"]) == []
