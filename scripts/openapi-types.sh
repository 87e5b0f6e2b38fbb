#!/usr/bin/env bash
# The dashboard's types come from the API's own description:
#
#   scripts/openapi-types.sh write    make admin-ui/src/api/schema.d.ts anew
#   scripts/openapi-types.sh check    fail when it is not what it would be
#
# Needs bin/rustassistant and the dashboard's packages (make generate).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

types=$root/admin-ui/src/api/schema.d.ts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/bin/rustassistant" openapi >"$work/openapi.json"
PATH="$("$here/tools.sh" node-path):$PATH"
cd "$root/admin-ui"
node_modules/.bin/openapi-typescript "$work/openapi.json" -o "$work/schema.d.ts" >/dev/null

case ${1:-} in
  write) cp "$work/schema.d.ts" "$types" ;;
  check)
    if ! cmp -s "$types" "$work/schema.d.ts"; then
      { diff -u "$types" "$work/schema.d.ts" || true; } | head -n 40 >&2
      die "the dashboard's types are not the API's: run make generate"
    fi
    ;;
  *) die "usage: scripts/openapi-types.sh write|check" ;;
esac
