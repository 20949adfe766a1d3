# Every target starts from a bare clone with nothing but Python 3.11 or later, and is quick when run
# again: what is installed is remembered by stamps inside .venv.

VENV := .venv
# Windows has other names for two things; make runs there in the bash that comes with git.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := $(VENV)/Scripts
else
PYTHON ?= python3
BIN := $(VENV)/bin
endif
# Files in their own order: sorted by their number of tests, the few slow ones would be the last.
PARALLEL = -n $(CORES) --dist loadfile --no-loadscope-reorder
CORES = $(shell $(BIN)/python -c 'import os; print(os.cpu_count())')
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Development starts many short processes: compiled modules make each of them quicker.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-core test-slow test-page check format lint types bench docs man pictures wheel package test-lowest clean

help:
	@echo "make demo       the first minute: a few commands, and the edges of a photograph"
	@echo "make test       the tests, with torch, dask, onnx and the counters that are reproduced"
	@echo "make test-core  the tests without torch and dask"
	@echo "make test-slow  the long campaigns"
	@echo "make test-page  the pages of explain --html and --format html in Chromium"
	@echo "make check      format, lint, types, tests"
	@echo "make bench      the benchmarks"
	@echo "make pictures   the pictures of the documentation, anew"
	@echo "make docs       the documentation with the reference of the API, in build/site/"
	@echo "make man        the manual, in dist/man; man -l dist/man/convcalc.1 shows it"
	@echo "make wheel      the wheel, in dist/"
	@echo "make package    wheel and sdist, in dist/, as an index would check them"
	@echo "make test-lowest  the tests with the oldest libraries that pyproject.toml admits"

demo: $(VENV)/core.stamp
	@$(BIN)/convcalc demo --force

test: $(VENV)/peers.stamp
	$(BIN)/python -m pytest $(PARALLEL)

test-core: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(PARALLEL)

test-slow: $(VENV)/peers.stamp
	$(BIN)/python -m pytest -m slow
	EXAMPLES=500 $(BIN)/python -m pytest $(PARALLEL)

test-page: $(VENV)/page.stamp
	$(BIN)/python -m pytest -m browser tests/page

check: format lint types test

format: $(VENV)/lint.stamp
	$(BIN)/ruff format --check .

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check .

types: $(VENV)/lint.stamp $(VENV)/torch.stamp
	$(BIN)/mypy --platform linux
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin

bench: $(VENV)/bench.stamp
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/executor.py --quick
	$(BIN)/python benchmarks/prepared.py
	$(BIN)/python benchmarks/bounded.py
	$(BIN)/python benchmarks/importing.py --runs 3
	$(BIN)/python benchmarks/sweeping.py

pictures: $(VENV)/peers.stamp
	$(BIN)/python examples/make_pictures.py

docs: $(VENV)/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --site-dir build/site

man: $(VENV)/core.stamp
	$(BIN)/python -m convcalc.cli.manual dist/man

wheel: $(VENV)/core.stamp
	$(PIP) build
	$(BIN)/python -m build --wheel --outdir dist .

package: $(VENV)/package.stamp
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

# In an environment of its own, without constraints.txt, and with all that a user may add to the core.
# On Linux the oldest torch is one for GPUs: 3 GB to fetch, 7 GB on disk. UV_TORCH_BACKEND=cpu, which
# uv reads, takes the small one where its index can be reached.
test-lowest: $(VENV)/core.stamp
	$(PIP) uv
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) build/lowest
	$(BIN)/uv pip install --quiet --python build/lowest --resolution lowest-direct \
		--editable '.[test,torch,image,opencv,keras,tflite,onnx,pandas,dask]'
	build/lowest/$(notdir $(BIN))/python -m pytest $(PARALLEL)

clean:
	rm -rf $(VENV) dist build

$(VENV)/core.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "convcalc needs Python 3.11 or later; name one with make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/core.stamp
	$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/peers.stamp: $(VENV)/torch.stamp
	$(PIP) --editable '.[test,torch,peers,opencv,dask,keras,tflite,onnx-test,image,notebook]'
	@# Models by the hundred, 11 MB; their own dependencies would bring another torch and more.
	$(PIP) --no-deps torchvision timm
	@touch $@

$(VENV)/page.stamp: $(VENV)/test.stamp
	$(PIP) --editable '.[test,page]'
	@touch $@

$(VENV)/docs.stamp: $(VENV)/core.stamp
	$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/package.stamp: $(VENV)/core.stamp
	$(PIP) --editable '.[package]'
	@touch $@

$(VENV)/bench.stamp: $(VENV)/peers.stamp
	$(PIP) --editable '.[bench]'
	@touch $@

$(VENV)/lint.stamp: $(VENV)/core.stamp
	$(PIP) --editable '.[test,lint]'
	@touch $@

$(VENV)/torch.stamp: $(VENV)/test.stamp
	$(PIP) --editable '.[test,torch,onnx]'
	@touch $@
