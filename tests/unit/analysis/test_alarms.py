"""Alarms are what programs inside write to several people; the clock tells them from reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analyser.analysis.audiences.alarms import AlarmsThresholds, clock, programs

ROBOT, ANN, BOB, CAT = range(4)
MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
ALARM = {"sender": ROBOT, "automatic": True, "people": 3, "recipient_set": "abc", "to": (ANN, BOB, CAT)}
LIMITS = AlarmsThresholds(min_messages=10)


@pytest.fixture
def found(posted):
    def found(*rows, **limits):
        mail, parts = posted("mail", [{**row, "message": n} for n, row in enumerate(rows)])
        result = programs(mail, parts, LIMITS.model_copy(update=limits))
        return sorted(result.to_pyarrow()["message"].to_pylist())

    return found


def test_what_a_program_writes_to_several_is_found(found):
    assert found(*[ALARM] * 10) == list(range(10))


@pytest.mark.parametrize(
    "change",
    [{"sender_inside": False}, {"external": True}, {"sensitive": True}, {"people": 2}, {"people": 101}],
    ids=["from outside", "somebody outside reads", "sensitive", "two readers", "broadcast"],
)
def test_what_is_no_alarm(found, change):
    assert found(*[ALARM | change] * 10) == []


def test_few_messages_are_none(found):
    assert found(*[ALARM] * 9) == []


def test_a_person_who_is_written_to_is_no_program(found):
    person = ALARM | {"automatic": False}
    answer = {"sender": ANN, "people": 2, "to": (ROBOT,)}
    assert found(*[person] * 10) == list(range(10))  # whom nobody ever writes to may be one
    assert found(*[person] * 10, answer) == []


@pytest.mark.parametrize(("answers", "alarms"), [(2, 10), (3, 0)])
def test_a_program_may_get_some_answers(found, answers, alarms):
    answer = {"sender": ANN, "people": 2, "to": (ROBOT,)}
    assert len(found(*[ALARM] * 10, *[answer] * answers)) == alarms


@pytest.mark.parametrize(("automatic", "alarms"), [(5, 10), (4, 0)])
def test_half_of_its_mail_must_be_automatic_if_somebody_writes_to_it(found, automatic, alarms):
    rows = [ALARM | {"automatic": n < automatic} for n in range(10)]
    assert len(found(*rows, {"sender": ANN, "to": (ROBOT,)})) == alarms


# the clock


@pytest.fixture
def told(table):
    def told(hours):
        at = [MONDAY + timedelta(hours=hour) for hour in hours]
        rows = [{"audience": "a", "message": n, "sent_at": when, "sender": ROBOT} for n, when in enumerate(at)]
        spoken = table("spoken", rows)
        (row,) = clock(spoken.mutate(local_at=spoken.sent_at.cast("timestamp"))).to_pyarrow().to_pylist()
        return row

    return told


def test_a_nightly_report_comes_at_one_hour(told):
    row = told([24 * day + 2 for day in range(14)])
    assert (row["hours"], row["off_hours"], row["per_week"]) == (1.0, 1.0, 7.0)


@pytest.mark.parametrize("n", [2, 10, 24])
def test_hours_are_simpsons_index_and_never_more_than_a_day_has(told, n):
    hours = [hour for day in range(6) for hour in (24 * day + h for h in range(n))]
    counted = {h: sum(x % 24 == h for x in hours) for h in range(24)}
    same = sum(c * (c - 1) for c in counted.values())
    assert told(hours)["hours"] == pytest.approx(min(24.0, len(hours) * (len(hours) - 1) / same))


@pytest.mark.parametrize(
    ("hour", "off"), [(6, 1.0), (7, 0.0), (19, 0.0), (20, 1.0), (5 * 24 + 12, 1.0), (4 * 24 + 12, 0.0)]
)
def test_off_hours_are_nights_and_weekends(told, hour, off):
    assert told([hour])["off_hours"] == off
