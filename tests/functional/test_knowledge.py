"""An organisation with one planted desk and everyday mail, from files to what `analyser knowledge` says."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)
PLACES = ("Sales", "Legal", "Research")
ASKERS = [(f"quill{n:02d}@contoso.example", PLACES[n % 3]) for n in range(24)]
ANSWERERS = ["umber@contoso.example", "vellum@contoso.example"]
WEEKS = 12


def run(config, *arguments, **variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSER_")}
    return subprocess.run(
        [sys.executable, "-m", "analyser", "--config", str(config), *arguments], capture_output=True, text=True,
        encoding="utf-8", check=False, timeout=300, env=clean | {"PYTHONUTF8": "1"} | variables,
    )  # fmt: skip


def messages():
    """Two asks a week about tax, by a new person each time; Umber answers all but every fourth, which Vellum does, and
    those of week 5, in which Umber writes nothing. Beside it, everyday mail on ever other things.
    """
    rows = []

    def send(at, sender, to, subject, answers=""):
        key = f"m{len(rows)}@contoso.example"
        rows.append(
            {"message_id": f"<{key}>", "sent_at": at.isoformat(), "sender": sender, "to": to, "subject": subject}
            | {"in_reply_to": answers}
        )
        return f"<{key}>"

    for n in range(2 * WEEKS):
        week, (asker, _) = n // 2, ASKERS[n]
        at = MONDAY + timedelta(weeks=week, days=n % 2)
        by = ANSWERERS[n % 4 == 3]
        key = send(at, asker, ANSWERERS[0], "Tax on foreign invoice")
        if week != 5:
            send(at + timedelta(hours=2), by, asker, "RE: Tax on foreign invoice", key)
        other, _ = ASKERS[(n * 7 + 5) % 24]
        send(at + timedelta(hours=3), asker, other, f"Topic{chr(97 + n)} in general")
        if week != 5:
            send(at + timedelta(hours=5), ANSWERERS[0], other, f"Matter{chr(97 + n)} of the day")
    return rows


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    rows = messages()
    with (folder / "messages.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["address", "display_name", "department"])
        people = [*ASKERS, *((who, "Finance") for who in ANSWERERS)]
        writer.writerows([who, who.partition("@")[0].title(), where] for who, where in people)
    path = folder / "analyser.toml"
    source = '[[sources]]\nname = "files"\ntype = "table"\npath = "."\n'
    path.write_text(f'[lake]\npath = "lake"\n{source}', encoding="utf-8")
    for verb in ("scan", "analyse"):
        ended = run(path, verb)
        assert ended.returncode == 0, ended.stderr
    return path


def test_the_planted_topic_is_told(config):
    ended = run(config, "knowledge", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    (topic,) = json.loads(ended.stdout)
    assert (topic["department"], topic["terms"]) == ("Finance", ["tax on foreign invoice"])
    assert (topic["asks"], topic["outside_askers"], topic["departments_asking"]) == (24, 24, 3)
    assert topic["asker_departments"] == dict.fromkeys(sorted(PLACES), 8)
    assert topic["answered_share"] == pytest.approx(22 / 24)
    assert (topic["first_answer_hours"], topic["private_share"]) == (2, 1)
    assert (topic["answerers"], topic["effective_answerers"]) == (2, pytest.approx(22**2 / (17**2 + 5**2)))
    assert topic["reasked_share"] == pytest.approx(23 / 24)
    assert topic["hours_per_week"] == pytest.approx(46 * 7.5 / 60 / WEEKS, abs=1e-6)
    assert (topic["space"], topic["locked"]) == ("knowledge_page", True)
    # two asks came while Umber was away: too few to be told
    assert topic["silent_weeks"] is None
    assert "silent_weeks" in topic["suppressed"]


def test_nobody_is_named(config):
    for arguments in ((), ("--json",)):
        shown = run(config, "knowledge", *arguments).stdout
        assert "@" not in shown
        assert not [who for who in (*ANSWERERS, *(a for a, _ in ASKERS)) if who.partition("@")[0] in shown.lower()]


def test_people_read_the_table_and_the_story(config):
    ended = run(config, "knowledge")
    (topic,) = json.loads(run(config, "knowledge", "--json").stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "tax on foreign invoice" in ended.stdout
    assert topic["story"] in " ".join(ended.stdout.split())
    assert topic["story"].startswith("24 people of 3 other departments (Legal 8, Research 8, Sales 8) ask Finance")


def test_figures_about_too_few_are_null_and_named(config):
    small = {"ANALYSER_PRIVACY__MINIMUM_GROUP": "25"}
    (topic,) = json.loads(run(config, "knowledge", "--json", **small).stdout)
    assert {"asks", "outside_askers", "hours_per_week"} <= set(topic["suppressed"])
    assert all(topic[name] is None for name in topic["suppressed"])
    assert set(topic["asker_departments"].values()) == {None}
    shown = run(config, "knowledge", **small).stdout
    assert "not shown: fewer than 25 people" in shown
    assert "24" not in shown


def test_top_and_thresholds(config):
    assert len(json.loads(run(config, "knowledge", "--json", "--top", "1").stdout)) == 1
    assert run(config, "knowledge", "--top", "0").returncode == 2


def test_before_an_analysis_the_verb_that_comes_first_is_named(tmp_path):
    path = tmp_path / "analyser.toml"
    path.write_text('[lake]\npath = "lake"\n', encoding="utf-8")
    ended = run(path, "knowledge")
    assert ended.returncode == 1
    assert "analyser analyse" in ended.stderr
