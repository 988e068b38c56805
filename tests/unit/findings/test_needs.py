"""Which rules are hindered by what mail does not tell, and how that is said."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.analysis.evidence import KINDS, EvidenceThresholds
from analyser.findings.needs import MEANINGS, Need, declared, judge, sentences
from analyser.findings.registry import RULES
from analyser.sources.registry import declarations

LIMITS = EvidenceThresholds()


class Picky:
    id = "picky"
    needs = frozenset({Need.ROLES})
    helped_by = frozenset({Need.THREADS, Need.DEPARTMENTS})


class Easy:
    id = "easy"
    needs = helped_by = frozenset()


def rows(**told: tuple[int, int]) -> list[dict]:
    """`told` by kind (of all that is not given, all is told): (told, of); a suffix after ``__`` names the source."""
    given = {name.partition("__")[0] for name in told}
    everything = {kind: (100, 100) for kind in KINDS if kind not in given} | told
    return [
        {"evidence": name.partition("__")[0], "told_by": name.partition("__")[2] or "mail", "told": n, "messages": of}
        for name, (n, of) in everything.items()
    ]


def test_nothing_hinders_where_all_is_told():
    assert judge([Picky, Easy], rows(), LIMITS) == []


def test_a_rule_cannot_work_without_what_it_needs():
    (verdict,) = judge([Picky, Easy], rows(roles=(0, 100)), LIMITS)
    assert (verdict.rule, verdict.works, list(verdict.lacks)) == ("picky", False, [Need.ROLES])
    assert verdict.lacks[Need.ROLES].silent == ("mail",)


def test_a_rule_works_less_well_without_what_helps_it():
    (verdict,) = judge([Picky], rows(threads=(0, 100)), LIMITS)
    assert verdict.works
    assert verdict.lacks[Need.THREADS].told == 0


def test_a_rule_works_less_well_where_only_a_part_of_the_mail_tells():
    (verdict,) = judge([Picky], rows(roles__a=(30, 100), roles__b=(0, 100)), LIMITS)
    assert verdict.works
    assert (verdict.lacks[Need.ROLES].told, verdict.lacks[Need.ROLES].silent) == (0.5, ("b",))


def test_a_source_tells_all_of_its_mail_or_nothing():
    # few mails have copies, but the source tells them; one in a thousand is chance
    assert judge([Picky], rows(roles=(5, 100)), LIMITS) == []
    assert not judge([Picky], rows(roles=(1, 1000)), LIMITS)[0].works


def test_departments_are_counted_by_people():
    (verdict,) = judge([Picky], rows(departments=(40, 100)), LIMITS)
    assert verdict.lacks[Need.DEPARTMENTS].told == 0.4
    none = [row for row in rows() if row["evidence"] != "departments"]
    assert judge([Picky], none, LIMITS)[0].lacks[Need.DEPARTMENTS].told == 0


def test_without_mail_nothing_is_said():
    assert judge(RULES, [], LIMITS) == []
    assert sentences([]) == []


def test_sentences_name_what_is_missing_where_and_what_it_costs():
    class Other(Picky):
        id = "other"
        needs, helped_by = frozenset(), frozenset({Need.ROLES})

    mail = rows(roles=(0, 100), departments=(25, 100), threads__a=(90, 100), threads__b=(0, 300))
    found = judge([Picky, Other], mail, LIMITS)
    assert sentences(found) == [
        "none of the mail tells To and Cc apart; cannot work: picky; less well: other",
        "only 25% of the mail tells conversations, or headers of answers (not told by b); less well: picky",
        "only 25% of the people tells departments of people; less well: picky",
    ]


@given(st.dictionaries(st.sampled_from(KINDS), st.integers(0, 100)))
def test_more_told_never_hinders_more(counts):
    less = judge(RULES, rows(**{kind: (n, 100) for kind, n in counts.items()}), LIMITS)
    more = judge(RULES, rows(**dict.fromkeys(counts, (100, 100))), LIMITS)
    assert more == []
    for verdict in less:
        rule = next(rule for rule in RULES if rule.id == verdict.rule)
        assert verdict.lacks.keys() <= rule.needs | rule.helped_by
        assert verdict.works or any(counts.get(need, 100) < 100 for need in rule.needs)


# declarations


def test_kinds_of_evidence_are_the_needs():
    assert tuple(Need) == KINDS
    assert MEANINGS.keys() == set(Need)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_need_is_needed_or_helps_but_not_both(rule):
    assert not rule.needs & rule.helped_by
    tree = ast.parse(inspect.getsource(inspect.getmodule(rule)))
    used = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    # whoever measures answers is helped by threads, whoever measures copies by roles
    for signal, need in (("reply_share", Need.THREADS), ("copied", Need.ROLES)):
        assert signal not in used or need in rule.needs | rule.helped_by


def test_what_sources_declare():
    found = {name: declared(one) for name, one in declarations().items()}
    assert found["message_trace"] == {Need.SUBJECTS}
    assert found["sample"] == set(Need)
    assert found["mbox"] == set(Need) - {Need.DEPARTMENTS}
    assert found["data_connect"] == set(Need) - {Need.HEADERS}
    assert found["directory"] == {Need.DEPARTMENTS}


def test_a_message_trace_alone_serves_no_rule_that_needs_copies():
    hindered = {rule.id for rule in RULES if rule.needs - declared(declarations()["message_trace"])}
    assert hindered == {"cc_for_cover", "document_rounds", "department_questions", "bridge"}
