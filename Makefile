# `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-list chaos powercut mutants setup setup-test build lock clean
MAKEFLAGS += --no-print-directory

BOARD ?= esp32-devkit-4mb
VENV := .venv/bin
# The environment's own Python once it works, else the first on the path that is new enough.
PYTHON = $(shell for p in $(VENV)/python python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
SET_UP = python="$(PYTHON)"; test -n "$$python" || { \
	echo "setup: Python 3.11 or newer is missing; install it (Debian: apt install python3) and run make again" >&2; \
	exit 1; }; $$python -m host_tools.toolchain

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Set up what running needs: .venv and .tools, nothing outside this folder
	@$(SET_UP) base

setup-test: ## Set up what testing needs as well: pytest and friends, Mosquitto, PostgreSQL
	@$(SET_UP) test

run: setup ## Start the demo: broker, centre and a terminal to key into (SIGN_IN=1: cashiers sign in)
	@$(VENV)/cheyou demo $(if $(SIGN_IN),--sign-in)

test: setup-test ## Run every test (PYTEST="-k journal" for some)
	@$(if $(PYTEST),$(VENV)/pytest $(PYTEST),$(VENV)/pytest -n auto --dist loadfile -m "not alone" && $(VENV)/pytest -m alone)

lint: setup-test ## Check style, types and spelling
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/codespell

bench: setup-test ## Measure, print a table and write build/bench.json
	@$(VENV)/cheyou bench

bench-list: setup-test ## Measure the member list beside its rivals; writes docs/list-bench.md
	@$(VENV)/python -m host_tools.bench.member_list

fuzz: setup-test ## Throw a million broken inputs at each decoder (FUZZ="--seed 7")
	@$(VENV)/python -m tests.fuzz $(FUZZ)

powercut: setup-test ## Cut the power at every flash operation (LIST=1 lists, SCENARIO=name, REPLAY=line)
	@$(VENV)/python -m tests.powercut $(SCENARIO) $(if $(LIST),--list) $(if $(REPLAY),--replay $(REPLAY))

mutants: setup-test ## Break each law's line on purpose and name the test that catches it
	@$(VENV)/python -m tests.mutants

chaos: setup-test ## Outages drawn from a seed (SEED=1 REDEMPTIONS=100000 TERMINALS=50 TILLS=2 TICKS= DATABASE=postgresql)
	@$(VENV)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(REDEMPTIONS),--redemptions $(REDEMPTIONS)) \
		$(if $(TERMINALS),--terminals $(TERMINALS)) $(if $(TILLS),--tills $(TILLS)) $(if $(TICKS),--ticks $(TICKS)) \
		$(if $(DATABASE),--database $(DATABASE))

build: setup ## Build the flash image of BOARD (default esp32-devkit-4mb)
	@$(VENV)/cheyou build --board $(BOARD)

lock: setup-test ## Write the lock files anew from pyproject.toml
	@$(VENV)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--extra build pyproject.toml -o requirements.txt
	@$(VENV)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--extra build --extra test --extra lint -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## Delete what was built (the tools stay)
	@rm -rf build run .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.tools/*' -prune -exec rm -rf {} +
