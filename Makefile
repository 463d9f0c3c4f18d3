SHELL := /bin/sh
PYTHON ?= python3
STEP ?= 0
VENV := .venv
BIN := $(VENV)/bin
WORKSHOP := $(BIN)/python -m workshop
RUN_LOCKS := $(addprefix requirements/,workshop.txt step0.txt step1.txt embedded.txt) \
	$(foreach level,. * */*,$(wildcard step[23]_*/$(level)/requirements.txt))
PYTEST_WORKERS ?= -n logical --maxprocesses 4 --dist loadscope
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run load test drills bench doctor mongod lint format types laws check lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start a step: make run STEP=0
	@$(WORKSHOP) run --step $(STEP)

load: $(VENV)/run.stamp ## load posts: make load FILE=posts.json | SUBREDDIT=python | GENERATE=100000
	@$(WORKSHOP) load --step $(STEP) $(if $(FILE),--file "$(FILE)") $(if $(SUBREDDIT),--subreddit "$(SUBREDDIT)") $(if $(GENERATE),--generate "$(GENERATE)")

test: $(VENV)/dev.stamp ## run all tests, or one step's: make test STEP=0
	@$(BIN)/python -m pytest $(PYTEST_WORKERS) $(if $(filter file,$(origin STEP)),$(ARGS),--step $(STEP) $(ARGS))

drills: $(VENV)/dev.stamp ## kill and cut things, as much of it as the text claims: make drills STEP=3
	@DRILLS=full $(BIN)/python -m pytest tests/drills -s $(if $(filter file,$(origin STEP)),,--step $(STEP)) $(ARGS)

bench: $(VENV)/dev.stamp ## measure what the text claims, as ratios within one run
	@$(WORKSHOP) bench $(ARGS)

doctor: $(VENV)/run.stamp ## say what this machine lacks and how to mend it
	@$(WORKSHOP) doctor

mongod: $(VENV)/run.stamp ## keep the embedded MongoDB up in this terminal
	@$(WORKSHOP) mongod

lint: $(VENV)/dev.stamp ## ruff, mypy and the laws of the layout
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(VENV)/dev.stamp ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(VENV)/dev.stamp ## resolve requirements/*.in again into the hash-pinned *.txt
	@UV=$(CURDIR)/$(BIN)/uv sh requirements/lock.sh $(LOCK_OPTIONS)

clean: ## stop what is still running and remove what these commands made
	@if [ -x $(BIN)/python ] && [ -d .state ]; then $(WORKSHOP) clean; fi
	@rm -rf $(VENV) .state artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; PYTHON=python3.12 make … picks another one."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 cannot make virtual environments here. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }

$(VENV)/run.stamp: $(RUN_LOCKS) | $(BIN)/python
	@echo "Installing what the steps need into $(VENV) (once) …"
	@$(PIP) $(addprefix -r ,$(RUN_LOCKS))
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(PIP) -r requirements/dev.txt
	@touch $@
