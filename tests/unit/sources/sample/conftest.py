"""One organisation of the usual size and one of the smallest, made once."""

from __future__ import annotations

import json

import pytest

from analyser.sources.sample import SampleOrganisationSource


@pytest.fixture(scope="session")
def usual():
    return SampleOrganisationSource("sample")


@pytest.fixture(scope="session")
def smallest():
    return SampleOrganisationSource("sample", people=60, weeks=12, seed=3)


@pytest.fixture(scope="session", params=["usual", "smallest"])
def sample(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def labels_of(tmp_path_factory):
    """Reads the labels file that a source writes."""

    def read(source):
        path = tmp_path_factory.mktemp("labels") / "labels.json"
        source.write_labels(path)
        return json.loads(path.read_text(encoding="utf-8"))

    return read
