# make run      installs what is missing and starts ebtop        make run ARGS=--demo passes options
# make test     all tests; those of the kernel as root           make test PYTEST_ARGS='-k opens'
# make check    ruff, mypy, the layers, clang-format
VENV = .venv/bin
ROOT = $$([ "$$(id -u)" = 0 ] || echo sudo)
C_FILES = $(shell find ebtop tests benchmarks -name "*.[ch]")
ARGS =
PYTEST_ARGS =

.PHONY: run test check format bench test-kernels screenshots readme clean

# Compiled beforehand, as the process that draws may be nobody, who keeps nothing in this tree.
run: .venv/ready-run
	@$(VENV)/python -m compileall -q ebtop
	@exec $(ROOT) $(VENV)/ebtop $(ARGS)

# Root runs everything; anyone else runs what needs no root, then the tests of the kernel through sudo.
test: .venv/ready-test
	@if [ "$$(id -u)" = 0 ]; then exec $(VENV)/python -m pytest -q $(PYTEST_ARGS); fi; \
	$(VENV)/python -m pytest -q -m 'not kernel' $(PYTEST_ARGS) && sudo $(VENV)/python -B -m pytest -q -m kernel $(PYTEST_ARGS)

check: .venv/ready-check
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo
	$(VENV)/clang-format --dry-run -Werror $(C_FILES)

format: .venv/ready-check
	$(VENV)/ruff check --fix
	$(VENV)/ruff format
	$(VENV)/clang-format -i $(C_FILES)

# Side by side with btop, glances, bpftrace and bcc's tools; a few minutes on a quiet machine.
bench: .venv/ready-bench
	@$(VENV)/python -m compileall -q ebtop
	$(ROOT) $(VENV)/python -m benchmarks $(ARGS)

# Each probe on Debian's 5.10, 6.1, 6.12 and newest kernel under QEMU, as a table: which way won, or why none did; some
# minutes each, ARGS='bookworm trixie' for some of them. ARGS='--tests bookworm' runs the tests of probes and loader
# there instead.
test-kernels: .venv/ready-test
	$(VENV)/python tests/vm/run $(ARGS)

# The pictures of the README, from a real session under real load.
screenshots: .venv/ready-test
	$(ROOT) env PYTHONPATH=. $(VENV)/python scripts/screenshots.py

# The generated parts of the README.
readme: .venv/ready-run
	$(VENV)/python scripts/readme.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/ready-%: pyproject.toml scripts/setup
	@scripts/setup $*
	@touch $@
