# Pinned versions of the programs that scripts/tools.sh builds or fetches.
# shellcheck shell=bash disable=SC2034
# internal/devstack looks for this version of the Temporal CLI; a test compares.
TEMPORAL_CLI_VERSION=1.5.1
GOLANGCI_LINT_VERSION=2.15.0
SQLC_VERSION=1.30.0
WORKFLOWCHECK_VERSION=0.6.0
# Fetched from the npm registry only where the system's are too old.
NODE_VERSION=22.23.3
NPM_VERSION=10.9.4
# The oldest that will do: what admin-ui/package.json asks for.
NODE_MINIMUM=20.19
NPM_MINIMUM=10
POSTGRES_MINIMUM=15
