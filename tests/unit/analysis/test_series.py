"""Series, broadcasts, outside-facing and closed mail are told apart by sender, stem, reach and counterpart."""

from __future__ import annotations

from collections import Counter

import pytest

from analyser.analysis.audiences import series

ANN, BOB, CAT, DAN, EVE = range(5)
LIMITS = series.SeriesThresholds()
NAMES = [{"actor": n, "principal": f"{name}@contoso.example"} for n, name in enumerate(["ann", "bob", "cat"])]


def weekly(n=5, **row):
    return [{"stem": "sales report", "day": 7 * week, **row} for week in range(n)]


@pytest.fixture(scope="session")
def strands(table):
    """Number of messages by audience and stem."""

    def run(find, *rows, limits=LIMITS):
        found = find(table("mail", rows), table("people", NAMES), limits).to_pyarrow().to_pylist()
        assert len({(row["audience"], row["message"]) for row in found}) == len(found)
        return Counter((row["audience"], row["stem"]) for row in found)

    return run


def test_what_one_sender_begins_again_is_a_series(strands):
    assert strands(series.series, *weekly()) == {("series ann@contoso.example sales report", "sales report"): 5}


@pytest.mark.parametrize(
    "rows",
    [
        weekly(4),
        [{**row, "day": n} for n, row in enumerate(weekly(9))],
        weekly(people=2),
        [{**row, "people": people} for row, people in zip(weekly(), [9, 9, 2, 2, 2], strict=True)],
        weekly(answers=True),
        weekly(external=True),
        weekly(sensitive=True),
        weekly(sender_inside=False),
        weekly(stem=None),
        [*weekly(3), *weekly(3, sender=BOB)],
        [*weekly(3), *weekly(3, stem="site report")],
    ],
    ids=[
        "too few", "two weeks", "two people", "mostly two people", "replies", "external", "sensitive", "from outside",
        "no stem", "several senders", "several stems",
    ],
)  # fmt: skip
def test_what_is_no_series(strands, rows):
    assert not strands(series.series, *rows)


def test_a_message_to_few_is_borne(strands):
    people = [{**row, "people": n} for row, n in zip(weekly(), [2, 3, 3, 3, 2], strict=True)]
    assert strands(series.series, *people).total() == 5


def test_series_are_told_apart_by_sender_and_by_purpose(strands):
    rows = [*weekly(), *weekly(6, stem="site report"), *weekly(7, sender=BOB)]
    assert strands(series.series, *rows) == {
        ("series ann@contoso.example sales report", "sales report"): 5,
        ("series ann@contoso.example site report", "site report"): 6,
        ("series bob@contoso.example sales report", "sales report"): 7,
    }


def test_replies_to_a_series_do_not_belong_to_it(strands):
    assert strands(series.series, *weekly(), *weekly(answers=True), *weekly(sender=BOB, answers=True)).total() == 5


def test_thresholds_of_a_series_are_settings(strands):
    limits = series.SeriesThresholds(min_messages=2, min_weeks=1)
    assert strands(series.series, *weekly(2, day=0), limits=limits).total() == 2
    assert not strands(series.series, *weekly(2, day=0), limits=series.SeriesThresholds(min_messages=2, min_weeks=2))


def test_what_one_sender_begins_with_many_readers_is_a_broadcast(strands):
    assert strands(series.broadcasts, *weekly(people=25)) == {
        ("broadcast ann@contoso.example sales report", "sales report"): 5
    }


@pytest.mark.parametrize(
    "change",
    [{"people": 24}, {"answers": True}, {"external": True}, {"sensitive": True}, {"sender_inside": False}],
    ids=str,
)
def test_what_is_no_broadcast(strands, change):
    assert not strands(series.broadcasts, *weekly(**{"people": 25, **change}))


def test_the_size_of_an_addressed_list_makes_a_broadcast(strands):
    assert strands(series.broadcasts, *weekly(people=1, reach=25)).total() == 5


def test_broadcasts_of_varying_subject_are_one_and_bear_no_stem(strands):
    rows = [{**row, "stem": stem} for row, stem in zip(weekly(people=30), ["a", "b", "c", None, None], strict=True)]
    assert strands(series.broadcasts, *rows) == {("broadcast ann@contoso.example ", None): 5}
    assert not strands(series.broadcasts, *rows[:4])


def test_a_theme_stands_apart_from_what_varies(strands):
    themed, varied = weekly(people=30), [{**row, "stem": f"news {n}"} for n, row in enumerate(weekly(6, people=30))]
    assert strands(series.broadcasts, *themed, *varied) == {
        ("broadcast ann@contoso.example sales report", "sales report"): 5,
        ("broadcast ann@contoso.example ", None): 6,
    }
    assert strands(series.broadcasts, *themed, *varied[:4]).total() == 5


def test_two_senders_broadcast_apart(strands):
    assert len(strands(series.broadcasts, *weekly(people=30), *weekly(people=30, sender=BOB))) == 2
    assert not strands(series.broadcasts, *weekly(4, people=30), *weekly(4, people=30, sender=BOB))


PRINCIPALS = [
    {"actor": ANN, "principal": "ann@contoso.example"},
    {"actor": BOB, "principal": "bob@partner.example", "kind": "external", "is_internal": False},
    {"actor": CAT, "principal": "cat@partner.example", "kind": "external", "is_internal": False},
    {"actor": DAN, "principal": "dan@client.example", "kind": "external", "is_internal": False},
    {"actor": EVE, "principal": "robot@partner.example", "kind": "service", "is_internal": False},
]


@pytest.fixture(scope="session")
def outside(table, posted):
    def run(*rows):
        mail, parts = posted("mail", [{"external": True, **row} for row in rows])
        found = series.outside(mail, parts, table("principals", PRINCIPALS), LIMITS).to_pyarrow().to_pylist()
        return Counter((row["audience"], row["stem"]) for row in found)

    return run


def test_mail_is_shared_with_an_outside_domain_however_many_of_it_take_part(outside):
    rows = [*weekly(3, to=[BOB, CAT]), *weekly(1, to=[CAT, DAN]), {"sender": BOB, "to": [ANN]}]
    assert outside(*rows) == {("outside partner.example", "partner.example"): 5}


@pytest.mark.parametrize(
    "rows",
    [
        weekly(4, to=[BOB]),
        [*weekly(3, to=[BOB]), *weekly(3, to=[DAN])],
        weekly(to=[BOB], automatic=True),
        weekly(to=[EVE]),
        weekly(to=[BOB], external=False),
    ],
    ids=["too few", "two domains", "automatic", "a program", "not marked"],
)
def test_what_is_no_mail_with_an_outside_domain(outside, rows):
    assert not outside(*rows)


def test_a_message_with_two_domains_speaks_for_both(outside):
    assert set(outside(*weekly(to=[BOB, DAN])).values()) == {5}
    assert len(outside(*weekly(to=[BOB, DAN]))) == 2


@pytest.mark.parametrize(
    ("change", "n"),
    [({}, 5), ({"sensitive": False}, 0), ({"automatic": True}, 0), ({"recipient_set": None}, 0)],
    ids=str,
)
def test_sensitive_mail_among_the_same_people_is_closed(table, change, n):
    rows = weekly(**{"sensitive": True, "recipient_set": "few", **change})
    rows += weekly(2, sensitive=True, recipient_set="others")
    found = series.closed(table("mail", rows), LIMITS).to_pyarrow().to_pylist()
    assert [(row["audience"], row["stem"]) for row in found] == [("closed few", None)] * n


def test_members_by_the_share_of_messages_that_they_are_on(table, posted):
    _, parts = posted("sent", [{"to": [BOB, DAN]}, {"cc": [BOB, CAT]}, {}, {}, {"to": [DAN]}])
    spoken = table("audience_messages", [{"audience": "x", "message": n} for n in range(4)])
    people = table("people", [{"actor": actor} for actor in (ANN, BOB, CAT)])
    shares = series.member_shares(spoken, parts, people).to_pyarrow().to_pylist()
    assert {row["actor"]: row["share"] for row in shares} == {ANN: 1, BOB: 0.5, CAT: 0.25}
    found = series.members(spoken, parts, people, LIMITS).to_pyarrow().to_pylist()
    assert {row["actor"]: row["role"] for row in found} == {ANN: "core", BOB: "core", CAT: "peripheral"}
    found = series.members(spoken, parts, people, series.SeriesThresholds(peripheral_share=0.3)).to_pyarrow()
    assert CAT not in found["actor"].to_pylist()


def test_where_nobody_is_on_half_the_mail_the_busiest_is_the_measure(table, posted):
    """A partner's mail goes to several teams: those of one team are core, whoever wrote once is nobody."""
    _, parts = posted("sent", [{"to": [BOB] if n % 5 else [CAT]} for n in range(5)] + [{"to": [DAN]}] * 10)
    parts = parts.filter(parts.role == "to")
    spoken = table("audience_messages", [{"audience": "x", "message": n} for n in range(15)])
    people = table("people", [{"actor": actor} for actor in (BOB, CAT, DAN)])
    found = series.members(spoken, parts, people, LIMITS).to_pyarrow().to_pylist()
    assert {row["actor"]: row["role"] for row in found} == {DAN: "core", BOB: "peripheral"}
