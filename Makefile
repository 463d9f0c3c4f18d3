SHELL := /bin/sh
# Assigned here, so that only `make NAME=…` sets them, not whatever is called so in the caller's shell.
$(if $(filter environment,$(origin STEP)),$(info STEP is set in your shell, which does not count here: say make … STEP=$(STEP)))
PYTHON := python3
STEP := 0
FILE :=
SUBREDDIT :=
GENERATE :=
SITE :=
ONLY :=
BUNDLED :=
QUICK :=
ARGS :=
LOCK_OPTIONS :=
# More than twice as many as a small machine has processors: tests wait, too.
PYTEST_WORKERS := -n 5 --dist loadscope
# Meant for other programs of the user's. What pip is told about fetching, requirements/install.py passes on.
unexport $(filter PYTHON% PYTEST_% MYPY% RUFF_% VIRTUAL_ENV __PYVENV_LAUNCHER__,$(.VARIABLES))

VENV := .venv
BIN := $(VENV)/bin
WORKSHOP := $(BIN)/python -m workshop
ONE_STEP = $(if $(filter file,$(origin STEP)),,$(addprefix --step ,$(STEP)))
RUN_LOCKS := $(addprefix requirements/,workshop.txt step0.txt step1.txt embedded.txt) \
	$(foreach level,. * */*,$(wildcard step[23]_*/$(level)/requirements.txt))
INSTALL := $(BIN)/python -I requirements/install.py
# Empty where .venv has to be made: there is none, its Python is gone or another by now, or an install was cut off.
FITS := $(shell $(BIN)/python -I -c 'import pip' 2>/dev/null && [ ! -e $(VENV)/installing ] && echo yes)
# As it was typed: make would read a $ in it as its own, and so would the shell.
export LOAD_FILE := $(value FILE)
export LOAD_FROM := $(value PWD)
export LOAD_SUBREDDIT := $(value SUBREDDIT)
export LOAD_GENERATE := $(value GENERATE)
export LOAD_SITE := $(value SITE)
NOT_OURS := echo "A run with sudo made some of this. To have it back: sudo chown -R $$(id -un) ."; exit 1

.DEFAULT_GOAL := help
.PHONY: help run load test drills bench doctor mongod lint format lock clean environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start a step: make run STEP=0
	@$(WORKSHOP) run --step $(or $(STEP),0) $(if $(filter no,$(BUNDLED)),--no-bundled)

load: $(VENV)/run.stamp ## load posts: make load FILE=posts.json | SUBREDDIT=python | GENERATE=100000
	@$(WORKSHOP) load --step $(or $(STEP),0) $(if $(LOAD_FILE),--file="$$LOAD_FILE") $(if $(LOAD_SUBREDDIT),--subreddit="$$LOAD_SUBREDDIT") $(if $(LOAD_GENERATE),--generate="$$LOAD_GENERATE") $(if $(LOAD_SITE),--site="$$LOAD_SITE") $(if $(filter-out no,$(ONLY)),--only) $(ARGS)

test: $(VENV)/dev.stamp ## run all tests, or one step's: make test STEP=0
	@$(BIN)/python -m pytest $(PYTEST_WORKERS) $(ONE_STEP) $(ARGS)

drills: $(VENV)/dev.stamp ## kill and cut things, as much of it as the text claims: make drills STEP=3 | QUICK=1
	@$(if $(QUICK),,DRILLS=full) $(BIN)/python -m pytest -m drill $(if $(QUICK),$(PYTEST_WORKERS),-s) $(ONE_STEP) $(ARGS)

bench: $(VENV)/dev.stamp ## measure what the text claims, as ratios within one run
	@$(WORKSHOP) bench $(ARGS)

doctor: $(VENV)/run.stamp ## say what this machine lacks and how to mend it
	@$(WORKSHOP) doctor

mongod: $(VENV)/run.stamp ## keep the embedded MongoDB up in this terminal
	@$(WORKSHOP) mongod

lint: $(VENV)/dev.stamp ## ruff, mypy and the laws of the layout
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m mypy && $(BIN)/python $(BIN)/lint-imports

format: $(VENV)/dev.stamp ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(VENV)/dev.stamp ## resolve requirements/*.in again into the hash-pinned *.txt
	@UV=../$(BIN)/uv sh requirements/lock.sh $(LOCK_OPTIONS)

clean: ## stop what is still running and remove what these commands made
	@if [ -d "$${WORKSHOP_STATE:-.state}" ]; then $(if $(FITS),$(WORKSHOP) clean,$(PYTHON) -I workshop/stores/stop_orphans.py "$${WORKSHOP_STATE:-.state}"); fi
	@rm -rf $(VENV) .state artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis || { $(NOT_OURS); }

environment:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; make … PYTHON=python3.12 picks another one."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) cannot make virtual environments here. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@case "$$PWD" in *:*) echo "Python makes no virtual environment in a folder with : in its path. Move this one."; exit 1;; esac
	@[ ! -e $(VENV) ] || echo "What is in $(VENV) does not fit any more, so it is made anew."
	@rm -rf $(VENV) || { $(NOT_OURS); }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: $(RUN_LOCKS) $(if $(FITS),,environment)
	@echo "Installing what the steps need into $(VENV) (once) …"
	@$(INSTALL) $(RUN_LOCKS)
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(INSTALL) requirements/dev.txt
	@touch $@
