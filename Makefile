# make demo: the chat in your browser, with a sample firm. Needs Python 3.11 or newer, and nothing else.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses=4 -rs
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo up test check bench fmt lock install browser

demo: $(STAMP) ## a chat in the browser, with a sample firm that keeps trading
	@exec $(BIN)/python -m workers.up --demo

up: $(STAMP) ## our own business: everything but the sample firm
	@exec $(BIN)/python -m workers.up

test: $(STAMP) browser ## every test, on a real PostgreSQL and Redis
	@$(PYTEST)

check: $(STAMP) ## style, types, layers, the published schema, the migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Run make fmt."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/python -m graph.sdl --check
	@$(BIN)/python -m workers.scratch sh -c \
		'$(BIN)/python -m ledger.store.migrate && $(BIN)/python -m ledger.store.migrate check'

bench: $(STAMP) ## ratios measured in one run
	@$(BIN)/python -m workers.scratch --durable $(BIN)/python -m tests.bench

fmt: $(STAMP) ## format and mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix .

lock: $(STAMP) ## pin every dependency with its hashes
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

install: $(STAMP)

# The browser test drives Chromium: Debian's, where we may install it; otherwise the test says why it is skipped.
browser:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromedriver >/dev/null; then \
		echo "Installing chromium and chromium-driver for the browser test."; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
			chromium chromium-driver; } >/dev/null 2>&1 || echo "That failed; the browser test will be skipped."; \
	fi

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once)."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)
