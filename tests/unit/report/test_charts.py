import itertools
import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from analyser.report import charts, maps, networks, palette, svg
from analyser.report.measures import Flow

LAST = date(2025, 11, 3)
TAGS = re.compile(r"<[^>]*>")
HOSTILE = '</svg><script>alert(1)</script> & "q"'


def tree(picture):
    return ET.fromstring(picture.svg)  # noqa: S314  drawn by the program itself


def texts(picture, tag):
    return [e.text for e in tree(picture).iter() if e.tag.endswith(f"}}{tag}") and e.text]


def hovers(picture):
    """Hover titles: all but the picture's own."""
    return texts(picture, "title")[1:]


def hub(number, *members):
    return maps.Hub(number, f"Space {number}", frozenset(members))


def dots(core, periphery=(), owners=()):
    return [
        networks.Dot(p, p[:2].upper(), f"{p}, Sales", core=p in core, owner=p in owners, department="Sales")
        for p in [*core, *periphery]
    ]


def everyone():
    return [
        charts.cadence_calendar("k1", HOSTILE, {LAST: (3, 2)}, LAST, expected=0),
        charts.coverage_curve("k2", [(HOSTILE, 0.2, True), ("b", 0.1, False)]),
        charts.flow_matrix("k3", [Flow(HOSTILE, "B", 9, 9), Flow("B", HOSTILE, 1, 1)], {HOSTILE: 5, "B": 6}, 5),
        networks.members_picture("k4", HOSTILE, dots(["aa", HOSTILE], ["bb"], ["aa"]), [("aa", HOSTILE, 3)]),
        maps.organisation_map("k5", {"a": HOSTILE, "b": "B"}, [hub(1, "a", "b")], [Flow(HOSTILE, "B", 9, 9)], 5),
    ]


@pytest.mark.parametrize("picture", everyone(), ids=["calendar", "curve", "matrix", "members", "map"])
class TestEveryPicture:
    def test_it_has_a_text_alternative(self, picture):
        root = tree(picture)
        ids = {e.get("id"): e.text for e in root.iter() if e.get("id")}
        title, description = root.get("aria-labelledby").split()
        assert root.get("role") == "img"
        assert ids[title] == picture.title
        assert ids[description] == picture.description

    def test_it_scales(self, picture):
        root = tree(picture)
        assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"

    def test_hostile_names_stay_text(self, picture):
        assert "<script" not in picture.svg
        assert picture.svg.count("</svg>") == 1

    def test_it_needs_nothing_from_elsewhere(self, picture):
        assert "href" not in picture.svg
        assert "<style" not in picture.svg
        assert not re.search(r"url\((?!#)", picture.svg)
        assert not any(name.startswith("on") for e in tree(picture).iter() for name in e.attrib)

    def test_on_a_page_every_colour_follows_the_theme(self, picture):
        assert re.search(r'"#[0-9a-f]{3,6}"', picture.svg), "a picture for paper has colours of its own"
        left = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg.themed(picture.svg)))
        assert all(paint in {"none", "transparent"} or paint.startswith("var(--") for paint in left)

    def test_its_data_is_a_table(self, picture):
        assert picture.rows
        assert all(len(row) == len(picture.columns) for row in picture.rows)


def test_colours_of_the_palette_are_told_apart():
    assert len(set(palette.COLOURS.values())) == len(palette.COLOURS)


def test_colours_in_words_are_left_alone():
    text = '<text fill="#0b6268">#0b6268</text>'
    assert svg.themed(text) == '<text fill="var(--accent)">#0b6268</text>'


# calendar


def test_the_calendar_shows_half_a_year_and_no_day_to_come():
    mail = {LAST - timedelta(days=n): (1, 1) for n in range(400)}
    picture = charts.cadence_calendar("k", "x", mail, LAST)
    days = [row[0] for row in picture.rows]
    assert days[0] == (LAST - timedelta(weeks=25)).isoformat()
    assert days[-1] == LAST.isoformat()
    assert len(days) == 25 * 7 + 1
    assert f"{25 * 7 + 1} mails on {25 * 7 + 1} days" in picture.description


def test_a_day_says_its_date_mails_and_people():
    picture = charts.cadence_calendar("k", "x", {LAST: (4, 9)}, LAST)
    assert "Monday 3 November 2025: 4 mails, 9 people" in hovers(picture)
    assert picture.rows == (("2025-11-03", "4", "9"),)


def test_shade_grows_with_mail():
    quiet, busy = LAST - timedelta(days=7), LAST
    picture = charts.cadence_calendar("k", "x", {quiet: (1, 1), busy: (9, 3)}, LAST)
    shade = {
        e[0].text: float(e.get("opacity", 1))
        for e in tree(picture).iter()
        if len(e) and e[0].text and "mail" in e[0].text
    }
    assert shade["Monday 3 November 2025: 9 mails, 3 people"] == 1
    assert 0.25 < shade["Monday 27 October 2025: 1 mail, 1 person"] < 1
    assert shade["Tuesday 28 October 2025: 0 mails"] == 0


def test_expected_days_are_outlined():
    def outlined(expected):
        picture = charts.cadence_calendar("k", "x", {LAST: (1, 1)}, LAST, expected=expected)
        return picture.svg.count(f'stroke="{palette.ACCENT}"')

    assert outlined(0) == charts.WEEKS
    assert outlined(6) == charts.WEEKS - 1, "next Sunday is no day yet"
    assert outlined(None) == 0


def test_a_calendar_without_mail_is_a_calendar():
    picture = charts.cadence_calendar("k", "x", {}, LAST)
    assert "0 mails on 0 days" in picture.description
    assert picture.rows == ()


# curve


def test_the_curve_adds_up():
    spaces = [("a", 0.2, True), ("b", 0.1, True), ("c", 0.05, False)]
    picture = charts.coverage_curve("k", spaces)
    assert [row[3] for row in picture.rows] == ["20.0%", "30.0%", "35.0%"]
    assert picture.description == "2 pilots serve 30% of what could be served; all 3 spaces 35%."
    assert hovers(picture) == ["1. a: 20% together", "2. b: 30% together"]


def test_a_long_curve_draws_its_beginning_and_lists_the_rest():
    picture = charts.coverage_curve("k", [(f"s{n}", 0.004, n == 0) for n in range(200)])
    assert len(picture.rows) == 200
    assert f"first {charts.SPACES} spaces" in picture.caption


# matrix


def test_cells_of_few_people_say_so_and_show_no_number():
    flows = [Flow("A", "B", 90, 9), Flow("B", "A", 77, 4), Flow("A", "A", 500, 9)]
    picture = charts.flow_matrix("k", flows, {"A": 9, "B": 4}, 5)
    assert ("A", "B", "90") in picture.rows
    assert ("B", "A", "not shown: fewer than 5 people") in picture.rows
    assert "77" not in f"{re.sub(TAGS, '', picture.svg)} {picture.description} {picture.caption}"
    assert "B to A: not shown: fewer than 5 people" in hovers(picture)
    assert "A to B: 90 deliveries" in picture.description


def test_hidden_cells_are_listed_in_an_order_that_tells_nothing():
    flows = [Flow("A", f"D{n}", 10 * n, 2) for n in (3, 1, 2)] + [Flow("A", "A", 1, 9)]
    picture = charts.flow_matrix("k", flows, {"A": 9, "D1": 1, "D2": 1, "D3": 1}, 5)
    assert [row[1] for row in picture.rows] == ["A", "D1", "D2", "D3"]


def test_no_flow_that_may_be_shown():
    picture = charts.flow_matrix("k", [Flow("A", "B", 3, 2)], {"A": 1, "B": 1}, 5)
    assert "No two departments" in picture.description


def test_small_departments_share_a_row():
    headcount = {f"D{n:02}": 50 - n for n in range(30)}
    flows = [Flow(a, b, 5, 9) for a, b in itertools.permutations(headcount, 2)]
    picture = charts.flow_matrix("k", flows, headcount, 5)
    senders = {row[0] for row in picture.rows}
    assert len(senders) == 14
    assert charts.OTHERS in senders
    assert charts.OTHERS not in picture.description
    assert sum(int(row[2].replace(",", "")) for row in picture.rows) == 5 * len(flows)


# members


def test_owners_are_ringed_and_all_dots_are_of_one_size():
    picture = networks.members_picture("k", "x", dots(["aa", "bb", "cc"], ["dd"], ["aa", "dd"]), [("aa", "bb", 3)])
    assert picture.svg.count(f'stroke="{palette.INK}"') == 2
    assert picture.rows == (("Sales", "3", "1"),)
    sizes = {e.get("d") for e in tree(picture).iter() if len(e) and e[0].text in {"aa, Sales", "dd, Sales"}}
    assert len(sizes) == 1


def test_thin_ties_are_folded_and_counted():
    names = [f"m{n:02}" for n in range(30)]
    pairs = [(a, b, 1) for a, b in itertools.combinations(names, 2)]
    picture = networks.members_picture("k", "x", dots(names), pairs)
    assert "285 thinner ties are folded" in picture.caption
    assert "435 pairs" in picture.description


def test_departments_beyond_eight_share_a_colour():
    many = [networks.Dot(f"p{n}", "P", "p", core=True, owner=False, department=f"D{n}") for n in range(11)]
    legend = dict(networks.members_picture("k", "x", many, []).legend)
    assert len(legend) == 9
    assert legend["other departments"] == palette.OTHER
    assert networks.members_picture("k", "x", many[:3], []).legend[-1][0] == "D2"


# map


def test_the_map_names_departments_and_numbers_pilots():
    picture = maps.organisation_map(
        "k", {"a": "Sales", "b": "Finance", "c": "Sales"}, [hub(1, "a", "b"), hub(None, "c")], [], 5
    )
    assert {"Sales", "Finance", "1"} <= set(texts(picture, "text"))
    assert {"Sales: 2 people", "Finance: 1 person", "Space 1: 2 members"} <= set(hovers(picture))
    assert ("1. Space 1", "Finance", "1") in picture.rows
    assert "2 departments as areas; 1 pilot joins people of 2 departments." in picture.description


def test_ties_of_few_people_are_folded():
    departments = {"a": "A", "b": "B", "c": "C"}
    flows = [Flow("A", "B", 100, 9), Flow("B", "A", 50, 9), Flow("A", "C", 90, 2), Flow("B", "C", 1, 9)]
    picture = maps.organisation_map("k", departments, [], flows, 5)
    assert "A and B: 150 deliveries" in hovers(picture)
    assert not any("C:" in said and "deliver" in said for said in hovers(picture))
    assert "1 thinner tie and 1 flow of too few people folded" in picture.caption


def test_a_large_organisation_stays_within_the_marks():
    departments = {f"p{n}": f"D{n % 60:02}" for n in range(5000)}
    flows = [Flow(a, b, 9, 9) for a, b in itertools.permutations(sorted(set(departments.values())), 2)]
    hubs = [hub(n, *(f"p{m}" for m in range(n, 5000, 11))) for n in range(1, 8)]
    picture = maps.organisation_map("k", departments, hubs, flows, 5)
    drawn = sum(1 for e in tree(picture).iter() if e.tag.rpartition("}")[2] in {"path", "line", "text", "rect"})
    assert drawn <= maps.MARKS
    assert "37 small departments" in picture.caption
    assert "dots are members of the pilots" in picture.caption


def test_an_organisation_without_departments_or_spaces():
    picture = maps.organisation_map("k", {"a": "No department"}, [], [], 5)
    assert picture.description == "1 department as areas; no pilot yet."


def test_a_department_named_like_a_hub_stays_a_department():
    picture = maps.organisation_map("k", {"a": "hub 0", "b": "B"}, [hub(1, "a", "b")], [], 5)
    assert "hub 0: 1 person" in hovers(picture)
