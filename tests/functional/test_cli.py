"""Wrong calls and wrong configurations, in real processes: what is said, where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime

import networkx as nx
import pytest

from analyser.findings.registry import RULES

VERBS = (
    "demo",
    "init",
    "scan",
    "analyse",
    "people",
    "findings",
    "connections",
    "proposals",
    "report",
    "evaluate",
    "status",
    "tables",
    "thresholds",
)
VERBS = (
    "demo",
    "init",
    "scan",
    "analyse",
    "people",
    "findings",
    "knowledge",
    "connections",
    "proposals",
    "report",
    "evaluate",
    "status",
    "tables",
    "thresholds",
)


def run(*arguments, config=None, cwd=None, **variables):
    command = [sys.executable, "-m", "analyser", *(["--config", str(config)] if config else []), *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSER_")}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300, cwd=cwd,
        env=clean | {"PYTHONUTF8": "1"} | variables,
    )  # fmt: skip


def refused(ended, status, *words):
    """The process said these words on standard error, nothing on standard output, and no traceback."""
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr
    assert ended.stdout == ""
    return ended.stderr


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    ended = run("demo", "--people", "60", "--weeks", "12", "--out", folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def config(demo):
    return demo / "analyser.toml"


@pytest.fixture
def written(tmp_path):
    """Write a configuration of these lines."""

    def written(*lines):
        path = tmp_path / "analyser.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return written


EXPORT = ("[[sources]]", 'name = "export"', 'type = "table"', 'path = "export"')


def test_a_place_that_cannot_be_written_is_said(config, tmp_path):
    (tmp_path / "afile").touch()
    refused(run("report", "--out", tmp_path / "afile" / "x" / "report.html", config=config), 1, "afile", "fix:")
    refused(run("init", tmp_path / "afile" / "a.toml"), 1, "afile", "fix:")


def test_pseudonyms_hide_every_address_of_findings(config, tmp_path):
    hidden = tmp_path / "hidden.toml"
    text = config.read_text(encoding="utf-8").replace('path = "lake"', f'path = "{config.parent / "lake"}"')
    hidden.write_text(text + "\n[privacy]\npseudonyms = true\n", encoding="utf-8")
    addresses = set(re.findall(r"[\w.]+@[\w.]+", run("findings", "--json", config=config).stdout))
    shown = run("findings", "--json", config=hidden).stdout
    assert addresses
    assert not [address for address in addresses if address in shown]


# configuration


@pytest.mark.parametrize(
    ("lines", "key", "words"),
    [
        (
            ["[organisation]", 'timezon = "UTC"'],
            "organisation.timezon",
            ["no such key", "known keys here: domains, name, timezone"],
        ),
        (["[lake]", 'threads = "many"'], "lake.threads", ["integer", "'many'"]),
        (["[[sources]]", 'name = "a"', 'type = "imap"'], "sources[0].type", ["'imap'", "'mbox'"]),
        (["[thresholds]", "working_group = 3"], "thresholds.working_group", ["dictionary", "3"]),
        (["[organisation", "name = 1"], "analyser.toml", ["line 1"]),
    ],
)
def test_a_wrong_configuration_names_key_place_and_fix(lines, key, words, written):
    path = written(*lines)
    said = refused(run("status", config=path), 2, f"{key}: ", str(path), "fix:", *words)
    if key != "analyser.toml":
        assert f"looked in: {path}; ANALYSER_" in said


@pytest.mark.parametrize(
    ("lines", "key", "known"),
    [
        (["[thresholds.working_group]", "hi = 0.3"], "thresholds.working_group.hi", "hhi"),
        (["[thresholds.working_group]", "hhi = 3"], "thresholds.working_group.hhi", "hhi"),
    ],
)
def test_a_wrong_threshold_is_said_before_the_work(lines, key, known, written):
    refused(run("analyse", config=written(*lines)), 2, f"{key}: ", "known: ", known)


def test_a_wrong_value_of_the_environment_is_said(written):
    ended = run("status", config=written(""), ANALYSER_LAKE__THREADS="many")
    refused(ended, 2, "lake.threads", "ANALYSER_LAKE__THREADS (set)")


def test_without_a_configuration_every_place_is_named(tmp_path):
    places = ("ANALYSER_CONFIG (not set)", "analyser.toml (working folder)", "config.toml (working folder)")
    refused(run("status", cwd=tmp_path), 2, "no configuration file", *places, "analyser init")
    refused(run("status", cwd=tmp_path, ANALYSER_CONFIG="lost.toml"), 2, "no configuration file", "lost.toml")


def test_a_configuration_is_found_by_variable_and_in_the_folder(written, tmp_path):
    path = written("[lake]", 'path = "here"')
    (tmp_path / "other").mkdir()
    for ended in (
        run("status", "--json", cwd=tmp_path / "other", ANALYSER_CONFIG=str(path)),
        run("status", "--json", cwd=tmp_path),
    ):
        assert json.loads(ended.stdout)["lake"] == str(tmp_path.resolve() / "here")


def test_errors_are_json_where_json_was_asked_for(written):
    error = json.loads(refused(run("analyse", "--json", config=written("[lake]", "threads = 0")), 2))
    assert (error["error"], error["key"]) == ("ConfigError", "lake.threads")
    assert error["fix"]
    assert "greater than or equal to 1" in error["message"]


# calls


def test_unknown_verbs_options_and_arguments_are_usage():
    refused(run("nonsense"), 2, "Usage:", "No such command 'nonsense'")
    refused(run("status", "--nonsense"), 2, "No such option: --nonsense")
    refused(run("proposals", "--top", "0"), 2, "--top")


def test_without_a_verb_all_verbs_are_listed():
    ended = run()
    assert ended.returncode == 2
    assert all(verb in ended.stdout + ended.stderr for verb in VERBS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scan", "--source", "nonsense"], ["nonsense", "configured sources: sample"]),
        (["scan", "--since", "31.1.2026"], ["--since", "2026-01-31"]),
    ],
)
def test_a_value_that_names_nothing_is_answered_with_what_there_is(arguments, words, config):
    refused(run(*arguments, config=config), 2, "fix:", *words)


def test_init_refuses_to_overwrite_unless_forced(tmp_path):
    path = tmp_path / "analyser.toml"
    path.write_text("# mine", encoding="utf-8")
    refused(run("init", path), 2, f"{path} exists", "--force")
    assert path.read_text(encoding="utf-8") == "# mine"
    assert run("init", path, "--force").returncode == 0
    assert "[organisation]" in path.read_text(encoding="utf-8")


# before its time, and missing files


def test_a_verb_before_its_time_names_the_verb_that_comes_first(written):
    path = written("[lake]", 'path = "lake"', *EXPORT)
    refused(run("analyse", config=path), 1, "no messages yet", "analyser scan")
    refused(run("proposals", config=path), 1, "no proposals yet", "analyser analyse")
    refused(run("connections", config=path), 1, "no connections yet", "analyser analyse")
    refused(run("report", "--out", path.parent / "report.html", config=path), 1, "analyser analyse")
    assert not (path.parent / "report.html").exists()


def test_a_source_that_is_not_there_is_named_and_the_scan_incomplete(written, tmp_path):
    missing = {"table": "export", "mbox": "mail", "directory": "people.csv"}
    lines = [
        ("[[sources]]", f'name = "my {kind}"', f'type = "{kind}"', f'path = "{path}"') for kind, path in missing.items()
    ]
    ended = run("scan", config=written(*(line for source in lines for line in source)))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    for kind, path in missing.items():
        assert any(f"my {kind}" in line and str(tmp_path / path) in line for line in ended.stderr.splitlines())


def test_evaluation_needs_labels_that_are_labels(config, tmp_path):
    refused(run("evaluate", "--labels", tmp_path / "gone.json", config=config), 1, "gone.json holds no labels", "fix:")
    (tmp_path / "labels.json").write_text('{"labels": [{"id": "x"}], "threads": {}}', encoding="utf-8")
    refused(
        run("evaluate", "--labels", tmp_path / "labels.json", config=config), 1, "holds no labels", "'pattern'", "fix:"
    )


def test_evaluation_needs_an_analysis(written, demo):
    ended = run("evaluate", "--labels", demo / "labels.json", config=written("[lake]", 'path = "lake"'))
    refused(ended, 1, "no findings yet", "analyser analyse")


# results


FINDING = {
    *("finding", "rule", "audience", "title", "members", "departments", "messages", "deliveries", "weeks_active"),
    *("senders", "first_seen", "last_seen", "stems", "strength", "signals"),
}


def test_findings_as_json(config):
    ended = run("findings", "--json", config=config)
    assert ended.stderr == ""
    found = json.loads(ended.stdout)
    assert len({f["finding"] for f in found}) == len(found) > 0
    for f in found:
        assert f.keys() == FINDING
        assert f["rule"] in {rule.id for rule in RULES}
        assert f["members"] == sorted({m.lower() for m in f["members"]})
        assert datetime.fromisoformat(f["first_seen"]) <= datetime.fromisoformat(f["last_seen"])
        assert 0.5 <= f["strength"] <= 1
        assert all(s.keys() == {"value", "threshold"} for s in f["signals"].values())
    assert {"confidential", "status_report"} <= {f["rule"] for f in found}
    only = json.loads(run("findings", "--json", "--rule", "status_report", config=config).stdout)
    assert only == [f for f in found if f["rule"] == "status_report"]


def test_connections_as_json_hide_small_groups(config):
    ended = run("connections", "--json", config=config)
    assert ended.stderr == ""
    found = json.loads(ended.stdout)
    parts = {"departments", "links", "missing_bridges", "practice_communities"}
    assert found.keys() == parts | {"minimum", "known_share", "hidden_departments"}
    assert found["departments"]
    assert all(row["people"] >= found["minimum"] == 5 for row in found["departments"])
    for row in found["links"]:
        assert min(row["from_people"], row["to_people"]) >= 5
        assert (row["carriers"] is None) == (row["ties"] is None) == (row["not_shown"] == "fewer than 5 people")
    assert "@" not in ended.stdout


def test_connections_for_people_and_as_graphml(config, tmp_path):
    path = tmp_path / "deep" / "graph.graphml"
    ended = run("connections", "--graphml", path, config=config)
    assert ended.returncode == 0, ended.stderr
    assert "of its ties inside; sizes alone would make it" in ended.stdout
    assert re.search(r"\d+ links, \d+ of them fragile", ended.stdout)
    assert re.search(r"rests\s+on", ended.stdout)
    assert re.search("several|few: fragile", ended.stdout)
    graph = nx.read_graphml(path)
    assert graph.number_of_edges() > 100
    assert "@" not in ended.stdout
    departments = nx.get_node_attributes(graph, "department")
    assert set(departments.values()) > {"Sales", "Production"}


def test_connections_export_pseudonyms_where_they_are_asked_for(config, tmp_path):
    hidden = tmp_path / "hidden.toml"
    text = config.read_text(encoding="utf-8").replace('path = "lake"', f'path = "{config.parent / "lake"}"')
    hidden.write_text(text + "\n[privacy]\npseudonyms = true\n", encoding="utf-8")
    shown, kept = tmp_path / "shown.graphml", tmp_path / "kept.graphml"
    assert run("connections", "--graphml", shown, config=config).returncode == 0
    assert run("connections", "--graphml", kept, config=hidden).returncode == 0
    one, other = nx.read_graphml(shown), nx.read_graphml(kept)
    assert one.number_of_edges() == other.number_of_edges()
    assert not set(one) & set(other)
    assert all(node.startswith("p-") for node in other)
    names = {name for name in nx.get_node_attributes(one, "display_name").values() if len(name) > 3}
    assert names
    assert not names & set(nx.get_node_attributes(other, "display_name").values())


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        (["connections", "--json"], dict),
        (["status", "--json"], dict),
        (["tables", "--json"], list),
        (["thresholds", "--json"], list),
    ],
)
def test_json_is_one_document_and_all_of_standard_output(arguments, shape, config):
    ended = run(*arguments, config=config)
    assert ended.returncode == 0
    assert type(json.loads(ended.stdout)) is shape
    assert ended.stderr == ""


def test_a_run_in_json_keeps_progress_on_standard_error(config):
    for verb in ("scan", "analyse"):
        ended = run(verb, "--json", config=config)
        assert ended.returncode == 0
        json.loads(ended.stdout)
        events = [json.loads(line)["event"] for line in ended.stderr.splitlines()]
        assert events
        assert ("stage" in events) == (verb == "analyse")


def test_top_cuts_the_list_and_changes_nothing_else(config):
    ended = run("proposals", "--json", config=config)
    assert ended.stderr == ""
    full = json.loads(ended.stdout)
    assert len(full) > 2
    assert json.loads(run("proposals", "--json", "--top", "2", config=config).stdout) == full[:2]


def test_for_people_progress_is_on_standard_error_and_results_on_standard_output(config, tmp_path):
    ended = run("report", "--out", tmp_path / "new" / "report.html", config=config)
    assert ended.returncode == 0
    assert str(tmp_path / "new" / "report.html") in ended.stdout
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
    ended = run("proposals", "--why", config=config)
    assert "Why this space?" in ended.stdout
    assert ended.stderr == ""


@pytest.fixture(scope="module")
def lookalikes(tmp_path_factory):
    """A scanned and analysed export in which one person writes from an address that the directory does not know."""
    folder = tmp_path_factory.mktemp("lookalikes")
    (folder / "export").mkdir()
    people = "address,display_name,department\nann.lee@contoso.example,Ann Lee,Sales\nbo@contoso.example,Bo Day,Sales\n"
    (folder / "export" / "people.csv").write_text(people, encoding="utf-8")
    head = "message_id,sent_at,sender,to,subject\n"
    rows = [
        f"<{n}@x>,2025-03-0{n}T10:00:00Z,{sender}@contoso.example,bo@contoso.example,Plan {n}\n"
        for n, sender in enumerate(("ann.lee", "annlee", "ann.lee", "annlee"), 1)
    ]
    (folder / "export" / "messages.csv").write_text(head + "".join(rows), encoding="utf-8")
    config = folder / "analyser.toml"
    config.write_text("\n".join(("[lake]", 'path = "lake"', *EXPORT)), encoding="utf-8")
    for verb in ("scan", "analyse"):
        ended = run(verb, config=config)
        assert ended.returncode == 0, ended.stderr
    return config


def test_people_lists_kinds_and_the_merges_that_it_suggests(lookalikes):
    found = json.loads(run("people", "--json", config=lookalikes).stdout)
    # suggested, not made: the two addresses are two people
    assert found["kinds"] == [{"kind": "person", "is_internal": True, "principals": 3}]
    [merge] = found["suggested_merges"]
    assert {merge["principal"], merge["other"]} == {"ann.lee@contoso.example", "annlee@contoso.example"}
    shown = run("people", config=lookalikes).stdout
    assert "1 suggested merges; none was made" in shown
    assert merge["principal"] in shown
    assert merge["reason"] in shown


def test_people_under_pseudonyms_shows_no_address(lookalikes, config):
    shown = run("people", config=lookalikes, ANALYSER_PRIVACY__PSEUDONYMS="true").stdout
    assert "none was made" in shown
    assert "ann" not in shown
    assert shown.count("p-") >= 2
    # two of one name whom the directory knows apart are no suggestion
    assert json.loads(run("people", "--json", config=config).stdout)["suggested_merges"] == []


def test_the_story_of_a_proposal_is_never_cut(config):
    story = run("proposals", "--why", "--top", "3", config=config).stdout
    told = json.loads(run("proposals", "--json", "--top", "3", config=config).stdout)
    flat = " ".join(re.sub("[│├└─]", " ", story).split())
    for p in told:
        assert " ".join(p["savings"]["formula"].split()) in flat
        assert all(" ".join(reason.split()) in flat for reason in list(p["member_reasons"].values())[:12])
