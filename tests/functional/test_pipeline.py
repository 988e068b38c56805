"""The whole way on a small sample organisation: scan, analyse, propose, evaluate; and the contracts of the results."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analyser.findings.registry import RULES
from analyser.lake.schema import TABLES
from analyser.proposals.catalogue import catalogue
from analyser.proposals.portfolio import PortfolioThresholds


def run(*arguments, config=None, check=True):
    command = [sys.executable, "-m", "analyser", *(["--config", str(config)] if config else []), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=300)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run("demo", "--people", "120", "--weeks", "26", "--out", str(folder))
    return folder


@pytest.fixture(scope="module")
def config(demo):
    return demo / "analyser.toml"


@pytest.fixture(scope="module")
def proposals(config):
    return json.loads(run("proposals", "--json", config=config).stdout)


FIELDS = {
    *("id", "rank", "name", "kind", "platform", "status", "purpose", "members", "owners", "departments", "patterns"),
    *("evidence", "savings", "risks", "missing", "existing", "replaces", "first_posts", "confidence"),
}


def test_demo_leaves_a_report_labels_and_a_configuration(demo):
    assert (demo / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((demo / "labels.json").read_text(encoding="utf-8"))["labels"]
    assert (demo / "analyser.toml").exists()


def test_proposals_keep_their_contract(proposals):
    kinds, rules = catalogue().kinds, {rule.id for rule in RULES}
    assert [p["rank"] for p in proposals] == list(range(1, len(proposals) + 1))
    assert len({p["id"] for p in proposals}) == len(proposals)
    assert len({p["name"] for p in proposals}) == len(proposals)
    for p in proposals:
        assert p.keys() >= FIELDS
        assert p["kind"] in kinds
        assert p["status"] in {"propose", "not_yet", "defer", "reuse", "extend", "convert", "leave"}
        assert set(p["patterns"]) <= rules
        assert p["members"] == sorted({m.lower() for m in p["members"]})
        assert set(p["owners"]) <= set(p["members"])
        assert p["evidence"].keys() >= {"messages", "deliveries", "weeks_active", "senders", "first_seen", "last_seen"}
        assert p["savings"]["hours_low"] <= p["savings"]["hours_per_week"] <= p["savings"]["hours_high"]
        assert 0 < p["confidence"] <= 1


def test_pilots_come_first_and_all_others_say_why_not(proposals):
    pilots = [p["pilot"] for p in proposals]
    count = sum(pilots)
    assert 1 <= count <= 7
    assert all(pilots[:count])
    for p in proposals[count:]:
        assert p["why_not"] or p["status"] in {"defer", "leave"}
    for p in proposals[:count]:
        assert p["status"] in {"propose", "reuse", "extend", "convert"}
        assert not p["missing"]
        assert len(p["owners"]) >= 2


def test_a_verdict_on_what_exists_names_the_group(proposals):
    for p in proposals:
        there = p["existing"]
        assert there is None or p["status"] == (there["verdict"] or "propose") or p["missing"]
        assert (p["status"] == "not_yet") == (bool(p["missing"]) and p["status"] not in {"defer", "leave"})
        if p["status"] in {"reuse", "extend", "convert"}:
            assert there["verdict"] == p["status"]
            assert there["group"]
            assert bool(there["checklist"]) == (p["status"] == "convert")
        if p["status"] in {"defer", "leave"}:
            assert there is None


def test_no_two_of_the_first_twenty_are_the_same_people(proposals):
    first = [set(p["members"]) for p in proposals[:20]]
    alike = [
        (a, b)
        for i, a in enumerate(first)
        for b in first[:i]
        if len(a & b) >= PortfolioThresholds().front_overlap * len(a | b)
    ]
    assert not alike


def test_outside_mail_is_deferred_and_confidential_mail_left_alone(proposals):
    for p in proposals:
        if "external" in p["patterns"]:
            assert p["status"] == "defer"
        if "confidential" in p["patterns"]:
            assert p["status"] == "leave"
            assert not p["owners"]
            assert not p["evidence"]["stems"]
            assert not p["member_reasons"]
    assert {"defer", "leave"} <= {p["status"] for p in proposals}


def test_tables_are_plain_parquet_with_the_declared_columns(demo):
    for name in (
        "message_threads",
        "interactions",
        "audiences",
        "audience_members",
        "communities",
        "findings",
        "messages",
    ):
        table = pq.read_table(demo / "lake" / name, partitioning=None)
        assert table.schema.names == TABLES[name].schema.names
        assert table.num_rows > 0


def test_the_same_lake_gives_the_same_proposals(config, proposals):
    run("analyse", config=config)
    assert json.loads(run("proposals", "--json", config=config).stdout) == proposals


def test_until_hides_what_came_later(config, proposals, demo):
    middle = "2026-08-01"
    run("analyse", "--until", middle, config=config)
    earlier = json.loads(run("proposals", "--json", config=config).stdout)
    run("analyse", config=config)
    assert earlier
    assert all(p["evidence"]["last_seen"] < middle for p in earlier)
    assert any(p["evidence"]["last_seen"] > middle for p in proposals)


def test_findings_and_status_as_json(config):
    findings = json.loads(run("findings", "--json", config=config).stdout)
    assert {f["rule"] for f in findings} <= {rule.id for rule in RULES}
    assert all(f["signals"] for f in findings)
    only = json.loads(run("findings", "--json", "--rule", "confidential", config=config).stdout)
    assert {f["rule"] for f in only} == {"confidential"}
    status = json.loads(run("status", "--json", config=config).stdout)
    assert {row["state"] for row in status["mailboxes"]} == {"complete"}


def test_evaluation_of_the_demo(config, demo):
    result = json.loads(run("evaluate", "--labels", str(demo / "labels.json"), "--json", config=config).stdout)[0]
    rules = {row["rule"]: row for row in result["rules"]}
    assert rules.keys() == {rule.id for rule in RULES}
    assert result["threads"]["rebuilt"]["f1"] > result["threads"]["base subject"]["f1"]
    assert result["threads"]["rebuilt"]["f1"] >= 0.95
    assert rules["external"]["recall"] == 1.0
    for name in ("alerts", "regional_notice", "social", "onboarding", "approval_chain"):
        assert rules[name]["labels"] >= 1
        assert rules[name]["recall"] == rules[name]["precision"] == 1.0, name


def test_evaluation_judges_coverage_recovery_and_stability_and_publishes_nothing(config, demo, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (demo / "lake").rglob("*.parquet")}
    newest = json.loads(run("status", "--json", config=config).stdout)["mailboxes"]
    split = datetime.fromisoformat(max(row["newest"] for row in newest)) - timedelta(days=30)
    options = ("--split", f"{split:%Y-%m-%d}", "--stability", "1")
    result = json.loads(run("evaluate", *options, "--json", config=config).stdout)[0]
    assert "rules" not in result
    (found,) = result["coverage"]["splits"]
    assert found["split"] == f"{split:%Y-%m-%d}"
    assert [row["k"] for row in found["rows"]] == [5, 20, 100]
    assert all(0 < row["baseline"] <= row["clairvoyant"] <= 1 for row in found["rows"])
    assert all(0 < row["proposals"] <= 1 for row in found["rows"])
    assert result["coverage"]["mean"] == []
    assert result["recovery"]["people"] > result["recovery"]["departments"] > 1
    assert 0 < result["recovery"]["adjusted_mutual_information"] <= 1
    assert len(result["stability"]["kept"]) == 1
    assert {path: path.stat().st_mtime_ns for path in (demo / "lake").rglob("*.parquet")} == before


def test_evaluation_as_markdown(config, demo):
    text = run("evaluate", "--labels", str(demo / "labels.json"), "--markdown", config=config).stdout
    lines = text.splitlines()
    assert lines[0].startswith("## ")
    assert [line for line in lines if line.startswith("### ")] == [
        "### Rules",
        "### Threads",
        "### Department recovery",
    ]
    tables = [line for line in lines if line.startswith("|")]
    assert tables[0] == "| rule | planted | recall | findings | precision | F1 |"
    assert tables[1] == "| --- | ---: | ---: | ---: | ---: | ---: |"
    assert {line.split(" | ")[0].removeprefix("| ") for line in tables} >= {rule.id for rule in RULES}


def test_pseudonyms_hide_every_address(config, demo, tmp_path):
    people = {m for p in json.loads(run("proposals", "--json", config=config).stdout) for m in p["members"]}
    text = config.read_text(encoding="utf-8").replace('path = "lake"', f'path = "{demo / "lake"}"')
    hidden = tmp_path / "hidden.toml"
    hidden.write_text(text + "\n[privacy]\npseudonyms = true\n", encoding="utf-8")
    shown = run("proposals", "--json", config=hidden).stdout
    assert not [address for address in people if address in shown]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["findings", "--rule", "nonsense"], 2, "no rule is named"),
        (["analyse", "--since", "yesterday"], 2, "no date"),
        (["analyse", "--until", "1999-01-01"], 1, "no messages in that period"),
        (["tables", "nonsense"], 2, "no table is named"),
        (["evaluate", "--labels", "nowhere.json"], 1, "holds no labels"),
        (["evaluate", "--split", "soon"], 2, "no date"),
        (["evaluate", "--split", "1999-01-01"], 1, "no messages in that period"),
        (["evaluate", "--labels", "labels.json", "--seed", "7"], 2, "exclude each other"),
    ],
)
def test_errors_say_the_fix(config, arguments, status, words):
    ended = run(*arguments, config=config, check=False)
    assert ended.returncode == status
    assert words in ended.stderr
    assert "fix:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_commands_before_their_time_name_the_command_to_run(tmp_path):
    path = tmp_path / "analyser.toml"
    run("init", str(path))
    assert run("init", str(path), check=False).returncode == 2
    for verb in ("findings", "proposals", "report"):
        ended = run(verb, config=path, check=False)
        assert ended.returncode == 1
        assert "analyser analyse" in ended.stderr
    ended = run("scan", config=path, check=False)
    assert ended.returncode == 2
    assert "sources" in ended.stderr
    assert "analyser scan" in run("status", config=path).stdout


def test_help_of_every_verb():
    listed = run("--help").stdout
    for verb in (
        "demo",
        "init",
        "scan",
        "analyse",
        "findings",
        "proposals",
        "report",
        "evaluate",
        "status",
        "tables",
        "thresholds",
    ):
        assert verb in listed
        assert run(verb, "--help").stdout.startswith("Usage:")


def test_without_a_configuration_the_places_are_named(tmp_path):
    command = [sys.executable, "-m", "analyser", "status"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 2
    for place in ("--config", "ANALYSER_CONFIG", "analyser.toml", "analyser init"):
        assert place in ended.stderr


def test_the_example_is_what_init_writes(tmp_path):
    run("init", str(tmp_path / "a.toml"))
    example = Path(__file__).parents[2] / "config.example.toml"
    assert (tmp_path / "a.toml").read_text(encoding="utf-8") == example.read_text(encoding="utf-8")
