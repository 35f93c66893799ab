# Two commands do everything, set-up included:  make demo  (the main job)   make test  (the tests)
# uv is used where it is there, else Python's own venv and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

.PHONY: demo test lint unit unit-first unit-second plain plain-first plain-second verify verify-peers bench lock clean

demo: $(VENV)/.ready  ## The main job on the built-in default: a whole town, two weeks, every policy, a page.
	$(BIN)/alprsim run scenarios/quickstart.yaml --jobs $(JOBS)

test: lint  ## What a change must pass; the runs of the tests side by side, minutes each.
	$(MAKE) -j3 unit plain

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: unit-first unit-second  ## The tests, kernels compiled; in two halves.

UNIT := NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest -m "not verification"

unit-first: $(VENV)/.ready
	$(UNIT) tests/test_[a-l]*.py

unit-second: $(VENV)/.ready
	$(UNIT) tests/test_[m-z]*.py

plain: plain-first plain-second  ## The tests again, kernels as plain Python, so that they count as covered; in two halves.
	$(BIN)/python -m coverage combine -q .coverage.first .coverage.second
	$(BIN)/python -m coverage report

PLAIN := NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest -m "not verification and not whole and not once"

plain-first: $(VENV)/.ready
	COVERAGE_FILE=.coverage.first $(PLAIN) tests/test_[a-l]*.py

plain-second: $(VENV)/.ready
	COVERAGE_FILE=.coverage.second $(PLAIN) tests/test_[m-z]*.py

verify: $(VENV)/.ready  ## Against theory and other programs; minutes. Ends with a table, of what was not run too; pictures go to results/runs/plots.
	ALPRSIM_PLOTS=$${ALPRSIM_PLOTS:-results/runs/plots} $(BIN)/python -m pytest -m verification

verify-peers: $(VENV)/.peers  ## Beside UXsim and SUMO, which this installs; a minute. The speeds beside theirs: python -m benchmarks.peers
	ALPRSIM_PLOTS=$${ALPRSIM_PLOTS:-results/runs/plots} $(BIN)/python -m pytest -m verification \
		tests/verification/test_another_simulator.py tests/verification/test_sumo_interop.py

bench: $(VENV)/.ready  ## Kernel benchmarks, each asserting its answer; those of 100 million reads: the same with -m large.
	$(BIN)/python -m pytest benchmarks --benchmark-only -m "not large"

lock: $(VENV)/.ready  ## Pin what the environment is made of.
	uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header -o requirements.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

$(VENV)/.ready: pyproject.toml requirements.lock
	@if command -v uv >/dev/null 2>&1; then \
		[ -x $(BIN)/python ] || uv venv -q --python $(PYTHON) $(VENV); \
		uv pip install -q --python $(BIN)/python --compile-bytecode -r requirements.lock -e .; \
	else \
		[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV); \
		$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock -e .; \
	fi
	@touch $@

$(VENV)/.peers: $(VENV)/.ready
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python -e ".[peers]"; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check -e ".[peers]"; fi
	@touch $@
