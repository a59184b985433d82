# Each target sets up what it needs on a machine with Python 3.11+ and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := $(shell find src -name '*.py')

.PHONY: demo test lint bench bench-peers pictures clean

# The camera case on rendered digits; PHOTOS=DIR for your own photos, DIR/<class>/*.jpg.
demo: $(VENV)/.demo
	$(BIN)/whence demo camera --store demo-camera $(if $(PHOTOS),--photos "$(PHOTOS)")

# Every check: format, lint, types, then the tests. Ends with the test runner's own summary.
test: $(VENV)/.test lint
	$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST)

lint: $(VENV)/.test
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy

# Speed and truth, measured side by side in one run; the last two take ten minutes and more.
bench: $(VENV)/.test
	$(BIN)/python bench/speed
	$(BIN)/python bench/why.py
	$(BIN)/python bench/serving.py
	$(BIN)/python bench/false_alarms.py
	$(BIN)/python bench/incidents/controls.py
	$(BIN)/python bench/incidents

# Runs beside the trackers that people use, each installed into ~/.cache; PEERS=--write, --quick.
bench-peers: $(VENV)/.test
	$(BIN)/python bench/peers $(PEERS)

# The pages as docs/ui.md shows them, on the demo's own photos; needs Chromium.
pictures: $(VENV)/.test
	$(BIN)/python web/pictures.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ".[demo]"
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

clean:
	rm -rf $(VENV) demo-camera build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
