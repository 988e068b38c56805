"""What the tests of the documentation share: the project's folder, its pages, the generator, the command line."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import typer

from analyser.cli.app import app

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(?P<mark>```+|~~~+)(?P<language>\w*)\n(?P<text>.*?)^(?P=mark)\s*$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of code in a page."""

    page: str
    language: str
    text: str


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked(root) -> list[str]:
    """Files of the project: those that git keeps or would keep; outside a clone, all that no tool has made."""
    if shutil.which("git") and (root / ".git").exists():
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    else:
        made = re.compile(r"(^|/)(\.(?!ci|gitignore)|__pycache__|build|dist|site|var|\w+\.egg-info)|^docs/project/")
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
        names = [name for name in names if not made.search(name)]
    return sorted(name for name in names if (root / name).is_file())


@pytest.fixture(scope="session")
def pages(root, tracked) -> dict[str, str]:
    """Text of every Markdown page by its path."""
    found = {name: (root / name).read_text(encoding="utf-8") for name in tracked if name.endswith(".md")}
    assert {"README.md", "ARCHITECTURE.md", "docs/index.md"} <= found.keys()
    return found


@pytest.fixture(scope="session")
def blocks(pages) -> list[Block]:
    """Every fenced block of code."""
    return [Block(page, m["language"], m["text"]) for page, text in pages.items() for m in _FENCE.finditer(text)]


@pytest.fixture(scope="session")
def generate(root) -> ModuleType:
    """The script that writes the generated pages."""
    spec = importlib.util.spec_from_file_location("docs_generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def options() -> dict[str, set[str]]:
    """Names of the options by verb; those before the verb under the empty name."""
    program: Any = typer.main.get_command(app)
    verbs = program.list_commands(None)
    found = {verb: {o for p in program.get_command(None, verb).params for o in p.opts} for verb in verbs}
    return found | {"": {o for p in program.params for o in p.opts}}
