# Two commands: `make demo` and `make test`. Both make the environment first, on Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
PINS ?= -c constraints.txt
BIN = $(VENV)/bin

.PHONY: demo test lint types newer clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PINS) -e '.[train,space,cpu,dev]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/persona-train --demo

test: lint types
	$(BIN)/python -m pytest

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy

# What the environment has in other versions than constraints.txt: of interest after `make … PINS=`.
newer: $(VENV)/installed
	@$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | sort -f >$(VENV)/newest
	@grep -v '^#' constraints.txt | sort -f | diff - $(VENV)/newest | grep '^[<>]' || true

clean:
	rm -rf $(VENV) runs
