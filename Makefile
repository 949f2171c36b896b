# Every target sets up what it needs in .venv; on a fresh machine Python 3.11 or newer and make are enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The order of prerequisites is the order of the checks, with -j as well.
.NOTPARALLEL:
.PHONY: help demo test test-all pytest generate check-generated contract contract-long compatibility coverage prove prove-sample mock \
	bench lint types build constraints clean generality

# The first Python that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PORT ?= 8080
# One more than most machines of CI have cores: they wait for sockets and for other processes a quarter of their time.
WORKERS ?= 3
# By file: the last test of a module may count what its other tests have seen, and costly fixtures are made once.
# Marks of xdist_group are no substitute: pytest-xdist 3.8 does not see them with pytest 9.2.
# In the order of the files: those with few tests are not the short ones, and should not come last.
DISTRIBUTED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Fails if something of the contract is exercised by no test, and shows all of it on a page.
COVERED := -p tests.prove.coverage.recorder --contract-coverage=.prove/coverage.html
CONTRACT_EXAMPLES ?= 1000
SEED ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# The tests start hundreds of processes, which read what the first ones have compiled; `make clean` removes it.
export PYTHONDONTWRITEBYTECODE :=

$(INSTALLED): pyproject.toml .ci/constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) ..."
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt pip
	@$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --group dev --editable '.[cli,mock]'
	@touch $@

help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) ## Creates sessions and uploads a 64 MiB file, against the embedded mock.
	@$(BIN)/python -m tests.flow.demo

test: check-generated lint types compatibility pytest ## Everything that must hold: drift, lint, types, versions, all tests.

test-all: ## Runs the tests on every Python >= 3.11 that is installed.
	@.ci/test-all

pytest: $(INSTALLED) ## All tests, without drift, lint and types (WORKERS=).
	@$(BIN)/python -m pytest $(DISTRIBUTED) $(COVERED)

generate: $(INSTALLED) ## Writes generated/ from spec/openapi.yaml.
	@$(BIN)/python -m generator --strict

check-generated: $(INSTALLED) ## Fails, naming each file, when generated/ is not what spec/ and generator/ make.
	@$(BIN)/python -m generator --strict --check

contract: $(INSTALLED) ## The contract tests alone, deterministic.
	@$(BIN)/python -m pytest tests/contract

contract-long: $(INSTALLED) ## The contract tests on many random cases (CONTRACT_EXAMPLES=, SEED= repeats a run).
	@seed=$(or $(SEED),$$($(BIN)/python -c 'import secrets; print(secrets.randbelow(2**32))')); \
	again="make contract-long CONTRACT_EXAMPLES=$(CONTRACT_EXAMPLES) SEED=$$seed"; \
	echo "Seed $$seed; the same run again: $$again"; \
	CONTRACT_EXAMPLES=$(CONTRACT_EXAMPLES) $(BIN)/python -m pytest tests/contract $(DISTRIBUTED) \
		-p no:cacheprovider --hypothesis-seed=$$seed \
		|| { echo "Seed $$seed failed; the same run again: $$again" >&2; exit 1; }

generality: $(INSTALLED) ## Generates a client from each of DOCUMENTS=, and counts what it holds to (EXAMPLES= bodies for each operation).
	@$(BIN)/python -m tests.generality $(DOCUMENTS) --examples $(or $(EXAMPLES),20) --types

compatibility: $(INSTALLED) ## Says what the fragment's changes since its last release break, and whom; fails without a new version.
	@$(BIN)/python -m tests.compatibility

coverage: $(INSTALLED) ## Counts what of the contract its tests exercise; the page is .prove/coverage.html.
	@$(BIN)/python -m pytest tests/contract $(DISTRIBUTED) $(COVERED)

prove: coverage ## Plants defects and drawn mutants, one at a time, and counts what the tests detect; continues if interrupted (WORKERS=, SEED=).
	@$(BIN)/python -m tests.prove --workers $(WORKERS)
	@$(BIN)/python -m tests.prove.draw --workers $(WORKERS) $(if $(SEED),--seed $(SEED))

prove-sample: $(INSTALLED) ## A small part of that, always the same one (WORKERS=).
	@$(BIN)/python -m tests.prove --sample --workers $(WORKERS)

mock: $(INSTALLED) ## Serves the mock on http://127.0.0.1:8080/api/2.0 (PORT=) until interrupted.
	@$(BIN)/python -m box_uploads_mock --port $(PORT)

bench: $(INSTALLED) ## Measures uploads, memory, decoding, calls, imports and generation, beside their targets (ONLY= for one).
	@$(BIN)/python -m tests.bench $(ONLY)

lint: $(INSTALLED) ## Checks style and formatting.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(INSTALLED) ## Checks the types, with mypy and with pyright.
	@$(BIN)/mypy & mypy=$$!; $(BIN)/pyright --pythonpath $(BIN)/python; pyright=$$?; wait $$mypy && exit $$pyright

build: $(INSTALLED) ## Builds the wheel and the source distribution into dist/.
	@$(BIN)/python -m build --outdir dist

constraints: ## Renews .ci/constraints.txt with the newest versions that pyproject.toml lets in.
	@.ci/renew-constraints "$(PYTHON)"

clean: ## Removes what the other targets made, apart from generated/.
	rm -rf $(VENV) .venv-* dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis* .prove
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
