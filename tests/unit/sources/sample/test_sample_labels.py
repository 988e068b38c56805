"""Labels and messages say the same."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from analyser.sources.sample.labels import EXPECTED, PATTERNS

TRAPS = {
    "same people, other purpose",
    "one-off burst",
    "mass mail from outside",
    "one to one",
    "confidential",
    "Monday morning",
    "one-off survey",
    "a pair in copy",
    "one reader",
}


@pytest.fixture(scope="module")
def document(sample, labels_of):
    return labels_of(sample)


def smallest_ids(sample):
    """Message-IDs that a lake keeps: of the copies of one message, the smallest."""
    return {message.ids[0] for message in sample.world.messages if message.held}


def test_every_pattern_and_every_trap_is_planted(document):
    real = Counter(label["pattern"] for label in document["labels"] if not label["decoy"])
    assert set(real) == set(PATTERNS)
    assert {label["trap"] for label in document["labels"]} >= TRAPS


def test_at_the_usual_size_every_pattern_occurs_three_times(usual):
    real = Counter(label.pattern for label in usual.world.labels if not label.decoy)
    assert min(real.values()) >= 3
    assert len({len(label.members) for label in usual.world.labels}) > 15


def test_every_id_exists_and_belongs_to_one_label(sample, document):
    named = Counter(i for label in document["labels"] for i in label["messages"])
    assert set(named) <= smallest_ids(sample)
    assert set(named.values()) == {1}
    assert len({label["id"] for label in document["labels"]}) == len(document["labels"])


def test_every_copy_has_a_thread(sample, document):
    held = {i for t in sample.world.mailboxes.values() for i in t["internet_message_id"].to_pylist()}
    assert set(document["threads"]) == held
    assert len(set(document["threads"].values())) > len(smallest_ids(sample)) / 4


def test_members_are_people_of_the_directory(sample, document):
    people = {p["address"]: p for p in sample.directory().people.to_pylist()}
    for label in document["labels"]:
        assert label["members"], label["id"]
        assert label["members"] == sorted(set(label["members"]))
        assert not set(label["members"]) & set(label["former"])
        for address in (*label["members"], *label["core"], *label["former"]):
            assert people[address]["kind"] == "person"
        assert label["decoy"] or len(label["members"]) >= (3 if label["pattern"] in {"confidential", "external"} else 4)


def test_members_take_part(sample):
    company = sample.world.company
    for label in sample.world.labels:
        taking_part = {i for m in label.messages for i in (m.sender, *m.recipients)}
        taking_part |= {member for i in taking_part for member in company.members.get(i, ())}
        missing = set(label.members) - taking_part
        assert len(missing) <= len(label.members) // 4, (label.id, missing)


def test_labels_are_well_formed(sample, document):
    known = {label["id"] for label in document["labels"]}
    for label in document["labels"]:
        assert label["expected"] in EXPECTED
        assert label["pattern"] in PATTERNS
        assert set(label["shares_members_with"]) <= known - {label["id"]}
        assert not label["decoy"] or (label["expected"] in {"none", "leave"} and label["trap"])
        first, last = map(date.fromisoformat, label["period"])
        assert sample.start <= first <= last
    assert document["sample"]["people"] == sample.people
    assert document["sample"]["start"] == sample.start.isoformat()


def test_subjects_contain_their_stems(sample):
    for label in sample.world.labels:
        if not label.stems:
            continue
        words = [set(stem.split()) for stem in label.stems]
        found = sum(any(w <= set(_folded(m.thread.subject)) for w in words) for m in label.messages)
        assert found > 0.65 * len(label.messages), label.id


def _folded(subject):
    return "".join(c if c.isalpha() else " " for c in subject.lower()).split()


def test_existing_groups_stand_in_the_directory_with_the_members_of_their_label(usual, labels_of):
    members = Counter()
    found = usual.directory()
    for row in found.group_members.to_pylist():
        members[row["group"], row["member"]] += 1
    activity = {g["address"]: g["last_activity"] for g in found.groups.to_pylist()}
    existing = [label for label in labels_of(usual)["labels"] if label["existing"]]
    assert len(existing) == 2
    for label in existing:
        assert all(members[label["existing"], address] for address in label["core"])
    assert activity[existing[0]["existing"]] == usual.end
    assert (usual.end - activity[existing[1]["existing"]]).days > 365
