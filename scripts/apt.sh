# Installing Debian packages. Source it after lib.sh.
# shellcheck shell=bash

# as_root runs a command as root: directly, or by a sudo that does not ask.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() {
  [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }
}

# apt_install PACKAGE... installs what a missing tool needs, or says exactly
# what to run when it may not.
apt_install() {
  have apt-get || die "missing: $*. This is not a Debian system: install them with its own package manager, then run the same command again."
  local command="apt-get update && apt-get install -y --no-install-recommends $*"
  if ! can_be_root; then
    die "missing packages: $*
Run this once, then the same command again:

    sudo sh -c '$command'
"
  fi
  say "installing with apt: $*"
  with_lock apt apt_locked "$@"
}

# The lists may be missing (a fresh container) or stale (404s): fetch them when
# the first try fails.
apt_locked() {
  quiet_services
  if ! apt_try "$@" >"$cache/apt.log" 2>&1; then
    apt_update
    apt_try "$@" >>"$cache/apt.log" 2>&1 || { restore_services; tail -n 20 "$cache/apt.log" >&2; die "apt-get could not install: $*"; }
  fi
  restore_services
}

# Another apt (unattended-upgrades) may hold dpkg's lock for minutes.
apt_try() {
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 NEEDRESTART_SUSPEND=1 \
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@" </dev/null
}

# DPkg::Lock::Timeout does not cover the lock on the lists, hence the loop. A
# third party's broken source must not stop us: the install decides.
apt_update() {
  local attempt
  for attempt in $(seq 60); do
    as_root apt-get update >>"$cache/apt.log" 2>&1 </dev/null && return
    tail -n 5 "$cache/apt.log" | grep -q 'Could not get lock' || return 0
    [ "$attempt" != 1 ] || say "waiting for another apt ..."
    sleep 5
  done
}

# Debian starts a server when its package is installed, and makes a PostgreSQL
# cluster. The project runs its own, so nothing of that is wanted: forbidden
# while the packages are installed, allowed again after.
policy=/usr/sbin/policy-rc.d
clusterconf=/etc/postgresql-common/createcluster.d/rustassistant.conf

quiet_services() {
  made_policy= made_clusterconf=
  trap restore_services EXIT
  if [ ! -e "$policy" ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  if [ ! -e /etc/postgresql-common ]; then
    made_clusterconf=1
    as_root mkdir -p "$(dirname "$clusterconf")"
    echo 'create_main_cluster = false' | as_root tee "$clusterconf" >/dev/null
  fi
}

restore_services() {
  trap - EXIT
  [ -z "${made_policy:-}" ] || as_root rm -f "$policy"
  [ -z "${made_clusterconf:-}" ] || as_root rm -f "$clusterconf"
  made_policy= made_clusterconf=
}
