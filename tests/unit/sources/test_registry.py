from __future__ import annotations

import sys
from datetime import UTC, datetime
from subprocess import run

import pytest

from analyser import config
from analyser.sources.registry import open_source

SETTINGS = {
    "mbox": config.MboxSource(name="a", type="mbox", path="x"),
    "table": config.TableSource(name="b", type="table", path="x"),
    "directory": config.DirectorySource(name="c", type="directory", path="x"),
    "sample": config.SampleSource(name="d", type="sample", people=60, weeks=12),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_type_of_the_configuration_has_its_source(kind):
    source = open_source(SETTINGS[kind], batch_size=100, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    assert source.declaration.type == kind
    assert source.name == SETTINGS[kind].name


def test_only_what_is_asked_for_is_loaded():
    code = "import sys; import analyser.sources.registry; print('pyarrow.csv' in sys.modules)"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
