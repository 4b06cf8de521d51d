PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE # or every process that the tests start compiles the service anew

.PHONY: help install run test coverage test-wordpress lint bench train lock clean

help:  ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/installed  ## Make .venv with what the service needs

run: install  ## Set up what is missing, print a key and a request to paste, and serve
	@$(BIN)/flask --app service quickstart
	@SECURE_COOKIES=$${SECURE_COOKIES:-no} $(BIN)/python -m service

test: .venv/tools lint  ## Check the code and pass all tests
	@$(BIN)/pytest --numprocesses auto --dist worksteal

coverage: .venv/tools  ## Pass all tests and say which lines none of them reaches; at least 90 % must be reached
	@$(BIN)/pytest --numprocesses auto --dist worksteal --cov --cov-report=term-missing:skip-covered --cov-fail-under=90

test-wordpress: .venv/tools  ## Install a real WordPress with the plugin, and pass its tests
	@$(BIN)/pytest tests/wordpress

lint: .venv/tools  ## ruff, and mypy --strict on service/
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/tools  ## Print the tables of the README's figures
	@$(BIN)/python -m benchmarks

train: install  ## Train models/ from the corpora in DATA (default ../shared/data)
	@$(BIN)/python -m training --data $(or $(DATA),../shared/data)

lock: .venv/tools  ## Write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra dev -o requirements-dev.lock pyproject.toml

clean:  ## Remove the environment; var/, with the database, stays
	rm -rf .venv build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml requirements.lock | .venv/bin/python
	@echo "Installing into .venv (about half a minute the first time) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/tools: .venv/installed requirements-dev.lock
	@echo "Installing the tools for tests ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.lock
	@touch $@
