import itertools
import re
from html.parser import HTMLParser
from importlib import resources

import pytest

from analyser.errors import EmptyLakeError
from analyser.lake.store import Lake
from analyser.privacy import Pseudonyms
from analyser.report import palette
from analyser.report.page import render

VOID = {"meta", "link", "br", "hr", "img", "input"}
CSS = resources.files("analyser.report").joinpath("static/report.css").read_text(encoding="utf-8")


class Checker(HTMLParser):
    """Balanced tags, unique identities, and everything that could reach beyond the page."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.faults, self.links, self.headings, self.text = [], [], [], [], [], []
        self.feed(page)
        self.close()
        self.faults += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self._look(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self._look(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"closed out of order: {tag} at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "title", "desc"}:
            self.text.append(data)

    def _look(self, tag, attrs):
        values = dict(attrs)
        if len(values) != len(attrs):
            self.faults.append(f"an attribute twice: {tag} at {self.getpos()}")
        if values.get("id"):
            self.ids.append(values["id"])
        if tag in {"script", "iframe", "object", "embed", "form", "base", "foreignobject", "image", "use"}:
            self.faults.append(f"{tag} at {self.getpos()}")
        self.faults += [f"handler {name}" for name in values if name.startswith("on")]
        self.links += [values[name] for name in ("href", "src", "xlink:href", "srcset", "action") if name in values]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name in ("aria-labelledby", "aria-label"):
            if name in values and not values[name]:
                self.faults.append(f"empty {name}")

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def check(page):
    checker = Checker(page)
    assert checker.faults == []
    assert len(set(checker.ids)) == len(checker.ids)
    for link in checker.links:
        assert link == "data:," or link.removeprefix("#") in checker.ids, link
    assert checker.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(checker.headings))
    labelled = {i for ids in re.findall(r'aria-labelledby="([^"]+)"', page) for i in ids.split()}
    assert labelled <= set(checker.ids)
    return checker


@pytest.fixture(scope="module")
def documents(make_document):
    """Two pilots, a backlog, one parked, one confidential."""
    return [
        make_document(),
        make_document("Month End", id="space-2", kind="task_board", evidence={"audience": "other"}),
        make_document(
            "Later", id="space-3", pilot=False, why_not="Not yet: find a second owner first", status="not_yet"
        ),
        make_document("Partner", id="space-4", pilot=False, status="defer", patterns=["external"]),
        make_document(
            "Confidential Matters", id="space-5", pilot=False, status="leave", patterns=["confidential"], kind="norm",
            evidence={"stems": ["settlement secret"], "audience": "closed"}, purpose="Left alone.", owners=[],
            members=["hidden.one@contoso.example", "hidden.two@contoso.example"], replaces=["secret habit"],
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def page(documents, world, tmp_path_factory):
    """The page of these documents: drawn once, read by many tests."""
    settings = world.settings_in(tmp_path_factory.mktemp("page"))
    with Lake(settings.lake) as lake:
        return render(world.fill(lake, documents), settings)


@pytest.fixture(scope="module")
def words(page):
    return check(page).words


def test_the_page_is_whole_and_asks_for_nothing(page):
    check(page)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert not re.search(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z]", page)


def test_it_answers_first(words):
    answer = "Two spaces would serve 40% of the group mail in 2 departments and free 4\u20138 hours a week."
    assert words.index(answer) < words.index("The organisation and the spaces") < words.index("The pilots")
    order = ["The pilots", "Why these", "Backlog", "Parked and left alone", "What was read", "What this cannot see"]
    assert [words.index(part) for part in order] == sorted(words.index(part) for part in order)


def test_a_card_holds_the_whole_story(words):
    for part in (
        "Weekly Pipeline", "Channel", "One place for the weekly report", "weekly pipeline",
        "Every Monday, usually about 08:00",
        "last time Monday 27 October 2025, 08:12", "The weekly mail to 7 people", "Sales 5", "One person writes it",
        "Pin the template.", "Proposed owners: Finance 0", "on 90% of the messages", "÷ 60 ÷ 20 weeks", "Task board",
        "7 people are few for it", "Recurring status report", "Writing takes 5 minutes",
    ):  # fmt: skip
        assert part in words, part


def test_the_backlog_says_why_not(words):
    assert "Later" in words
    assert "Not yet: find a second owner first" in words


def test_nothing_confidential_is_shown_but_a_count(page):
    for secret in ("Confidential Matters", "settlement secret", "hidden.one", "secret habit", "space-5"):
        assert secret not in page
    assert "1 audience with confidential subjects was left alone" in check(page).words


def test_parked_work_is_named_without_its_people(plant, make_document, settings, world):
    parked = make_document(
        "Partner", status="defer", pilot=False, members=["only.here@contoso.example", *world.pipeline]
    )
    page = render(plant([make_document(), parked]), settings)
    assert "Partner" in page
    assert "only.here" not in page


def test_hostile_words_are_shown_as_words(plant, make_document, settings, world):
    attack = '<script>alert(1)</script><img src=x onerror="alert(1)">'
    bad = make_document(
        attack + "\u202e", purpose=attack, evidence={"stems": [attack, "x" * 20_000, "\x00\x1b[2J"]}, replaces=[attack],
        first_posts=[attack], risks=[attack], owners=[], id='"><script>',
    )  # fmt: skip
    people = world.people | {world.pipeline[0]: "</style>" + attack}
    page = render(plant([bad], names={world.pipeline[1]: attack}, people=people), settings)
    checker = check(page)
    assert "<script" not in page
    assert "<img" not in page
    assert attack in checker.words
    assert "⟦U+202E⟧" in page
    assert "\x00" not in page
    assert "\x1b" not in page
    assert "(20,000 characters)" in page
    assert "x" * 10_001 not in page


def test_hostile_words_in_every_picture_keep_the_page_whole(plant, documents, settings, world):
    hostile = "</title></svg>&\x01\u2067"
    names, people = dict.fromkeys(world.people, hostile), dict.fromkeys(world.people, hostile)
    page = render(plant(documents[:1], people=people, names=names), settings)
    assert "</title></svg>&⟦U+0001⟧⟦U+2067⟧" in check(page).words
    assert page.count("</svg>") == page.count("<svg")


def test_pseudonyms_leave_no_name_and_no_address(plant, documents, settings, world):
    lake = plant(documents[:1], names={p: f"Zyx{n} Qwv{n}" for n, p in enumerate(world.people)})
    page = render(lake, settings, pseudonyms=Pseudonyms(b"k" * 32, enabled=True))
    check(page)
    assert "Zyx" not in page
    assert not [p for p in world.people if p in page]
    assert "stable pseudonyms" in page


def test_the_setting_alone_is_enough_for_pseudonyms(plant, documents, settings, world):
    lake = plant(documents[:1])
    private = settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"pseudonyms": True})})
    assert world.pipeline[0] in render(lake, settings)
    assert world.pipeline[0] not in render(lake, private)


def test_a_space_of_few_people_shows_no_picture_of_them(plant, make_document, settings, world):
    page = render(plant([make_document(members=world.pipeline[:4])]), settings)
    words = check(page).words
    assert 'id="cadence-1-title"' not in page
    assert 'id="members-1-title"' not in page
    assert "on 90% of the messages" not in words
    assert "fewer than 5 people, so that nobody can be singled out" in words


def test_pictures_come_with_every_pilot_of_enough_people(page):
    ids = check(page).ids
    for key in ("map", "coverage", "flows", "cadence-1", "members-1", "cadence-2", "members-2"):
        assert f"{key}-title" in ids


def test_an_analysis_without_pilots_says_what_is_missing(plant, make_document, settings):
    waiting = make_document(pilot=False, status="not_yet", why_not="Not yet: find a second owner first")
    words = check(render(plant([waiting]), settings)).words
    assert words.count("No space is ready to start yet") == 1
    assert "More weeks of mail" in words


def test_an_analysis_that_found_nothing_still_accounts_for_what_was_read(plant, settings):
    words = check(render(plant([]), settings)).words
    assert "20 messages from 1 mailbox: 1 complete." in words
    assert "No further space was found" in words
    assert "No group mail recurs so far" in words


def test_before_the_first_analysis_there_is_no_page(lake, settings):
    with pytest.raises(EmptyLakeError, match="analyser analyse"):
        render(lake, settings)


def test_unreadable_mail_is_said(plant, documents, settings):
    problems = [{"source": "mail", "mailbox": "a", "place": "7", "reason": "no date"}]
    boxes = [{"source": "mail", "mailbox": m, "state": s} for m, s in (("a", "complete"), ("b", "partial"))]
    words = check(render(plant(documents[:1], problems=problems, mailboxes=boxes), settings)).words
    assert "1 complete and 1 partial" in words
    assert "1 message could not be read: no date (1)." in words


def test_mail_that_two_pilots_share_counts_once(plant, make_document, settings, world):
    messages, parts, spoken = world.mail()
    spoken += [{"audience": "twin", "message_key": m["message_key"]} for m in messages]
    twins = [make_document(), make_document("Twin", evidence={"audience": "twin"})]
    words = check(render(plant(twins, mail=(messages, parts, spoken)), settings)).words
    assert "free 2\u20134 hours a week" in words
    assert "20 messages belong to more than one pilot" in words


def test_nobody_is_ranked(words):
    words = words.lower()
    for word in ("top sender", "offender", "waste", "surveillance", "tracking", "performance", "productivity"):
        assert word not in words
    assert "nobody is ranked" in words


def test_the_page_is_the_same_in_every_run(plant, documents, settings, page):
    assert render(plant(documents), settings) == page


# style


def variables(theme):
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[["light", "dark"].index(theme)]))


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_light_variables_are_the_palette():
    light = variables("light")
    assert {name: light[name] for name in palette.COLOURS} == palette.COLOURS
    assert variables("dark").keys() == light.keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast(theme):
    colour = variables(theme)
    on = [("ink", g) for g in ("ground", "page", "faint")] + [("muted", g) for g in ("ground", "page", "faint")]
    on += [("accent", "ground"), ("accent", "page"), *(("ground", f"series-{n}") for n in range(1, 9))]
    weak = {pair: round(contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in on}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_the_style_loads_nothing():
    assert "url(" not in CSS
    assert "@import" not in CSS
