# Two commands matter: `make demo` and `make test`. Each target makes its virtual environment when it is missing or old.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test check bench constraints clean docs

demo: .venv/.demo
	$(BIN)/analyser demo

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	mkdir -p benchmarks/results
	$(BIN)/python benchmarks/mbox.py --json benchmarks/results/mbox.json
	$(BIN)/python benchmarks/analyse.py --json benchmarks/results/analyse.json

docs: .venv/.docs
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict --quiet

.venv/bin/python:
	$(PYTHON) -m venv .venv

# a developer's environment holds what the demo needs: with one there, the demo installs nothing
.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	test -e .venv/.dev || $(PIP) --editable '.[demo]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable '.[dev]'
	touch $@ .venv/.demo

.venv/.docs: .venv/.dev
	$(PIP) --editable '.[dev,docs]'
	touch $@

constraints:
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip install --quiet '.[dev,docs]'
	(echo '# Exact versions that were tested together. Made by: make constraints'; \
	 .venv-constraints/bin/python -m pip freeze --exclude analyser) > constraints.txt
	rm -rf .venv-constraints

clean:
	rm -rf .venv .venv-constraints site var benchmarks/results
