"""Stems are equal from one occasion to the next, and keep the words that tell purposes apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.stems import stem


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("weekly report kw 32 (v3)", "weekly report kw #"),
        ("weekly report kw 33", "weekly report kw #"),
        ("budget 2025-03-14", "budget #"),
        ("minutes, 3rd june 2024", "minutes #"),
        ("q3 figures", "# figures"),
        ("report draft 2", "report #"),
        ("report final-2.1", "report #"),
        ("notes rev. 12", "notes #"),
        ("report final", "report final"),
        ("[plans] budget: next steps!", "plans budget next steps"),
        ("mon-tue-wed-thu shift plan", "# shift plan"),
        ("friday.", None),
        ("bericht märz", "bericht #"),
        ("réunion du 3 février", "réunion du #"),
        ("plan viernes", "plan #"),
        ("预算 2025", "预算 #"),
        ("marching band", "marching band"),
        ("dismay at salmon prices", "dismay at salmon prices"),
        ("decision on monitors", "decision on monitors"),
        ("sunday's rota", "# s rota"),
        ("a b 12", None),
        ("12/2025", None),
        ("", None),
        (None, None),
    ],
)
def test_what_changes_is_masked_and_words_stay(of_text, subject, expected):
    assert of_text(stem, [subject]) == [expected]


MONTHS = ["january", "sept", "oct.", "märz", "mai", "août", "diciembre", "febbraio", "maart", "styczeń"]
DAYS = ["monday", "thurs", "dienstag", "mercredi", "miércoles", "venerdì", "woensdag"]


@pytest.mark.parametrize("frame", ["status {}", "{} status", "status ({}) status", "status, {}/{}-{}: status"])
def test_months_and_days_of_many_languages_are_masked_anywhere(of_text, frame):
    found = set(of_text(stem, [frame.replace("{}", name) for name in MONTHS + DAYS]))
    assert len(found) == 1
    assert set(found.pop().split()) == {"status", "#"}


WORDS = ["weekly", "report", "budget", "über", "预算", "#", "12", "2025-01", "v2", "(v3)", "q4", "rev.7", "may", "fri"]
PARTS = st.sampled_from(WORDS + MONTHS)
SUBJECTS = st.lists(st.tuples(PARTS, st.sampled_from([" ", "  ", " - ", ", ", ": "])), max_size=8).map(
    lambda parts: "".join(a + b for a, b in parts)
)


@settings(deadline=None, max_examples=20)
@given(subjects=st.lists(SUBJECTS, min_size=1, max_size=20))
def test_a_stem_is_its_own_stem_and_holds_no_digit(of_text, subjects):
    once = of_text(stem, subjects)
    assert of_text(stem, once) == once
    assert not any(character.isdigit() for text in once if text for character in text)
    assert all(text == text.strip() and "  " not in text and "# #" not in text for text in once if text)


@settings(deadline=None, max_examples=20)
@given(numbers=st.lists(st.integers(0, 9999), min_size=2, max_size=20))
def test_numbers_do_not_matter(of_text, numbers):
    assert set(of_text(stem, [f"site report {n} of v{n}" for n in numbers])) == {"site report # of #"}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("server 3 down", "server # down"),
        ("over 50 people", "over # people"),
        ("tel aviv 2025", "tel aviv #"),
        ("prev 3", "prev #"),
        ("offer v2may", "offer #"),
        ("plan v1.2.3 signed", "plan # signed"),
    ],
)
def test_a_version_marker_is_a_whole_word(of_text, subject, expected):
    assert of_text(stem, [subject]) == [expected]


def test_combining_marks_belong_to_their_words(of_text):
    assert of_text(stem, ["हिन्दी बैठक", "ประชุม 3", "re\u0301union 3"]) == ["हिन्दी बैठक", "ประชุม #", "re\u0301union #"]
