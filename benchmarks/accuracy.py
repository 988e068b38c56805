"""Accuracy as it is published: ``docs/accuracy.json``, which the pages show and a test holds later code to.

``python benchmarks/accuracy.py [--departments FOLDER] [--write]``

Prints what the code of today reaches as JSON; with ``--write`` it becomes what is published. Two measurements: a sample
organisation by its labels, and the later mail of a real one (a folder that the source `table` reads; without it, its
part stays as it is).
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PUBLISHED = pathlib.Path(__file__).parents[1] / "docs" / "accuracy.json"
SAMPLE = {"people": 200, "weeks": 30, "seed": 5101}
SPLIT = "2001-09-18"


def evaluate(*arguments, config=None):
    """What `analyser evaluate` prints."""
    chosen = ("--config", str(config)) if config else ()
    command = (sys.executable, "-m", "analyser", *chosen, "evaluate", *arguments, "--json")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)[0]


def sample():
    """Rules, threads and departments of a sample organisation."""
    flags = [part for name, value in SAMPLE.items() for part in (f"--{name}", str(value))]
    return SAMPLE | evaluate(*flags)


def departments(folder):
    """Coverage and departments of real mail."""
    with tempfile.TemporaryDirectory() as place:
        config = pathlib.Path(place) / "analyser.toml"
        config.write_text(
            f'[organisation]\ndomains = ["enron.com"]\n[lake]\npath = "lake"\n'
            f'[[sources]]\nname = "mail"\ntype = "table"\npath = "{folder.absolute()}"\n',
            encoding="utf-8",
        )
        # a few lines of the directory cannot be read: the scan says so, and ends with 1
        scan = (sys.executable, "-m", "analyser", "--config", str(config), "scan", "--json")
        subprocess.run(scan, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        analyse = (sys.executable, "-m", "analyser", "--config", str(config), "analyse", "--json")
        subprocess.run(analyse, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = evaluate("--split", SPLIT, config=config)
    return {name: found[name] for name in ("coverage", "recovery")}


def main():
    """Measure, print, and publish if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--departments", type=pathlib.Path, help="folder of the department mail")
    parser.add_argument("--write", action="store_true", help="publish what was measured")
    options = parser.parse_args()
    shared = pathlib.Path(os.environ.get("ANALYSER_SHARED", PUBLISHED.parents[2] / "shared"))
    folder = options.departments or shared / "data" / "enron-departments"
    found = json.loads(PUBLISHED.read_text(encoding="utf-8")) if PUBLISHED.exists() else {}
    found["sample"] = sample()
    if folder.is_dir():
        found["departments"] = departments(folder)
    text = json.dumps(found, indent=1) + "\n"
    if options.write:
        PUBLISHED.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
