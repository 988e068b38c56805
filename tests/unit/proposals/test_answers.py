"""Seven questions: every proposal answers each of them, of the space and its mail, never of one person."""

from __future__ import annotations

import json

import pytest

from analyser.config import Savings
from analyser.findings.registry import RULES
from analyser.proposals.answers import QUESTIONS, needs_second_owner
from analyser.proposals.document import Background
from analyser.proposals.existing import ExistingThresholds, Group
from analyser.proposals.portfolio import PortfolioThresholds
from analyser.proposals.propose import Existing, documents

ALONE = {"closed": "confidential", "outside": "external"}
LOCKED = {
    "terms": ["vpn"], "department": "IT", "locked": True, "space": "knowledge_page",
    "story": "40 people of 5 other departments ask IT about “vpn”.",
}  # fmt: skip


@pytest.fixture
def propose_for(make):
    def propose_for(*pairs, background=None, there=(), savings=None, **limits):
        found = [make.finding(a, rule) for a, rules in pairs for rule in rules]
        sets = {"".join(sorted({m.principal[0] for m in a.members})): 10.0 - n for n, (a, _) in enumerate(pairs)}
        return documents(
            [a for a, _ in pairs], found, make.served(sets), PortfolioThresholds(**limits), savings or Savings(),
            make.now, Existing(there, ExistingThresholds()), background,
        )  # fmt: skip

    return propose_for


@pytest.fixture
def answer(propose_for, make):
    """Answers of the only proposal of an audience."""

    def answer(rules=("working_group",), background=None, there=(), savings=None, **changes):
        (p,) = propose_for((make.audience(**changes), rules), background=background, there=there, savings=savings)
        assert p["answers"].keys() == QUESTIONS.keys()
        return {key: " ".join(told) for key, told in p["answers"].items()}

    return answer


@pytest.mark.parametrize("rule", [*(r.id for r in RULES), None])
@pytest.mark.parametrize("people", ["ab", "abcde"])
def test_every_pattern_answers_every_question(rule, people, propose_for, make):
    kinds = {"confidential": "closed", "external": "outside"}
    audience = make.audience(kind=kinds.get(rule, "circle"), people=people, stem="vpn" if rule else None)
    (p,) = propose_for((audience, [rule] if rule else []))
    assert list(p["answers"]) == list(QUESTIONS)
    for told in p["answers"].values():
        assert told
        assert all(sentence.strip() == sentence and sentence[-1] in ".!?:" and len(sentence) > 5 for sentence in told)
    assert json.loads(json.dumps(p["answers"])) == p["answers"]


def test_no_answer_names_a_person(propose_for, make):
    background = Background(deputies={"a": {make.address("b"): ("answers threads that others began",)}})
    found = propose_for((make.audience(sent=(90, 5, 5)), ["working_group"]), background=background)
    assert not any(make.address(c) in json.dumps(p["answers"]) for p in found for c in "abcde")


def test_what_was_seen(answer):
    seen = answer()["seen"]
    assert "Working_group of a." in seen
    assert (
        "60 messages by 5 people in 20 of 26 weeks, 2024-12-30 to 2025-06-30; 50% of 30 threads were answered" in seen
    )
    assert "“supplier audit”, “audit plan”" in seen
    assert "no narrower pattern fits" in answer(rules=())["seen"]


def test_why_this_kind(answer):
    kind = answer()["kind"]
    assert kind.startswith("Channel: good for a team that talks most days")
    assert "5 people fit into it: it suits 3 to 50." in kind
    assert "10% of the threads are answered" in answer(reply_share=0.1)["kind"]
    assert "fit into it" not in answer(people="ab")["kind"]


def test_why_these_people(answer):
    people = answer(departments=("Sales", "IT"))["people"]
    assert "5 people of Sales, IT took part again and again: 5 in most of this mail, 0 in part." in people
    assert "no known department" in answer(departments=(None,))["people"]


def test_what_is_at_risk(answer):
    assert "Nothing was found that speaks against it" in answer()["risk"]
    assert "Missing: a second voice" in answer(sent=(90, 5, 5))["risk"]


def test_what_stops(answer):
    assert "Reply-all mail among 5 people about supplier audit." in answer()["stops"]
    assert "3.7 to 7.4 of 9.2 deliveries a week" in answer()["stops"]


def test_how_the_saving_is_computed(answer):
    told = answer(savings=Savings(hourly_rate=60, currency="EUR"))["saving"]
    assert "0.2 to 0.5 hours a week = (60 messages × 5 min + 240 deliveries × 2.5 min)" in told
    assert "At 60 EUR an hour" in told
    assert "charged to the pattern and to no reader" in told
    assert "Every delivery is opened: metadata has no event for it." in told
    assert "EUR" not in answer()["saving"]


def test_what_else_was_considered(answer, make):
    told = answer()["considered"]
    assert "Team: 0.75 against 1.00." in told
    assert "Private channel: as good by its score, 1.00, but later in the catalogue." in told
    assert "No other candidate would serve a telling part of this mail." in told
    team = Group("t@x", "Kestrel", "team", None, frozenset(map(make.address, "abcde")))
    assert "Exists already: team “Kestrel” holds 100% of these people" in answer(there=(team,))["considered"]
    assert "No other kind of space suits this pattern" in answer(rules=("social",), kind="forum")["considered"]


def test_what_is_left_alone_tells_nothing_of_its_mail(answer):
    told = answer(rules=("confidential",), kind="closed", stem="salary", stems=("salary review",))
    assert not any(word in " ".join(told.values()) for word in ("salary", "60", "240", "5 people"))
    assert told["stops"] == "Nothing stops: this mail is left alone."


def test_what_is_parked_promises_nothing(answer):
    told = answer(rules=("external",), kind="outside", stem="fabrikam.example")
    assert told["stops"] == "Nothing yet: mail with people outside is found, costed and parked."
    assert "no saving that is promised" in told["saving"]


# what other analyses know


def test_a_desk_tells_what_is_locked_and_gets_the_space_that_opens_it(propose_for, make):
    people = [make.member("a", "IT", sent=9), make.member("b", "IT", sent=9), make.member("c", "IT", sent=9)]
    people += [make.member(c, "Sales", "periphery", sent=1) for c in "defgh"]
    desk = make.audience(kind="desk", stem="vpn, laptop", members=people)
    (plain,) = propose_for((desk, ["department_questions"]))
    (p,) = propose_for((desk, ["department_questions"]), background=Background(knowledge={"a": LOCKED}))
    assert (plain["kind"], plain["knowledge"]) == ("qa_community", None)
    assert (p["kind"], p["knowledge"]) == ("knowledge_page", LOCKED)
    assert p["answers"]["seen"][0] == LOCKED["story"]
    assert "How the questions return speaks for it." in p["answers"]["kind"]
    # it is asked of IT, however many of Sales ask
    assert "Questions about vpn to IT" in p["purpose"]
    assert p["departments"][0] == "Sales"


def test_a_kind_that_the_pattern_does_not_allow_is_not_made_one(propose_for, make):
    background = Background(knowledge={"a": {**LOCKED, "space": "bookings"}})
    desk = make.audience(kind="desk", stem="vpn")
    (p,) = propose_for((desk, ["department_questions"]), background=background)
    assert p["kind"] == "qa_community"


def test_who_else_could_own_it_by_name_with_the_reason(propose_for, make):
    reasons = {make.address(c): (why,) for c, why in (("c", "begins threads"), ("b", "answers"), ("z", "answers"))}
    audience = make.audience(sent=(90, 5, 5))
    (p,) = propose_for((audience, ["working_group"]), background=Background(deputies={"a": reasons}))
    assert p["second_owners"] == [
        {"person": make.address("b"), "reasons": ["answers"]},
        {"person": make.address("c"), "reasons": ["begins threads"]},
    ]
    assert needs_second_owner(p)
    assert "2 other people could own it beside the one who writes most" in " ".join(p["answers"]["people"])
    # where nobody is missing the list is kept and not spoken of
    (ready,) = propose_for((make.audience(), ["working_group"]), background=Background(deputies={"a": reasons}))
    assert ready["second_owners"]
    assert not needs_second_owner(ready)
    assert "could own it" not in " ".join(ready["answers"]["people"])


@pytest.mark.parametrize("rule", ["confidential", "cc_for_cover"])
def test_of_guarded_mail_and_copies_nobody_is_named_as_owner(rule, propose_for, make):
    background = Background(deputies={"a": {make.address("b"): ("answers",)}})
    kind = "closed" if rule == "confidential" else "covers"
    (p,) = propose_for((make.audience(kind=kind), [rule]), background=background)
    assert p["second_owners"] == []


def test_departments_of_a_space_that_hardly_talk_are_told(propose_for, make):
    said = {frozenset(("Sales", "IT")): "Sales and IT share much.", frozenset(("Sales", "Legal")): "Not here."}
    links = {("Sales", "IT"): "Sales writes to IT.", ("IT", "Sales"): "IT writes to Sales."}
    background = Background(hardly_talk=said, links=links)
    audience = make.audience(people="abcd", departments=("Sales", "IT"))
    (p,) = propose_for((audience, ["bridge"]), background=background)
    assert p["evidence"]["links"] == ["Sales and IT share much.", "IT writes to Sales.", "Sales writes to IT."]
    assert p["answers"]["seen"][-3:] == p["evidence"]["links"]
    (p,) = propose_for((audience, ["working_group"]), background=background)
    assert p["evidence"]["links"] == ["Sales and IT share much."]
    # one guest of a department is no department
    (p,) = propose_for(
        (make.audience(people="abc", departments=("Sales", "Sales", "IT")), ["bridge"]), background=background
    )
    assert "Sales and IT share much." not in p["evidence"]["links"]
    (p,) = propose_for(
        (make.audience(kind="closed", departments=("Sales", "IT")), ["confidential"]), background=background
    )
    assert p["evidence"]["links"] == []


# other candidates


def test_what_a_choice_displaced_is_told_by_both(make):
    first, second = make.audience("a", people="abcd"), make.audience("b", people="abxy", stems=("paint order",))
    found = [make.finding(of) for of in (first, second)]
    served = make.served({"abcd": 10.0, "ab": 8.0, "abxy": 2.0})
    one, other = documents(
        [first, second], found, served, PortfolioThresholds(), Savings(), make.now, Existing((), ExistingThresholds())
    )
    (displaced,), (before,) = one["considered"], other["considered"]
    assert (displaced["id"], displaced["how"], before["id"], before["how"]) == (
        other["id"], "displaced", one["id"], "before",
    )  # fmt: skip
    assert displaced["share"] == before["share"] > 0.25
    assert displaced["reason"] in one["answers"]["considered"]
    assert "“Paint Order” (Channel, 4 people, " in displaced["reason"]
    assert f"this space serves {displaced['share']:.0%} of what it would have served" in displaced["reason"]
    assert "stands before this one" in before["reason"]


def test_what_stands_back_for_a_likeness_says_so(propose_for, make):
    one, other = make.audience("a", people="abc"), make.audience("b", people="abcdef", stems=("paint order",))
    found = propose_for((one, ["working_group"]), (other, ["working_group"]))
    assert found[1]["why_not"].endswith("; further down since it shares 50% of its people with “Supplier Audit”")
    assert found[1]["considered"][0]["how"] == "nearby"


def test_what_has_no_room_is_not_yet_and_says_what_to_settle(propose_for, make):
    pairs = [
        (make.audience(f"g{n}", people=f"a{c}{d}", departments=(f"D{n}",), stems=(f"matter{n}",)), ["working_group"])
        for n, (c, d) in enumerate(zip("bdfh", "cegi", strict=True))
    ]
    found = propose_for(*pairs, spaces_per_person=2, per_person=1)
    assert [p["status"] for p in found] == ["propose", "propose", "not_yet", "not_yet"]
    held = found[2]
    assert held["why_not"].startswith("Not yet: some of its people would be in more than 2 new spaces")
    assert held["missing"][0].startswith("room: ")
    assert "more than 2 new spaces" in " ".join(held["answers"]["risk"])
    assert not held["pilot"]


def test_group_mail_without_a_pattern_takes_no_notice_from_its_readers(make):
    """Readers of a notice are a circle too; of the two the notice is what was recognised."""
    notice = make.audience("n", "broadcast", people="abcdef", reply_share=0.0, recent_weight=1.0)
    circle = make.audience("c", people="abcdef", messages=200)
    (p,) = documents(
        [circle, notice], [make.finding(notice, "broadcast")], make.served({"abcdef": 10.0}),
        PortfolioThresholds(plain=0.9), Savings(), make.now, Existing((), ExistingThresholds()),
    )  # fmt: skip
    assert p["patterns"] == ["broadcast"]
    assert p["kind"] == "announcement"
