# make lab | notebooks | pages | execute | train | test | check | benchmark | lint | handout. Each sets up .venv first
# where it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
ARGS ?=
NOTEBOOKS ?= $(sort $(wildcard notebooks/[0-9]*.ipynb notebooks/solutions/[0-9]*.ipynb))
# Only errors, and the kernel behind a socket file instead of a TCP port, about which it would warn.
QUIET = --log-level ERROR --ConnectionFileMixin.transport=ipc --ConnectionFileMixin.ip=$$(mktemp -d)/kernel
# Compiles the simulator now, so that no notebook has to say that it does.
WARM_UP = $(BIN)/python -c 'from ppo_lib.fast_highway import warm_up; warm_up()'

# Threads that sleep instead of spinning while they wait (see ppo_lib/__init__.py), also where torch is imported first.
export OMP_WAIT_POLICY ?= PASSIVE
export PYDEVD_DISABLE_FILE_VALIDATION = 1

.PHONY: lab notebooks pages execute train test check benchmark lint handout clean

lab: $(READY)
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)
	@$(BIN)/python docs/pages.py --execute $(NOTEBOOKS)

# The same pages in seconds, from what the notebooks have stored.
pages: $(READY)
	@$(BIN)/python docs/pages.py $(NOTEBOOKS)

# Runs the notebooks anew and stores what they show in them: before a commit that changes one.
execute: $(READY)
	@$(WARM_UP)
	@for notebook in $(NOTEBOOKS); do \
	  echo "running $$notebook"; \
	  $(BIN)/jupyter nbconvert --execute --to notebook --inplace --config nbconvert_config.py $(QUIET) $$notebook \
	    || exit 1; \
	done
	$(BIN)/ruff format $(NOTEBOOKS)

train: $(READY)
	$(BIN)/python -m ppo_lib train $(ARGS)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout 600 tests notebooks

# Before the first session of a course: does everything work here? At most two minutes once it is installed.
check: $(READY)
	@$(BIN)/python -m ppo_lib.check

benchmark: $(READY)
	$(BIN)/python -m ppo_lib benchmark $(ARGS)

lint: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The course for students, without the worked solutions: build/course.zip.
handout: $(READY)
	@$(BIN)/python docs/handout.py $(ARGS)

clean:
	rm -rf build .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(WARM_UP)
	@touch $(READY)
