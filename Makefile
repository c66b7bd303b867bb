# make demo   the first study: table in the terminal, report as one HTML file
# make test   the tests that are quick, what runs over every space on five of them; no network beyond the package index
# make test-further  the rest: whole studies and pages, the other spaces, hundreds of generated command lines and files
# make test-all  both
# make check  what a change must pass: format, lint, tests
PYTHON ?= python3.11
RUN = .venv/bin/python -m
# A process a core, each with half of the tests; who is done first takes half of what the other has left.
# What Python compiles is kept even where the environment says otherwise, or every process of every test compiles it anew.
TEST = PYTHONDONTWRITEBYTECODE= $(RUN) pytest --numprocesses auto --dist worksteal

.PHONY: demo test test-further test-all check format listing speed
demo: .venv/ready
	.venv/bin/nasgauge run quickstart --out runs/quickstart

test: .venv/ready
	$(TEST) -m "not full and not fuzz and not long"

test-further: .venv/ready
	$(TEST) -m "full or fuzz or long"

test-all: .venv/ready
	$(TEST)

check: .venv/ready
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(TEST) -m "not full and not fuzz and not long"

format: .venv/ready
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

# what `nasgauge list` reads, gathered from the dictionaries, and the reference page of all keys of studies and recipes
listing: .venv/ready
	$(RUN) nasgauge.studies.catalogue
	$(RUN) nasgauge.studies.reference > docs/toml.md

speed: .venv/ready
	.venv/bin/python speed/cli.py
	.venv/bin/python speed/judge.py
	.venv/bin/python speed/reading.py
	.venv/bin/python speed/scaling.py
	.venv/bin/python speed/zeroshot.py
	.venv/bin/python speed/oneshot.py
	.venv/bin/python speed/spaces.py
	.venv/bin/python speed/analyses.py --page
	.venv/bin/python speed/predictors.py

.venv/ready: pyproject.toml constraints.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(RUN) pip install --quiet --constraint constraints.txt torch --editable '.[dev]'
	touch $@
