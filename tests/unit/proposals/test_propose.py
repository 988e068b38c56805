"""From findings to documents: who is a pilot, who is not and why, and what each document tells."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import numpy as np
import pytest

from analyser.config import Savings
from analyser.lake.schema import TABLES
from analyser.proposals import propose
from analyser.proposals.existing import ExistingThresholds, Group
from analyser.proposals.portfolio import PortfolioThresholds
from analyser.proposals.propose import Existing, documents

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
CONTRACT = {
    *("id", "rank", "name", "kind", "platform", "status", "purpose", "members", "owners", "departments", "patterns"),
    *("evidence", "savings", "risks", "missing", "existing", "replaces", "first_posts", "confidence"),
}
NOTHING = Existing((), ExistingThresholds())
WEAK = "Recurring group mail, but no pattern is strong enough to promise that a space replaces it"
# a finding of strength 0.8 is worth a confidence of 0.9
DISCOUNT = 0.9 ** PortfolioThresholds().caution
EVIDENCE = {"messages", "deliveries", "weeks_active", "senders", "first_seen", "last_seen"}


@pytest.fixture
def propose_for(make):
    """Documents of audiences given as (audience, rules); each audience's own set of people weighs `weight`."""

    def propose_for(*pairs, sets=None, weight=10.0, savings=None, there=NOTHING, **limits):
        found = [make.finding(a, rule) for a, rules in pairs for rule in rules]
        letters = ["".join(m.principal[0] for m in a.members) for a, _ in pairs]
        sets = dict.fromkeys(letters, weight) if sets is None else sets
        return documents(
            [a for a, _ in pairs], found, make.served(sets), PortfolioThresholds(**limits),
            savings or Savings(), make.now, there,
        )  # fmt: skip

    return propose_for


@pytest.fixture
def many(make):
    """Twelve groups of three, each of its own department, the first the heaviest."""

    def many(n=12, **changes):
        return [
            (
                make.audience(
                    f"g{k:02}",
                    people=ALPHABET[3 * k : 3 * k + 3],
                    departments=(f"D{k}",),
                    stems=(f"topic{k}",),
                    **changes,
                ),
                ["working_group"],
            )
            for k in range(n)
        ]

    return many


def weights(pairs):
    return {"".join(m.principal[0] for m in a.members): 100.0 - n for n, (a, _) in enumerate(pairs)}


def test_at_most_seven_pilots_and_a_reason_for_each_left_out(propose_for, many):
    pairs = many()
    found = propose_for(*pairs, sets=weights(pairs))
    assert [p["rank"] for p in found] == list(range(1, 13))
    assert [p["pilot"] for p in found] == [True] * 7 + [False] * 5
    assert [p["evidence"]["audience"] for p in found] == [f"g{k:02}" for k in range(12)]
    assert all(p["why_not"] is None for p in found[:7])
    assert all("Ranked behind the 7 pilots" in p["why_not"] for p in found[7:])


def test_of_two_circles_one_space_is_made_with_the_people_of_both(propose_for, make):
    one, other = (make.audience(n, "circle", people=p, stems=("kestrel",)) for n, p in (("c1", "abcd"), ("c2", "abce")))
    sets = {"abcd": 50.0, "abce": 40.0, "abde": 30.0}
    (p,) = propose_for((one, ["working_group"]), (other, ["working_group"]), sets=sets)
    assert p["members"] == [make.address(c) for c in "abcde"]
    assert p["member_reasons"].keys() == set(p["members"])
    assert p["member_reasons"][make.address("e")].startswith("periphery: on ")
    assert p["member_reasons"][make.address("e")].endswith("of the messages of most of the same people")


def test_the_order_of_input_does_not_matter(propose_for, many):
    pairs = many()
    sets = weights(pairs)
    expected = propose_for(*pairs, sets=sets)
    assert propose_for(*pairs, sets=sets) == expected
    for seed in range(3):
        shuffled = list(pairs)
        random.Random(seed).shuffle(shuffled)
        assert propose_for(*shuffled, sets=sets) == expected


def test_a_document_keeps_its_contract(propose_for, make):
    (p,) = propose_for((make.audience(departments=("Sales", "IT")), ["working_group"]))
    assert p.keys() >= CONTRACT
    assert p["evidence"].keys() >= EVIDENCE
    assert (p["name"], p["kind"], p["platform"], p["status"]) == (
        "Supplier Audit",
        "channel",
        "teams.channel",
        "propose",
    )
    assert p["members"] == [make.address(c) for c in "abcde"]
    assert p["owners"] == p["members"][:3]
    assert p["departments"] == ["Sales", "IT"]
    assert p["patterns"] == ["working_group"]
    assert p["purpose"].startswith("Day-to-day work on supplier audit among 5 people")
    assert p["replaces"] == ["Reply-all mail among 5 people about supplier audit"]
    assert p["evidence"]["first_seen"] < p["evidence"]["last_seen"] == "2025-06-30T09:00:00+00:00"
    assert p["evidence"]["signals"] == {"working_group": {"weeks": {"value": 20.0, "threshold": 8}}}
    assert p["member_reasons"][make.address("a")] == "core: on 90% of the messages, wrote 4"
    assert p["alternatives"][0]["kind"] == p["kind"]
    assert len(p["alternatives"]) == 4
    assert p["share_of_benefit"] == round(DISCOUNT, 4)  # all of the benefit, discounted by confidence
    assert p["savings"]["deliveries_per_week"] == 9.2


@pytest.mark.parametrize(("strength", "confidence"), [(0.0, 0.5), (0.8, 0.9), (1.0, 1.0)])
def test_confidence_is_half_given_and_half_earned(strength, confidence, make):
    audience = make.audience()
    (p,) = documents(
        [audience], [make.finding(audience, strength=strength)], make.served({"abcde": 1.0}), PortfolioThresholds(),
        Savings(), make.now, NOTHING,
    )  # fmt: skip
    assert p["confidence"] == confidence


def test_what_is_not_ready_is_not_yet_and_says_what_to_find(propose_for, make):
    (p,) = propose_for((make.audience(sent=(90, 5, 5)), ["working_group"]))
    assert (p["status"], p["pilot"], p["confidence"]) == ("not_yet", False, 0.54)
    assert p["why_not"] == "Not yet: find a second voice: one person writes most of the mail first"
    assert p["risks"][-1] == "Missing: a second voice: one person writes most of the mail"


def test_a_report_of_one_writer_is_proposed_with_the_risk(propose_for, make):
    report = make.audience(kind="series", stem="pipeline week #", period="week", sent=(30,), reply_share=0.3)
    (p,) = propose_for((report, ["status_report"]))
    assert (p["status"], p["pilot"]) == ("propose", True)
    assert p["purpose"].startswith("One place for the weekly report on pipeline, with")
    assert p["risks"] == ["one person writes it: the second owner must learn how before the first holiday"]


@pytest.mark.parametrize(
    ("changes", "rules", "why_not"),
    [
        ({"weeks": 6}, ["working_group"], None),
        ({"weeks": 5}, ["working_group"], "Only 5 weeks with mail so far"),
        ({"weeks": 5}, ["project_burst"], None),
        ({"idle": 6}, ["working_group"], None),
        ({"idle": 7}, ["working_group"], "Silent for 7 weeks: ready as a template for the next time"),
        ({"pace_active": 1, "pace_weeks": 20}, [], None),  # one week in twenty: a share of 0.05
        ({"pace_active": 1, "pace_weeks": 21}, [], WEAK),
        ({"pace_active": 1, "pace_weeks": 21}, ["working_group"], None),
    ],
)  # fmt: skip
def test_obstacles_of_a_pilot(changes, rules, why_not, propose_for, make):
    idle = changes.pop("idle", 1)
    audience = make.audience(last_sent=make.now - timedelta(weeks=idle), **changes)
    (p,) = propose_for((audience, rules))
    assert (p["pilot"], p["why_not"]) == (why_not is None, why_not)
    assert p["status"] == "propose"


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({"weeks": 5}, {"min_pilot_weeks": 5}),
        ({"last_sent": timedelta(weeks=8)}, {"idle_weeks": 8}),
        ({"pace_active": 1}, {"plain_active_share": 0.03}),
        ({"sent": (50, 50)}, {"min_writers": 2}),
    ],
)
def test_obstacles_are_settings(changes, limits, propose_for, make):
    changes = {k: make.now - v if isinstance(v, timedelta) else v for k, v in changes.items()}
    pair = (make.audience(**changes), [] if "pace_active" in changes else ["working_group"])
    assert not propose_for(pair)[0]["pilot"]
    assert propose_for(pair, **limits)[0]["pilot"]


def test_group_mail_without_a_pattern_is_half_as_sure(propose_for, make):
    (p,) = propose_for((make.audience(), []))
    assert (p["patterns"], p["confidence"], p["pilot"]) == ([], 0.4, True)
    assert p["purpose"].startswith("What 5 people now write to one another about supplier audit")


@pytest.mark.parametrize("kind", ["series", "broadcast", "desk", "outside", "closed"])
def test_only_a_circle_is_evidence_without_a_pattern(kind, propose_for, make):
    assert propose_for((make.audience(kind=kind), [])) == []


def test_the_strongest_finding_is_the_pattern(make):
    audience = make.audience()
    found = [make.finding(audience, "project_burst", 0.6), make.finding(audience, "working_group", 0.9)]
    args = make.served({"abcde": 1.0}), PortfolioThresholds(), Savings(), make.now, NOTHING
    for order in (found, found[::-1]):
        (p,) = documents([audience], order, *args)
        assert (p["kind"], p["patterns"]) == ("channel", ["working_group", "project_burst"])


# guards


def guarded(make):
    outside = make.audience("o", "outside", people="uvw", stem="fabrikam.example")
    closed = make.audience("c", "closed", people="xyz", departments=("HR",), stems=("salary ann", "payroll"))
    return (outside, ["external"]), (closed, ["confidential"])


def test_outside_mail_is_deferred_and_confidential_mail_left_alone_behind_all_others(propose_for, make):
    outside, closed = guarded(make)
    plain = make.audience()
    found = propose_for(closed, outside, (plain, ["working_group"]))
    assert [(p["status"], p["pilot"], p["rank"]) for p in found] == [
        ("propose", True, 1), ("defer", False, 2), ("leave", False, 3),
    ]  # fmt: skip
    assert found[1]["name"] == "Fabrikam.example"
    assert found[1]["owners"]


def test_of_confidential_mail_nothing_is_told_but_that_it_is_there(propose_for, make):
    _, closed = guarded(make)
    (p,) = propose_for(closed)
    assert (p["name"], p["kind"], p["owners"], p["member_reasons"]) == ("Confidential Matters", "norm", [], {})
    assert p["evidence"]["stems"] == []
    assert not any(word in json.dumps(p) for word in ("salary", "payroll"))


def test_guarded_mail_is_ordered_by_kind_then_weight(propose_for, make):
    pairs = [
        (make.audience("c1", "closed", people="abc", recent_weight=1.0), ["confidential"]),
        (make.audience("c2", "closed", people="def", recent_weight=5.0), ["confidential"]),
        (make.audience("o1", "outside", people="ghi", recent_weight=2.0), ["external"]),
    ]
    for order in (pairs, pairs[::-1]):
        found = propose_for(*order)
        assert [p["evidence"]["audience"] for p in found] == ["o1", "c2", "c1"]
        assert found[1]["name"] != found[2]["name"]


# habits


def test_a_habit_to_change_is_no_pilot_and_stands_between_spaces_and_what_is_guarded(propose_for, make):
    outside, closed = guarded(make)
    copies = make.audience("k", "copies", people="fghij")
    found = propose_for(closed, (copies, ["cc_for_cover"]), outside, (make.audience(), ["working_group"]))
    assert [(p["kind"], p["status"], p["pilot"]) for p in found] == [
        ("channel", "propose", True), ("norm", "propose", False), ("shared_channel", "defer", False),
        ("norm", "leave", False),
    ]  # fmt: skip
    assert found[1]["why_not"] == "A habit to change, no space"
    assert found[1]["member_reasons"] == {}
    assert found[1]["share_of_benefit"] == 0


def test_a_habit_takes_no_space_from_the_same_people(propose_for, make):
    copies, group = make.audience("k", "copies", recent_weight=900.0), make.audience("g")
    found = propose_for((copies, ["cc_for_cover"]), (group, ["working_group"]))
    assert [(p["kind"], p["patterns"]) for p in found] == [("channel", ["working_group"]), ("norm", ["cc_for_cover"])]


def test_habits_are_ordered_by_weight(propose_for, make):
    pairs = [
        (make.audience(f"k{n}", "copies", people=people, recent_weight=float(n)), ["cc_for_cover"])
        for n, people in enumerate(("abcde", "fghij", "klmno"))
    ]
    for order in (pairs, pairs[::-1]):
        assert [p["evidence"]["audience"] for p in propose_for(*order)] == ["k2", "k1", "k0"]


# served mail


@pytest.mark.parametrize("rule", ["scheduling", "working_group"])
def test_a_page_of_dates_and_a_channel_of_the_same_people_stand_beside_one_another(rule, propose_for, make):
    """Only what serves the same purpose is absorbed."""
    kind = "talks" if rule == "scheduling" else "circle"
    other = make.audience("b", kind, recent_weight=1.0)
    found = propose_for((make.audience("a"), ["working_group"]), (other, [rule]), sets={"abcde": 10.0})
    assert len(found) == (2 if rule == "scheduling" else 1)
    assert found[0]["kind"] == "channel"


def test_talks_are_of_a_few_at_a_time_and_serve_no_recipient_sets(propose_for, make):
    talks = make.audience(kind="talks", recent_weight=30.0)
    (p,) = propose_for((talks, ["scheduling"]), sets={"abcde": 10.0})
    assert p["kind"] == "bookings"
    assert p["share_of_benefit"] == round(DISCOUNT * 30 / 40, 4)


@pytest.mark.parametrize(("set_", "degree"), [("abcd", 1.0), ("abc", 0.75), ("abcdef", 4 / 6), ("ab", 0.5), ("a", 0)])
def test_a_space_serves_a_set_as_far_as_they_resemble(set_, degree, propose_for, make):
    group = make.audience(people="abcd")
    found = propose_for((group, ["working_group"]), sets={set_: 10.0, "xyz": 10.0})
    assert [p["share_of_benefit"] for p in found] == [round(DISCOUNT * degree / 2, 4)]


def test_a_desk_answers_asks_and_no_recipient_sets(propose_for, make):
    people = [make.member("a", "IT", sent=9), make.member("b", "IT", sent=9), make.member("c", "IT", sent=9)]
    desk = make.audience(kind="desk", stem="vpn", members=people, recent_weight=30.0)
    (p,) = propose_for((desk, ["department_questions"]), sets={"abc": 10.0})
    assert p["share_of_benefit"] == round(DISCOUNT * 30 / 40, 4)
    (p,) = propose_for((desk, ["department_questions"]), (make.audience("b", people="xyz"), []), sets={"abc": 10.0})
    assert p["patterns"] == ["department_questions"]


@pytest.mark.parametrize(
    ("kind", "rule", "worth"),
    [
        ("path", "approval_chain", 1), ("joiners", "onboarding", 1), ("copies", "regional_notice", 0.5),
        ("alarms", "alerts", 0.5),
    ],
)  # fmt: skip
def test_mail_that_goes_to_one_after_another_counts_by_itself(kind, rule, worth, propose_for, make):
    people = [make.member(name, "IT", sent=9) for name in "abc"]
    audience = make.audience(kind=kind, stem="vpn", members=people, recent_weight=30.0)
    (p,) = propose_for((audience, [rule]), sets={"abc": 10.0})
    assert p["share_of_benefit"] == round(worth * DISCOUNT * 30 / 40, 4)


def test_people_of_no_recipient_set_disturb_nothing(make):
    candidate = propose._candidate(make.audience(people="abz"), [], PortfolioThresholds())
    degrees = propose._degrees([candidate], make.served({"abc": 1.0, "ab": 1.0}))
    assert degrees.toarray() == pytest.approx(np.array([[2 / 4, 2 / 3]]))
    assert propose._degrees([], make.served({"abc": 1.0})).shape == (0, 1)


def test_a_twin_lends_its_patterns_and_what_it_would_replace(propose_for, make):
    circle = make.audience("c", people="abcd")
    report = make.audience("r", "series", people="abcde", stem="pipeline", period="week", sent=(30,))
    found = propose_for((circle, ["working_group"]), (report, ["status_report"]), sets={"abcd": 20.0, "abcde": 1.0})
    (p,) = found
    assert p["patterns"] == ["working_group", "status_report"]
    assert p["replaces"][1:] == ["status_report of r"]
    assert p["members"] == [make.address(c) for c in "abcd"]


# what exists already


@pytest.fixture
def there(make):
    """Groups of the directory: `people` by letter, a kind, and how many days ago it showed life."""

    def there(*groups, **limits):
        return Existing(
            [
                Group(
                    f"{kind}{n}@contoso.example",
                    "Kestrel",
                    kind,
                    (make.now - timedelta(days=idle)).date(),
                    frozenset(map(make.address, people)),
                    frozenset(others),
                )
                for n, (people, kind, idle, others) in enumerate((*g, *(1, ())[len(g) - 2 :]) for g in groups)
            ],
            ExistingThresholds(**limits),
        )

    return there


FIGUREHEAD = {"sent": (90, 5, 5)}


@pytest.mark.parametrize(
    ("group", "changes", "rule", "status"),
    [
        (("abcde", "team"), {}, "working_group", "reuse"),
        (("abcd", "team"), {}, "working_group", "extend"),
        (("abcde", "distribution_list"), {}, "working_group", "convert"),
        (("abcde", "team", 400), {}, "working_group", "propose"),  # it lies idle
        (("abz", "team"), {}, "working_group", "propose"),
        # what is missing comes before what exists, a guard before either
        (("abcde", "team"), FIGUREHEAD, "working_group", "not_yet"),
        (("abcde", "distribution_list"), FIGUREHEAD, "working_group", "not_yet"),
        (("abcde", "team"), {"kind": "closed"}, "confidential", "leave"),
        (("abcde", "team"), {"kind": "closed", **FIGUREHEAD}, "confidential", "leave"),
        (("abcde", "team"), {"kind": "outside", **FIGUREHEAD}, "external", "defer"),
    ],
)
def test_guards_then_what_is_missing_then_what_exists_decide(group, changes, rule, status, propose_for, there, make):
    (p,) = propose_for((make.audience(**changes), [rule]), there=there(group))
    assert p["status"] == status
    guarded = status in {"leave", "defer"}
    assert p["pilot"] == (not guarded and status != "not_yet")
    assert (p["existing"] is None) == (guarded or group[0] == "abz")


def test_of_guarded_mail_no_group_is_told(propose_for, there, make):
    found = propose_for(*guarded(make), there=there(("uvw", "team"), ("xyz", "team")))
    assert [p["existing"] for p in found] == [None, None]
    assert "Kestrel" not in json.dumps(found)


def test_the_group_that_exists_is_told_in_full(propose_for, there, make):
    (p,) = propose_for((make.audience(people="abc"), ["working_group"]), there=there(("ab", "team")))
    assert p["existing"] == {
        "group": "team0@contoso.example",
        "name": "Kestrel",
        "kind": "team",
        "verdict": "extend",
        "contained": 0.667,
        "jaccard": 0.667,
        "reason": "team “Kestrel” holds 67% of these people: add the other 1 and move the mail there",
        "checklist": [],
    }


def test_an_idle_group_is_told_and_decides_nothing(propose_for, there, make):
    (p,) = propose_for((make.audience(), ["working_group"]), there=there(("abcde", "team", 181)))
    assert (p["status"], p["pilot"], p["existing"]["verdict"]) == ("propose", True, None)
    (p,) = propose_for((make.audience(), ["working_group"]), there=there(("abcde", "team", 181), idle_days=181))
    assert p["status"] == "reuse"


def test_a_list_to_convert_brings_its_checklist(propose_for, there, make):
    lists = there(("abcde", "distribution_list", 1, ("all@contoso.example",)))
    (p,) = propose_for((make.audience(), ["working_group"]), there=lists)
    checklist = p["existing"]["checklist"]
    assert all(entry.keys() == {"condition", "state", "note"} for entry in checklist)
    assert [entry["state"] for entry in checklist] == ["blocked", *["clear"] * 3, *["ask"] * 7]
    assert checklist[0]["note"] == "1 such members"


def test_readers_of_a_report_need_no_group_of_their_own(propose_for, there, make):
    report = make.audience(kind="series", stem="pipeline week #", period="week", sent=(30,), reply_share=0.3)
    (p,) = propose_for((report, ["status_report"]), there=there(("abcde", "distribution_list")))
    assert (p["status"], p["existing"]) == ("propose", None)
    (p,) = propose_for((report, ["status_report"]), there=there(("abcde", "team")))
    assert p["status"] == "reuse"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Audit Circle", "extend"),
        ("Kestrel", "propose"),
        ("Plan for the Picnic", "extend"),
        ("All for One", "propose"),  # filler tells nothing,
        ("Weekly Report", "propose"),  # nor do words that stand everywhere
    ],
)
def test_the_telling_words_of_subjects_make_a_namesake(name, status, propose_for, make):
    group = Group("g@contoso.example", name, "team", None, frozenset(map(make.address, "ab")))
    audience = make.audience(stems=("report for supplier audit", "audit plan"))
    (p,) = propose_for((audience, ["working_group"]), there=Existing([group], ExistingThresholds()))
    assert p["status"] == status


def test_each_proposal_is_matched_with_its_own_people(propose_for, there, many):
    found = propose_for(*many(3), there=there(("def", "team"), ("ghi", "distribution_list")))
    by_audience = {p["evidence"]["audience"]: p["existing"] and p["existing"]["group"] for p in found}
    assert by_audience == {"g00": None, "g01": "team0@contoso.example", "g02": "distribution_list1@contoso.example"}


def test_documents_are_json_whatever_exists(propose_for, there, make, many):
    groups = there(("abc", "team"), ("def", "distribution_list", 1, ("x@y",)), ("ghi", "team", 400), ("jk", "channel"))
    pairs = [*many(5), (make.audience("n", people="pqr", sent=(90, 5, 5)), ["working_group"])]
    found = propose_for(*pairs, there=groups)
    assert {p["status"] for p in found} == {"reuse", "convert", "propose", "extend", "not_yet"}
    assert json.loads(json.dumps(found)) == found
    assert [json.loads(text) for text in propose.to_table(found)["document"].to_pylist()] == found


def test_what_is_missing_stands_in_the_document(propose_for, make):
    (p,) = propose_for((make.audience(sent=(90, 10)), ["working_group"]))
    assert p["missing"] == ["a second voice: one person writes most of the mail", "at least 3 people who write"]
    assert p["risks"][-2:] == [f"Missing: {m}" for m in p["missing"]]
    (p,) = propose_for((make.audience(), ["working_group"]))
    assert p["missing"] == []


def test_history_without_one_decides_readiness(propose_for, make):
    (p,) = propose_for((make.audience(measures={"answered_without_one": 0.1}), ["working_group"]))
    assert (p["status"], p["pilot"], len(p["missing"])) == ("not_yet", False, 1)
    assert "without one person only 10%" in p["why_not"]


# identity, names, table


def test_the_id_is_kind_purpose_and_people(propose_for, make):
    def identity(**changes):
        rules = changes.pop("rules", ["working_group"])
        return propose_for((make.audience(**changes), rules))[0]["id"]

    same = identity()
    assert same == identity(name="other", messages=99, stems=("else",), members=make.audience().members[::-1])
    others = {identity(people="abcd"), identity(stem="pipeline"), identity(rules=[]), identity(people="ab")}
    assert len(others | {same}) == 5


def test_no_two_spaces_have_one_name(propose_for, make):
    pairs = [(make.audience(f"n{p}", people=p, departments=("IT",)), ["working_group"]) for p in ("abc", "def", "ghi")]
    found = propose_for(*pairs)
    assert {p["name"] for p in found} == {"Supplier Audit", "Supplier Audit (IT)", "Supplier Audit (2)"}


def test_rows_of_the_table_are_the_documents(propose_for, many):
    found = propose_for(*many(3))
    table = propose.to_table(found)
    assert table.schema == TABLES["proposals"].schema
    assert [json.loads(text) for text in table["document"].to_pylist()] == found
    assert table["rank"].to_pylist() == [1, 2, 3]
    assert propose.to_table([]).schema == TABLES["proposals"].schema


def test_no_mail_no_proposals(propose_for):
    assert propose_for(sets={}) == []


def test_what_no_set_resembles_is_still_listed_with_its_reason(propose_for, make):
    notice = make.audience("n", "broadcast", people="abcdefghij", reply_share=0.0)
    found = propose_for((notice, ["broadcast"]), (make.audience(people="xyz"), ["working_group"]), sets={"xyz": 1.0})
    assert [p["why_not"] for p in found if p["patterns"] == ["broadcast"]] == [
        "Sales already has a pilot; one at a time for each sponsor"
    ]


def test_a_circle_and_its_closed_mail_are_one_thing_to_leave_alone(propose_for, make):
    pairs = [(make.audience("a"), ["confidential"]), (make.audience("b", "closed"), ["confidential"])]
    assert [p["status"] for p in propose_for(*pairs)] == ["leave"]
    other = (make.audience("c", "closed", people="xyz"), ["confidential"])
    assert len({p["id"] for p in propose_for(*pairs, other)}) == 2


@pytest.mark.parametrize(("messages", "share"), [(3, 0.5), (5, 5 / 6), (6, 1.0), (600, 1.0)])
def test_little_mail_without_a_pattern_promises_little(messages, share, propose_for, make):
    audience = make.audience(messages=messages, departments=("IT",))
    (seen,) = propose_for((audience, []))
    assert seen["confidence"] == pytest.approx(0.4 * share, abs=0.005)
    # what was recognised is judged by its signals alone
    (recognised,) = propose_for((audience, ["working_group"]))
    assert recognised["confidence"] == 0.9
    assert propose_for((audience, []), plain_messages=1)[0]["confidence"] == 0.4
