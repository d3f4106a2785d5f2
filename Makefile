# `make book` and `make test` are all that a reader needs; `make` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
# One process for each core; the cells of a notebook stay together.
SIDE_BY_SIDE := -n auto --dist loadfile
# `make lock UPGRADE=--upgrade` also takes newer versions.
UPGRADE :=
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --custom-compile-command "make lock" $(UPGRADE)

# What goes into the browser has its hashes pinned as well.
LOCK_HASHES := $(BIN)/uv pip compile -q --generate-hashes --no-annotate --no-emit-index-url \
	--custom-compile-command "make lock" $(UPGRADE)

help:
	@echo "make book       build the book and serve it on this machine"
	@echo "make test       prove that all of it is true: code, examples, chapters"
	@echo "make html       build the book, serve nothing"
	@echo "make lab        open the chapters in JupyterLab"
	@echo "make notebooks  execute the chapters and store their outputs"
	@echo "make records    store what the chapters print on SQLAlchemy 2.0 where that differs"
	@echo "make claims     write where the book shows each claim"
	@echo "make browser    read the built book with Chromium: links, labels, widths"
	@echo "make check      format, lint and types"
	@echo "make lock       pin what requirements*.in ask for (UPGRADE=--upgrade: the newest)"
	@echo "make clean      remove all that make has made"
	@echo
	@echo "The first run makes $(VENV). PYTHON=... names the Python to make it with."

book: html
	@$(BIN)/python tools/serve.py _build/html

html: $(READY)
	@$(BIN)/python -m tools.live
	@echo "Building the book ..."
	@log=$$($(BIN)/jupyter-book build . -q -W -n --keep-going --all 2>&1) || { echo "$$log"; exit 1; }
	@echo "Built: _build/html/index.html"

test: html
	@echo "Testing the code, the examples and the chapters ..."
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --cov=session_demo --nbval --nbval-current-env \
		src tests README.md book notebooks --ignore=tests/browser
	@echo "Next: make book, to read it."

notebooks: $(READY)
	@$(BIN)/python tools/notebooks.py
	@echo "Next: make test, to compare the outputs with a new run."

records: $(VENV)-2.0/.ready
	@$(VENV)-2.0/bin/python -m tools.versions

claims: $(READY)
	@$(BIN)/python -m tools.claims

lab: $(READY)
	@$(BIN)/jupyter lab notebooks

browser: $(DEV_READY) html
	@$(BIN)/python -m tools.live --tests
	@echo "Reading the book with Chromium ..."
	@$(BIN)/python -m pytest -q tests/browser

check: $(DEV_READY)
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@[ ! -d live/node_modules ] || npm run --silent --prefix live check

lock: $(BIN)/uv
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt
	@mkdir -p _build && grep -v '^-e ' requirements.txt >_build/pins.txt
	@$(LOCK_HASHES) --python-version 3.11 --universal live/lab.in -o live/lab.txt
	@for pins in wheels wheels-lab; do \
		$(LOCK_HASHES) --python-version 3.14 --no-deps -c _build/pins.txt live/$$pins.in -o live/$$pins.txt; \
	done
	@grep -Ev '^(hypothesis|jsonschema)==' _build/pins.txt >_build/pins-test.txt
	@$(LOCK_HASHES) --python-version 3.14 --no-deps -c _build/pins-test.txt live/wheels-test.in -o live/wheels-test.txt
	@! command -v npm >/dev/null || npm install --prefix live --package-lock-only
	@echo "Next: make test, with what is pinned now."

clean:
	rm -rf $(VENV) $(VENV)-2.0 $(VENV)-lab live/node_modules _build .coverage* .mypy_cache .pytest_cache .ruff_cache

$(READY): requirements.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/environment.sh $(VENV) requirements.txt
	@touch $@

$(DEV_READY): requirements-dev.txt $(READY)
	@PYTHON="$(PYTHON)" sh tools/environment.sh $(VENV) requirements-dev.txt
	@touch $@

$(VENV)-2.0/.ready: $(READY)
	@PYTHON="$(PYTHON)" sh tools/environment.sh $(VENV)-2.0 requirements.txt
	@$(VENV)-2.0/bin/python -m pip install -q --disable-pip-version-check "sqlalchemy<2.1"
	@touch $@

# Not $(DEV_READY) itself: pins that can't be installed any more must not stand in the way of new ones.
$(BIN)/uv:
	@$(MAKE) --no-print-directory $(DEV_READY)

.PHONY: help book html test notebooks records claims lab browser check lock clean
