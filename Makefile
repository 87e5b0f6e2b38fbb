# Every target installs or builds what it needs first: see scripts/tools.sh.
# Works from any folder: make -C path/to/rustassistant dev

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

# Paths are relative, so that a folder with spaces in its name works as well.
ifeq ($(wildcard scripts/tools.sh),)
$(error run make in the project's folder, or make -C path/to/it)
endif
TOOLS := scripts/tools.sh

# What the test targets run on, and more arguments for the command of a target:
#   make test PKG=./internal/store/... ARGS='-run TestDocument -v'
PKG ?= ./...
ARGS ?=

# Reading the commit fails in a checkout that belongs to somebody else.
BUILDVCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
GO_BUILD := go build -buildvcs=$(BUILDVCS) -o bin/

UI := admin-ui
NPM := scripts/npm.sh
# A built tool, by its pinned version.
tool = "$$($(TOOLS) path $(1))"
in-tools = path=$(tool) && cd tools && "$$path"
in-bench = path=$(tool) && cd bench && "$$path"

##@ Run

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_\/-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@printf '\nVariables: PKG (packages, now %s), ARGS (more arguments for the command)\n' '$(PKG)'

.PHONY: dev
dev: tools/run admin-ui/try build ## start everything: API :8080, Temporal UI :8233
	@exec bin/rustassistant dev $(ARGS)

.PHONY: build
build: ## build bin/rustassistant
	@$(TOOLS) go
	@test -e bin/rustassistant || echo 'building rustassistant (minutes the first time, seconds later) ...' >&2
	@$(GO_BUILD) ./cmd/rustassistant

.PHONY: admin-ui
admin-ui: $(UI)/dist/index.html ## build the dashboard into the binary's sources
	@:

# A machine without Node runs all the same: the binary then shows a page that
# says how to build the dashboard.
.PHONY: admin-ui/try
admin-ui/try:
	@{ $(TOOLS) node && $(MAKE) admin-ui; } || echo 'going on without the dashboard: see the message above' >&2

UI_SOURCES := $(shell find $(UI) -type f \
  -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/e2e*/*' -not -path '*-results/*' -not -name '*.go' 2>/dev/null)

$(UI)/node_modules/.installed: $(UI)/package.json $(UI)/package-lock.json
	@$(TOOLS) node
	@echo 'installing the dashboard'\''s packages ...' >&2
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.installed $(UI_SOURCES)
	@echo 'building the dashboard ...' >&2
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@ $(UI)/dist/.gitkeep

.PHONY: tools/run
tools/run:
	@$(TOOLS) go postgres redis-if-possible temporal

.PHONY: tools/dev
tools/dev:
	@$(TOOLS) go postgres redis temporal

.PHONY: tools
tools: tools/dev ## install all that development needs
	@$(TOOLS) node golangci-lint sqlc workflowcheck

##@ Test

WITHSTACK = $(GO_BUILD) ./internal/devstack/cmd/withstack && bin/withstack --

.PHONY: test
test: tools/dev ## run the tests on real PostgreSQL, Redis and Temporal
	@$(WITHSTACK) go test $(PKG) $(ARGS)

.PHONY: test/race
test/race: tools/dev ## the same with the race detector
	@$(TOOLS) gcc
	@$(WITHSTACK) env CGO_ENABLED=1 go test -race $(PKG) $(ARGS)

.PHONY: test/admin-ui
test/admin-ui: $(UI)/node_modules/.installed ## unit tests of the dashboard
	@$(NPM) test --silent -- $(ARGS)

.PHONY: test/browser
test/browser: tools/dev admin-ui build ## journeys through the dashboard in Chromium
	@$(TOOLS) chromium
	@scripts/browser.sh $(ARGS)

.PHONY: test/webhooks
test/webhooks: tools/dev ## 10,000 events for 5 webhooks while everything is killed (minutes)
	@$(WITHSTACK) env TEST_LEDGER_EVENTS=10000 TEST_LEDGER_KILLS=15 \
	  go test ./cmd/rustassistant -run EveryEventReachesEveryEndpoint -count=1 -timeout 30m -v $(ARGS)

.PHONY: test/bench
test/bench: tools/dev ## tests of the comparison with other engines
	@$(WITHSTACK) go -C bench test ./... $(ARGS)

.PHONY: bench/beside
bench/beside: tools/dev ## other engines beside a running server: see bench/README.md
	@cd bench && go build -buildvcs=$(BUILDVCS) -o ../bin/beside .
	@$(WITHSTACK) bin/beside $(ARGS)

.PHONY: bench
bench: tools/dev build ## measure import and search
	@exec bin/rustassistant bench $(ARGS)

##@ Verify

.PHONY: verify
verify: verify/format verify/vet verify/lint verify/workflows verify/generated verify/compose verify/config verify/k8s verify/admin-ui ## all checks short of the tests
	@echo 'verify: fine'

.PHONY: verify/format
verify/format: ## gofumpt and goimports
	@$(TOOLS) golangci-lint
	@{ $(call tool,golangci-lint) fmt --diff && ($(call in-tools,golangci-lint) fmt --diff) && ($(call in-bench,golangci-lint) fmt --diff); } || \
	  { echo 'not formatted: run make fmt' >&2; exit 1; }
	@bash -n scripts/*.sh .ci/run

.PHONY: verify/vet
verify/vet: ## go vet
	@go vet ./... && go -C tools vet ./... && go -C bench vet ./...

.PHONY: verify/lint
verify/lint: lint

.PHONY: lint
lint: ## golangci-lint, with the direction of dependencies
	@$(TOOLS) golangci-lint
	@$(call tool,golangci-lint) run ./... && ($(call in-tools,golangci-lint) run ./...) && $(call in-bench,golangci-lint) run ./...

.PHONY: verify/workflows
verify/workflows: ## workflows are deterministic
	@$(TOOLS) workflowcheck
	@$(call tool,workflowcheck) ./workflows/...

.PHONY: verify/generated
verify/generated: build $(UI)/node_modules/.installed ## generated code is what its sources say
	@$(TOOLS) sqlc
	@$(call tool,sqlc) diff
	@scripts/openapi-types.sh check

.PHONY: verify/compose
verify/compose: build ## docker-compose.temporal.yml
	@cd tools && go test ./... && \
	  go run ./composecheck -env-example ../.env.example -binary ../bin/rustassistant ../docker-compose.temporal.yml

.PHONY: verify/config
verify/config: ## configuration files, each by the program that reads it
	@$(TOOLS) haproxy prometheus redis postgres
	@scripts/check-config.sh

.PHONY: verify/k8s
verify/k8s: ## k8s/: strictly by the types of the Kubernetes API
	@cd tools && go run ./k8scheck ../k8s

.PHONY: verify/admin-ui
verify/admin-ui: admin-ui ## types, lint and size of the dashboard
	@$(NPM) run --silent typecheck
	@$(NPM) run --silent lint
	@$(NPM) run --silent budget

.PHONY: ci
ci: ## what .ci/run runs: verify, the dashboard's tests, make test
	@$(MAKE) verify
	@$(MAKE) test/admin-ui
	@$(MAKE) test/browser
	@$(MAKE) test/bench
	@$(MAKE) test

##@ Change

.PHONY: generate
generate: build $(UI)/node_modules/.installed ## generate code: sqlc, OpenAPI types of the dashboard
	@$(TOOLS) sqlc
	@$(call tool,sqlc) generate && go generate ./...
	@scripts/openapi-types.sh write

.PHONY: fmt
fmt: ## format Go and TypeScript
	@$(TOOLS) golangci-lint
	@$(call tool,golangci-lint) fmt && ($(call in-tools,golangci-lint) fmt) && $(call in-bench,golangci-lint) fmt
	@test ! -e $(UI)/node_modules/.installed || { $(NPM) run --silent format; }

.PHONY: clean
clean: ## remove what was built here; keeps data and the tool cache
	@rm -rf bin $(UI)/node_modules
	@find $(UI)/dist -mindepth 1 -not -name .gitkeep -delete
