# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
REPORTS ?= reports
SAMPLE := $(REPORTS)/sample

.DEFAULT_GOAL := help
.PHONY: help demo test bench-intake bench-linkage bench-accuracy bench-codes bench-review check lint types contracts lab lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# A lock decides what is installed; a stamp of each says that it is
$(VENV)/.run: requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing from requirements/run.lock (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.lock $(VENV)/.run
	@echo "installing from requirements/test.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	@touch $@

.venv-lab/.lab: requirements/lab.lock pyproject.toml
	@test -x .venv-lab/bin/python || $(PYTHON) -m venv .venv-lab
	@.venv-lab/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lab.lock
	@.venv-lab/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv-peers/.peers: requirements/peers.lock
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@echo "installing from requirements/peers.lock"
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.lock
	@touch $@

demo: $(VENV)/.run ## Run one batch on made-up data: 10,000 ledger rows, 50,000 degrees
	@$(BIN)/migrate sample $(SAMPLE) >/dev/null
	@$(BIN)/migrate run --source $(SAMPLE)/legacy.csv --registry "sqlite:///$(SAMPLE)/registry.sqlite#degrees" --batch demo --reports $(REPORTS) --store "sqlite:///$(SAMPLE)/store.sqlite"

test: $(VENV)/.test ## Run the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal

ROWS ?= 100000 1000000 5000000
bench-intake: $(VENV)/.test ## Measure intake against plain pandas.read_csv (ROWS="100000 1000000 5000000")
	@$(BIN)/python tests/benchmarks/intake.py $(ROWS) $(BENCH)

SIZES ?= febrl4 febrl3 60000x190000 300000x1200000 1000000x5000000
GROWTH ?= 100000x500000 200000x1000000 400000x2000000 1000000x5000000
RUNS ?= 3
bench-linkage: $(VENV)/.test .venv-peers/.peers ## Measure linkage against Splink, recordlinkage and dedupe (SIZES= GROWTH= RUNS=)
	@$(BIN)/python tests/benchmarks/linkage.py $(SIZES) --growth $(GROWTH) --runs $(RUNS) $(BENCH)

bench-codes: $(VENV)/.test ## Measure look-ups and issuing with 10 million codes in PostgreSQL (BENCH="--folder DIR --json FILE")
	@$(BIN)/python tests/benchmarks/codes_load.py $(BENCH)

CASES ?= 1000000
bench-review: $(VENV)/.test ## Measure the review on a million cases in PostgreSQL (PG=/somewhere/pg CASES=1000000)
	@$(BIN)/python tests/benchmarks/review_load.py --folder $(PG) --cases $(CASES) $(BENCH)

bench-accuracy: $(VENV)/.test ## Measure right and wrong links over seeds, levels of error and kinds of registry (BENCH=--write)
	@$(BIN)/python tests/benchmarks/accuracy.py $(BENCH)

lint: $(VENV)/.test ## Check the style of modules and notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@for notebook in notebooks/*.ipynb; do $(BIN)/nbstripout --verify $$notebook || exit 1; done

types: $(VENV)/.test ## Check types, strictly
	@$(BIN)/mypy

contracts: $(VENV)/.test ## Check that rooms import one way only
	@$(BIN)/lint-imports --no-cache

check: lint types contracts test ## All of the above

lab: .venv-lab/.lab ## Open the notebooks in JupyterLab
	@.venv-lab/bin/jupyter lab notebooks/

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra build -o requirements/run.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra test -c requirements/run.lock -o requirements/test.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra build --extra lab -c requirements/run.lock -o requirements/lab.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -o requirements/peers.lock requirements/peers.in

clean: ## Remove environments and caches; never reports
	rm -rf .venv .venv-lab .venv-peers .mypy_cache .pytest_cache .ruff_cache
