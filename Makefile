# Two commands matter: `make demo` and `make test`. Each target makes its virtual environment when it is missing or old.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: accuracy demo test check bench bench-large constraints clean docs

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
	$(BIN)/python benchmarks/data_connect.py --json benchmarks/results/data_connect.json
	$(BIN)/python benchmarks/analyse.py --json benchmarks/results/analyse.json
	$(BIN)/python benchmarks/peers.py --json benchmarks/results/peers.json
	$(BIN)/python benchmarks/graph.py --json benchmarks/results/graph.json
	PYTHONPATH=tests $(BIN)/python benchmarks/ews.py --json benchmarks/results/ews.json

# what docs/accuracy.md publishes and a test holds later code to
accuracy: .venv/.dev
	$(BIN)/python benchmarks/accuracy.py --write
	$(BIN)/python docs/generate.py

# ten million copies of six million messages: the lake stays in var/bench-large, 20 GB of disk are plenty
bench-large: .venv/.dev
	mkdir -p benchmarks/results
	$(BIN)/python benchmarks/analyse.py --messages 6000000 --copies 10000000 --people 100000 --memory 4GB \
		--lake var/bench-large --json benchmarks/results/analyse-large.json

docs: .venv/.docs
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/notebooks.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Debian keeps ensurepip in the package python3-venv and fails half-way without it: nothing half-made may stay
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# a developer's environment holds what the demo needs: with one there, the demo installs nothing
.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	@test -e .venv/.dev || echo "installing into .venv: a minute or two"
	@test -e .venv/.dev && test ! pyproject.toml -nt .venv/.dev && test ! constraints.txt -nt .venv/.dev \
		|| $(PIP) --editable '.[demo]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing into .venv: a minute or two"
	@$(PIP) --editable '.[dev]'
	@touch .venv/.demo $@

.venv/.docs: .venv/.dev
	@$(PIP) --editable '.[dev,docs]'
	@touch $@

constraints:
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip --disable-pip-version-check install --quiet --editable '.[dev,docs]'
	{ echo '# Exact versions that were tested together. Made by: make constraints'; \
	  .venv-constraints/bin/python -m pip --disable-pip-version-check list --format=freeze \
	    --exclude analyser --exclude pip --exclude setuptools | $(PYTHON) -c 'import sys; sys.stdout.writelines(sorted(sys.stdin, key=str.lower))'; } > .venv-constraints/new
	mv .venv-constraints/new constraints.txt
	rm -rf .venv-constraints

# var/ stays: it may hold a lake of yours
clean:
	rm -rf .venv .venv-constraints site docs/project var/demo benchmarks/results build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
