# The commands of a checkout. A machine needs only Python 3.11 or later, git and make.
#   make run     start the demo (ARGS="--port 9000 …" goes to `coteach up`)
#   make test    lint, then every test
#   make bench   measure this machine (ARGS="--visitors 10 --json" goes to the benchmark)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench docs messages constraints debian-packages

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
TESTS ?=
BENCH ?= classpage
TAGS := zh-Hant vi

help:
	@echo "make setup     create the environment in $(VENV)"
	echo "make run       start the demo at http://127.0.0.1:8000"
	echo "make test      lint and run every test"
	echo "make lint      ruff and mypy"
	echo "make bench     measure class pages against stock Voila (BENCH=spawn: Labs)"
	echo "make docs      write docs/commands.md from the commands themselves"
	echo "make messages  collect the sentences to translate"
	echo "make constraints  choose the newest versions that fit together"

# A Python of the system comes first: people's Labs run under other user ids, which can't enter
# a Python in somebody's closed home.
$(BIN)/python:
	@fits() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
	whole() { "$$1" -c 'import ensurepip, venv' 2>/dev/null; }
	found=; bare=
	for python in $${PYTHON:-} /usr/bin/python3 /usr/bin/python3.1[1-9] /usr/local/bin/python3 python3; do
	    path=$$(command -v "$$python") && fits "$$path" || continue
	    if whole "$$path"; then found=$$path; break; fi
	    bare=$${bare:-$$path}
	    if [ "$$(id -u)" = 0 ] && [[ $$path == /usr/bin/* ]] && command -v apt-get >/dev/null; then
	        echo "Installing python3-venv …"
	        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
	        if whole "$$path"; then found=$$path; break; fi
	    fi
	done
	if [ -z "$$found" ] && [ -n "$$bare" ]; then
	    echo "$$bare can't make environments: install python3-venv (apt-get install python3-venv) and try again." >&2; exit 1
	elif [ -z "$$found" ]; then
	    echo "There is no Python 3.11 or later here: install one, or name it with PYTHON=/path/to/python3." >&2; exit 1
	fi
	echo "Making $(VENV) with $$found …"
	"$$found" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing coteach and what it needs …"
	# Compiled: sandboxes can't write here, and would compile it anew at each start of a lesson.
	$(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[test]'
	touch $@

setup: $(VENV)/.installed
	@$(BIN)/python hatch_build.py
	$(BIN)/python -m compileall -q src widgets/coteach_widgets

run: setup
	@exec $(BIN)/coteach up --demo $(ARGS)

lint: $(VENV)/.installed
	@$(BIN)/ruff check .
	$(BIN)/mypy

# Tests need a browser, letters for Chinese, a Postgres server and a TURN server.
debian-packages:
	@missing=
	command -v chromium >/dev/null || missing+=" chromium"
	compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=" fonts-noto-cjk"
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=" postgresql"
	command -v turnserver >/dev/null || missing+=" coturn"
	command -v ip >/dev/null || missing+=" iproute2"
	[ -n "$$missing" ] || exit 0
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	    echo "The tests need$$missing: run sudo apt-get install --no-install-recommends$$missing and try again." >&2; exit 1
	fi
	echo "Installing$$missing …"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null

test: debian-packages setup lint
	@$(BIN)/python -m pytest $(TESTS)

# Only ratios count, and only on a machine that does nothing else.
bench: setup
	@exec $(BIN)/coteach bench $(BENCH) $(ARGS)

docs: setup
	@$(BIN)/python -m typer coteach.cli utils docs --name coteach --title "Commands" --output docs/commands.md

messages: $(VENV)/.installed
	@collect() { $(BIN)/pybabel -q extract -F "$$1" -k t -k n:1,2 -k N_ --add-location file --sort-by-file \
	    --project coteach --version "" --copyright-holder "the coteach developers" -o "$$2" "$${@:3}"; }
	refresh() { if [ -f "$$3" ]; then
	        $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -l "$${1//-/_}" -i "$$2" -o "$$3"
	    else mkdir -p "$$(dirname "$$3")"; $(BIN)/pybabel -q init -l "$${1//-/_}" -i "$$2" -o "$$3"; fi; }
	collect babel.cfg $(VENV)/coteach.pot .
	collect widgets/babel.cfg $(VENV)/widgets.pot widgets/coteach_widgets
	for tag in $(TAGS); do
	    refresh $$tag $(VENV)/coteach.pot src/coteach/locale/$$tag/coteach.po
	    refresh $$tag $(VENV)/widgets.pot widgets/coteach_widgets/locale/$$tag.po
	done
	$(BIN)/python hatch_build.py catalogs

constraints: $(BIN)/python
	@echo uv | $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --all-extras \
	    --upgrade --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml - -o constraints.txt
