"""Every proposal of a sample organisation answers seven questions: on the screen, for programs, and in the report."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

QUESTIONS = {
    "seen": "What did you see?",
    "kind": "Why this space?",
    "people": "Why these people?",
    "risk": "What is at risk?",
    "stops": "What stops by email?",
    "saving": "How is the saving computed?",
    "considered": "What else was considered?",
}
JOINED = {
    "channel", "private_channel", "shared_channel", "team", "project_team", "community", "library", "list",
    "task_board", "approvals", "alerts_channel",
}  # fmt: skip


def run(*arguments, config=None, **variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSER_")}
    options = ["--config", str(config)] if config else []
    return subprocess.run(
        [sys.executable, "-m", "analyser", *options, *arguments], capture_output=True, text=True, encoding="utf-8",
        check=True, timeout=300, env=clean | {"PYTHONUTF8": "1", "COLUMNS": "200"} | variables,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Folder of a small sample organisation, analysed, with its report."""
    folder = tmp_path_factory.mktemp("answers")
    run("demo", "--people", "120", "--weeks", "26", "--no-serve", "--out", str(folder))
    return folder


@pytest.fixture(scope="module")
def proposals(sample):
    return json.loads(run("proposals", "--json", config=sample / "analyser.toml").stdout)


@pytest.fixture(scope="module")
def stories(sample):
    """What the screen says of each proposal, by rank, as plain words."""
    shown = run("proposals", "--why", config=sample / "analyser.toml").stdout
    parts = re.split(r"^(\d+)\. ", shown[shown.index("\n1. ") :], flags=re.MULTILINE)[1:]
    return {
        int(rank): " ".join(re.sub("[│├└─]", " ", text).split()) for rank, text in zip(*[iter(parts)] * 2, strict=True)
    }


def test_every_proposal_answers_every_question_for_programs(proposals):
    assert len(proposals) > 20
    assert {"propose", "not_yet", "defer", "leave"} <= {p["status"] for p in proposals}
    for p in proposals:
        assert list(p["answers"]) == list(QUESTIONS)
        for told in p["answers"].values():
            assert told
            assert all(len(sentence.split()) >= 3 for sentence in told)


def test_every_proposal_answers_every_question_on_the_screen(proposals, stories):
    assert list(stories) == [p["rank"] for p in proposals]
    for p in proposals:
        story = stories[p["rank"]]
        places = [story.index(question) for question in QUESTIONS.values()]
        assert places == sorted(places)
        for sentence in (s for told in p["answers"].values() for s in told):
            assert " ".join(sentence.split()) in story


def test_every_open_or_parked_proposal_answers_every_question_in_the_report(sample, proposals):
    page = (sample / "report.html").read_text(encoding="utf-8")
    found = [
        html.unescape(" ".join(part.split())) for part in re.findall(r'<dl class="answers">(.*?)</dl>', page, re.DOTALL)
    ]
    told = [p for p in proposals if p["status"] != "leave"]
    assert len(found) == len(told)
    pilots_first = sorted(told, key=lambda p: (not p["pilot"], p["status"] == "defer", p["rank"]))
    for p, part in zip(pilots_first, found, strict=True):
        blocks = re.findall(r"<div><dt>(.*?)</dt>(.*?)</div>", part)
        assert [question for question, _ in blocks] == list(QUESTIONS.values())
        for _, answers in blocks:
            assert re.search(r"<dd>[^<]{10,}</dd>", answers)
        assert p["answers"]["seen"][0] in part


def test_what_is_left_alone_is_told_nowhere_in_the_report(sample, proposals):
    page = html.unescape((sample / "report.html").read_text(encoding="utf-8"))
    assert not any(p["name"] in page for p in proposals if p["status"] == "leave")


def test_every_figure_of_a_saving_has_its_range_formula_and_assumptions(proposals):
    for p in proposals:
        saved = p["savings"]
        assert saved["hours_low"] <= saved["hours_per_week"] <= saved["hours_high"]
        assert saved["deliveries_low"] <= saved["deliveries_high"] <= saved["deliveries_per_week"]
        spent = sum(hours for name, hours in saved["generated"].items() if name != "words")
        assert spent == pytest.approx(saved["hours_high"] / 0.8, abs=0.1)
        if p["status"] != "leave":
            text = " ".join(p["answers"]["saving"])
            assert saved["formula"] in text
            assert all(assumption in text for assumption in saved["assumptions"])


def test_no_two_of_the_first_twenty_share_half_of_their_people(proposals):
    first = [frozenset(p["members"]) for p in proposals[:20]]
    assert not [(a, b) for n, a in enumerate(first) for b in first[:n] if len(a & b) >= 0.5 * len(a | b)]


def test_nobody_gets_more_than_five_new_spaces(proposals):
    load = Counter()
    for p in proposals:
        if p["kind"] in JOINED and p["status"] in {"propose", "convert"}:
            load.update(p["members"])
    assert 2 <= max(load.values()) <= 5
    held = [p for p in proposals if any(m.startswith("room: ") for m in p["missing"])]
    assert held
    for p in held:
        assert p["status"] == "not_yet"
        assert "more than 5 new spaces" in p["why_not"] + " ".join(p["risks"])
        assert max(load[m] for m in p["members"]) >= 4


def test_what_was_displaced_is_told_by_both_and_never_of_confidential_mail(proposals):
    by_id = {p["id"]: p for p in proposals}
    pairs = [(p, c) for p in proposals for c in p["considered"]]
    assert {"displaced", "before"} <= {c["how"] for _, c in pairs}
    for p, c in pairs:
        assert c["reason"] in p["answers"]["considered"]
        other = by_id.get(c["id"])
        assert other is None or other["status"] != "leave"
        if c["how"] == "before":
            assert other["rank"] < p["rank"]


def test_who_else_could_own_a_space_is_listed_by_name(proposals, stories):
    waiting = [p for p in proposals if p["status"] == "not_yet" and p["second_owners"]]
    assert waiting
    for p in proposals:
        people = [other["person"] for other in p["second_owners"]]
        assert people == sorted(people)
        assert set(people) <= set(p["members"])
        assert all(other["reasons"] for other in p["second_owners"])
    figureheads = [p for p in waiting if any("voice" in m for m in p["missing"])]
    for p in figureheads:
        assert f"could own it: {p['second_owners'][0]['person']}, who" in stories[p["rank"]]


def test_desks_tell_which_topics_are_locked(proposals, sample):
    desks = [p for p in proposals if p["patterns"][:1] == ["department_questions"]]
    topics = {t["story"]: t for t in json.loads(run("knowledge", "--json", config=sample / "analyser.toml").stdout)}
    assert desks
    assert topics
    for p in desks:
        topic = topics[p["knowledge"]["story"]]
        assert p["answers"]["seen"][0] == topic["story"]
        assert p["kind"] == topic["space"] == p["knowledge"]["space"]
        assert topic["department"] in p["purpose"]
    page = html.unescape((sample / "report.html").read_text(encoding="utf-8"))
    assert all(story in page for story in topics)
    assert "Departments that hardly talk" in page


def test_social_mail_leads_no_list_and_takes_no_list_of_everybody(proposals):
    social = [p for p in proposals if p["patterns"][:1] == ["social"]]
    assert social
    for p in social:
        assert p["rank"] > 2
        assert p["status"] != "convert"


def test_under_pseudonyms_no_answer_bears_an_address(sample):
    shown = run("proposals", "--why", config=sample / "analyser.toml", ANALYSER_PRIVACY__PSEUDONYMS="true").stdout
    found = set(re.findall(r"[\w.]+@[\w.]+", shown))
    assert found
    assert all(re.fullmatch(r"p|[0-9a-f]{12}@[\w.]+", address) for address in found)
