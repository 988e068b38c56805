from __future__ import annotations

import sys
from datetime import UTC, datetime
from subprocess import run
from typing import get_args

import pytest
from pydantic import ValidationError

from analyser import config
from analyser.sources.contract import RECORDS
from analyser.sources.registry import declarations, open_source

SETTINGS = {
    "mbox": config.MboxSource(name="a", type="mbox", path="x"),
    "table": config.TableSource(name="b", type="table", path="x"),
    "directory": config.DirectorySource(name="c", type="directory", path="x"),
    "data_connect": config.DataConnectSource(name="e", type="data_connect", path="x"),
    "message_trace": config.MessageTraceSource(name="f", type="message_trace", path="x"),
    "sample": config.SampleSource(name="d", type="sample", people=60, weeks=12),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_type_of_the_configuration_has_its_source(kind):
    source = open_source(SETTINGS[kind], batch_size=100, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    assert source.declaration.type == kind
    assert source.name == SETTINGS[kind].name


def test_every_type_declares_what_it_gives():
    types = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(config.SourceSettings)[0])}
    assert declarations().keys() == types
    for name, declaration in declarations().items():
        assert declaration.type == name
        assert declaration.provides <= {"messages", "people", "groups"}
        assert declaration.fields <= set(RECORDS.names)


def test_a_trace_without_files_is_asked_of_the_tenant(monkeypatch):
    monkeypatch.setenv("SECRET", "s")
    keys = {"tenant": "contoso.example", "client_id": "c", "client_secret_env": "SECRET"}
    settings = config.MessageTraceSource(name="t", type="message_trace", days=5, **keys)
    source = open_source(settings, batch_size=100, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    assert type(source).__name__ == "MessageTraceTenant"
    source.close()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "path is needed, or the keys of an application"),
        ({"path": "x", "client_secret_env": "S"}, "either path or client_secret_env"),
        ({"client_secret_env": "S"}, "client_id is needed"),
        ({"client_secret_env": "S", "client_id": "c"}, "tenant is needed"),
        ({"client_secret_env": "S", "certificate": "c.pem", "client_id": "c"}, "exactly one of"),
        ({"path": "x", "window_days": 11}, "less than or equal to 10"),
        ({"path": "x", "dates": "maybe"}, "day_first"),
    ],
)
def test_a_trace_comes_from_files_or_from_the_tenant(keys, said):
    with pytest.raises(ValidationError, match=said):
        config.MessageTraceSource(name="t", type="message_trace", **keys)


def test_only_what_is_asked_for_is_loaded():
    code = "import sys; import analyser.sources.registry; print('pyarrow.csv' in sys.modules)"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
