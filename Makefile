# Needs Python 3.11 or newer, git and make; everything else goes into .venv, once.
# Every path is relative, so the checkout may lie in a folder with spaces in its name.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# REQUIRE=all turns every skipped test into a failure; .ci/run uses it.
REQUIRE ?=

.PHONY: help demo test check lint layers types quick wheel pytest coverage readme bench format lock lowest clean

help:
	@echo 'make demo     set up, then plan examples/checkout'
	@echo 'make check    the one-minute part: style, layers, types, quick tests'
	@echo 'make test     every check (REQUIRE=all: a skipped test is a failure)'
	@echo 'make format   let ruff repair style and order; write skills/ and the manifests anew'
	@echo 'make readme   write the generated parts of README.md anew'
	@echo 'make bench    the speed measurements under benchmarks/'
	@echo 'make lock     pin again after a change in pyproject.toml (UPGRADE=1: to the newest releases)'
	@echo 'make lowest   the tests with the oldest dependencies pyproject.toml allows'
	@echo 'make clean    remove what was built; .venv stays'

demo: .venv/.run
	@$(BIN)/platform-ops plan examples/checkout

check: lint layers types quick

# The tests come last: their summary is what a reader of the log looks for.
test: lint layers types wheel pytest

lint: .venv/.dev
	@echo '== style'
	@$(BIN)/python -m ruff check --quiet --output-format concise .
	@$(BIN)/python -m ruff format --check --quiet .

layers: .venv/.dev
	@echo '== layers'
	@$(BIN)/lint-imports --no-logo --cache-dir build/import-linter

types: .venv/.dev
	@echo '== types'
	@$(BIN)/python -m pyright

quick: .venv/.dev
	@echo '== quick tests'
	@PLATFORM_OPS_REQUIRE='$(REQUIRE)' $(BIN)/python -m pytest -q -n 2 --dist loadfile -m 'not slow'

wheel: .venv/.dev build/wheel-venv/.run
	@echo '== wheel'
	@.ci/wheel-smoke

pytest: .venv/.dev
	@echo '== tests'
	@PLATFORM_OPS_REQUIRE='$(REQUIRE)' $(BIN)/python -m pytest -q -n 2 --dist loadfile

coverage: .venv/.dev
	@mkdir -p build
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=term

readme: .venv/.run
	@$(BIN)/python .ci/readme.py

bench: .venv/.run
	@for script in benchmarks/*.py; do \
	  test -f "$$script" || { echo 'benchmarks/ has no scripts yet'; exit 0; }; \
	  echo "== $$script"; PYTHONPATH=. $(BIN)/python "$$script" || exit 1; \
	done

format: .venv/.dev
	@$(BIN)/python -m ruff check --fix --quiet . ; $(BIN)/python -m ruff format .
	@$(BIN)/python .ci/packaging.py

lock:
	@.ci/lock $(if $(UPGRADE),--upgrade)

lowest:
	@.ci/lowest

clean:
	rm -rf build dist .coverage .hypothesis .import_linter_cache .pytest_cache .ruff_cache

# What it takes to run: the demo waits for no type checker.
.venv/.run: requirements-run.txt pyproject.toml
	@$(BIN)/python -c '' 2>/dev/null || { echo 'Setting up .venv' && python=$$(.ci/python) && "$$python" -m venv --clear .venv; }
	@$(PIP) --require-hashes -r requirements-run.txt
	@$(PIP) --no-deps --no-index --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements.txt .venv/.run
	@echo 'Installing the tools for checks into .venv'
	@$(PIP) --require-hashes -r requirements.txt
	@touch $@

# Only the dependencies: the wheel itself is put in anew each time.
build/wheel-venv/.run: requirements-run.txt
	@$(BIN)/python -m venv --clear build/wheel-venv
	@build/wheel-venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-run.txt
	@touch $@
