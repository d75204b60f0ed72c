# `make demo` and `make test` each set up all they need first.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
BIN := .venv/bin

.PHONY: demo test setup lint lock clean
setup: .venv/.ready
	@./setup/system.sh $(BIN)/python

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is wanted; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/yunjian demo --port 0

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Pins every package with its hashes; needs uv. No index address gets into the file.
lock:
	uv pip compile pyproject.toml --extra dev --extra images --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock

clean:
	rm -rf .venv build *.egg-info
