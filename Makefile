# Overread: everything a newcomer, the tests and the benchmark need. Python 3.11 and pip are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
RUNS := $(VENV)/.installed
TOOLS := $(VENV)/.tools

# Where the machine has Python keep no compiled modules, each process of the tests would compile ours.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run setup test bench reader bundle fuzz soak kill cluster clean

run: $(RUNS)
	$(BIN)/python main.py

setup: $(TOOLS)

# What running needs.
$(RUNS): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

# What working on Overread needs beside it.
$(TOOLS): $(RUNS)
	$(PIP) -e '.[dev]'
	touch $@

test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(MAKE) --jobs=2 types tests

# The types are checked beside the tests, which often wait. Either's failure is that of `make test`.
.PHONY: types tests
types: setup
	$(BIN)/mypy

# Their files lie in memory where there is plenty (4 GB) and programs may be started from there: nothing
# of them is to last, and a disk that syncs each of thousands of little files costs a fifth of the time.
MEMORY := $(shell grep -s ' /dev/shm ' /proc/mounts | grep -qv noexec && df -Pk /dev/shm \
	| awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm" }')
tests: setup
	place=$$(mktemp -d $(MEMORY:%=-p %)) && chmod 755 "$$place" && trap 'rm -rf "$$place"' EXIT && \
	TMPDIR=$$place QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --dist worksteal

bench: setup
	mkdir -p build
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.bench --out build/bench.json

# Ten thousand damaged inputs for everything that reads; the counts are in build/fuzz.json.
fuzz: setup
	$(BIN)/python -m tests.fuzz --out build/fuzz.json

# Three thousand things done in the real window, and what it holds meanwhile; build/soak.json.
soak: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.soak --out build/soak.json

# A thousand processes of the core and of the window are killed at work; build/kill.json.
kill: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.kill --out build/kill.json

# Two raylets of Ray on this machine, of which a process and a raylet are killed.
cluster: setup
	$(PIP) -e '.[dev,cluster,slurm]'
	$(BIN)/python -m pytest -n0 -m cluster

# An environment without torch that reviews, corrects and predicts: build/reader/bin/overread.
READER := build/reader
reader: $(READER)/.installed

$(READER)/.installed: .ci/reader.txt pyproject.toml $(shell find core gui training resources -type f)
	$(PYTHON) -m venv $(READER)
	$(READER)/bin/pip install --quiet --disable-pip-version-check -r .ci/reader.txt
	$(READER)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	touch $@

# The same as a folder that needs no Python, packed, and opened in an empty environment.
bundle: reader
	$(READER)/bin/pip install --quiet --disable-pip-version-check 'pyinstaller>=6.11,<7'
	$(READER)/bin/pyinstaller --noconfirm --clean --log-level WARN --distpath build/bundle \
		--workpath build/bundle-work .ci/bundle/overread.spec
	tar -C build/bundle -cJf build/overread-reader.tar.xz overread
	$(PYTHON) .ci/bundle/try_bundle.py build/overread-reader.tar.xz

clean:
	rm -rf $(VENV) build
