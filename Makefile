PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Stamps: the environment follows pyproject.toml and constraints.txt, and is not made again until they change.
INSTALLED := $(VENV)/.installed
INSTALLED_BENCH := $(VENV)/.installed-bench
INSTALLED_PAPER := $(VENV)/.installed-paper
PIP_INSTALL = $(BIN)/python -m pip install --constraint constraints.txt --editable
# The pages whose Python is typed as a user's is; the plugins of extending.md are typed in docs/examples.
PAGES := README.md $(filter-out docs/extending.md, $(wildcard docs/*.md docs/*/*.md))
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help install demo test slow kills torture verify bench paper gallery readme package docs lint format types contract

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: $(INSTALLED)  ## the environment in .venv

$(BIN)/python:
	@echo "An environment is made in $(VENV), by $(PYTHON)."
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	@echo "inrpde, torch, scipy, VTK and the tools of development are installed into $(VENV): more than 2 GB, once, in some"
	@echo "3 to 10 minutes (PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu spares torch's gigabytes of CUDA)."
	@echo "pip names each package that it takes; at the end it unpacks them all, and for a minute or two says nothing."
	$(PIP_INSTALL) '.[dev]'
	@touch $@

$(INSTALLED_BENCH): $(INSTALLED)
	$(PIP_INSTALL) '.[dev,bench]'
	@touch $@

$(INSTALLED_PAPER): $(INSTALLED)
	$(PIP_INSTALL) '.[dev,paper]'
	@touch $@

demo: $(INSTALLED)  ## solve poisson, helmholtz and terrain; tables, HDF5 files and pictures in out/
	$(BIN)/python benchmarks/demo.py --folder out poisson helmholtz terrain

test: $(INSTALLED)  ## the tests
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto

slow: $(INSTALLED)  ## the tests that take longer than ten seconds each
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto -m slow

kills: $(INSTALLED)  ## kill 200 runs at random moments, resume them, compare bit for bit (an hour or so)
	$(ONE_THREAD) $(BIN)/python tests/kills.py --kills 200

torture: $(INSTALLED)  ## a thousand damaged and hostile files, each read as it was written or refused
	$(ONE_THREAD) INRPDE_MUTATIONS=1000 $(BIN)/python -m pytest -s tests/test_foreign_files.py -k mutated

verify: $(INSTALLED)  ## a hundred planted errors over the zoo, and manufactured solutions: all that is wrong is found
	$(ONE_THREAD) $(BIN)/python benchmarks/verify.py

bench: $(INSTALLED_BENCH)  ## the table that the README quotes, and the others with reduced sizes; docs/benchmarks.md
	$(ONE_THREAD) $(BIN)/python benchmarks/spine.py --deepxde
	$(BIN)/python benchmarks/classical.py --seconds 1 --finest 0.03 --rows out/rows.json
	$(BIN)/python benchmarks/wavenumbers.py 10 20 40
	$(BIN)/python benchmarks/scaling.py --largest 1200 --cells 12 --rows out/rows.json --picture out/pareto.png
	$(BIN)/python benchmarks/calibration.py --budgets 2 --seeds 0 --kind narrow --kind jump --kind units --kind ode \
		--file out/calibration.jsonl --picture out/calibration.png
	$(BIN)/python benchmarks/jets.py --repeats 3
	$(BIN)/python benchmarks/peers.py --rows out/peers.json \
		--problems poisson5 string membrane helmholtz cubic mixed stokes rod

paper: $(INSTALLED_PAPER)  ## the paper's experiments beside the authors' recipe, for the same seconds; pictures in out/paper
	$(BIN)/python -m benchmarks.paper --folder out/paper

# In environments of their own, which have what the wheel asks for and no tool of development. Torch, most of all that is
# installed, comes last: until then nothing may need it, and other Pythons than that of constraints.txt go without.
package: $(INSTALLED)  ## build the wheel and the sdist, check them, and try them where nothing else is installed
	$(ONE_THREAD) $(BIN)/python tests/package.py $(PYTHONS)

gallery: $(INSTALLED_PAPER)  ## numbers and pictures of the gallery, in docs/gallery (an hour); `make docs` shows them
	$(ONE_THREAD) $(BIN)/python benchmarks/gallery.py

readme: $(INSTALLED)  ## the table and the picture of the README, as the code finds them now
	$(ONE_THREAD) $(BIN)/python benchmarks/spine.py --readme

docs: $(INSTALLED)  ## the site, in out/site; a warning is an error, and nothing is fetched
	$(ONE_THREAD) $(BIN)/python -m sphinx -W --keep-going -q docs out/site

lint: $(INSTALLED)  ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(INSTALLED)  ## mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(INSTALLED)  ## mypy, in one pass: the package, and what a user writes: the problems, the pages, the example plugins
	rm -rf out/blocks
	$(BIN)/python tests/blocks.py out/blocks $(PAGES)
	$(BIN)/mypy inrpde problems/*.py out/blocks/*.py docs/examples/*/src

contract: $(INSTALLED)  ## the public contract, where it lies beside the project
	@if [ -f ../shared/contract.py ]; then $(BIN)/python ../shared/contract.py; else echo "no contract beside the project"; fi
