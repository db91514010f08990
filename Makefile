# Openline. `make` alone lists the targets. Needs Python 3.11 or newer, make and git.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fmt bench bench-voice bench-record soak sim fuzz lock clean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
RUN := .venv/.ready-run
DEV := .venv/.ready-dev
SEEDS ?= 500
RUNS ?= 10000000
ARGS ?=
BENCH_CELLS ?=
# Real desks one at a time in one process, pure tests beside them in another (tests/conftest.py).
SPREAD := -n 2 --dist loadscope --no-loadscope-reorder
MATRIX := tests/bench/test_bench_matrix.py tests/bench/test_bench_back.py
RECORD := tests/bench/test_bench_record.py

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 13

$(RUN): requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh run
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml tools/setup.sh
	@tools/setup.sh dev
	@touch $@ $(RUN)

setup: $(DEV) ## make .venv with everything that a developer needs
	@echo "Python packages are in place: .venv/bin/openline"

demo: $(RUN) ## two posts and two desks on this machine, in the browser
	@$(BIN)/openline demo $(ARGS)

test: $(DEV) ## all tests; ARGS="tests/unit -x" narrows them
	@tools/setup-tests.sh
	@$(BIN)/python -m pytest $(if $(ARGS),,$(SPREAD)) $(ARGS)

lint: $(DEV) ## ruff, mypy and the import contract
	@tools/lint.sh

fmt: $(DEV) ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(DEV) ## figures, measured on this machine
	@tools/setup-tests.sh
	@$(BIN)/python -m pytest -m bench -p no:randomly --capture=no tests $(MATRIX:%=--ignore=%) --ignore=$(RECORD) $(ARGS)

bench-voice: $(DEV) ## voice by delay, loss and paths, 15 minutes; BENCH_CELLS="50-0-2 pauses back" takes some
	@tools/setup-tests.sh
	@BENCH_CELLS="$(BENCH_CELLS)" $(BIN)/python -m pytest -m bench -p no:randomly --capture=no $(MATRIX) $(ARGS)

bench-record: $(DEV) ## the record: written to receipted, batches, 100,000 entries verified; 12 minutes
	@tools/setup-tests.sh
	@$(BIN)/python -m pytest -m bench -p no:randomly --capture=no $(RECORD) tests/bench/test_bench_text.py $(ARGS)

soak: $(DEV) ## hours, not minutes: 1,000 kills, power cuts and failing disks, 5,000 seeds, more examples
	@tools/setup-tests.sh
	@OPENLINE_SOAK=1 $(BIN)/python -m pytest --timeout=0 $(ARGS)

sim: $(RUN) ## two posts in one process under faults: make sim SEEDS=500
	@$(BIN)/openline sim --seeds $(SEEDS) $(ARGS)

fuzz: $(DEV) ## any bytes into every parser of foreign bytes: make fuzz RUNS=10000000 ARGS="--only batch"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-fuzz.lock
	@PYTHONPATH=. $(BIN)/python -m tests.fuzz.run --runs $(RUNS) $(ARGS)

lock: $(DEV) ## refresh the lock files from pyproject.toml (UPGRADE=1: newest of all)
	@tools/lock.sh

clean: ## remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
