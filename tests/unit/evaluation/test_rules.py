"""A finding is about a label that shares its mail and most of its people; all else is missed or false."""

from __future__ import annotations

import pytest

from analyser.evaluation.labels import Label
from analyser.evaluation.rules import RuleScore, score_rules

RULE = "working_group"


def label(name="l", *, pattern=RULE, members="abcd", messages="1234", decoy=False, expected="propose"):
    return Label(name, pattern, decoy, expected, frozenset(members), tuple(f"<{m}@x>" for m in messages))


def finding(name="f", *, rule=RULE, members="abcd"):
    return {"finding": name, "rule": rule, "audience": name, "members": list(members)}


@pytest.fixture
def score(make):
    """Score one rule; `spoken` says which messages each audience, named like its finding, has."""

    def score(labels, findings, spoken, rule=RULE):
        rows = [(audience, m) for audience, messages in spoken.items() for m in messages]
        copies = make.copies([(m, f"<{m}@x>") for m in "123456789"])
        return score_rules(labels, findings, make.text_table(("audience", "message_key"), rows), copies, [rule])[0]

    return score


def test_the_same_mail_and_people_is_right(score):
    found = score([label()], [finding()], {"f": "1234"})
    assert (found.labels, found.found, found.findings, found.right) == (1, 1, 1, 1)
    assert (found.recall, found.precision, found.f1) == (1, 1, 1)
    assert found.missed == found.false == ()


@pytest.mark.parametrize(
    ("members", "messages", "right"),
    [
        ("abcd", "1", True),  # the people, and a message
        ("abcd", "9", False),  # the people alone
        ("ab", "1", True),  # two of four people
        ("abxyz", "1", False),  # two of seven
        ("xyz", "12", True),  # half of the label's mail and all of its own
        ("xyz", "1", False),  # a quarter of the label's
        ("xyz", "129876", False),  # half of the label's, a third of its own
        ("xyz", "1298", True),
    ],
)
def test_how_alike_is_alike(members, messages, right, score):
    found = score([label()], [finding(members=members)], {"f": messages})
    assert (found.right, found.found) == (right, right)
    assert (found.missed, found.false) == (((), ()) if right else (("l",), ("f",)))


def test_a_finding_about_a_decoy_is_false(score):
    found = score([label(decoy=True)], [finding()], {"f": "1234"})
    assert (found.labels, found.right, found.false, found.precision) == (0, 0, ("f",), 0)
    assert found.recall == 1  # nothing was planted that could be missed


def test_another_rules_label_and_finding_do_not_count(score):
    found = score([label(pattern="broadcast")], [finding(rule="external")], {"f": "1234"})
    assert (found.labels, found.findings, found.recall, found.precision) == (0, 0, 1, 1)


def test_two_findings_of_one_label_are_right_and_find_it_once(score):
    spoken = {"f": "12", "g": "34", "h": "9"}
    found = score([label(), label("m", messages="78")], [finding(f) for f in "fgh"], spoken)
    assert (found.labels, found.found, found.findings, found.right) == (2, 1, 3, 2)
    assert (found.missed, found.false) == (("m",), ("h",))
    assert (found.recall, found.precision) == (1 / 2, 2 / 3)
    assert found.f1 == pytest.approx(4 / 7)


def test_one_finding_of_two_labels_is_one(score):
    found = score([label(), label("m")], [finding()], {"f": "1234"})
    assert (found.found, found.right, found.precision) == (2, 1, 1)


@pytest.mark.parametrize(
    ("pattern", "expected", "decoy", "planted", "right"),
    [
        ("confidential", "leave", False, 1, 1),
        ("status_report", "leave", True, 0, 1),  # left alone whatever it is: no mistake, and none that is missed
        ("status_report", "propose", False, 0, 0),
    ],
)
def test_confidential_is_right_about_all_that_is_left_alone(pattern, expected, decoy, planted, right, score):
    found = score(
        [label(pattern=pattern, expected=expected, decoy=decoy)], [finding(rule="confidential")], {"f": "1234"},
        rule="confidential",
    )  # fmt: skip
    assert (found.labels, found.right) == (planted, right)


def test_messages_are_found_by_any_copy(make):
    """Copies bear Message-IDs of their own, or none; the label may name any."""
    copies = make.copies([("k", None), ("k", "<a@x>"), ("k", "<1@x>"), (None, "<9@x>")])
    spoken = make.text_table(("audience", "message_key"), [("f", "k")])
    for messages, right in (("1", 1), ("a", 1), ("z", 0), ("9", 0)):
        assert score_rules([label(messages=messages)], [finding()], spoken, copies, [RULE])[0].right == right


def test_empty_tables_find_nothing(make):
    spoken = make.text_table(("audience", "message_key"), [])
    for copies in (make.copies([]), make.copies([("1", "<1@x>")])):
        found = score_rules([label()], [finding()], spoken, copies, [RULE, "broadcast"])
        assert [(s.rule, s.right, s.missed) for s in found] == [(RULE, 0, ("l",)), ("broadcast", 0, ())]


def test_f1_of_nothing_right_is_zero():
    assert RuleScore(RULE, 2, 0, 3, 0, ("a", "b"), ("x", "y", "z")).f1 == 0
