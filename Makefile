# Each target works alone on a fresh checkout. What it needs is installed into .venv; Debian packages too where that is allowed.

.DEFAULT_GOAL := help
.PHONY: help run stack test check bench soak wheel deb format clean
SHELL := /bin/bash
PYTHON ?= python3
export PYTHON
unexport PYTHONDONTWRITEBYTECODE  # some containers set it: each program of a test would compile all modules anew

bin := .venv/bin
lint = $(bin)/ruff format --check --quiet . && $(bin)/ruff check --quiet . && $(bin)/mypy && $(bin)/lint-imports --no-logo --no-cache

help: ## this list
	@echo "make TARGET, where TARGET is"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: ## watch this machine: collector and agent, pages at http://127.0.0.1:5375/ (ARGS="--simulate 50" and the like)
	@scripts/environment collector
	@exec $(bin)/keskidee up $(ARGS)

stack: ## the whole chain: keskidee, Prometheus, Alertmanager and a receiver that prints what arrives (ARGS="--simulate 50")
	@scripts/environment collector
	@for each in prometheus prometheus-alertmanager; do command -v $$each >/dev/null || scripts/debian-packages $$each; done
	@exec $(bin)/python -m deploy.stack $(ARGS)

test: ## everything: format, lint, types, import contracts, all tests
	@scripts/environment dev --programs
	@$(lint)
	@exec $(bin)/pytest --numprocesses 3 --dist worksteal $(ARGS)

check: ## the same in under a minute: without the tests that are slow or need real programs
	@scripts/environment dev
	@$(lint)
	@exec $(bin)/pytest --quiet --numprocesses 3 --timeout 30 --hypothesis-profile quick -m "not slow and not real" $(ARGS)

bench: ## cost beside node_exporter and Pushgateway in the same run
	@scripts/environment dev --programs
	@exec $(bin)/python -m tests.bench $(ARGS)

soak: ## tests of endurance at their full length: outages, returns of a fleet, thin links, faults (hours)
	@scripts/environment dev --programs
	@KESKIDEE_SOAK=full exec $(bin)/pytest -m soak --timeout 14400 -s $(ARGS)

wheel: ## dist/keskidee-*.whl
	@scripts/environment dev
	@rm -rf dist
	@$(bin)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist . && ls dist

deb: ## dist/keskidee-agent_*.deb, the agent for Debian and Ubuntu
	@deploy/debian/build dist

format: ## write the code as ruff wants it
	@scripts/environment dev
	@$(bin)/ruff format . && $(bin)/ruff check --fix .

clean: ## take away .venv, dist and caches
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
