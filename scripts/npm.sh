#!/usr/bin/env bash
# npm in admin-ui, with a Node that is new enough (see scripts/tools.sh):
#
#   scripts/npm.sh run build
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PATH="$("$here/tools.sh" node-path):$PATH"
# A fetched Node trusts its own list of authorities only; the system's may hold
# a company's own.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -e "$authorities" ]; then
  export NODE_EXTRA_CA_CERTS=$authorities
fi
export npm_config_update_notifier=false
cd "$root/admin-ui"
exec npm "$@"
