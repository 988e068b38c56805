import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.report import text


@given(st.text())
def test_cleaned_text_hides_nothing_and_stays_on_its_line(raw):
    shown = text.clean(raw)
    allowed = {"\u200c", "\u200d", "\u00ad"}
    assert not [c for c in shown if unicodedata.category(c).startswith("C") and c not in allowed]
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=80))
def test_plain_text_is_left_as_it_is(raw):
    assert text.clean(raw) == raw


def test_bidirectional_overrides_are_made_visible():
    assert text.clean("invoice\u202egpj.exe") == "invoice⟦U+202E⟧gpj.exe"
    assert text.clean("a\u2066b\u2069") == "a⟦U+2066⟧b⟦U+2069⟧"


def test_lone_surrogates_become_text_that_can_be_encoded():
    assert text.clean("a\ud800b").encode() == "a⟦U+D800⟧b".encode()


def test_emoji_and_persian_keep_their_joiners():
    for word in ("👩\u200d💻", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"):
        assert text.clean(word) == word


def test_long_text_is_cut_and_says_so():
    shown = text.clean("x" * 10_001)
    assert shown.startswith("x" * 10_000 + " …")
    assert "10,001 characters" in shown
    assert text.clean("x" * 10_000) == "x" * 10_000


@given(st.text(min_size=1), st.integers(1, 40))
def test_clipped_text_has_at_most_so_many_characters(raw, longest):
    shown = text.clipped(raw, longest)
    assert len(shown) <= longest
    assert shown == raw if len(raw) <= longest else shown.endswith("…")


@pytest.mark.parametrize(
    ("items", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_english(items, words):
    assert text.listed(items) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (12.4, 19.6, "12\u201320"),
        (0.44, 0.88, "0.4\u20130.9"),
        (4.0, 7.9, "4\u20137.9"),
        (0.0, 0.0, "0"),
        (1200.2, 2400.1, "1,200\u20132,400"),
        (9.96, 10.04, "10"),
    ],
)
def test_hours_are_as_exact_as_they_deserve(low, high, words):
    assert text.hours(low, high) == words


@pytest.mark.parametrize(("count", "word"), [(0, "No"), (5, "Five"), (12, "Twelve"), (13, "13"), (1300, "1,300")])
def test_numbers_begin_sentences(count, word):
    assert text.number(count) == word


def test_counts_agree_with_their_nouns():
    assert text.counted(1, "mail") == "1 mail"
    assert text.counted(2000, "mail") == "2,000 mails"
    assert text.counted(0, "delivery", "deliveries") == "0 deliveries"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("Ada King Lovelace", "AL"),
        ("ada.lovelace@contoso.example", "AL"),
        ("Åsa", "Å"),
        ("", ""),
        ("(ext) Bo Ek", "BE"),
    ],
)
def test_initials(name, letters):
    assert text.initials(name) == letters


def test_a_moment_names_its_weekday():
    assert text.moment(datetime(2025, 11, 3, 8, 12, tzinfo=UTC)) == "Monday 3 November 2025, 08:12"


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"rhythm": "week", "weekday": 0, "hour": 8}, "Every Monday, usually about 08:00"),
        ({"rhythm": "week", "weekday": None, "hour": None}, "Every week"),
        ({"rhythm": "fortnight", "weekday": 4, "hour": None}, "Every second Friday"),
        ({"rhythm": "workday", "weekday": None, "hour": 17}, "Every working day, usually about 17:00"),
        ({"rhythm": "month", "weekday": 2, "hour": 9}, "Once a month, usually about 09:00"),
        ({"rhythm": None, "messages": 30, "weeks_active": 10}, "No fixed rhythm: about 3 mails in a week with mail"),
        ({"rhythm": None, "messages": 10, "weeks_active": 10}, "No fixed rhythm: about one mail in a week with mail"),
        ({"rhythm": None, "messages": 0, "weeks_active": 0}, "No fixed rhythm: about one mail in a week with mail"),
    ],
)
def test_rhythms_in_words(evidence, words):
    assert text.rhythm(evidence) == words
