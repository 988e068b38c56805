"""Copies of one notice: within minutes, to people who hardly meet, under subjects that tell that it is one."""

from __future__ import annotations

from collections import defaultdict

import ibis
import pytest

from analyser.analysis.audiences import copies

ANN, BOB = 0, 1
LONDON, MUNICH, PARIS = (10, 11, 12, 13), (20, 21, 22, 23), (30, 31, 32, 33)
NAMES = [{"actor": ANN, "principal": "ann@contoso.example"}, {"actor": BOB, "principal": "bob@contoso.example"}]
MINUTE = 1 / 1440
SITES = (("price list london #", LONDON), ("price list munich #", MUNICH), ("price list paris #", PARIS))


def occasion(day, *sites, gap=5, **row):
    return [
        {"stem": s, "to": to, "day": day + n * gap * MINUTE, "sender": ANN, **row} for n, (s, to) in enumerate(sites)
    ]


def weekly(*sites, n=4, gap=5, **row):
    return [message for week in range(n) for message in occasion(7 * week, *sites, gap=gap, **row)]


@pytest.fixture
def found(posted, table):
    """Messages by audience, and the measures of each."""

    def found(*rows, **limits):
        limits = copies.CopiesThresholds(**limits)
        mail, parts = posted("mail", [{**row, "message": n} for n, row in enumerate(rows)])
        read = copies.readers(mail, parts, limits)
        paired = copies.pairs(read, limits)
        columns = ["sender", "stem", "other_stem", "opening"]
        by_stem = copies.themes(paired.select(*columns).distinct().order_by(*columns).to_pyarrow())
        result = copies.notices(read, paired, ibis.memtable(by_stem), table("people", NAMES), limits)
        messages = defaultdict(set)
        for row in result.to_pyarrow().to_pylist():
            messages[row["audience"]].add(row["message"])
        measured = copies.measures(result, paired).to_pyarrow().to_pylist()
        return dict(messages), {row.pop("audience"): row for row in measured}

    return found


def test_one_notice_to_three_sites_is_found(found):
    messages, measured = found(*weekly(*SITES))
    assert messages == {"copies ann@contoso.example price list": set(range(12))}
    assert measured["copies ann@contoso.example price list"] == {"occasions": 4.0, "copies": 3.0, "overlap": 0.0}


def test_the_same_subject_to_two_sites_is_found(found):
    (name,) = found(*weekly(("bulletin #", LONDON), ("bulletin #", MUNICH)))[0]
    assert name == "copies ann@contoso.example bulletin"


@pytest.mark.parametrize(
    "flag",
    [{"answers": True}, {"automatic": True}, {"external": True}, {"sensitive": True}, {"sender_inside": False}],
    ids=lambda flag: next(iter(flag)),
)
def test_only_what_people_inside_begin_among_themselves_counts(found, flag):
    assert found(*weekly(*SITES, **flag)) == ({}, {})


@pytest.mark.parametrize(
    ("rows", "limits"),
    [
        (weekly(*SITES, gap=31), {"minutes": 31.5}),
        (weekly(*SITES, n=2), {"occasions": 2}),
        (weekly(("notice #", LONDON), ("notice #", (*LONDON[:2], 20, 21))), {"overlap": 0.5}),
        (weekly(("notice #", LONDON[:2]), ("notice #", MUNICH[:2])), {"min_readers": 2}),
    ],
    ids=["hours apart", "twice", "the same people", "two readers"],
)
def test_less_is_no_notice_unless_less_is_asked_for(found, rows, limits):
    assert found(*rows)[0] == {}
    assert len(found(*rows, **limits)[0]) == 1


def test_a_head_may_be_on_all_copies(found):
    assert found(*weekly(("notice #", (9, *LONDON[:3])), ("notice #", (9, *MUNICH[:3]))))[0]


def test_subjects_that_open_alike_are_one_notice(found):
    things = ["lift", "car park roof", "canteen menu", "fire drill plan"]
    rows = [
        message
        for week, thing in enumerate(things)
        for message in occasion(
            7 * week, (f"site notice london {thing}", LONDON), (f"site notice munich {thing[::-1]}", MUNICH)
        )
    ]
    assert found(*rows)[0] == {"copies ann@contoso.example site notice": set(range(8))}
    assert found(*rows, opening=3)[0] == {}


def test_each_site_may_have_its_own_language(found):
    sites = (("opening hours #", LONDON), ("öffnungszeiten münchen #", MUNICH))
    assert len(found(*weekly(*sites))[0]) == 1
    # but not if the two come together only now and then
    lonely = [m for week in range(4, 8) for m in occasion(7 * week, sites[0])]
    assert found(*weekly(*sites), *lonely)[0] == {}
    assert len(found(*weekly(*sites), *lonely, together=0.5)[0]) == 1


def test_one_busy_morning_is_no_notice(found):
    rows = [
        {"stem": f"{word} {week}x", "to": to, "day": 7 * week + n * MINUTE, "sender": ANN}
        for week in range(6)
        for n, (word, to) in enumerate(zip("abc", (LONDON, MUNICH, PARIS), strict=True))
    ]
    assert found(*rows)[0] == {}


def test_two_senders_who_write_at_the_same_time_are_two(found):
    rows = [
        {"stem": "notice #", "to": to, "day": 7 * week, "sender": who}
        for week in range(4)
        for who, to in ((ANN, LONDON), (BOB, MUNICH))
    ]
    assert found(*rows)[0] == {}


def test_notices_that_never_recur_under_one_subject_stay_with_their_sender(found):
    rows = [
        m
        for week, word in enumerate(["lift", "roof", "menu", "drill"])
        for m in occasion(7 * week, (f"{word} repair", LONDON), (f"{word} repair", MUNICH))
    ]
    assert found(*rows)[0] == {"copies ann@contoso.example ": set(range(8))}


def test_other_mail_in_between_does_not_part_copies(found):
    between = [{"stem": "lunch", "to": PARIS, "day": 7 * week + 2 * MINUTE, "sender": ANN} for week in range(2)]
    messages, _ = found(*weekly(SITES[0], SITES[1]), *between)
    assert list(messages.values()) == [set(range(8))]


def test_members_are_counted_by_occasion(table):
    rows = [{"audience": "a", "message": n} for n in range(4)]
    notices = table("audience_messages", rows)
    notices = notices.mutate(occasion=notices.message // 2)
    parts = [{"message": n, "actor": ANN, "role": "from"} for n in range(4)]
    parts += [{"message": 0, "actor": 10, "role": "to"}, {"message": 2, "actor": 10, "role": "to"}]
    parts += [{"message": 1, "actor": 20, "role": "to"}, {"message": 1, "actor": 99, "role": "to"}]
    people = table("people", [{"actor": actor} for actor in (ANN, 10, 20)])
    found = copies.shares(notices, table("parts", parts), people).to_pyarrow().to_pylist()
    assert {row["actor"]: row["share"] for row in found} == {ANN: 1.0, 10: 1.0, 20: 0.5}
