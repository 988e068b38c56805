"""Subjects that are to be left alone are found as whole words, in any of the languages, and nothing else is."""

from __future__ import annotations

import unicodedata

import pytest

from analyser.analysis.sensitive import SensitiveThresholds, is_sensitive

WORDS = SensitiveThresholds().words


@pytest.fixture(scope="session")
def judge(of_text):
    def run(*subjects, words=WORDS):
        limits = SensitiveThresholds(words=words)
        return of_text(lambda text: is_sensitive(text, limits), list(subjects))

    return run


@pytest.mark.parametrize("frame", ["{}", "{} 2025", "your {}", "[hr] re-check: {}!", "q3_{}_list", "-{}-"])
def test_every_word_is_found_at_any_place(judge, frame):
    assert all(judge(*(frame.format(word) for word in WORDS)))


@pytest.mark.parametrize("frame", ["x{}", "{}x", "é{}", "{}9", "9{}", "ж{}"])
def test_parts_of_words_are_none(judge, frame):
    # a longer form of some words is a word of its own: salario, whistleblower
    assert not any(judge(*(frame.format(word) for word in WORDS)))


@pytest.mark.parametrize("subject", ["budget", "performance review plan", "strictly speaking private", "", None])
def test_other_subjects_and_none_are_not_sensitive(judge, subject):
    assert judge(subject) == [False]


def test_words_of_a_phrase_may_stand_apart(judge):
    assert judge("medical  leave", "medicalleave") == [True, False]


def test_configured_words_are_meant_literally_and_replace_the_others(judge):
    words = ("r&d (x)", "c++", "project [a]")
    assert judge("the r&d (x) plan", "c++ pay", "project [a]", words=words) == [True] * 3
    assert judge("the rd x plan", "ccc", "project a", "salary", words=words) == [False] * 4


def test_both_spellings_of_accents_are_found(judge):
    assert all(judge(*(unicodedata.normalize("NFD", word) for word in WORDS)))


def test_words_are_set_in_any_case_and_none_mark_nothing(judge):
    assert judge("salary", words=("Salary",)) == [True]
    assert judge("hello, world", "", words=()) == [False, False]
