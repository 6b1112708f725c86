# The two commands of a newcomer are `make demo` and `make test`; `make help` lists the rest.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo up test check format bench

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (some minutes on the first run)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt -e '.[gauntlet,promotion,distribution,cli,dev]'
	@touch $@

demo: $(VENV)/.installed ## Play, judge, promote and deliver three demo models, then stop
	@$(BIN)/ringrift demo

up: $(VENV)/.installed ## Start the suite on this machine and leave it running
	@$(BIN)/ringrift up

test: $(VENV)/.installed ## Every test
	@$(BIN)/python -m play.games.ringrift.warm
	@$(BIN)/pytest

check: $(VENV)/.installed ## Style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed ## Put the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed ## Measure the figures of docs/benchmarks.md on this machine
	$(BIN)/python -m tests.benchmarks
