# Shared by the scripts of this folder. Source it; do not run it.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=scripts/versions.sh
. "$here/versions.sh"

cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/rustassistant/tools

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least HAVE WANT compares dotted versions.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]
}

# with_lock NAME COMMAND... runs the command while no other process on this
# machine runs one of the same name, so that two builds never meet.
with_lock() {
  local name=$1 fd
  shift
  mkdir -p "$cache"
  exec {fd}>"$cache/.$name.lock"
  if ! flock -n "$fd"; then
    say "waiting for another process that installs $name ..."
    flock "$fd"
  fi
  "$@"
  exec {fd}>&-
}
