"""Chance and templates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.sample.dice import Dice
from analyser.sources.sample.words import LANGUAGES, fill, stem, vocabulary


def templates():
    for section, content in vocabulary().items():
        if section in {"names", "organisation", "departments"}:
            continue
        for values in content.values():
            yield from (value for value in values if "{" in value)


@pytest.mark.parametrize("template", sorted(set(templates())))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_can_be_filled(template, language):
    fixed = {"project": "Aurora", "region": "London", "partner": "Fabrikam", "version": "v2"}
    line = fill(template, Dice(1, "test"), language, date(2026, 3, 4), **fixed)
    assert "{" not in line
    assert set(stem(template).split()) <= set(stem(line).split())


def test_a_template_with_a_day_needs_one():
    with pytest.raises(ValueError, match="day"):
        fill("Report {week}", Dice(1, "test"))


def test_fixed_values_stand():
    line = fill("{topic} {week}: {thing}", Dice(1, "test"), "de", date(2026, 1, 5), topic="Returns", thing="x")
    assert line == "Returns 2: x"


@given(st.integers(-(2**63), 2**63), st.text(max_size=20))
def test_streams_repeat_and_differ_by_part_and_seed(seed, part):
    def draw(*of):
        return Dice(*of).rng.integers(2**62, size=3).tolist()

    assert draw(seed, part) == draw(seed, part)
    assert draw(seed, part) != draw(seed, part + "x")
    assert draw(seed, part) != draw(seed + 1, part)


@given(st.lists(st.integers(), unique=True, max_size=20), st.integers(-2, 25), st.integers(0, 99))
def test_some_are_different_and_of_the_choices(choices, count, seed):
    chosen = Dice(seed, "test").some(choices, count)
    assert len(set(chosen)) == len(chosen) == min(max(count, 0), len(choices))
    assert set(chosen) <= set(choices)


@given(st.integers(-5, 5), st.integers(0, 5), st.integers(0, 99))
def test_wholes_include_both_ends(low, span, seed):
    dice = Dice(seed, "test")
    drawn = {dice.whole(low, low + span) for _ in range(200)}
    assert drawn == set(range(low, low + span + 1))


@given(st.text(max_size=40))
def test_a_stem_is_a_fixed_point(text):
    text = text.replace("{", "").replace("}", "")
    assert stem(stem(text)) == stem(text)
    assert not any(character.isdecimal() for character in stem(text))
