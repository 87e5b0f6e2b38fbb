# Every target installs or builds what it needs first: see scripts/tools.sh.
# Works from any folder: make -C path/to/rustassistant dev

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

override ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOOLS := $(ROOT)/scripts/tools.sh
BIN := $(ROOT)/bin

# What the test targets run on, and more arguments for the command of a target:
#   make test PKG=./internal/store/... ARGS='-run TestDocument -v'
PKG ?= ./...
ARGS ?=

##@ Run

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_\/-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@printf '\nVariables: PKG (packages to test, %s), ARGS (more arguments)\n' '$(PKG)'

.PHONY: dev
dev: tools/dev admin-ui/build-optional build ## start everything: API :8080, Temporal UI :8233
	@exec $(BIN)/rustassistant dev $(ARGS)

.PHONY: build
build: ## build bin/rustassistant
	@cd $(ROOT) && go build -trimpath -o $(BIN)/ ./cmd/rustassistant

.PHONY: tools/dev
tools/dev: # what `make dev` needs
	@$(TOOLS) postgres redis temporal

.PHONY: tools
tools: ## install what running and testing needs
	@$(TOOLS) postgres redis temporal node

##@ Test

WITHSTACK = cd $(ROOT) && go build -o $(BIN)/ ./internal/devstack/cmd/withstack && $(BIN)/withstack --

.PHONY: test
test: tools/dev ## run the tests on real PostgreSQL, Redis and Temporal
	@$(WITHSTACK) go test $(PKG) $(ARGS)

.PHONY: test/race
test/race: tools/dev ## the same with the race detector
	@$(TOOLS) gcc
	@$(WITHSTACK) env CGO_ENABLED=1 go test -race $(PKG) $(ARGS)
