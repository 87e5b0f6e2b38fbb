#!/usr/bin/env bash
# Has every configuration file of config/ read by the program it is for (make
# verify/config). Needs haproxy, prometheus, redis and postgres.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root/config"

work=$(mktemp -d)
children=()
finish() {
  [ "${#children[@]}" = 0 ] || kill "${children[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT

# quietly NAME COMMAND... shows what a command says only when it fails.
quietly() {
  local name=$1
  shift
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; die "config/$name is not right: see above"; }
}

quietly haproxy/haproxy.cfg haproxy -c -f haproxy/haproxy.cfg
! grep -i warning "$work/log" >&2 || die "config/haproxy/haproxy.cfg: see the warnings above"
quietly prometheus.yml promtool check config prometheus.yml
quietly prometheus-alerts.yml promtool check rules prometheus-alerts.yml
quietly prometheus-alerts.test.yml promtool test rules prometheus-alerts.test.yml

postgres=$(command -v postgres || ls /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
for role in primary replica; do
  # -C must come first: it is what makes postgres agree to run as root.
  quietly "postgres/$role.conf" "$postgres" -C max_connections -D "$work" -c "config_file=$PWD/postgres/$role.conf"
done

# Redis has no option to check only: it is started, asked and stopped.
redis=$(command -v redis-server || command -v valkey-server)
cli=$(command -v redis-cli || command -v valkey-cli)
answers() {
  local file=$1 socket=$2
  shift 2
  "$redis" "$file" --port 0 --unixsocket "$socket" --dir "$work" "$@" >"$work/log" 2>&1 &
  children+=($!)
  for _ in $(seq 200); do
    [ "$("$cli" -s "$socket" ping 2>/dev/null)" != PONG ] || return 0
    kill -0 $! 2>/dev/null || break
    sleep 0.05
  done
  cat "$work/log" >&2
  return 1
}
cp redis/sentinel.conf "$work/sentinel.conf" # sentinels write into their file
answers redis/redis.conf "$work/redis.sock" || die "config/redis/redis.conf is not right: see above"
answers "$work/sentinel.conf" "$work/sentinel.sock" --sentinel || die "config/redis/sentinel.conf is not right: see above"

for script in postgres/*.sh redis/*.sh temporal/*.sh; do
  quietly "$script" sh -n "$script"
done
say "config: fine"
