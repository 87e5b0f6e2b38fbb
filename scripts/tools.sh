#!/usr/bin/env bash
# Makes sure that the named tools are there, installing what is missing:
#
#   scripts/tools.sh postgres redis temporal node
#
# Debian packages come by apt; Go programs are built once, pinned, into
# ${XDG_CACHE_HOME:-~/.cache}/rustassistant/tools. Silent when nothing is missing.
#
#   scripts/tools.sh path golangci-lint     prints where a built tool is
#   scripts/tools.sh node-path              prints the folder of a usable node
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/apt.sh"

packages=()
need() { packages+=("$@"); }

# --- Debian packages -------------------------------------------------------

postgres_version() {
  local dir newest=0 found
  for dir in ${DEV_POSTGRES_BIN:-} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin "$(dirname "$(readlink -f "$(command -v postgres || echo /none/postgres)")")"; do
    [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] || continue
    found=$("$dir/postgres" --version | sed -E 's/.*\(PostgreSQL\) ([0-9]+).*/\1/')
    [ "$found" -le "$newest" ] || newest=$found
  done
  echo "$newest"
}

want_postgres() {
  [ "$(postgres_version)" -ge "$POSTGRES_MINIMUM" ] || need postgresql
}
check_postgres() {
  [ "$(postgres_version)" -ge "$POSTGRES_MINIMUM" ] || die "PostgreSQL $POSTGRES_MINIMUM or newer is needed, this system's packages have $(postgres_version). Newer ones:
    sudo apt-get install -y postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y && sudo apt-get install -y postgresql-17"
}

have_redis() { have redis-server || have valkey-server; }
want_redis() { have_redis || need redis-server; }
check_redis() { have_redis || die "redis-server is still missing"; }

# Redis if it can be had: the product runs without.
want_redis_if_possible() { have_redis || ! have apt-get || ! can_be_root || need redis-server; }
check_redis_if_possible() {
  have_redis || say "going on without Redis (answers are cached in memory only); to have it: sudo apt-get install -y redis-server"
}

want_haproxy() { have haproxy || need haproxy; }
check_haproxy() { have haproxy || die "haproxy is still missing"; }

want_prometheus() { have promtool || need prometheus; }
check_prometheus() { have promtool || die "promtool is still missing"; }

# The race detector needs a C compiler.
want_gcc() { have gcc || need gcc libc6-dev; }
check_gcc() { have gcc || die "gcc is still missing"; }

have_chromium() { have chromium || have chromium-browser || have google-chrome; }
want_chromium() { have_chromium || need chromium fonts-liberation; }
check_chromium() { have_chromium || die "chromium is still missing"; }

# --- Node ------------------------------------------------------------------

# A folder with node and npm, both new enough.
node_good() {
  [ -x "$1/node" ] && [ -x "$1/npm" ] &&
    version_at_least "$("$1/node" --version 2>/dev/null | sed 's/^v//')" "$NODE_MINIMUM" &&
    version_at_least "$(PATH="$1:$PATH" npm --version 2>/dev/null)" "$NPM_MINIMUM"
}
system_node() { dirname "$(command -v node || echo /none/node)"; }
fetched_node() { echo "$cache/node-$NODE_VERSION/bin"; }

# node_path is the folder to put first in PATH.
node_path() {
  if [ -x "$(fetched_node)/npm" ]; then fetched_node
  elif node_good "$(system_node)"; then system_node
  else return 1
  fi
}

want_node() {
  node_path >/dev/null && return
  have node || need nodejs
  have npm || need npm
}
check_node() {
  node_path >/dev/null || with_lock node fetch_node
  node_path >/dev/null || die "The dashboard needs Node $NODE_MINIMUM and npm $NPM_MINIMUM or newer, found $(node --version 2>/dev/null || echo none) and $(npm --version 2>/dev/null || echo none). Install them from https://nodejs.org/en/download, then run the same command again."
}

# Debian's Node is often too old for the dashboard, but good enough to fetch a
# newer one from the npm registry.
fetch_node() {
  node_path >/dev/null && return
  local arch dir
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) return 0 ;; esac
  dir=$cache/node-$NODE_VERSION
  say "Node $(node --version) with npm $(npm --version) is too old for the dashboard: fetching Node $NODE_VERSION (once)"
  rm -rf "$dir" "$dir.tmp"
  mkdir -p "$dir.tmp"
  npm install --silent --no-audit --no-fund --prefix "$dir.tmp" "node-linux-$arch@$NODE_VERSION" "npm@$NPM_VERSION" >&2 || return 0
  mkdir "$dir.tmp/bin"
  mv "$dir.tmp/node_modules/node-linux-$arch/bin/node" "$dir.tmp/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$dir.tmp/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$dir.tmp/bin/npx"
  mv "$dir.tmp" "$dir"
}

# --- Go programs -----------------------------------------------------------

tool_version() {
  case $1 in
    temporal) echo "$TEMPORAL_CLI_VERSION" ;;
    golangci-lint) echo "$GOLANGCI_LINT_VERSION" ;;
    sqlc) echo "$SQLC_VERSION" ;;
    workflowcheck) echo "$WORKFLOWCHECK_VERSION" ;;
    *) die "unknown tool: $1" ;;
  esac
}
tool_module() {
  case $1 in
    temporal) echo github.com/temporalio/cli/cmd/temporal ;;
    golangci-lint) echo github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
    sqlc) echo github.com/sqlc-dev/sqlc/cmd/sqlc ;;
    workflowcheck) echo go.temporal.io/sdk/contrib/tools/workflowcheck ;;
  esac
}
tool_path() { echo "$cache/$1-$(tool_version "$1")/$1"; }

build_tool() {
  local name=$1 path dir
  path=$(tool_path "$name")
  [ ! -x "$path" ] || return 0 # another process built it while we waited
  check_go
  [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -n "${SSL_CERT_FILE:-}" ] || ! have apt-get || apt_install ca-certificates
  say "building $name $(tool_version "$name") (once; up to 8 minutes on 2 cores) ..."
  dir=$(dirname "$path")
  rm -rf "$dir.tmp"
  # Outside of the project, so that neither its go.mod nor the flags of the
  # shell matter; moved into place whole, so that a killed build leaves nothing.
  (cd / && env -u GOOS -u GOARCH GOFLAGS= GOWORK=off CGO_ENABLED=0 GOBIN="$dir.tmp" \
    go install -ldflags "-s -w" "$(tool_module "$name")@v$(tool_version "$name")") || die "could not build $name"
  rm -rf "$dir"
  mv "$dir.tmp" "$dir"
}

go_minimum() { sed -n 's/^go //p' "$root/go.mod"; }
want_go() { :; }
check_go() {
  have go || die "Go $(go_minimum) or newer is needed: https://go.dev/dl"
  # A Go from 1.21 on fetches a newer one itself unless told not to.
  local version
  version=$(cd / && go env GOVERSION | sed -E 's/^go([0-9.]+).*/\1/')
  version_at_least "$version" "$(go_minimum)" || [ "$(go env GOTOOLCHAIN)" != local ] ||
    die "Go $(go_minimum) or newer is needed, found $version: https://go.dev/dl"
}

want_go_tool() { :; }
check_go_tool() {
  [ "$1" != temporal ] || [ -z "${DEV_TEMPORAL_CLI:-}" ] || return 0
  [ -x "$(tool_path "$1")" ] || with_lock "$1" build_tool "$1"
}

# ---------------------------------------------------------------------------

case ${1:-} in
  path) tool_path "$2"; exit ;;
  node-path) node_path; exit ;;
  '') die "usage: scripts/tools.sh TOOL..." ;;
esac

kind() {
  case $1 in
    redis-if-possible) echo redis_if_possible ;;
    go | postgres | redis | haproxy | prometheus | gcc | chromium | node) echo "$1" ;;
    *) tool_version "$1" >/dev/null && echo go_tool ;;
  esac
}
for tool in "$@"; do "want_$(kind "$tool")" "$tool"; done
[ "${#packages[@]}" = 0 ] || apt_install "${packages[@]}"
for tool in "$@"; do "check_$(kind "$tool")" "$tool"; done
