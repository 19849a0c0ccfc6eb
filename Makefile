# Every target works from a fresh clone; bare `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
# UMAP compiles itself at its first use: once here, instead of in each process that draws a first map of customers
COMPILE_UMAP := 'import numpy; from training.evaluation.map_layout import umap_plane as lay_out; lay_out(numpy.random.default_rng(0).normal(size=(60, 3)))'
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))

.DEFAULT_GOAL := help
.PHONY: help install install-spark demo test torture lint docs bench serve mlflow lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed, found " + sys.version.split()[0] if not (3, 11) <= sys.version_info < (3, 14) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 cli.py $(PACKAGES)
	$(BIN)/python -W ignore -c $(COMPILE_UMAP)
	@touch $@

install: .venv/installed ## Create .venv with the locked packages

.venv/installed-spark: .venv/installed requirements-spark.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

install-spark: .venv/installed-spark ## Add pyspark to .venv, for `engine: spark`; needs Java 17

demo: install ## Discover, register, serve and ask, on a real retailer (about a minute on two free cores; writes demo/)
	$(BIN)/segments demo demo

test: install ## Run the whole test suite, two files at a time, the longest first
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

MACHINE ?= on $(shell nproc) cores
DATE ?= $(shell date +%F)

torture: install ## Stress the service for most of an hour; writes docs/torture.md (MACHINE="..." DATE=... say where, when)
	$(BIN)/python -m experiments.torture --machine "$(MACHINE)" --date "$(DATE)"

lint: install ## Style, strict types, import layers, generated documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m reference --check

docs: install ## Write the generated tables of docs/ from the code
	$(BIN)/python -m reference

bench: install ## Measure every number that the README quotes
	$(BIN)/python -m experiments.benchmarks all

serve: install ## Serve the demo's champion at http://127.0.0.1:3000
	$(BIN)/segments serve --config demo/segments.yaml

mlflow: install ## Open the demo's runs at http://127.0.0.1:5000
	MLFLOW_DISABLE_TELEMETRY=true $(BIN)/mlflow ui --backend-store-uri sqlite:///demo/mlflow.db

lock: ## Compile requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra demo --extra dev --python-version 3.11 --no-header \
		--no-emit-index-url --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra spark --python-version 3.11 --no-header \
		--no-emit-index-url --constraint requirements.lock pyproject.toml --output-file requirements-spark.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
		--constraint requirements.lock serving/requirements.in --output-file serving/requirements.lock

clean: ## Remove what the targets made
	rm -rf .venv demo build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
