from zoneinfo import ZoneInfo

import pytest

from analyser.privacy import Pseudonyms
from analyser.report import content
from analyser.report.measures import Person, Reading

LONDON = ZoneInfo("Europe/London")
OPEN, CLOSED = Pseudonyms(b"s" * 32, enabled=False), Pseudonyms(b"s" * 32, enabled=True)


@pytest.fixture
def directory(world):
    people = {
        p: Person(p, p.partition("@")[0].replace(".", " ").title(), d, is_person=True) for p, d in world.people.items()
    }
    return content.Directory(people, OPEN)


@pytest.fixture
def make_card(directory, make_document):
    return lambda minimum=5, **changes: content.card(make_document(**changes), 1, directory, LONDON, minimum)


def test_a_card_speaks_in_words(make_card):
    card = make_card()
    assert card.kind == "Channel"
    assert card.rhythm == "Every Monday, usually about 08:00"
    assert card.last == "Monday 27 October 2025, 08:12"
    assert card.departments == (("Sales", 5), ("Finance", 2))
    assert card.hours.words == "2\u20134 hours a week"
    assert card.evidence == "20 messages from 2 senders, 120 deliveries; mail in 20 of 20 weeks"
    assert card.risks == ("One person writes it",)
    assert [owner.name for owner in card.owners] == ["Finance 0", "Finance 1"]
    assert card.patterns[0][0] == "Recurring status report"


def test_last_time_is_local_time(make_card):
    assert make_card(evidence={"last_seen": "2025-07-03T23:30:00+00:00"}).last == "Friday 4 July 2025, 00:30"


def test_three_stems_are_shown(make_card):
    assert make_card().stems == ("weekly pipeline", "pipeline corrections", "q# outlook")


def test_members_stand_by_department_and_name_not_by_share(make_card, world):
    reasons = {p: f"core: on {n}0% of the messages, wrote {n}" for n, p in enumerate(reversed(world.pipeline), 1)}
    members = make_card(member_reasons=reasons).members
    assert [m.principal for m in members] == sorted(world.pipeline)


def test_of_few_members_nothing_is_said_one_by_one(make_card, world):
    card = make_card(members=world.pipeline[:4])
    assert card.too_few == "Not shown: fewer than 5 people"
    assert {m.reason for m in card.members} == {""}
    assert make_card(members=world.pipeline[:5]).too_few == ""


def test_only_a_weekly_rhythm_expects_a_weekday(make_card):
    assert make_card().weekday == 0
    assert make_card(evidence={"rhythm": "month"}).weekday is None


def test_money_is_shown_where_a_rate_is_set(make_card):
    assert make_card().hours.money == ""
    costs = {"cost_per_week_low": 120.0, "cost_per_week_high": 2400.0, "currency": "EUR"}
    assert make_card(savings=costs).hours.money == "120\u20132,400 EUR a week"


def test_hostile_texts_are_made_visible(make_card):
    bad = "a\u202eb"
    card = make_card(name=bad, purpose=bad, replaces=[bad], first_posts=[bad], risks=[bad], evidence={"stems": [bad]})
    for shown in (card.name, card.purpose, *card.replaces, *card.first_posts, *card.stems):
        assert shown == "a⟦U+202E⟧b"


def test_pseudonyms_hide_names_and_initials(world):
    person = world.pipeline[0]
    people = {person: Person(person, "Ada Lovelace", "Sales", is_person=True)}
    shown = content.Directory(people, CLOSED)
    assert "Ada" not in shown.name(person)
    assert shown.name(person).startswith("p-")
    assert shown.address(person) == CLOSED.of(person)
    assert shown.initials(person) == shown.name(person)[2:5]


def test_strangers_are_shown_by_their_address(directory):
    assert directory.name("new.person@contoso.example") == "new.person"
    assert directory.department("new.person@contoso.example") == "No department"


def test_the_opening_answers(make_card):
    cards = [make_card(), make_card(name="Other", savings={"hours_low": 9.0, "hours_high": 17.0})]
    assert content.opening(cards, 0.31, 1.0, 9) == (
        "Two spaces would serve 31% of the group mail in 2 departments and free 11\u201321 hours a week."
    )


def test_mail_of_two_pilots_frees_its_hours_once(make_card):
    cards = [make_card(), make_card(name="Other")]
    assert "2\u20134 hours" in content.opening(cards, 0.31, 0.5, 9)


def test_one_pilot_is_one_space(make_card):
    assert content.opening([make_card()], 0.1, 1.0, 0).startswith("One space would serve 10%")


def test_no_pilot_is_said_first():
    assert content.opening([], 0.0, 1.0, 3) == (
        "No space is ready to start yet; 3 candidates stand by: the backlog says what each waits for."
    )
    assert "1 candidate stands by" in content.opening([], 0.0, 1.0, 1)
    assert content.opening([], 0.0, 1.0, 0) == "No group mail recurs so far that a space could replace."


def test_a_row_names_three_departments_and_counts_the_rest(make_document, world):
    people = {f"p{n}@contoso.example": Person(f"p{n}@contoso.example", None, f"D{n}", is_person=True) for n in range(6)}
    shown = content.row(
        make_document(members=tuple(people), why_not="Only 3 weeks", rank=9), content.Directory(people, OPEN), 5
    )
    assert shown.departments == "D0, D1, D2 and 3 others"
    assert (shown.people, shown.hours, shown.why_not, shown.rank) == ("6", "2\u20134", "Only 3 weeks", 9)


def test_a_row_of_few_people_shows_no_hours(make_document, directory, world):
    shown = content.row(make_document(members=world.pipeline[:3]), directory, 5)
    assert shown.hours == "not shown: fewer than 5 people"


def test_why_these_names_the_limits_that_held(make_card):
    words = content.why_these([make_card(), make_card()], {"per_sponsor": 1, "per_person": 2})
    assert "at most 1 for each home department and at most 2 for each person" in words
    assert "at most" not in content.why_these([make_card()], {})


def test_what_was_read_is_accounted_for(world):
    reading = Reading(1000, world.now, world.now, {"complete": 412, "unreachable": 8}, {"no date": 3, "broken": 1}, 4)
    lines = content.account(reading)
    assert lines[0] == "1,000 messages from 420 mailboxes: 412 complete and 8 unreachable."
    assert lines[1] == "The mail is from 3 November 2025 to 3 November 2025."
    assert lines[2] == "4 messages could not be read: no date (3) and broken (1)."
    assert content.account(Reading(5, None, None, {}, {}, 0)) == [
        "5 messages; no mailbox is on record.",
        "Every message could be read.",
    ]
