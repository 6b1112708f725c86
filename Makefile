# The two commands of a newcomer are `make demo` and `make test`; `make help` lists the rest.
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check
PACKAGE := .[gauntlet,onnx,openspiel,promotion,distribution,s3,swarm,tracing,trust,cli,dev]
EVERY_EXTRA := $(PACKAGE:%]=%,ray,lightning,docs])
# An index with other builds of torch than PyPI's, which on x86-64 Linux is the large CUDA build; see README.md.
TORCH_INDEX ?=
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# The tests to run: a folder, a file, or a test's node id.
T ?= tests
# How many files of all tests run side by side: more than there are cores, because tests mostly wait for servers.
TESTERS ?= 5
# A test that fails beside all others has another try without them, and is named if it passes then: it wants mending, too.
AGAIN = { [ $$? -eq 1 ] && echo "Once more, alone, what failed:" && $(BIN)/pytest --last-failed --last-failed-no-failures none -rp --maxfail 10 $(T); }

.DEFAULT_GOAL := help
.PHONY: help install demo up test fast test-contract house cover docs check format hooks lock bench bench-statistics bench-workers bench-distribution \
  dist try-wheel sbom licences openapi-tools lint-openapi fuzz-openapi

help: ## This list
	@awk -F ':.*## ' '/^## /{ print "\n" substr($$0, 4) } /^[a-z-]+:.*## /{ printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo "Variables: T=tests/promotion  PYTHON=python3.13  VENV=.venv-3.13  TORCH_INDEX=(an index with CPU builds)"

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (some minutes on the first run)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install $(PIP_FLAGS) $(INDEX) -c constraints.txt -e '$(PACKAGE)'
	@touch $@

## The suite

demo: $(VENV)/.installed ## Play, judge, promote and deliver three demo models, then stop
	@$(BIN)/ringrift demo

up: $(VENV)/.installed ## Start the suite on this machine and leave it running
	@$(BIN)/ringrift up

## Tests

test: $(VENV)/.installed ## Every test, or those of T=tests/promotion
	@$(BIN)/python -m play.games.ringrift.warm
	@$(BIN)/pytest $(if $(filter tests,$(T)),--numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder) $(T) || $(AGAIN)

fast: $(VENV)/.installed ## The tests that need no server and no compiled game, or those of T
	@$(BIN)/pytest --fast $(T)

test-contract: $(VENV)/.installed ## Every block of docs/runbook.md, typed at a whole suite, with a table of what was seen
	@$(BIN)/python -m play.games.ringrift.warm
	@$(BIN)/pytest tests/contract/test_runbook.py

house: $(VENV)/.installed ## The house rules alone
	@$(BIN)/pytest tests/house

cover: $(VENV)/.installed ## Every test, with the branches that none of them takes; fails below the floor
	@$(BIN)/python -m play.games.ringrift.warm
	@$(BIN)/coverage run -m pytest -q $(T)
	@$(BIN)/coverage report --skip-covered

## The doors

openapi-tools: ## Install what lints, fuzzes and generates clients, into build/openapi (needs npm and a network)
	@$(PYTHON) -m venv build/openapi
	@build/openapi/bin/pip install $(PIP_FLAGS) openapi-python-client==0.29.1 schemathesis==4.32.5
	@npm install --prefix build/openapi --no-fund --no-audit --ignore-scripts \
	  @stoplight/spectral-cli@6.16.3 openapi-typescript@7.13.0 typescript@5.9.3

lint-openapi: $(VENV)/.installed ## The OpenAPI documents under spectral
	@$(BIN)/python -m tests.kit.documents build/openapi/documents
	@build/openapi/node_modules/.bin/spectral lint --ruleset tests/contract/spectral.yaml build/openapi/documents/*.json

fuzz-openapi: $(VENV)/.installed ## 10,000 generated requests to a running suite: no error, and no answer that is not declared
	@$(BIN)/python -m tests.fuzz

## The documentation

docs: $(VENV)/.installed ## The documentation as a site, in build/site; a link that leads nowhere ends it
	@$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt mkdocs mkdocs-material
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open build/site/index.html"

## The code

check: $(VENV)/.installed ## Style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed ## Put the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(VENV)/.installed ## Run the checks of .pre-commit-config.yaml before each commit from now on
	@$(BIN)/pre-commit install

## The rest

install: $(VENV)/.installed ## Only install, into VENV

lock: ## Write constraints.txt anew, with the newest versions that pyproject.toml allows
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/pip install $(PIP_FLAGS) $(INDEX) -e '$(EVERY_EXTRA)'
	@{ grep '^#' constraints.txt; build/lock/bin/pip freeze --exclude-editable \
	  | sed -E -e 's/\+[A-Za-z0-9.]+$$//' -e '/ @ /d' -e '/^(nvidia|cuda|triton)/d'; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt

dist: $(VENV)/.installed ## The wheel and the Helm chart, into dist/: equal bytes wherever they are built
	@$(BIN)/python -m deploy.wheel dist
	@$(BIN)/python -m deploy.chart dist

try-wheel: dist ## Install the wheel outside the clone, and run the demo there from an empty folder
	@rm -rf build/wheel && $(PYTHON) -m venv build/wheel
	@build/wheel/bin/pip install $(PIP_FLAGS) $(INDEX) -c constraints.txt "$$(ls -t dist/*.whl | head -1)[cli,gauntlet,s3,swarm,trust]"
	@BIN=$(CURDIR)/build/wheel/bin && cd $$(mktemp -d) && env -u PYTHONPATH $$BIN/ringrift --version && env -u PYTHONPATH $$BIN/ringrift demo

sbom: ## What the installation of make try-wheel consists of, as CycloneDX, into dist/sbom.cdx.json
	@$(PYTHON) -m venv build/sbom
	@build/sbom/bin/pip install $(PIP_FLAGS) cyclonedx-bom==7.5.0
	@build/sbom/bin/cyclonedx-py environment build/wheel --output-reproducible --output-file dist/sbom.cdx.json

licences: $(VENV)/.installed ## The licences of everything that an installation brings along
	@$(BIN)/python -m deploy.licences

bench: $(VENV)/.installed ## Measure the figures of docs/benchmarks.md on this machine
	$(BIN)/python -m tests.benchmarks

bench-statistics: $(VENV)/.installed ## Compute the figures of docs/statistics.md: what each mode of the gate does
	@$(BIN)/python -m tests.benchmarks statistics racing --json

bench-workers: $(VENV)/.installed ## Measure what verdicts cost, and workers their service, on this machine
	@$(BIN)/python -m tests.benchmarks verdict workers sandbox --json

bench-distribution: $(VENV)/.installed ## Measure how long a model takes to 8, 16 and 32 nodes in network namespaces; needs root
	@$(BIN)/python -m tests.benchmarks distribution --json
