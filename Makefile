# Two commands matter: `make demo` and `make test`. Both install what they need first, and again at once when run twice.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
STATE := .localemu
PORT := 9000
# Programs the platform calls (reading text in pictures; the laptop's translation engine), and those only the tests compare with.
DEBIAN := tesseract-ocr tesseract-ocr-osd tesseract-ocr-spa tesseract-ocr-fra tesseract-ocr-deu tesseract-ocr-ita tesseract-ocr-por \
	apertium apertium-eng-spa apertium-es-pt apertium-fr-es apertium-spa-ita
DEBIAN_DEV := dicom3tools libgdcm-tools
PIP := $(PY) -m pip --disable-pip-version-check -qq

.PHONY: help setup setup-dev demo up test check fuzz bench lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: setup  ## install, start the platform on this machine, send it a batch, show what came out
	@$(PY) docs/demo.py

up: setup  ## start the platform and keep it running; STATE=FOLDER and PORT=N choose where (Ctrl-C stops it, the state stays)
	@$(PY) -m localemu up --state $(STATE) --port-base $(PORT)

setup: .venv/.ready

setup-dev: .venv/.ready-dev

.venv/bin/pip:
	@bash .ci/python.sh .venv

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/pip
	@bash .ci/debian.sh $(DEBIAN)
	@echo "installing the platform into .venv (once, pinned by requirements.lock) ..."
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(PY) -m compileall -q functions localemu
	@$(PY) -c "from dicomlake.reports.recognise import Recogniser; from dicomlake.rules import load_profile; load_profile('research'), Recogniser.load()"
	@touch $@

.venv/.ready-dev: tests/requirements.lock .venv/.ready
	@bash .ci/debian.sh $(DEBIAN_DEV)
	@echo "installing the development tools into .venv (once, pinned by tests/requirements.lock) ..."
	@$(PIP) install --no-deps --require-hashes -r tests/requirements.lock
	@touch $@

test: setup-dev  ## the whole test suite
	@$(PY) -m pytest -n 2 --dist worksteal

check: setup-dev  ## format, lint, types, import contracts, SQL
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@.venv/bin/sqlfluff lint -q sql

fuzz: setup-dev  ## the long properties in full (an hour)
	@HYPOTHESIS_PROFILE=fuzz $(PY) -m pytest -n 2 -m "slow or whole" --timeout 0

bench: setup-dev .venv-bench/.ready  ## the figures of the README, alternating with the peers
	@for script in tests/bench/bench*.py; do PYTHONPATH=. $(PY) $$script || exit 1; done

.venv-bench/.ready: tests/bench/requirements.lock
	@bash .ci/python.sh .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check -q install --no-deps --require-hashes -r $<
	@touch $@

lock:  ## for maintainers: pin again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra local --extra text --extra pixels --extra dose --group build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra text --extra pixels --extra dose -c requirements.lock -o functions/requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra local --extra text --extra pixels --extra dose --group build --group dev -c requirements.lock -o tests/requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group bench -o tests/bench/requirements.lock

clean:  ## remove the environments and the local state
	rm -rf .venv .venv-bench .localemu .localemu-demo
