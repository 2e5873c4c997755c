# `make demo` and `make test` do everything on a machine with git, make and Python 3.11 or newer.
# PYTHON chooses the interpreter; PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu gets PyTorch without CUDA.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint golden docs bench clean

demo: $(VENV)/torch.stamp
	$(BIN)/python docs/demo.py

test: lint
	$(BIN)/python -m pytest -n 2 -rs

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Writes every expected output anew; `git diff` then shows what changed.
golden: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n 2 --update

# Writes the pages of docs/ that come from tables of the code, and draws the gallery.
docs: $(VENV)/dev.stamp
	$(BIN)/python -m archdsl.ops.reference > docs/primitives.md
	$(BIN)/python -m archdsl.diagnostics.codes.reference > docs/diagnostics.md
	$(BIN)/python docs/gallery.py
	$(BIN)/python docs/zoo.py > docs/zoo.md

bench: $(VENV)/torch.stamp
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(0 if sys.version_info >= (3, 11) else f"archdsl needs Python 3.11 or newer, {sys.executable} is {v}: try make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made. On Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

# PyTorch comes first, so that nothing else chooses its version.
$(VENV)/torch.stamp: $(VENV)/python.stamp constraints.txt pyproject.toml
	$(BIN)/pip install --quiet torch
	$(BIN)/pip install --quiet --editable '.[torch]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/torch.stamp
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@
