# Everything happens in .venv, at the versions of constraints.txt. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Unlike `pip install -c`, this also holds for what builds the package. Relative: pip splits the value at spaces.
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
PIP := $(BIN)/python -m pip install --quiet

.PHONY: help demo demo-run demo-repair test lint docs bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1	/p' $(MAKEFILE_LIST)

demo: $(VENV)/.core  ## explain a real run that diverged, then compare three runs
	$(BIN)/descentry explain examples/digits-lr-too-large.csv
	$(BIN)/descentry explain examples

demo-run: $(VENV)/.live  ## train a small network that knows nothing of descentry, watched
	$(BIN)/descentry run examples/digits_mlp.py

demo-repair: $(VENV)/.live  ## a training that fails: explained, remedies tried on it, repaired
	$(BIN)/descentry demo

test: lint  ## lint, then run every test
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS) $(AGAIN)

lint: $(VENV)/.dev  ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs  ## build the pages into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.bench  ## how well stories are told, and how fast
	$(BIN)/python -m benchmarks.story
	$(BIN)/python -m benchmarks.explain

clean:  ## remove what make and the tools made
	rm -rf $(VENV) build dist docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "descentry needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of packages; a changed pyproject.toml or constraints.txt installs again.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.live: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[torch]' scikit-learn
	@touch $@

$(VENV)/.dev $(VENV)/.docs $(VENV)/.bench: $(VENV)/.%: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[$*]'
	@touch $@
