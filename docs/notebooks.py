"""Worked analyses as pages: every notebook is executed and written with its pictures to ``docs/project/notebooks/``.

Run by ``make docs``. Notebooks are stored without outputs; what a page shows is what the code of today gives.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import ExecutePreprocessor

__all__ = ["main"]

_FOLDER = Path(__file__).parent
_LONGEST = 600  # seconds for one cell


def main() -> None:
    """Write a page for each notebook."""
    target = _FOLDER / "project" / "notebooks"
    target.mkdir(parents=True, exist_ok=True)
    for place in sorted((_FOLDER.parent / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(place, as_version=4)
        ExecutePreprocessor(timeout=_LONGEST).preprocess(notebook, {"metadata": {"path": str(_FOLDER.parent)}})
        text, _ = MarkdownExporter().from_notebook_node(notebook)
        page = target / f"{place.stem}.md"
        page.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {page.relative_to(_FOLDER.parent)}\n")


if __name__ == "__main__":
    main()
