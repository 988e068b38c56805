"""Lines over weeks and bars over names say what they show, and carry the data behind it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from analyser.report import palette, series

MONDAY = date(2025, 3, 3)
HOSTILE = '</svg><script>alert(1)</script> & "q"'


def weeks(*values):
    return [(MONDAY + timedelta(weeks=n), value) for n, value in enumerate(values)]


def hovers(picture):
    tree = ET.fromstring(picture.svg)  # noqa: S314  drawn by the program itself
    return [e.text for e in tree.iter() if e.tag.endswith("}title")][1:]


def test_a_line_says_where_it_begins_and_ends():
    picture = series.weekly("k", "Hours", "Hours", {"Sales": weeks(10, 20, 5), "Legal": weeks(1.5)})
    assert picture.description == (
        "Hours by week. Sales: from 10 in the week of 2025-03-03 to 5; Legal: from 2 in the week of 2025-03-03 to 2."
    )
    assert picture.rows == (
        ("Sales", "2025-03-03", "10.0"),
        ("Sales", "2025-03-10", "20.0"),
        ("Sales", "2025-03-17", "5.0"),
        ("Legal", "2025-03-03", "1.5"),
    )
    assert "Sales, week of 2025-03-10: 20" in hovers(picture)


def test_eight_lines_have_a_colour_of_their_own_and_further_ones_share_grey():
    picture = series.weekly("k", "Hours", "Hours", {f"d{n}": weeks(n) for n in range(10)})
    assert [colour for _, colour in picture.legend] == [*palette.SERIES, palette.OTHER, palette.OTHER]


def test_a_mark_is_drawn_and_said():
    plain = series.weekly("k", "Mail", "Mails", {"a": weeks(1, 2)})
    marked = series.weekly("k", "Mail", "Mails", {"a": weeks(1, 2)}, marks=[(MONDAY, "space opens")])
    assert "space opens" in marked.svg
    assert "space opens" not in plain.svg


def test_bars_stand_in_the_order_given_and_the_longest_is_named():
    picture = series.bars("k", "Askers", "people", [("Sales", 3), ("Legal", 12), ("IT", 7)], caption="Few.")
    assert [row[0] for row in picture.rows] == ["Sales", "Legal", "IT"]
    assert picture.description == "3 bars; the longest is Legal: 12 people."
    assert picture.caption == "Few."
    assert "Legal: 12 people" in hovers(picture)


@pytest.mark.parametrize(
    "picture", [series.weekly("k", "t", "u", {}), series.bars("k", "t", "u", [])], ids=["weekly", "bars"]
)
def test_nothing_is_a_picture_too(picture):
    assert picture.description == "Nothing to show."
    assert picture.rows == ()


def test_hostile_names_are_text():
    for picture in (
        series.bars("k", HOSTILE, "u", [(HOSTILE, 1)], caption=HOSTILE),
        series.weekly("k", HOSTILE, "u", {HOSTILE: weeks(1)}, marks=[(MONDAY, HOSTILE)]),
    ):
        ET.fromstring(picture.svg)  # noqa: S314  drawn by the program itself
        shown = picture._repr_html_()
        assert "<script>" not in shown
        assert shown.startswith("<figure><strong>&lt;/svg&gt;")


def test_a_notebook_shows_legend_and_caption():
    shown = series.weekly("k", "Hours", "Hours", {"Sales": weeks(1)})._repr_html_()
    assert f'<span style="color:{palette.SERIES[0]}">■</span> Sales' in shown
    assert "<figcaption>" not in series.bars("k", "t", "u", [("a", 1)])._repr_html_()
