# `make demo`, `make test` and the others do all the set-up themselves, in a virtual environment of their own.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
JOBS ?= auto
CORPUS ?= .corpus
DEV ?= dev
EMBER_DEEP ?= 1
DRAWS ?= 50000
CAMPAIGN ?= .campaign.txt
SITE ?= build/docs

.PHONY: help demo setup test check lint format types stubs bench docs docs-links dist deep campaign corpus models clean

help:
	@echo 'make demo    classify real handwritten digits and draw a sine (sets everything up)'
	@echo 'make setup   the environment alone, without running anything: $(VENV), for an editor or pre-commit'
	@echo 'make test    run the tests (sets everything up)'
	@echo 'make check   lint, format, mypy --strict, stubs, checksums and the tests: what CI runs'
	@echo 'make stubs   write the examples'"'"' stubs again'
	@echo 'make bench   every backend against LiteRT and TensorFlow Lite Micro, threads, AVX2, imports'
	@echo 'make docs    the documentation as a site, to be read without a network; make docs-links asks the network'
	@echo '             whether the pages that it links to are there'
	@echo 'make dist    sdist and wheel of both distributions, checked, and tried with every Python that is here'
	@echo 'make deep    the long random tests: 70,000 models, 1,000,000 damaged files, every mypy'
	@echo '             EMBER_DEEP=17 draws 17 times as many; EMBER_SEED=1 makes other damages'
	@echo 'make campaign  the long random tests of every operator, DRAWS=50000 models each: hours, and a line for'
	@echo '             each in CAMPAIGN=.campaign.txt; what has a line is not run again'
	@echo '             OPERATORS="relu6 or abs" runs these alone, whether they have one or not'
	@echo 'make corpus  Keras and PyTorch models by their own converters, for make deep (large packages)'
	@echo 'make models  train, quantise and write models/*.tflite again'
	@echo 'make format  format the code and mend what the linter can'
	@echo 'make clean   remove the virtual environment and caches'

demo: $(VENV)/.demo
	@$(BIN)/python examples/demo.py

setup: $(VENV)/.dev
	@echo '$(VENV) is ready'

# The oldest mypy is got ready first; where that fails, the tests that need it say so.
test: $(VENV)/.dev
	-@$(BIN)/python -m tests.typing.checkers
	$(BIN)/python -m pytest -n $(JOBS)

check: lint types test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd models && sha256sum --check --quiet SHA256SUMS

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/ember-infer stubs --check examples

stubs: $(VENV)/.dev
	$(BIN)/ember-infer stubs examples

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.bench

# Warnings are errors: a link or a reference that leads nowhere is one.
SPHINX = $(BIN)/python -m sphinx --nitpicky --fail-on-warning --keep-going --quiet -c docs/site -d $(SITE)-read .

docs: $(VENV)/.docs
	$(SPHINX) -b html $(SITE)
	@echo 'the documentation is in $(SITE)/index.html'

docs-links: $(VENV)/.docs
	$(SPHINX) -b linkcheck $(SITE)-links

dist: $(VENV)/.release
	$(BIN)/python -m scripts.distributions

deep: $(VENV)/.dev corpus
	EMBER_DEEP=$(EMBER_DEEP) EMBER_CORPUS=$(CORPUS) $(BIN)/python -m pytest -n $(JOBS) tests/operators \
		tests/test_against_tflm.py tests/test_corpus.py tests/test_damaged_files.py tests/test_golden.py \
		tests/test_hostile_structure.py tests/test_reader.py tests/conformance tests/native tests/tools/evaluate \
		tests/typing ember_esp/tests

# A random test of one operator draws 3,000 models in the deep profile, or more; -k chooses by names of tests.
campaign: CHOSEN = $(if $(OPERATORS),-n $(JOBS) -rP -k '$(OPERATORS)',-n 0 -p tests.campaign --campaign=$(CAMPAIGN))
campaign: $(VENV)/.dev
	EMBER_DEEP=$$((($(DRAWS) + 2999) / 3000)) $(BIN)/python -m pytest $(CHOSEN) \
		tests/operators tests/test_against_tflm.py tests/test_variables.py

corpus: $(CORPUS)/.keras $(CORPUS)/.torch

models: $(VENV)/.train
	$(BIN)/python -m models.train_sine
	$(BIN)/python -m models.train_digits

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(VENV)-keras $(VENV)-torch $(CORPUS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis $(CAMPAIGN)

# The converters are large and choose their own versions of much: each has an environment to itself.
$(CORPUS)/.keras $(CORPUS)/.torch: $(CORPUS)/.%: pyproject.toml $(wildcard tests/corpus/*.py)
	@test -x $(VENV)-$*/bin/python || $(PYTHON) -m venv $(VENV)-$*
	@echo 'installing ember-infer[corpus-$*] into $(VENV)-$* ...'
	@$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[corpus-$*]'
	@rm -rf $(CORPUS)/$*
	$(VENV)-$*/bin/python -m tests.corpus.make_$* $(CORPUS)/$*
	@touch $@

# A stamp for each set of extras; changed metadata installs again.
$(VENV)/.demo: EXTRA = cli
$(VENV)/.dev: EXTRA = $(DEV)
$(VENV)/.train: EXTRA = train
$(VENV)/.docs: EXTRA = docs
$(VENV)/.release: EXTRA = release
$(VENV)/.demo $(VENV)/.dev $(VENV)/.train $(VENV)/.docs $(VENV)/.release: pyproject.toml ember_esp/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'installing ember-infer[$(EXTRA)] into $(VENV) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRA)]' --editable ./ember_esp
	@touch $@
