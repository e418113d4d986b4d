# Two commands on a fresh machine: `make demo` and `make test`. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
LOCK := .ci/requirements.lock
OLDEST := .venv-oldest
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test test-oldest lint docs pages lock clean

demo: .venv/runtime.stamp
	$(BIN)/lesionvis batch sample_images --out demo-run --overlays
	@echo
	@echo "Next, a photo of your own:  $(BIN)/lesionvis analyze PHOTO --ask"

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2

# The tests of all stages with the oldest versions of the dependencies that pyproject.toml allows, in an environment of
# their own. Training, notebooks and packaging are left out, as they take as long again and use nothing else.
test-oldest: .venv/dev.stamp
	$(PIP) install --quiet uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(OLDEST)
	$(BIN)/uv pip install --quiet --python $(OLDEST)/bin/python --resolution lowest-direct --editable ".[dev]"
	$(OLDEST)/bin/python -m pytest -n 2 tests --ignore=tests/lab --ignore=tests/test_notebooks.py \
		--ignore=tests/test_packaging.py --ignore=tests/test_docs.py --ignore=tests/report/test_browser.py

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python .ci/docstrings.py

docs: .venv/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --config-file docs/site/mkdocs.yml

# What is generated and kept in the repository: pages of reference, figures and cards in the pages, the README's figures,
# pictures. A test says when any of it is stale. The pictures of pages, `docs/site/screenshots.py`, want Chromium.
pages: .venv/dev.stamp
	$(BIN)/python docs/site/generate.py
	$(BIN)/python docs/site/readme.py
	$(BIN)/python docs/site/pictures.py

# The lock is a list of exact versions, used as constraints: what the program needs, no more, always the same.
lock: .venv/dev.stamp
	$(PIP) install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra docs --no-annotate --no-header \
		--output-file $(LOCK) pyproject.toml

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: .venv/bin/python pyproject.toml $(LOCK)
	$(PIP) install --quiet --constraint $(LOCK) hatchling editables
	$(PIP) install --quiet --constraint $(LOCK) --no-build-isolation --editable .
	touch $@

.venv/dev.stamp: .venv/runtime.stamp
	$(PIP) install --quiet --constraint $(LOCK) --no-build-isolation --editable ".[dev]"
	touch $@

.venv/docs.stamp: .venv/dev.stamp
	$(PIP) install --quiet --constraint $(LOCK) --no-build-isolation --editable ".[docs]"
	touch $@

clean:
	rm -rf .venv $(OLDEST) demo-run build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
