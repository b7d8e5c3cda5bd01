# Set-up and checks. Everything lives in .venv; an install is repeated only when what it depends on changed.
PYTHON ?= python3
BIN := .venv/bin
BENCH_SIZES ?= 10000,100000
BENCH_ROUNDS ?= 5
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint format proof fuzz bench clean

help: ## say what the targets do
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

demo: .venv/.demo ## install, then assess the bundled estate
	@$(BIN)/sekisho demo

test: .venv/.dev .venv/.formats lint ## run the whole suite
	@tests/system-packages.sh
	@$(BIN)/python -m pytest

lint: .venv/.dev ## style, types and layers
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

format: .venv/.dev ## rewrite the source in the house style
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

proof: .venv/.dev ## the long checks at full size, written to docs/ASSURANCE.md (ONLY=engine: one of them)
	@$(BIN)/python tests/proof.py $(if $(ONLY),--only $(ONLY))

fuzz: .venv/.dev ## random networks until MINUTES=10 are over (SEED=1 NETWORKS=1: that one again)
	@$(BIN)/python tests/fuzz.py --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(NETWORKS),--networks $(NETWORKS))

bench: .venv/.dev ## how long everything takes, as ratios to reading alone (BENCH_SIZES=10000,100000 BENCH_ROUNDS=5)
	@PYTHONPATH=tests $(BIN)/python -m bench --sizes $(BENCH_SIZES) --rounds $(BENCH_ROUNDS)

clean: ## remove the environment and all caches
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

# What judges our exports, apart from what we run on: it pins nothing of ours.
.venv/.formats: tests/exports/validators.txt | .venv/bin/python
	@$(PYTHON) -m venv .venv/formats || uv venv --quiet --seed --python $(PYTHON) .venv/formats
	@.venv/formats/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/exports/validators.txt
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sekisho needs Python 3.11 or later: make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; command -v uv >/dev/null && uv venv --quiet --seed --python $(PYTHON) .venv; }

# Compiled here, because a machine may forbid it at run time and every start would compile again.
.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	@$(INSTALL) --editable ".[all]"
	@$(BIN)/python -m compileall -q src $$($(BIN)/python -c 'import click, msgspec; print(*click.__path__, *msgspec.__path__)')
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@$(INSTALL) --editable '.[dev]'
	@$(BIN)/python -m compileall -q src $$($(BIN)/python -c 'import click, msgspec; print(*click.__path__, *msgspec.__path__)')
	@touch .venv/.demo $@
