# The README's two commands. Everything else is `snakemake` and `omtrace`.
PYTHON ?= python3
PATH := $(CURDIR)/.venv/bin:$(PATH)
export PATH

# A folder in which Snakemake cannot run its jobs: the same words as from snakemake itself.
REFUSED := $(shell cd workflow && $(PYTHON) -B -m omtrace.model.checkout)
ifneq ($(REFUSED),)
$(error $(REFUSED))
endif

run: env
	snakemake

test: env
	python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: env
	python benchmarks/bench.py
	python benchmarks/longitudinal.py
	python benchmarks/curves.py

env: .venv/ready

# With Snakemake's Slurm executor; apart, since every start imports each executor that is installed.
cluster: .venv-cluster/ready

# With Snakemake's storage plugins (a folder, S3), and what their tests need.
storage: .venv-storage/ready

# With what signs packets (omtrace release --sign).
signing: .venv-signing/ready

# With the generator of the documentation site.
docs-env: .venv-docs/ready

# The documentation as a site of its own in site/, with its reference pages; no page loads anything from elsewhere.
docs: docs-env
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict --quiet

# The pictures of the README, of the pages in results/; they need Chromium.
screenshots: env
	python docs/screenshots.py

# A lock names every file by its hash. The package itself is installed as a link to this folder, so an environment works
# only in the folder that it was made in, which `ready` names.
define environment
	@if [ -s $@ ]; then echo "omtrace: $(@D) was made in $$(cat $@), and this is $(CURDIR); it is made anew"; fi
	rm -rf $(@D)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "omtrace needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(@D)
	@echo "omtrace: installing $$(cat $^ | grep -c '==') packages into $(@D): some hundred megabytes, a minute or two"
	$(@D)/bin/python -m pip install --disable-pip-version-check --require-hashes $(addprefix -r ,$^)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	echo "$(CURDIR)" > $@
endef

.venv/ready: envs/requirements.lock
	$(environment)

.venv-cluster/ready: envs/requirements.lock envs/cluster.lock
	$(environment)

.venv-storage/ready: envs/requirements.lock envs/storage.lock
	$(environment)

.venv-signing/ready: envs/requirements.lock envs/signing.lock
	$(environment)

.venv-docs/ready: envs/requirements.lock envs/docs.lock
	$(environment)

elsewhere = $(if $(wildcard $(1)/ready),$(if $(filter $(CURDIR),$(shell cat $(1)/ready)),,$(1)/ready))

.PHONY: run test bench env cluster storage signing docs docs-env screenshots $(foreach made,.venv .venv-cluster .venv-storage .venv-signing .venv-docs,$(call elsewhere,$(made)))
.DEFAULT_GOAL := run
