"""A wrong configuration names the key, the places and the fix."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analyser import config, pipeline
from analyser.errors import ConfigError


def load(tmp_path, text):
    path = tmp_path / "analyser.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("[lake]\npaht = 'x'", "lake.paht", "known keys here: engine, memory_limit, path"),
        ("[lake]\nthreads = 'many'", "lake.threads", "many"),
        ("[lake]\nengine = 'spark'", "lake.engine", "duckdb"),
        ("[organisation]\ntimezone = 'Mars/Base'", "organisation.timezone", "IANA"),
        ("[nonsense]\na = 1", "nonsense", "known keys here"),
        ("[[sources]]\nname = 'a'\ntype = 'imap'\npath = 'x'", "sources[0].type", "mbox"),
        ("[[sources]]\nname = 'a'\npath = 'x'", "sources[0].type", "every source needs a type"),
        ("[[sources]]\nname = 'a'\ntype = 'mbox'", "sources[0].path", "missing"),
        (
            "[[sources]]\nname = 'a'\ntype = 'mbox'\npath = 'x'\nfoo = 1",
            "sources[0].foo",
            "known keys here: name, path, type",
        ),
        ("[privacy]\nminimum_group = 1", "privacy.minimum_group", "greater than or equal to 2"),
        ("[lake", "analyser.toml", "mend the TOML"),
    ],
)
def test_errors_name_key_and_fix(tmp_path, text, key, said):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.key.endswith(key)
    assert said in str(caught.value)
    assert caught.value.exit_status == 2


def test_two_sources_of_one_name(tmp_path):
    one = "[[sources]]\nname = 'a'\ntype = 'mbox'\npath = 'x'\n"
    with pytest.raises(ConfigError, match="two sources are named 'a'"):
        load(tmp_path, one + one)


def test_the_environment_overrides_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSER_LAKE__MEMORY_LIMIT", "3GB")
    assert load(tmp_path, "[lake]\nmemory_limit = '1GB'").lake.memory_limit == "3GB"


def test_relative_paths_start_at_the_file(tmp_path):
    found = load(tmp_path, "[lake]\npath = 'lake'\n[[sources]]\nname = 'a'\ntype = 'mbox'\npath = 'mail'\n")
    assert found.lake.path == tmp_path.resolve() / "lake"
    assert found.sources[0].path == tmp_path.resolve() / "mail"
    assert found.review.database == f"sqlite:///{tmp_path.resolve() / 'var/review.db'}"


def test_the_example_holds_every_key_and_every_default():
    content = tomllib.loads(config.example())
    for name, field in config.Settings.model_fields.items():
        if name in content:
            model = field.annotation
            assert content[name].keys() == {k for k, f in model.model_fields.items() if f.default is not None}
            assert model(**content[name]) == model()
    assert content.keys() >= {"organisation", "lake", "review", "privacy", "scan", "savings"}


def test_thresholds_are_checked_by_stage_name_and_bound(tmp_path):
    good = load(tmp_path, "[thresholds.status_report]\nslot_coverage = 0.7")
    assert pipeline.thresholds(good)["status_report"].slot_coverage == 0.7
    for text, key in (
        ("[thresholds.nonsense]\na = 1", "thresholds.nonsense"),
        ("[thresholds.status_report]\ncoverage = 1", "thresholds.status_report.coverage"),
        ("[thresholds.status_report]\nslot_coverage = 7", "thresholds.status_report.slot_coverage"),
    ):
        with pytest.raises(ConfigError) as caught:
            pipeline.thresholds(load(tmp_path, text))
        assert caught.value.key == key


def test_every_threshold_has_a_meaning_and_a_source():
    for model in pipeline.MODELS.values():
        for field in model.model_fields.values():
            assert field.description
            assert field.json_schema_extra["source"]


def test_places_without_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANALYSER_CONFIG", raising=False)
    with pytest.raises(ConfigError) as caught:
        config.load(None)
    assert len(caught.value.places) == 3
    with pytest.raises(ConfigError, match="no configuration file"):
        config.load(Path("elsewhere.toml"))
