# A fresh machine needs two commands: `make run` and `make test`. Python 3.11 and Debian's packages below are all they ask.
PYTHON ?= python3.11
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PACKED := .packed/.made
DEBIAN_RUN := libegl1 libgles2
DEBIAN_TEST := $(DEBIAN_RUN) chromium

.PHONY: run setup test lint types bench screenshots image

run: $(VENV)/.run $(PACKED)  ## serve at http://127.0.0.1:8000
	@sh bin/debian-packages $(DEBIAN_RUN)
	PORT=$(PORT) $(BIN)/python -m engageai

setup: $(VENV)/.test $(PACKED)  ## everything that tests and checks need
	@sh bin/debian-packages $(DEBIAN_TEST)

test: setup lint types  ## checks and all tests, with a real browser
	$(BIN)/lint-imports --no-cache
	sh bin/test $(BIN)/python

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy .

bench: $(VENV)/.test  ## real-time factors of the pipeline and its stages
	$(BIN)/python -m emotion_ml benchmark

screenshots: setup  ## every page in light, dark and phone width into screenshots/, and the pictures of docs/
	$(BIN)/python -m tests.browser.screenshots --docs

image:  ## the container image
	docker build --tag engageai .

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements.txt
	touch $@

$(VENV)/.test: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	touch $@ $(VENV)/.run

$(PACKED): requirements.txt $(wildcard static/*/*) | $(VENV)/.run
	$(BIN)/python manage.py pack_static
	touch $@
