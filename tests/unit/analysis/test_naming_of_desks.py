"""Desks are named by the phrases that most people use; names of people and filler name nothing."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences import naming, words

LIMITS = naming.NamingThresholds()


def asked(stem, telling, n, start, desk="Finance\n0", department="Finance"):
    """Asks by people of their own, with one row per telling word."""
    return [
        {"desk": desk, "department": department, "thread": start + i, "asker": start + i, "stem": stem, "word": word}
        for i in range(n)
        for word in telling.split()
    ]


@pytest.fixture(scope="session")
def named(table):
    def run(*rows, hidden=(), limits=LIMITS):
        heads = naming.heads(table("asks", [row for part in rows for row in part]), limits).order_by("desk", "word")
        return naming.identities(heads.to_pyarrow(), set(hidden), limits).to_pylist()

    return run


def test_a_desk_is_named_by_whole_phrases_the_commonest_first(named):
    (desk,) = named(
        asked("certificate of employment", "certificate employment", 9, 0),
        asked("change of working hours", "change working hours", 12, 20),
    )
    assert desk == {
        "desk": "Finance\n0",
        "audience": "desk Finance: change of working hours, certificate of employment",
        "term": "change of working hours, certificate of employment",
        "terms": ["change of working hours", "certificate of employment"],
    }


@pytest.mark.parametrize(("same", "term"), [(3, "invoice of acme"), (2, "invoice")])
def test_a_stem_stands_for_a_word_if_enough_of_its_asks_bear_it(named, same, term):
    rows = [asked("invoice of acme", "invoice", same, 0)]
    rows += [asked(f"invoice {other}", "invoice", 1, 10 + n) for n, other in enumerate("abcdefgh"[: 10 - same])]
    assert named(*rows)[0]["term"] == term


@pytest.mark.parametrize(("alone", "terms"), [(2, ["vat"]), (3, ["vat", "rate"])])
def test_a_word_that_nearly_always_comes_with_a_commoner_one_is_no_term(named, alone, terms):
    rows = [asked(f"{n} vat rate", "vat rate", 1, n) for n in range(8)]
    rows += [asked(f"{n} vat", "vat", 1, 10 + n) for n in range(9)]
    rows += [asked(f"{n} rate", "rate", 1, 30 + n) for n in range(alone)]
    assert named(*rows)[0]["terms"] == terms


def test_no_more_terms_than_allowed(named):
    rows = [asked(word, word, 9 - n, 20 * n) for n, word in enumerate(["one", "two", "three", "four"])]
    assert named(*rows)[0]["terms"] == ["one", "two", "three"]
    assert named(*rows, limits=naming.NamingThresholds(terms=1))[0]["terms"] == ["one"]


def test_desks_of_one_department_that_are_asked_about_the_same_bear_numbers(named):
    rows = [asked("vat", "vat", n, 100 * n, desk=f"Finance\n{n}") for n in (5, 9, 7)]
    rows.append(asked("vat", "vat", 8, 2000, desk="Legal\n0", department="Legal"))
    assert {row["desk"]: row["audience"] for row in named(*rows)} == {
        "Finance\n9": "desk Finance: vat",
        "Finance\n7": "desk Finance: vat 2",
        "Finance\n5": "desk Finance: vat 3",
        "Legal\n0": "desk Legal: vat",
    }


def test_no_asks_are_no_desks(named):
    assert named([]) == []


def test_hidden_words_stand_in_no_term(named):
    assert named(asked("vacation of smith", "vacation", 9, 0), hidden={"smith"})[0]["term"] == "vacation"


@pytest.mark.parametrize(
    ("stem", "phrase"),
    [
        ("which supplier for packaging", "supplier for packaging"),
        ("hello the vat of smith # please", "vat of please"),
        ("how to", ""),
        ("#", ""),
        ("an it budget", "budget"),
    ],
)
def test_a_phrase_begins_and_ends_with_a_word_that_says_something(stem, phrase):
    assert naming.phrase(stem, {"smith"}) == phrase


# words


def test_fillers_are_lower_case_and_empty_too():
    assert words.FILLER < words.EMPTY
    assert all(word == word.lower() and " " not in word for word in words.EMPTY)


def test_names_are_those_of_people_inside(table):
    principals = [
        {"principal": "ann.o-brien@contoso.example", "display_name": "Ann O'Brien (Élan)"},
        {"principal": "x2@contoso.example"},
        {"principal": "out@other.example", "display_name": "Olaf Outside", "is_internal": False},
        {"principal": "help@contoso.example", "display_name": "Travel desk", "kind": "shared"},
    ]
    found = words.names(table("principals", principals), 3).to_pyarrow()["word"].to_pylist()
    assert sorted(found) == ["ann", "brien", "élan"]
