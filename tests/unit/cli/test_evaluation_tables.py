"""The same figures for people and as Markdown; what was not asked for has no table."""

from __future__ import annotations

from analyser.cli.evaluation_tables import Section, markdown, sections, shown

ROW = {"k": 5, "proposals": 0.25, "baseline": 0.2, "clairvoyant": 0.5, "mean_size": 6.25, "regret": 0.5}
NOTHING = {"k": 20, "proposals": 0.0, "baseline": 0.0, "clairvoyant": 0.0, "mean_size": None, "regret": None}
RESULT = {
    "rules": [{"rule": "broadcast", "labels": 3, "recall": 0.667, "findings": 4, "precision": 0.5, "f1": 0.571}],
    "threads": {"rebuilt": {"messages": 1200, "precision": 0.9996, "recall": 0.5, "f1": 0.6666}},
    "coverage": {"splits": [{"split": "2025-03-01", "rows": [ROW, NOTHING]}], "mean": []},
    "recovery": {"people": 40, "departments": 3, "communities": 4, "adjusted_mutual_information": 0.5},
    "stability": {"pilots": 7, "kept": [1.0, 0.8571], "listed": [1.0, 1.0], "mean_kept": 0.9286, "mean_listed": 1.0},
}


def rows(name, result=RESULT):
    return sections({name: result[name]})[0].rows


def test_every_part_has_a_table_in_reading_order():
    titles = [part.title for part in sections(RESULT)]
    assert [title.split()[0] for title in titles] == ["Rules", "Threads", "Coverage", "Department", "Stability:"]
    assert all(len(row) == len(part.columns) for part in sections(RESULT) for row in part.rows)


def test_what_is_not_known_has_no_table():
    assert sections({"lake": "x", "rules": [], "stability": None}) == []


def test_figures():
    assert rows("rules") == (("broadcast", "3", "0.67", "4", "0.50", "0.57"),)
    assert rows("threads") == (("rebuilt", "1,200", "1.000", "0.500", "0.667"),)
    assert rows("recovery") == (("departments by communities", "40", "3", "4", "0.5000"),)
    assert rows("coverage") == (
        ("2025-03-01", "5", "0.2500", "0.2000", "0.5000", "0.5000", "6.2"),
        ("2025-03-01", "20", "0.0000", "0.0000", "0.0000", "–", "–"),
    )


def test_means_stand_behind_splits_and_samples():
    assert [row[0] for row in rows("stability")] == ["sample 1", "sample 2", "mean"]
    assert rows("stability")[-1] == ("mean", "7", "0.93", "1.00")
    several = {"coverage": {**RESULT["coverage"], "mean": [ROW]}}
    assert [row[0] for row in rows("coverage", several)] == ["2025-03-01", "2025-03-01", "mean"]


def test_markdown_aligns_figures_and_escapes_what_would_part_a_cell():
    text = markdown("a|b", [Section("Rules", ("rule", "n"), (("x|y", "1"),))])
    assert text == "## a\\|b\n\n### Rules\n\n| rule | n |\n| --- | ---: |\n| x\\|y | 1 |\n"


def test_people_see_the_same_rows():
    table = shown(sections(RESULT)[0])
    assert [column.header for column in table.columns] == list(sections(RESULT)[0].columns)
    assert table.row_count == 1
