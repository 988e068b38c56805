"""How far mail crosses departments, held equal to a plain count and to shuffled labels."""

from __future__ import annotations

import numpy as np
import pytest

from analyser.analysis.audiences.bridges import BridgesThresholds, crossing


def plain(members, mail, department, side=2):
    """The same by hand: `sides`, `e_i`, `e_i_excess`; None where fewer than two departments take part."""
    count = {}
    for person in members:
        if department.get(person):
            count[department[person]] = count.get(department[person], 0) + 1
    sides = {name for name, n in count.items() if n >= side}
    if len(sides) < 2:
        return None
    pairs = [
        (department[sender], department[reader])
        for sender, readers in mail
        for reader in readers
        if department.get(sender) and department.get(reader)
    ]
    crossing = sum(a != b and {a, b} <= sides for a, b in pairs) / len(pairs)
    sizes = {name: sum(d == name for d in department.values()) for name in sides}
    everyone = sum(d is not None for d in department.values())
    chance = sum((sum(sizes.values()) - sizes[a]) / (everyone - 1) if a in sides else 0.0 for a, _ in pairs) / len(
        pairs
    )
    return len(sides), 2 * crossing - 1, 2 * (crossing - chance)


@pytest.fixture
def measured(posted, table):
    def measured(members, mail, department, **limits):
        rows = [{"sender": sender, "to": readers} for sender, readers in mail]
        _, parts = posted("mail", rows)
        result = crossing(
            table("audience_messages", [{"audience": "a", "message": n} for n in range(len(rows))]),
            table("audience_people", [{"audience": "a", "actor": n} for n in members]).select("audience", "actor"),
            parts,
            table("people", [{"actor": n, "department": d} for n, d in department.items()]),
            BridgesThresholds(**limits),
        )
        found = result.to_pyarrow().to_pylist()
        return (found[0]["sides"], found[0]["e_i"], found[0]["e_i_excess"]) if found else None

    return measured


def company(*sizes):
    names = [name for name, size in zip("ABCDEFGH", sizes, strict=False) for _ in range(size)]
    return dict(enumerate(names))


@pytest.mark.parametrize("seed", range(8))
def test_it_counts_like_a_plain_count(seed, measured):
    random = np.random.default_rng(seed)
    department = {n: (None if n % 11 == 10 else d) for n, d in company(8, 8, 8, 6).items()}
    members = random.choice(30, 9, replace=False).tolist()
    mail = []
    for _ in range(20):
        sender = int(random.choice(members))
        readers = random.choice(30, random.integers(2, 8), replace=False).tolist()
        mail.append((sender, [r for r in readers if r != sender]))
    found, expected = measured(members, mail, department), plain(members, mail, department)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected)


def test_the_expectation_is_that_of_shuffled_labels(measured):
    """Labels are dealt anew over everybody, the writers' kept: the mean comes near the closed form."""
    department, members = company(10, 10, 10, 10), [0, 1, 2, 10, 11, 12]
    mail = [(0, [1, 2, 10, 11, 12]), (10, [0, 11, 12])] * 3
    _, observed, excess = measured(members, mail, department)
    random, crossed, total = np.random.default_rng(1), 0, 0
    for _ in range(4000):
        for sender, readers in mail[:2]:
            others = random.permutation([d for n, d in department.items() if n != sender])[: len(readers)]
            crossed += sum(d != department[sender] and d in {"A", "B"} for d in others)
            total += len(readers)
    assert excess == pytest.approx(observed - (2 * crossed / total - 1), abs=0.02)


def test_two_sides_cross_far_more_than_chance(measured):
    department = company(10, 10, 10, 10, 10, 10)
    members = [0, 1, 2, 3, 10, 11, 12, 13]
    mail = [(0, [m for m in members if m != 0]), (10, [m for m in members if m != 10])]
    sides, e_i, excess = measured(members, mail, department)
    assert sides == 2
    assert e_i == pytest.approx(2 * 8 / 14 - 1)
    assert excess == pytest.approx(2 * (8 / 14 - 10 / 59))


def test_a_crowd_from_everywhere_joins_nothing(measured):
    department = company(5, 5, 5, 5, 5, 5)
    members = [0, 5, 10, 15, 20, 25]
    assert measured(members, [(0, members[1:])], department) is None
    assert measured(members, [(0, members[1:])], department, side=1)[0] == 6


def test_one_guest_is_no_department(measured):
    department = company(10, 10)
    assert measured([0, 1, 2, 3, 10], [(0, [1, 2, 3, 10])], department) is None
    assert measured([0, 1, 2, 10, 11], [(0, [1, 2, 10, 11])], department) is not None


def test_where_departments_are_unknown_nothing_is_measured(measured):
    assert measured([0, 1, 2, 3], [(0, [1, 2, 3])], dict.fromkeys(range(6))) is None
