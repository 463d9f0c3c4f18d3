SHELL := /bin/sh
# Assigned here, so that only `make NAME=…` sets them, not whatever is called so in the caller's shell.
$(if $(filter environment,$(origin STEP)),$(info STEP is set in your shell, which make ignores. Write: make … STEP=$(STEP)))
PYTHON := python3
STEP := 0
FILE :=
SUBREDDIT :=
GENERATE :=
SITE :=
ONLY :=
BUNDLED :=
QUICK :=
RENDER :=
MODULE :=
EX :=
HINT :=
SOLUTION :=
FIX :=
ARGS :=
LOCK_OPTIONS :=
# More than twice the processors of a small machine, as tests spend much time waiting.
PYTEST_WORKERS := -n 5 --dist loadscope
# These are for other programs of the user. requirements/install.py passes pip's settings for downloads on.
unexport $(filter PYTHON% PYTEST_% MYPY% RUFF_% VIRTUAL_ENV __PYVENV_LAUNCHER__,$(.VARIABLES))

VENV := .venv
BIN := $(VENV)/bin
WORKSHOP := $(BIN)/python -m workshop
ONE_STEP = $(if $(filter file,$(origin STEP)),,$(addprefix --step ,$(STEP)))
RUN_LOCKS := $(addprefix requirements/,workshop.txt step0.txt step1.txt embedded.txt) \
	$(foreach level,. * */*,$(wildcard step[23]_*/$(level)/requirements.txt))
MUTMUT := $(BIN)/python $(BIN)/mutmut
INSTALL := $(BIN)/python -I requirements/install.py
# Empty if .venv has to be made: there is none, its Python was removed or replaced, or an installation was interrupted.
FITS := $(shell $(BIN)/python -I -c 'import pip' 2>/dev/null && [ ! -e $(VENV)/installing ] && echo yes)
# Exactly as typed: make and the shell would both expand a $ in it.
export LOAD_FILE := $(value FILE)
export LOAD_FROM := $(value PWD)
export LOAD_SUBREDDIT := $(value SUBREDDIT)
export LOAD_GENERATE := $(value GENERATE)
export LOAD_SITE := $(value SITE)
OLD_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; make … PYTHON=python3.12 picks another one."; exit 1; }
NOT_OURS := echo "Some of these files belong to another user, perhaps because of a run with sudo. Get them back with: sudo chown -R $$(id -un) ."; exit 1

.DEFAULT_GOAL := help
.PHONY: help run learn check reset docker load test test-chapters test-docker drills bench compare mutants slides doctor mongod lint format lock clean environment

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start a step: make run STEP=0
	@$(WORKSHOP) run --step $(or $(STEP),0) $(if $(filter no,$(BUNDLED)),--no-bundled)

learn: $(VENV)/dev.stamp ## go through the exercises
	@$(WORKSHOP) learn $(ARGS)

check: $(VENV)/dev.stamp ## check one exercise: make check STEP=2 EX=1 | HINT=1 | SOLUTION=1
	@$(WORKSHOP) check --step $(or $(STEP),0) $(if $(EX),--exercise '$(EX)') $(if $(filter-out no,$(HINT)),--hint) $(if $(filter-out no,$(SOLUTION)),--solution)

reset: $(VENV)/dev.stamp ## make your copy of an exercise anew, and keep the old one: make reset STEP=2 EX=1
	@$(WORKSHOP) reset --step $(or $(STEP),0) $(if $(EX),--exercise '$(EX)')

docker: $(VENV)/run.stamp ## the same from containers: make docker STEP=0 | ONLY=stores
	@$(WORKSHOP) docker --step $(or $(STEP),0) $(if $(ONLY),--only='$(ONLY)')

load: $(VENV)/run.stamp ## load posts: make load FILE=posts.json | SUBREDDIT=python | GENERATE=100000
	@$(WORKSHOP) load --step $(or $(STEP),0) $(if $(LOAD_FILE),--file="$$LOAD_FILE") $(if $(LOAD_SUBREDDIT),--subreddit="$$LOAD_SUBREDDIT") $(if $(LOAD_GENERATE),--generate="$$LOAD_GENERATE") $(if $(LOAD_SITE),--site="$$LOAD_SITE") $(if $(filter-out no,$(ONLY)),--only) $(ARGS)

test: $(VENV)/dev.stamp ## run all tests, or one step's: make test STEP=0
	@$(BIN)/python -m pytest $(PYTEST_WORKERS) $(ONE_STEP) $(ARGS)

test-chapters: $(VENV)/dev.stamp ## run all commands of the texts, and compare what they print: make test-chapters STEP=0 | FIX=1
	@$(BIN)/python -m pytest tests/chapters -m chapter -n 3 --dist loadscope --durations=20 --durations-min=3 $(if $(filter-out no,$(FIX)),--fix) $(ONE_STEP) $(ARGS)

test-docker: $(VENV)/dev.stamp ## build all images, and test the steps in containers: make test-docker STEP=3 | QUICK=1
	@$(if $(QUICK),,DRILLS=full) $(BIN)/python -m pytest -m docker $(ONE_STEP) $(ARGS)

drills: $(VENV)/dev.stamp ## kill processes and cut connections, as often as the text claims: make drills STEP=3 | QUICK=1
	@$(if $(QUICK),,DRILLS=full) $(BIN)/python -m pytest -m drill $(if $(QUICK),$(PYTEST_WORKERS),-s) $(ONE_STEP) $(ARGS)

bench: $(VENV)/dev.stamp ## measure what the text claims, as ratios within one run
	@$(WORKSHOP) bench $(ARGS)

compare: $(VENV)/compare.stamp ## compare the steps, and write a report: make compare | QUICK=1 | RENDER=1
	@$(WORKSHOP) compare $(if $(filter-out no,$(QUICK)),--quick) $(if $(filter-out no,$(RENDER)),--render) $(ARGS)

# More at a time than a small machine has processors, as tests spend much time waiting.
mutants: export PATH := $(CURDIR)/$(BIN):$(PATH)
mutants: $(VENV)/mutants.stamp ## change the code, and list the changes that no test notices: make mutants MODULE=kit.tokens
	@nice -n 10 $(MUTMUT) run --max-children 4 $(if $(MODULE),'$(MODULE).*')
	@$(MUTMUT) results | sed -n 's/^ *\($(MODULE).*\): survived$$/\1/p' | xargs -r -n 1 $(MUTMUT) show
	@$(MUTMUT) results --all true | awk -F ': ' '{sub(/^ +/, ""); sub(/\.x.*/, "", $$1); n[$$1 ": " $$2]++} END {for (each in n) print each, n[each]}' | sort

slides: $(VENV)/slides.stamp ## build the decks as HTML and PDF, in artefacts/slides
	@$(WORKSHOP) slides $(ARGS)

doctor: ## show what this machine lacks and how to mend it, and what commands need
	@$(OLD_PYTHON)
	@$(if $(and $(FITS),$(wildcard $(VENV)/run.stamp)),$(BIN)/python,$(PYTHON)) -m workshop.doctor

mongod: $(VENV)/run.stamp ## run the embedded MongoDB in this terminal
	@$(WORKSHOP) mongod

lint: $(VENV)/dev.stamp ## check with ruff, mypy, the rules of the layout and a spelling checker
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m mypy && $(BIN)/python $(BIN)/lint-imports && git ls-files -z | xargs -0 $(BIN)/python -m codespell_lib

format: $(VENV)/dev.stamp ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(VENV)/dev.stamp ## resolve requirements/*.in again and write the *.txt, pinned by hash
	@UV=../$(BIN)/uv sh requirements/lock.sh $(LOCK_OPTIONS)

# Learners' copies in work are their own: only the data of these goes.
clean: ## stop what still runs and remove what these commands made, but not your copies in work
	@for state in "$${WORKSHOP_STATE:-.state}" work/*/.state; do if [ -d "$$state" ]; then WORKSHOP_STATE="$$state" $(if $(FITS),$(WORKSHOP) clean,$(PYTHON) -I workshop/stores/stop_orphans.py "$$state") || exit 1; fi; done
	@rm -rf $(VENV) .state work/*/.state artefacts mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis || { $(NOT_OURS); }
	@if [ -d work ]; then echo "Your copies of the exercises, and your progress, stay in work. Remove them with: rm -r work"; fi

environment:
	@$(OLD_PYTHON)
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) cannot make virtual environments here. On Debian and Ubuntu run: sudo apt-get install python3-venv"; exit 1; }
	@case "$$PWD" in *:*) echo "Python cannot make a virtual environment in a folder with : in its path. Move this folder."; exit 1;; esac
	@[ ! -e $(VENV) ] || echo "$(VENV) cannot be used any more, so it is made again."
	@rm -rf $(VENV) || { $(NOT_OURS); }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: $(RUN_LOCKS) $(if $(FITS),,environment)
	@echo "Installing what the steps need into $(VENV) (once) …"
	@$(INSTALL) $(RUN_LOCKS)
	@touch $@

$(VENV)/compare.stamp: requirements/compare.txt $(VENV)/run.stamp
	@echo "Installing what the comparison needs into $(VENV) (once) …"
	@$(INSTALL) requirements/compare.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/compare.stamp
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(INSTALL) requirements/dev.txt
	@touch $@

# In the environment, as it is ignored and removed there.
$(VENV)/slides.stamp: slides/package.json slides/package-lock.json slides/.npmrc $(VENV)/run.stamp
	@command -v npm >/dev/null || { echo "Slides need Node.js 18 or newer, and npm. On Debian and Ubuntu run: sudo apt-get install nodejs npm"; exit 1; }
	@echo "Installing what makes slides into $(VENV)/slides (once) …"
	@mkdir -p $(VENV)/slides && cp slides/package.json slides/package-lock.json slides/.npmrc $(VENV)/slides/
	@npm --prefix $(VENV)/slides ci --silent || { echo "npm could not install what makes slides. What it says without --silent: npm --prefix $(VENV)/slides ci"; exit 1; }
	@touch $@

$(VENV)/mutants.stamp: requirements/mutants.txt $(VENV)/dev.stamp
	@echo "Installing what changes the code into $(VENV) (once) …"
	@$(INSTALL) requirements/mutants.txt
	@touch $@
