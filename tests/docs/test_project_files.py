"""Files at the top of the project hold what they promise."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# of the text as the Apache Software Foundation publishes it
_APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
_TARGETS = ("accuracy", "demo", "test", "check", "bench", "docs", "constraints", "clean")

# put together here, so that this file does not hold what it forbids
_FOREIGN = re.compile(
    "|".join(
        [
            rf"(?<![\w.])/(?:{'|'.join(['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me', 'Us' + 'ers'])})/",
            rf"(?:{'|'.join(['py' + 'pi', 'npm' + 'js', 'anacon' + 'da'])})\.\w+",
            "python" + "hosted",
        ]
    )
)


def _dry(root, *targets: str) -> str:
    """What make would do."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    call = ["make", "--dry-run", "--no-print-directory", *targets]
    return subprocess.run(call, cwd=root, capture_output=True, text=True, check=True).stdout


def test_licence_is_the_unmodified_text(root):
    assert hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest() == _APACHE
    assert 'license = "Apache-2.0"' in (root / "pyproject.toml").read_text(encoding="utf-8")


# make


@pytest.mark.parametrize("target", _TARGETS)
def test_targets_exist(root, target):
    assert _dry(root, target).strip()


def test_targets_in_the_pages_exist(root, pages):
    named = {target for text in pages.values() for target in re.findall(r"(?:^|`|\n)make ([a-z]+)", text)}

    assert {"demo", "test", "check", "docs"} <= named <= set(_TARGETS)


def test_two_commands_do_what_the_readme_says(root):
    assert ".venv/bin/analyser demo" in _dry(root, "demo")
    assert ".venv/bin/python -m pytest" in _dry(root, "test")


def test_an_environment_that_is_missing_is_made_first(root, tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, tmp_path)

    steps = _dry(tmp_path, "demo")

    made, installed, run = (steps.index(step) for step in ("-m venv", "'.[demo]'", "analyser demo"))
    assert made < installed < run
    assert "[dev]" not in steps


def test_an_environment_that_is_old_is_renewed_and_a_new_one_is_not(root, tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, tmp_path)
        os.utime(tmp_path / name, (1_000_000, 1_000_000))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("bin/python", ".demo", ".dev"):
        (tmp_path / ".venv" / name).touch()
        os.utime(tmp_path / ".venv" / name, (2_000_000, 2_000_000))

    assert "install" not in _dry(tmp_path, "demo", "test")
    os.utime(tmp_path / "constraints.txt", (3_000_000, 3_000_000))
    assert "'.[dev]'" in _dry(tmp_path, "test")


def test_cleaning_leaves_the_lake_alone(root):
    removed = _dry(root, "clean").split()

    assert ".venv" in removed
    assert not {"var", "var/", "var/lake", "analyser.toml"} & set(removed)


def test_continuous_integration_runs_check_and_test_and_nothing_else(root):
    script = root / ".ci/run"
    text = script.read_text(encoding="utf-8")

    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text
    assert re.findall(r"^.*\bmake [a-z]+$", text, re.MULTILINE) == ["time make check", "time make test"]
    assert not re.search(r"\b(pip|pytest|ruff|mypy|curl|wget)\b", text)
    if shutil.which("bash"):
        subprocess.run(["bash", "-n", script], check=True)


# packages


@pytest.fixture(scope="module")
def pinned(root) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("#")
    assert "make constraints" in lines[0]
    pins = [re.fullmatch(r"([\w.-]+)==([\w.!+]+)", line) for line in lines[1:]]
    assert None not in pins, "a line that is no exact version"
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def test_constraints_are_sorted(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    names = [line.partition("==")[0].lower() for line in lines]

    assert len(set(names)) == len(names)
    assert [line.lower() for line in lines] == sorted(line.lower() for line in lines)


def test_every_declared_package_is_pinned_to_a_version_that_is_allowed(root, pinned):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    wanted = [Requirement(text) for text in declared]
    wanted = [requirement for requirement in wanted if requirement.name != project["name"]]

    assert len(wanted) > 20
    for requirement in wanted:
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run 'make constraints'"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} but {version} is pinned"


def test_extras_that_errors_name_exist(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {
        extra
        for path in (root / "analyser").rglob("*.py")
        for extra in re.findall(r'MissingExtraError\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= project["optional-dependencies"].keys()


# words that belong to no project


def test_no_file_names_a_machine_or_a_registry(root, tracked):
    found = []
    for name in tracked:
        try:
            text = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture or a packed file
            continue
        found += [f"{name}: {match[0]}" for match in _FOREIGN.finditer(text)]

    assert len(tracked) > 50
    assert found == []


@pytest.mark.parametrize("text", ["see /ho" + "me/ann/x", "cd /wo" + "rk/main", "https://py" + "pi.example/simple"])
def test_a_foreign_word_is_found(text):
    assert _FOREIGN.search(text)


@pytest.mark.parametrize("text", ["docs/work/main", "home/", "a work/life balance", "https://contoso.example/x"])
def test_plain_words_are_not(text):
    assert not _FOREIGN.search(text)
