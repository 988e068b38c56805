"""The contract of sources, held by the sample; and that its chance is reproducible."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from analyser.errors import MissingExtraError, SourceError
from analyser.sources.contract import RECORDS
from analyser.sources.sample import SampleOrganisationSource, world
from analyser.sources.sample.patterns import PLANTERS

DIGEST = """
import hashlib, pathlib, sys
from analyser.sources.sample import SampleOrganisationSource
source = SampleOrganisationSource("s", 60, 12, int(sys.argv[1]))
digest = hashlib.sha256()
for mailbox in source.mailboxes():
    for batch in source.read(mailbox.name):
        digest.update(repr(batch.messages.to_pylist()).encode())
found = source.directory()
for table in (found.people, found.groups, found.group_members):
    digest.update(repr(table.to_pylist()).encode())
path = pathlib.Path(sys.argv[2])
source.write_labels(path)
digest.update(path.read_bytes())
print(digest.hexdigest())
"""
ROOT = Path(__file__).parents[4]


def digest(seed, hash_seed, folder):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", DIGEST, str(seed), str(folder / "labels.json")]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_the_same_arguments_give_the_same_bytes_in_any_process(tmp_path):
    assert digest(5, "1", tmp_path) == digest(5, "2", tmp_path) != digest(6, "1", tmp_path)


def test_reading_goes_on_from_any_state(smallest):
    source = SampleOrganisationSource("sample", 60, 12, 3, batch_size=50)
    name = next(smallest.mailboxes()).name
    batches = list(source.read(name))
    assert len(batches) > 2
    assert [batch.messages.num_rows for batch in batches[:-1]] == [50] * (len(batches) - 1)
    resumed = pa.concat_tables([batch.messages for batch in source.read(name, state=batches[1].state)])
    whole = pa.concat_tables([batch.messages for batch in smallest.read(name)])
    assert whole.slice(100).equals(resumed)
    assert list(source.read(name, state=batches[-1].state)) == []


def test_mailboxes_are_as_long_as_they_say(sample):
    mailboxes = list(sample.mailboxes())
    assert len({mailbox.name for mailbox in mailboxes}) == len(mailboxes) > 6
    for mailbox in mailboxes:
        batches = list(sample.read(mailbox.name))
        assert all(batch.messages.schema.equals(RECORDS) for batch in batches)
        assert not any(batch.problems for batch in batches)
        assert batches[-1].progress == sum(batch.messages.num_rows for batch in batches) == mailbox.expected


def test_an_unknown_mailbox_is_an_error_that_names_the_known_ones(smallest):
    with pytest.raises(SourceError, match="management-1"):
        list(smallest.read("nobody"))


@pytest.mark.parametrize(("people", "weeks"), [(59, 40), (400, 11)])
def test_too_small_an_organisation_is_refused(people, weeks):
    with pytest.raises(SourceError, match="at least 60 people and 12 weeks"):
        SampleOrganisationSource("sample", people, weeks)


def test_without_the_extra_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'analyser\[sample\]'"):
        list(SampleOrganisationSource("sample", 60, 12).mailboxes())


def test_the_period_is_whole_weeks_up_to_the_end():
    source = SampleOrganisationSource("sample", 60, 12, end=date(2026, 5, 13))
    assert source.start == date(2026, 2, 23)
    assert source.start.weekday() == 0


def test_a_pattern_less_shifts_no_other_part(smallest, monkeypatch):
    def facts(labels):
        return {label.id: [(m.at, m.subject, m.recipients, m.ids) for m in label.messages] for label in labels}

    every = facts(smallest.world.labels)  # before the patch: a world is made at its first use
    monkeypatch.setattr(world, "PLANTERS", {n: p for n, p in PLANTERS.items() if n not in {"alerts", "bridge"}})
    kept = facts(SampleOrganisationSource("sample", 60, 12, 3).world.labels)
    assert set(every) - set(kept) == {"alerts-1", "bridge-1"}
    assert kept == {name: every[name] for name in kept}
