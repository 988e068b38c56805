"""Copies for cover belong to a group that writes with them, never to a pair that shares a job."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences.covers import CoversThresholds, covered, groups, growth, roles_in_threads

BOSS, HEAD = 8, 9
TEAM = [1, 2, 3, 4]


def talk(thread, writers, copied=(BOSS,), later=(), answered=True, **changes):
    """A thread: one of the writers begins, the next answers; `later` are copied in the answer too."""
    one, two = writers[thread % len(writers)], writers[(thread + 1) % len(writers)]
    rows = [{"sender": one, "to": [two], "cc": list(copied), "thread": thread}]
    if answered:
        rows.append({"sender": two, "to": [one], "cc": [*copied, *later], "thread": thread, "answers": True})
    return [row | {"people": 2 + len(row["cc"])} | changes for row in rows]


def team(threads=range(12), **changes):
    return [row for thread in threads for row in talk(thread, TEAM, **changes)]


@pytest.fixture
def read(posted, table):
    """Tables of mail in which messages and threads are numbered apart."""

    def read(rows, external=()):
        rows = [row | {"message": n} for n, row in enumerate(rows)]
        mail, parts = posted("mail", rows)
        threads = [{"thread": n, "external": n in external} for n in sorted({row["thread"] for row in rows})]
        people = table("people", [{"actor": n} for n in range(1, 30)])
        return mail, table("threads", threads), parts, people

    return read


@pytest.fixture
def found(read):
    """Threads of each audience."""

    def found(rows, external=(), **limits):
        limits = CoversThresholds(**limits)
        roles = roles_in_threads(*read(rows, external), limits)
        result = {}
        for row in covered(roles, groups(roles, limits), limits).to_pyarrow().to_pylist():
            result.setdefault(row["audience"], set()).add(row["thread"])
        return result

    return found


def test_a_team_that_copies_one_who_never_answers(found):
    assert found(team()) == {"covers 1": set(range(12))}


def test_parts_in_a_thread_are_counted_by_message(read):
    rows = roles_in_threads(*read(talk(0, TEAM, later=[HEAD])), CoversThresholds()).to_pyarrow().to_pylist()
    parts = {row["actor"]: (row["wrote"], row["addressed"], row["copied"]) for row in rows}
    assert parts == {1: (1, 1, 0), 2: (1, 1, 0), BOSS: (0, 0, 2), HEAD: (0, 0, 1)}


@pytest.mark.parametrize(("threads", "expected"), [(10, True), (9, False)])
def test_a_habit_needs_threads(threads, expected, found):
    assert bool(found(team(range(threads)))) == expected
    assert found(team(range(9)), min_threads=9)


@pytest.mark.parametrize(("writers", "expected"), [(3, True), (2, False)])
def test_between_two_a_copy_is_a_shared_job(writers, expected, found):
    rows = [row for n in range(12) for row in talk(n, TEAM[:writers])]
    assert bool(found(rows)) == expected
    assert found(rows, writers=2)


def test_a_pair_that_answers_from_copy_is_no_cover(found):
    """Whatever one of two writes to anybody, the other has in copy, and now and then answers."""
    rows = []
    for n in range(40):
        one, two = (1, 2) if n % 2 else (2, 1)
        other = 10 + n % 15
        rows.append({"sender": one, "to": [other], "cc": [two], "thread": n, "people": 3})
        answering, to = (two, other) if n % 3 == 0 else (other, one)
        cc = [p for p in (1, 2) if p not in {answering, to}]
        rows.append({"sender": answering, "to": [to], "cc": cc, "thread": n, "people": 3})
    assert found(rows) == {}


@pytest.mark.parametrize(("written", "expected"), [(1, True), (2, False)])
def test_never_is_at_most_one_thread_in_ten(written, expected, found):
    answers = [
        {"sender": BOSS, "to": [1], "cc": [2], "thread": n, "people": 3, "answers": True} for n in range(written)
    ]
    assert bool(found([*team(range(14)), *answers])) == expected
    assert found([*team(range(14)), *answers], answers=0.2)


@pytest.mark.parametrize(("addressed", "expected"), [(5, True), (6, False)])
def test_mostly_is_seven_threads_in_ten(addressed, expected, found):
    """Of so many more threads the team writes some to the boss: 12 of 17 are copies, or 12 of 18."""
    direct = [
        {"sender": TEAM[n % 4], "to": [BOSS, TEAM[(n + 1) % 4]], "thread": 100 + n, "people": 3}
        for n in range(addressed)
    ]
    assert bool(found([*team(), *direct])) == expected


def test_mail_of_others_to_the_same_person_counts_neither_way(found):
    """Who is only copied by a team may talk with other people as much as anybody."""
    other = [{"sender": 20 + n % 5, "to": [BOSS, 26], "thread": 100 + n, "people": 3} for n in range(40)]
    other += [{"sender": BOSS, "to": [20 + n % 5, 26], "thread": 100 + n, "people": 3} for n in range(40)]
    assert found([*team(), *other]) == {"covers 1": set(range(12))}


def test_who_wrote_once_or_twice_with_the_copy_does_not_belong_to_the_group(found):
    rows = [*team(), *talk(12, [20, 21]), *talk(13, [20, 21])]
    assert found(rows) == {"covers 1": set(range(12))}
    # chance copies by ever other people are no group at all
    assert found([row for n in range(20) for row in talk(n, [10 + n % 19, 10 + (n + 7) % 19])]) == {}


def test_two_who_look_on_are_one_habit_of_the_team(found):
    assert found(team(later=[HEAD])) == {"covers 1": set(range(12))}


def test_the_head_of_two_teams_takes_no_threads_from_either(found):
    """Both teams copy their lead, and now and then the head; the head's threads are the teams' threads."""
    one = [row for n in range(12) for row in talk(n, [1, 2, 3, 4], [8], later=[HEAD] if n % 2 else [])]
    two = [row for n in range(20, 34) for row in talk(n, [11, 12, 13], [18], later=[HEAD] if n % 2 else [])]
    assert found([*one, *two]) == {"covers 1": set(range(20, 34)), "covers 2": set(range(12))}


@pytest.mark.parametrize("flag", ["external", "sensitive"])
def test_one_message_that_is_not_ordinary_closes_the_whole_thread(flag, found):
    rows = team(range(10))
    assert found(rows)
    assert not found([*rows[:-1], rows[-1] | {flag: True}])


def test_automatic_mail_outside_threads_and_broadcasts_are_no_copies(found):
    assert not found(team(automatic=True))
    assert not found(team(people=26))
    assert not found(team(people=2))
    assert not found(team(), external=set(range(3)))


def test_growth_is_of_copies_from_the_first_message_to_the_last(read, table):
    rows = [*talk(0, TEAM, later=[HEAD, 20]), *talk(1, TEAM, answered=False), *talk(2, TEAM)]
    rows += [{"sender": 1, "to": [2], "cc": [], "thread": 2, "people": 2, "answers": True}]
    mail, threads, parts, _ = read(rows)
    found = growth(threads.select("thread"), mail, parts).to_pyarrow().to_pylist()
    assert {row["thread"]: row["growth"] for row in found} == {0: 2.0, 2: -1.0}
