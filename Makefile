# `make demo` and `make test` are all that a newcomer needs.
.DEFAULT_GOAL := all
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8050
DEMO_STORE ?= embedded:.demo/store
SERVE_OPTIONS ?=

.PHONY: all demo test lint format neo4j neo4j-stop benchmarks clean environment

all: lint test

# the environment is made again when the dependencies change
environment: $(VENV)/.installed
$(VENV)/.installed: pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "make: Python 3.11 or newer is needed. On Debian and Ubuntu: sudo apt install python3 python3-venv; on macOS: brew install python" >&2; exit 1; fi
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "make: $(PYTHON) lacks its venv module. On Debian and Ubuntu: sudo apt install python3-venv (or the one of this Python, such as python3.12-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

demo: environment ## import the demonstration data and start the explorer
	@mkdir -p .demo
	LINEAGE_SETTINGS=demo/settings.toml $(BIN)/lineage --store $(DEMO_STORE) import demo/work32
	LINEAGE_SETTINGS=demo/settings.toml $(BIN)/lineage --store $(DEMO_STORE) serve --port $(PORT) $(SERVE_OPTIONS)

test: environment ## every test; what cannot run here is said in the last lines
	@$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(TEST_OPTIONS)

lint: environment ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

neo4j: environment ## a real Neo4j on loopback, for tests (needs Java and Maven)
	@$(BIN)/python tests/neo4j/server.py start

neo4j-stop: environment
	@$(BIN)/python tests/neo4j/server.py stop

benchmarks: environment ## speed beside the peers
	@for b in benchmarks/[a-z]*.py; do echo "== $$b"; $(BIN)/python -m benchmarks.$$(basename $$b .py) || exit 1; done

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
