# Two commands do everything on a fresh machine:  make demo   and   make test
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint soak device clean

demo: $(VENV)/.workshop
	$(BIN)/edgevl demo $(ARGS)

test: $(VENV)/.dev
	tests/install-system-packages.sh
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A line at full rate that is done harm at random, and the account of it; see docs/soak.md.
soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak $(ARGS)

# The device alone, as on a Jetson or a CPU box beside the line: no torch.
device: $(VENV)/bin/python
	$(PIP) install --quiet -c constraints.txt .

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("edgevl needs Python 3.10 to 3.13; run: make PYTHON=python3.12 ...") if not (3, 10) <= sys.version_info[:2] <= (3, 13) else None'
	$(PYTHON) -m venv $(VENV)

# torch first and alone, at the pinned version: a range would fetch gigabytes of GPU libraries.
$(VENV)/.workshop: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing edgevl and its workshop into $(VENV) (a few minutes the first time) ..."
	$(PIP) install --quiet -c constraints.txt torch
	$(PIP) install --quiet -c constraints.txt -e '.[workshop]'
	@touch $@

$(VENV)/.dev: $(VENV)/.workshop
	$(PIP) install --quiet -c constraints.txt -e '.[workshop,dev]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
