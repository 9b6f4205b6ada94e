# One entry for every task. Needs Python 3.11 or newer, make and git; everything else is set up here,
# inside this directory: .tools/ (uv, pinned) and .venv/ (what uv.lock says), each once per change.

UV_VERSION := 0.13.9
TOPOLOGY ?= laptop
DATA ?=
ARGS ?=

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DELETE_ON_ERROR:

UV := .tools/bin/uv
BIN := .venv/bin
EVEROPEN := $(BIN)/everopen
DATA_OPTION = $(if $(DATA),--data "$(DATA)")
# uv must use the Python that is here: it never fetches another one.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
export UV_NO_PROGRESS := 1
# Trust whom this machine trusts (a company's proxy, say), as pip does; else the list that uv brings.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= 1
endif
# Another active environment must not redirect what is installed here.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

say = @printf '\033[1m%s\033[0m\n' "$(1)" >&2

.PHONY: help up down status test check fmt fuzz bench setup chromium clean

help: ## Show this help
	@echo "Everopen: the commerce backend that never loses an order."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  TOPOLOGY=laptop|single|FILE  which platform (now: $(TOPOLOGY))"
	@echo "  DATA=DIR                     where it keeps its state (default: chosen by everopen)"
	@echo "  ARGS='…'                     passed on: to everopen, to pytest, to the benchmark"

up: setup ## Start the platform, with a sample catalog if it is empty, and print its addresses
	@$(EVEROPEN) up --topology $(TOPOLOGY) $(DATA_OPTION) $(ARGS)

down: setup ## Stop the platform; its data stays
	@$(EVEROPEN) down --topology $(TOPOLOGY) $(DATA_OPTION) $(ARGS)

status: setup ## Show what runs, and how it is
	@$(EVEROPEN) status --topology $(TOPOLOGY) $(DATA_OPTION) $(ARGS)

test: chromium check ## Check style and types, then run every test
	$(call say,Tests)
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## Check format, style and types only
	$(call say,Format$(comma) style$(comma) types)
	@$(BIN)/ruff format --check --quiet . || { echo "Run 'make fmt'." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary --explicit-package-bases benchmarks
	@MYPYPATH=src:tests $(BIN)/mypy --no-error-summary --explicit-package-bases tests

fmt: setup ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

fuzz: setup ## Hold a running API to its description for long, with requests of every kind
	@$(BIN)/python -m pytest tests/cluster/api/test_description.py --hypothesis-profile=long --timeout=0 $(ARGS)

bench: setup ## Measure checkouts per second and their cost beside the same SQL; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks --topology $(TOPOLOGY) $(DATA_OPTION) $(ARGS)

soak: setup ## An hour of mixed load: does anything grow, is anything left over? Writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks.soak --topology $(TOPOLOGY) $(DATA_OPTION) $(ARGS)

clean: ## Remove what was set up here (not the platform's data)
	rm -rf .tools .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

comma := ,

# What follows is done once, and again when the file it depends on has changed.

setup: .venv/.synced

.venv/.synced: uv.lock pyproject.toml $(UV)
	$(call say,Installing what uv.lock says into .venv)
	@python=$$($(find_python)); $(UV) sync --locked --quiet --python "$$python" \
	  || { echo "Installing failed. If pyproject.toml was changed, run '$(UV) lock' first." >&2; exit 1; }
	@touch $@

$(UV): Makefile
	@if [ "$$($(UV) --version 2>/dev/null | cut -d' ' -f2)" != "$(UV_VERSION)" ]; then \
	  printf '\033[1mInstalling uv $(UV_VERSION) into .tools\033[0m\n' >&2; \
	  python=$$($(find_python)); rm -rf .tools; \
	  "$$python" -m venv .tools >.tools.log 2>&1 && .tools/bin/pip install --quiet --disable-pip-version-check \
	    "uv==$(UV_VERSION)" >>.tools.log 2>&1 \
	  || { cat .tools.log >&2; rm -rf .tools .tools.log; \
	       echo "uv could not be installed. On Debian and Ubuntu 'apt-get install python3-venv' helps" >&2; \
	       echo "when it is venv or ensurepip that is missing; otherwise see the message above." >&2; exit 1; }; \
	  rm -f .tools.log; \
	fi
	@touch $@

# Prints the Python to use: that of .venv if it works, else the first on PATH that is new enough. A name
# alone proves nothing (pyenv has shims for versions that are switched off), so each one is run.
define find_python
for p in .venv/bin/python python3.13 python3.12 python3.11 python3; do \
  if found=$$("$$p" -c 'import sys; print(sys._base_executable if sys.version_info >= (3, 11) else "")' 2>/dev/null) \
     && [ -n "$$found" ]; then echo "$$found"; exit 0; fi; \
done; \
echo "No Python 3.11 or newer was found (looked for python3.13, python3.12, python3.11, python3)." >&2; exit 1
endef

# The browser tests use Debian's Chromium. Without it they are skipped and say so.
chromium:
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  printf '\033[1mInstalling Chromium for the browser tests\033[0m\n' >&2; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } \
	    >/dev/null 2>&1 || echo "Chromium could not be installed; the browser tests will be skipped." >&2; \
	fi
