# make demo   set up and read the sample documents
# make test   set up and run every check
# make check  the checks alone      make lock  pin the newest versions
# make screenshots  pictures of the web app for docs/web.md

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

.PHONY: demo test check chromium screenshots lock clean

demo: $(VENV)/core
	@echo "== reading the sample documents in samples/"
	@$(BIN)/python tools/demo.py

test: chromium check

# The tests of the web app drive the system's Chromium; without one they say so and are skipped.
chromium:
	@sh tools/get_chromium.sh

screenshots: $(VENV)/dev
	@echo "== taking pictures of the web app into docs/web/"
	@$(BIN)/python tools/screenshots.py

check: $(VENV)/dev
	@echo "== ruff: format and lint"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "== mypy --strict"
	@$(BIN)/mypy
	@echo "== the import contract"
	@$(BIN)/lint-imports
	@echo "== the lock holds every package, and nothing contradicts"
	@$(BIN)/python -m pip check
	@$(BIN)/python tools/lock.py check
	@echo "== pytest"
	@$(BIN)/pytest -q -n 2 --dist loadfile

$(VENV)/core: $(INPUTS) | $(VENV)/python
	@echo "== installing docai with the default engine (versions of constraints.txt)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/dev: $(INPUTS) | $(VENV)/python
	@echo "== installing docai with everything the checks need (some 3 GB, a few minutes)"
	@$(PIP) --editable '.[paddle,train,service,web,dev]'
	@touch $@ $(VENV)/core

$(VENV)/python:
	@sh tools/check_system.sh $(PYTHON)
	@echo "== making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

lock: $(VENV)/dev
	@$(BIN)/python tools/lock.py write > constraints.txt

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
