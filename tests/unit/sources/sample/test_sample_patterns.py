"""Every planted pattern shows the signals of its kind; every decoy shows why it is none."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from analyser.sources.sample.worktime import timetable


@pytest.fixture(scope="module")
def company(usual):
    return usual.world.company


@pytest.fixture(scope="module")
def planted(usual):
    """Labels by pattern, without decoys."""
    by_pattern = defaultdict(list)
    for label in usual.world.labels:
        if not label.decoy:
            by_pattern[label.pattern].append(label)
    return by_pattern


@pytest.fixture(scope="module")
def trapped(usual):
    by_trap = defaultdict(list)
    for label in usual.world.labels:
        by_trap[label.trap].append(label)
    return by_trap


def day(message):
    return datetime.fromtimestamp(message.at, UTC).date()


def weeks(messages):
    return {day(m) - timedelta(days=day(m).weekday()) for m in messages}


def threads(label):
    found = defaultdict(list)
    for message in label.messages:
        found[message.thread].append(message)
    return list(found.values())


def openings(label):
    return [message for message in label.messages if message.parent is None]


def hhi(messages):
    counts = Counter(message.sender for message in messages)
    return sum((count / counts.total()) ** 2 for count in counts.values())


def reply_share(label):
    return sum(len({m.sender for m in thread}) > 1 for thread in threads(label)) / len(threads(label))


def readers(company, message):
    found = {message.sender}
    for recipient in message.recipients:
        found.update(company.members.get(recipient, (recipient,)))
    return found


def test_status_reports_are_regular_and_unanswered(usual, planted):
    for label in planted["status_report"]:
        sent = openings(label)
        assert len({m.sender for m in sent}) == 1
        gaps = [(day(b) - day(a)).days for a, b in pairwise(sent)]
        period = min((7, 14, 28), key=lambda p: abs(p - sorted(gaps)[len(gaps) // 2]))
        slots = usual.weeks * 7 / period
        assert len({(day(m) - usual.start).days // period for m in sent}) / slots >= 0.6
        assert len(sent) >= 5
        assert reply_share(label) < 0.2, label.id
        assert Counter(day(m).weekday() for m in sent).most_common(1)[0][1] > 0.75 * len(sent)


def test_status_reports_go_to_much_the_same_people(planted, company):
    for label in planted["status_report"]:
        sets = [readers(company, message) for message in openings(label)]
        similar = [len(a & b) / len(a | b) for a, b in pairwise(sets)]
        assert sum(s >= 0.7 for s in similar) > 0.75 * len(similar), label.id


def test_broadcasts_reach_many_and_come_from_few(planted, company):
    for label in planted["broadcast"]:
        sent = openings(label)
        assert len({m.sender for m in sent}) <= 2
        assert sum(len(readers(company, m)) >= 25 for m in sent) > 0.9 * len(sent)
        assert reply_share(label) < 0.2
        assert len(weeks(sent)) >= 8


def test_questions_come_from_many_outside_and_are_answered_by_few_inside(planted, company):
    for label in planted["department_questions"]:
        department = {company.principals[i].department for i in label.core}
        assert len(department) == 1
        askers = Counter(m.sender for m in openings(label))
        assert len(askers) >= 15
        assert not department & {company.principals[i].department for i in askers}
        answers = [m for m in label.messages if m.parent is not None and m.sender not in askers]
        assert {m.sender for m in answers if company.principals[m.sender].kind == "person"} <= set(label.core)
        assert len(answers) > 0.6 * len(openings(label))
        half = len(openings(label)) // 2
        in_order = sorted(openings(label), key=lambda m: m.at)
        assert {m.sender for m in in_order[half:]} - {m.sender for m in in_order[:half]}, "new askers keep coming"


def test_approvals_go_up_the_same_path_one_by_one(planted):
    for label in planted["approval_chain"]:
        paths = Counter(tuple(m.sender for m in thread[1:3]) for thread in threads(label))
        assert paths.most_common(1)[0][1] >= 10
        assert sum(len(m.recipients) == 1 for m in label.messages) > 0.95 * len(label.messages)
        assert sum(m.importance == "high" for m in label.messages) > 0.5 * len(label.messages)


def test_scheduling_is_brief_and_ends_with_an_invitation(planted, company):
    for label in planted["scheduling"]:
        talks = [thread for thread in threads(label) if len(thread) > 1]
        assert len(talks) >= 8
        assert sum(len(thread) >= 4 for thread in talks) > 0.7 * len(talks)
        assert not any(message.attached for message in label.messages)
        invitations = [m for m in label.messages if any(company.principals[i].kind == "room" for i in m.recipients)]
        assert len(invitations) > 0.7 * len(talks)


def test_documents_go_to_and_fro_in_versions(planted):
    for label in planted["document_rounds"]:
        long = [thread for thread in threads(label) if len(thread) >= 3]
        assert len(long) >= 5
        for thread in long:
            assert len({m.sender for m in thread}) in {2, 3}
        with_files = [sum(m.attached for m in thread) >= 3 for thread in long]
        assert sum(with_files) > 0.7 * len(long)


def test_projects_live_for_weeks_and_cross_departments(usual, planted, company):
    lives = Counter(label.trap for label in planted["project_burst"])
    assert set(lives) == {"still running", "returns by season", "over"}
    for label in planted["project_burst"]:
        assert len({company.principals[i].department for i in label.members}) >= 2
        active = sorted(weeks(label.messages))
        assert 2 <= len(active) <= 30
        quiet = max((b - a).days for a, b in pairwise(active))
        assert (quiet > 28) == (label.trap == "returns by season")
        ended = max(day(m) for m in label.messages)
        assert (usual.end - ended > timedelta(weeks=8)) == (label.trap == "over")
        assert label.expected == ("none" if label.trap == "over" else "space")
        assert len(label.messages) / len(active) > 8


def test_alerts_come_day_and_night_from_machines(planted, company):
    declared = set()
    for label in planted["alerts"]:
        machine = openings(label)
        assert {company.principals[m.sender].kind for m in machine} == {"service"}
        night = sum(datetime.fromtimestamp(m.at, UTC).hour < 6 for m in machine)
        assert 0.15 < night / len(machine) < 0.35
        assert sum(day(m).weekday() > 4 for m in machine) > 0.2 * len(machine)
        declared |= {m.automatic for m in machine}
        assert any(company.principals[m.sender].kind == "person" for m in label.messages), "people forward some"
        assert len(label.members) >= 4
    assert declared == {True, None}


def test_decisions_are_long_and_gather_people(planted, company):
    for label in planted["decision_thread"]:
        found = [thread for thread in threads(label) if len(thread) >= 8]
        assert len(found) >= 4
        grew = 0
        for thread in found:
            people = {i for m in thread for i in (m.sender, *m.recipients)}
            assert len(people) >= 5
            grew += len(people) > len({thread[0].sender, *thread[0].recipients})
            assert thread[-1].at - thread[0].at > 86_400
        assert grew > 0.6 * len(found)
        assert any(company.principals[i].title.startswith(("Head", "Chief")) for i in label.members)


def test_the_boss_is_in_copy_and_silent(planted):
    for label in planted["cc_for_cover"]:
        assert label.expected == "norm"
        copied = Counter(i for m in label.messages for i in m.cc)
        boss = copied.most_common(1)[0][0]
        assert boss in label.core
        assert copied[boss] > 0.7 * len(label.messages)
        assert not any(message.sender == boss for message in label.messages)
        longer = [thread for thread in threads(label) if len(thread) > 1]
        assert any(len(thread[-1].cc) > len(thread[0].cc) for thread in longer)


def test_social_mail_has_many_senders_and_many_readers(planted, company):
    for label in planted["social"]:
        sent = openings(label)
        senders = Counter(m.sender for m in sent)
        assert len(senders) > 0.6 * len(sent)
        assert min(len(readers(company, m)) for m in sent) >= 12
        assert len({company.principals[i].department for i in label.members}) >= 5


def test_bridges_join_two_departments_through_few(planted, company):
    for label in planted["bridge"]:
        departments = Counter(company.principals[i].department for i in label.members)
        assert len(departments) == 2
        assert min(departments.values()) >= 2
        assert len(label.core) in {1, 2}
        by_core = sum(m.sender in label.core for m in openings(label))
        assert by_core > 0.7 * len(openings(label))


def test_working_groups_have_many_voices(usual, planted):
    for label in planted["working_group"]:
        assert len({m.sender for m in label.messages}) >= 3
        assert hhi(label.messages) <= 0.35
        assert len(weeks(label.messages)) >= 0.6 * usual.weeks
        assert reply_share(label) > 0.3


def test_working_groups_drop_and_add_people(planted):
    for label in planted["working_group"]:
        sizes = Counter(len({m.sender, *m.recipients}) for m in openings(label))
        assert len(sizes) >= 3, label.id


def test_onboarding_follows_the_first_day(usual, planted, company):
    for label in planted["onboarding"]:
        (sender,) = label.core
        joined = [company.principals[m.to[0]].joined for m in label.messages if m.sender == sender]
        sent = [day(m) for m in label.messages if m.sender == sender]
        assert len(sent) > 15
        assert all(timedelta(-1) <= b - a <= timedelta(weeks=6) for a, b in zip(joined, sent, strict=True))
    forwards = sum(m.parent is not None for label in planted["onboarding"] for m in label.messages if m.attached)
    assert forwards > 20
    assert usual.start <= min(day(m) for label in planted["onboarding"] for m in label.messages)


def test_regional_notices_go_to_disjoint_people_within_minutes(planted):
    for label in planted["regional_notice"]:
        groups = defaultdict(list)
        for message in openings(label):
            groups[day(message)].append(message)
        rounds = [found for found in groups.values() if len(found) == 3]
        assert len(rounds) >= 6
        for first, second, third in rounds:
            assert third.at - first.at < 1800
            assert not set(first.recipients) & set(second.recipients)
            assert not set(second.recipients) & set(third.recipients)


def test_external_threads_involve_somebody_outside(planted, company):
    for label in planted["external"]:
        outside = [any(company.principals[i].is_external for i in (m.sender, *m.recipients)) for m in label.messages]
        assert sum(outside) > 0.7 * len(outside)
        assert any(company.principals[m.sender].is_external for m in label.messages)
        assert label.expected == "defer"


def test_confidential_mail_stays_within_its_people(planted, company):
    for label in planted["confidential"]:
        assert 3 <= len(label.members) <= 6
        assert {i for m in label.messages for i in (m.sender, *m.recipients)} <= set(label.members)
        assert {"HR", "Legal"} & {company.principals[i].department for i in label.members}
        assert label.expected == "leave"


def test_recurring_patterns_run_for_eight_weeks(planted):
    for pattern, labels in planted.items():
        for label in labels if pattern != "project_burst" else ():
            active = weeks(label.messages)
            assert len(active) >= 5, label.id
            assert max(active) - min(active) >= timedelta(weeks=8), label.id


def test_bursts_are_over_in_days(trapped):
    for label in trapped["one-off burst"]:
        assert len(label.messages) >= 12
        assert max(m.at for m in label.messages) - min(m.at for m in label.messages) < 5 * 86_400


def test_pairs_are_two_and_write_to_one_another_alone(trapped):
    for label in trapped["one to one"]:
        assert {i for m in label.messages for i in (m.sender, *m.recipients)} == set(label.members)
        assert len(label.members) == 2
        assert len(weeks(label.messages)) > 20


def test_the_monday_person_writes_on_mondays_about_anything(trapped):
    for label in trapped["Monday morning"]:
        sent = openings(label)
        assert {day(m).weekday() for m in sent} == {0}
        assert len({m.subject for m in sent}) > 0.7 * len(sent)
        assert len({frozenset(m.recipients) for m in sent}) > 0.5 * len(sent)


def test_a_survey_is_one_thread_with_many_answers(trapped):
    for label in trapped["one-off survey"]:
        assert len(threads(label)) == 1
        assert len({m.sender for m in label.messages}) > 50
        assert all(len(m.recipients) == 1 for m in label.messages[1:])


def test_machine_decoys(trapped, company):
    for label in trapped["one reader"]:
        assert len(label.members) == 1
        assert len(label.messages) > 200
    for label in trapped["mass mail from outside"]:
        assert all(m.list_id and company.principals[m.sender].is_external for m in label.messages)
        assert len(label.members) >= 25


def test_two_purposes_share_their_people(usual, trapped):
    by_id = {label.id: label for label in usual.world.labels}
    found = trapped["same people, other purpose"]
    assert len(found) >= 6
    for label in found:
        (other,) = label.shares_members_with
        assert by_id[other].members == label.members
        assert not set(by_id[other].stems) & set(label.stems)


def test_payroll_is_regular_and_small(trapped):
    for label in trapped["confidential"]:
        assert len(weeks(openings(label))) > 20
        assert 3 <= len(label.members) <= 4
        assert label.expected == "leave"


def test_a_pair_in_copy_is_on_every_message(trapped):
    for label in trapped["a pair in copy"]:
        together = sum(set(label.members) <= {m.sender, *m.recipients} for m in label.messages)
        assert together > 0.95 * len(label.messages)


def test_holidays_are_quiet(usual, company):
    worktime = timetable(company, usual.start, usual.weeks, usual.seed)
    good_friday = (date(2026, 4, 3) - usual.start).days
    assert not worktime.present[: company.people, good_friday].any()
    victoria_day = (date(2026, 5, 18) - usual.start).days
    there = {company.principals[i].site for i in range(company.people) if worktime.present[i, victoria_day]}
    assert there == {0, 1}
