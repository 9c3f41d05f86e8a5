# Every target does its own set-up: `make book` and `make test` work from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help book test lab notebooks serve lint stubs clean

help:
	@echo "make book    build the book and print the page to open"
	@echo "make test    run the whole test suite"
	@echo "make lab     write the chapters as notebooks and open them in JupyterLab"
	@echo "make serve   build the book and serve it on this machine"
	@echo "make lint    check format, lint and types"
	@echo "make stubs   write exercises/ anew from solutions/"
	@echo "make clean   forget the built pages"

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "vae_edu needs Python 3.11 or newer and found $$($(PYTHON) --version); name another: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[book,dev]'
	@touch $@

book: .venv/.ready
	$(BIN)/jupyter-book build book -W --keep-going
	@echo
	@echo "The book is built. Open this page in a browser (a double click will do):"
	@echo "  $(CURDIR)/_build/html/index.html"

test: .venv/.ready
	$(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

lab: notebooks
	$(BIN)/jupyter lab notebooks

notebooks: .venv/.ready
	$(BIN)/python book/_ext/chapter_notebooks.py notebooks

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

stubs: .venv/.ready
	$(BIN)/python -m vae_edu.course.stubs

clean:
	rm -rf _build
