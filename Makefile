# Everything that a newcomer and the CI call. Targets set themselves up: all they need is Python 3.11 or newer,
# the one called python3 or another: make PYTHON=python3.13 up

.DEFAULT_GOAL := help
.PHONY: help up down demo test night lint deploy-check check openapi pictures docs bench lock setup

PYTHON ?= python3
VENV := .venv/bin
T ?= tests
ARGS ?=
# A file a core.
TOGETHER := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --ignore tests/chaos
MATRIX := tests/chaos/test_money.py
KILLING := -n 2 --dist loadfile --ignore $(MATRIX)
NAMES ?=

help:  ## Show what you can make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

up: .venv/installed  ## Start everything and say READY; ARGS=--detach leaves it in the background
	@$(VENV)/python dev.py up --with-parent $(ARGS)

down: .venv/installed  ## Stop what `make up` started; the data stay in var/
	@$(VENV)/python dev.py down $(ARGS)

demo: .venv/installed  ## Follow one job live, from its posting to a paid provider
	@$(VENV)/python dev.py demo $(ARGS)

# What kills processes and looks at the clock comes after the rest, and the largest has the machine for itself.
test: .venv/installed .venv/test-installed  ## Run the tests, or some: make test T=tests/domain
ifeq ($(T),tests)
	$(VENV)/python -m pytest $(TOGETHER) -m "not nightly" tests
	$(VENV)/python -m pytest $(KILLING) -m "not nightly" tests/chaos
	$(VENV)/python -m pytest -m "not nightly" $(MATRIX)
else
	$(VENV)/python -m pytest $(T)
endif

night: .venv/installed .venv/test-installed  ## Run all tests, also those that `make test` leaves out
	$(VENV)/python -m pytest $(TOGETHER) tests
	$(VENV)/python -m pytest $(KILLING) tests/chaos
	$(VENV)/python -m pytest $(MATRIX)

lint: .venv/installed  ## Check formatting, style, types, who imports whom, and where the documents lead
	$(VENV)/python -m ruff format --check .
	$(VENV)/python -m ruff check .
	$(VENV)/python -m mypy
	$(VENV)/lint-imports
	$(VENV)/python -m tests.docs.site

deploy-check: .venv/installed  ## Check deploy/ as compose, helm, Kubernetes and their linters read it
	$(VENV)/hadolint deploy/Dockerfile
	$(VENV)/docker-compose --env-file deploy/compose.env.example -f deploy/docker-compose.yml config -q
	$(VENV)/compose-lint check --quiet --skip-suppressed --strict-config --config deploy/.compose-lint.yml --fail-on medium deploy/docker-compose.yml
	@# There is no wheel of Helm for Linux on ARM.
	[ "$$(uname -m)" = aarch64 ] || $(VENV)/python -m tests.deploy.charts

check: lint deploy-check test  ## Everything that a change has to pass

openapi: .venv/installed  ## Write the HTTP contract anew, in docs/openapi.json
	$(VENV)/python -m api.export

pictures: .venv/installed .venv/test-installed  ## Take the pictures of the documentation anew, or some: make pictures NAMES="mailbox"
	$(VENV)/python -m tests.browser.screenshots $(NAMES)

docs: .venv/installed  ## Build the documents as a site in var/site; a link that leads nowhere ends it
	$(VENV)/python -m tests.docs.site $(ARGS)

bench: .venv/installed  ## Measure what one assignment costs, on everything; then: python -m tests.bench.capacity
	$(VENV)/python -m tests.bench.costs $(ARGS)

lock: .venv/installed  ## Pin what pyproject.toml asks for, with hashes, in requirements.lock
	$(VENV)/python -m uv pip compile --universal --generate-hashes --no-header --no-emit-index-url \
		--extra dev --python-version 3.11 pyproject.toml -o requirements.lock

setup: .venv/installed  ## Install what the lock names; every target does so when the lock has changed

.venv/installed: requirements.lock
	@sh devstack/setup.sh $(PYTHON)
	@touch $@

# Where something is missing that only a few tests need, it is said again next time, and the others run.
.venv/test-installed: devstack/test-setup.sh tests/readers/package-lock.json | .venv/installed
	@if sh devstack/test-setup.sh; then touch $@; fi
