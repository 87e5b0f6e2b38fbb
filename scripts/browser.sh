#!/usr/bin/env bash
# Runs the dashboard's journeys against a throw-away `rustassistant dev`:
#
#   scripts/browser.sh [argument of playwright ...]
#
# Needs bin/rustassistant and the dashboard's packages (make test/browser).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

data=$(mktemp -d)
server=
finish() {
  local code=$?
  if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null && wait "$server" || true
  fi
  [ "$code" = 0 ] || { say "the server's log ends with:"; tail -n 30 "$data/log" >&2; }
  rm -rf "$data"
}
trap finish EXIT

port=$(free_port)
# A job in the background ignores SIGINT unless it has a group of its own.
set -m
env -u DATABASE_URL -u REDIS_URL -u TEMPORAL_ADDRESS \
  SERVER_PORT="$port" DEV_TEMPORAL_PORT=0 DEV_TEMPORAL_UI_PORT=0 DEV_POSTGRES_PORT=0 DEV_REDIS_PORT=0 \
  "$root/bin/rustassistant" dev --require-auth --data-dir "$data/dev" >"$data/log" 2>&1 </dev/null &
server=$!
set +m

for _ in $(seq 600); do
  ! grep -q 'is ready' "$data/log" || break
  kill -0 "$server" 2>/dev/null || die "the server did not start"
  sleep 0.1
done
grep -q 'is ready' "$data/log" || die "the server was not ready within a minute"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
BASE_URL="http://127.0.0.1:$port" ADMIN_KEY="$(cat "$data/dev/admin-key")" CHROMIUM_PATH="$chromium" \
  "$here/npm.sh" run --silent e2e -- "$@"
