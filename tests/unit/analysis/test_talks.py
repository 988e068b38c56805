"""Talks are short threads of a few people that an invitation ends."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences.talks import TalksThresholds, closings, endings, invitations, people_of, talks

ROOM = 9
SHAPE = {
    "thread": 0, "messages": 4, "people": 3, "senders": 2, "with_attachments": 0, "external": False,
    "first_sent": 0.0, "last_sent": 0.5,
}  # fmt: skip
MAIL = [
    {"sender": 1, "to": [2, 3], "thread": 0, "day": 0},
    {"sender": 2, "to": [1, 3], "thread": 0, "day": 0.1, "answers": True},
    {"sender": 3, "to": [1, 2], "thread": 0, "day": 0.3, "answers": True},
    {"sender": 1, "to": [2, 3], "thread": 0, "day": 0.5, "answers": True},
]
CALL = {"sender": 1, "to": [2, 3, ROOM], "thread": 4, "day": 1.0}


@pytest.fixture
def lake(posted, table, at):
    """Tables of threads and mail; `thread` changes the one thread, `mail` every message, `call` what follows."""

    def lake(thread=None, mail=None, call=CALL, subject=None, rows=MAIL):
        shape = SHAPE | (thread or {})
        shape |= {name: at(shape[name]) for name in ("first_sent", "last_sent")}
        rows = [row | (mail or {}) for row in rows] + ([call] if call else [])
        people = [len({row["sender"], *row["to"], *row.get("cc", ())} - {ROOM}) for row in rows]
        post, parts = posted("mail", [row | {"people": n} for row, n in zip(rows, people, strict=True)])
        alone = [SHAPE | shape | {"thread": 4, "messages": 1}] if call else []
        return {
            "mail": post, "parts": parts, "threads": table("threads", [shape, *alone]),
            "people": table("people", [{"actor": n} for n in range(1, 9)]),
            "principals": table("principals", [{"actor": ROOM, "kind": "room"}, {"actor": 1, "kind": "person"}]),
            "messages": table(
                "messages", [{"message": n, "base_subject": "audit"} for n in range(len(rows) - 1)]
                + [{"message": len(rows) - 1, "base_subject": subject}],
            ),
        }  # fmt: skip

    return lake


def shaped(tables, **limits):
    return talks(tables["threads"], tables["mail"], TalksThresholds(**limits)).filter(lambda t: t.thread == 0)


def ended(tables, calls=None, **limits):
    limits = TalksThresholds(**limits)
    found = talks(tables["threads"], tables["mail"], limits).filter(lambda t: t.thread == 0)
    talkers = people_of(found, tables["mail"], tables["parts"], tables["people"])
    if calls is None:
        calls = invitations(tables["mail"], tables["messages"], tables["parts"], tables["principals"], limits)
    rows = endings(found, talkers, calls, tables["parts"], tables["people"], limits).to_pyarrow().to_pylist()
    return sorted((row["thread"], row["message"]) for row in rows)


def test_a_talk_has_a_time_from_which_an_invitation_completes_it(lake, at):
    (row,) = shaped(lake()).to_pyarrow().to_pylist()
    assert row["enough_at"] == at(0.3)
    assert row["last_sent"] == at(0.5)


@pytest.mark.parametrize(
    ("edge", "beyond", "limits"),
    [
        ({"messages": 3}, {"messages": 2}, {"messages": 3}),
        ({"people": 4}, {"people": 5}, {"max_people": 5}),
        ({"people": 2}, {"people": 1}, None),
        ({"senders": 2}, {"senders": 1}, None),
        ({"with_attachments": 0}, {"with_attachments": 1}, None),
        ({"last_sent": 6.0}, {"last_sent": 6.1}, {"gap_hours": 49.0}),
        ({}, {"external": True}, None),
    ],
)
def test_the_shape_of_a_talk(edge, beyond, limits, lake):
    assert shaped(lake(edge)).count().to_pyarrow().as_py() == 1
    assert shaped(lake(beyond)).count().to_pyarrow().as_py() == 0
    if limits is not None:
        assert shaped(lake(beyond), **limits).count().to_pyarrow().as_py() == 1


@pytest.mark.parametrize("flag", ["external", "sensitive", "automatic"])
def test_only_ordinary_mail_is_a_talk(flag, lake):
    assert shaped(lake(mail={flag: True})).count().to_pyarrow().as_py() == 0


@pytest.mark.parametrize("flag", ["external", "sensitive"])
def test_one_message_that_is_not_ordinary_closes_the_whole_thread(flag, lake):
    rows = [*MAIL[:3], MAIL[3] | {flag: True}]
    assert shaped(lake(rows=rows)).count().to_pyarrow().as_py() == 0


def test_an_invitation_with_a_room_ends_a_talk(lake):
    assert ended(lake()) == [(0, 4)]


@pytest.mark.parametrize(
    ("subject", "found"),
    [("invitation: audit", [(0, 4)]), ("accepted : audit", [(0, 4)]), ("an invitation: audit", []), (None, [])],
)
def test_a_calendars_words_mark_an_invitation_too(subject, found, lake):
    assert ended(lake(call=CALL | {"to": [2, 3]}, subject=subject)) == found
    assert ended(lake(call=CALL | {"to": [2, 3]}, subject=subject), calendar_words=()) == []


def test_a_room_that_writes_invites_nobody(lake):
    assert ended(lake(call=CALL | {"sender": ROOM, "to": [1, 2, 3]})) == []


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ({"day": 3.5}, True),
        ({"day": 3.6}, False),  # four days later is another matter
        ({"day": 0.31}, True),
        ({"day": 0.29}, False),  # two messages were no talk
        ({"to": [2, 3, 4, ROOM]}, True),  # one more: 3 of 4
        ({"to": [2, ROOM]}, True),  # one less: 2 of 3
        ({"to": [2, 4, ROOM]}, False),  # one for another: 2 of 4
        ({"sender": 4, "to": [1, 2, 3, ROOM]}, False),  # one who was not there invites
        ({"external": True}, False),
        ({"sensitive": True}, False),
        ({"automatic": True}, False),
    ],
)
def test_who_is_invited_by_whom_and_when(call, found, lake):
    assert bool(ended(lake(call=CALL | call))) == found


def test_the_talk_itself_may_hold_the_invitation(lake):
    rows = [*MAIL[:3], MAIL[3] | {"to": [2, 3, ROOM]}]
    assert ended(lake(rows=rows, call=None)) == [(0, 3)]


@pytest.mark.parametrize(
    ("call", "found"), [({}, True), ({"answers": True}, False), ({"sensitive": True}, False), ({"to": [5]}, False)]
)
def test_without_marks_a_message_that_stays_alone_may_close_a_talk(call, found, lake):
    tables = lake(call=CALL | {"to": [2, 3]} | call)
    assert bool(ended(tables, closings(tables["mail"], tables["threads"], TalksThresholds()))) == found


def test_an_invitation_ends_the_talk_that_it_fits_best(posted, table, at):
    others = [row | {"thread": 5, "to": [p for p in (2, 1, 4) if p != row["sender"]]} for row in MAIL]
    others = [row | {"sender": {3: 4}.get(row["sender"], row["sender"])} for row in others]
    rows = [row | {"people": 3} for row in [*MAIL, CALL, *others]]
    mail, parts = posted("mail", rows)
    shapes = [SHAPE | {"thread": n, "first_sent": at(0), "last_sent": at(0.5)} for n in (0, 5)]
    tables = {
        "mail": mail, "parts": parts, "threads": table("threads", shapes),
        "people": table("people", [{"actor": n} for n in range(1, 9)]),
        "principals": table("principals", [{"actor": ROOM, "kind": "room"}]),
        "messages": table("messages", [{"message": n} for n in range(len(rows))]),
    }  # fmt: skip
    limits = TalksThresholds()
    found = talks(tables["threads"], mail, limits)
    talkers = people_of(found, mail, parts, tables["people"])
    calls = invitations(mail, tables["messages"], parts, tables["principals"], limits)
    assert found.count().to_pyarrow().as_py() == 2
    rows = endings(found, talkers, calls, parts, tables["people"], limits).to_pyarrow().to_pylist()
    assert rows == [{"thread": 0, "message": 4}]
