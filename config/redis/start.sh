#!/bin/sh
# Starts one member of the Redis group:
#
#   start.sh server      a Redis: master, or replica when another one is master
#   start.sh sentinel    a sentinel
#
# REDIS_PASSWORD   of servers and sentinels
# REDIS_ANNOUNCE   name by which the others reach this one
# REDIS_PORT       its port: 6379, or 26379 for a sentinel
# REDIS_MASTER     host:port of the server that is master at the very first start
# REDIS_SENTINELS  host:port,... of the sentinels, for a server
# REDIS_DATA       folder for its configuration, /data
#
# Passwords are written to a file that only this user can read; they are never
# among the arguments.
set -eu
umask 077

role=${1:?server or sentinel}
here=$(cd "$(dirname "$0")" && pwd)
data=${REDIS_DATA:-/data}
group=rustassistant
: "${REDIS_PASSWORD:?}" "${REDIS_ANNOUNCE:?}" "${REDIS_MASTER:?}"

# current_master asks the sentinels; nothing when none of them knows.
current_master() {
  for sentinel in $(echo "${REDIS_SENTINELS:-}" | tr , ' '); do
    answer=$(REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h "${sentinel%:*}" -p "${sentinel##*:}" \
      sentinel get-master-addr-by-name "$group" 2>/dev/null | tr '\n' ' ') || continue
    # A name and a port; anything else is an error message.
    case $answer in *' '[0-9]*' ') echo "$answer" | tr ' ' : | sed 's/:*$//'; return ;; esac
  done
}

server() {
  port=${REDIS_PORT:-6379}
  master=$(current_master)
  master=${master:-$REDIS_MASTER}
  {
    echo "include $here/redis.conf"
    echo "port $port"
    echo "dir $data"
    echo "requirepass $REDIS_PASSWORD"
    echo "masterauth $REDIS_PASSWORD"
    echo "replica-announce-ip $REDIS_ANNOUNCE"
    echo "replica-announce-port $port"
    [ "$master" = "$REDIS_ANNOUNCE:$port" ] || echo "replicaof ${master%:*} ${master##*:}"
  } >"$data/redis.conf"
  exec redis-server "$data/redis.conf"
}

# What a sentinel has learned is in its file, so an existing one is kept.
sentinel() {
  port=${REDIS_PORT:-26379}
  [ -e "$data/sentinel.conf" ] || {
    cat "$here/sentinel.conf"
    echo "port $port"
    echo "dir $data"
    echo "requirepass $REDIS_PASSWORD"
    echo "sentinel sentinel-pass $REDIS_PASSWORD"
    echo "sentinel announce-ip $REDIS_ANNOUNCE"
    echo "sentinel announce-port $port"
    # Two of three must agree. A cache has nothing to lose by a quick decision.
    echo "sentinel monitor $group ${REDIS_MASTER%:*} ${REDIS_MASTER##*:} 2"
    echo "sentinel auth-pass $group $REDIS_PASSWORD"
    echo "sentinel down-after-milliseconds $group 3000"
    echo "sentinel failover-timeout $group 10000"
    echo "sentinel parallel-syncs $group 1"
  } >"$data/sentinel.conf"
  exec redis-server "$data/sentinel.conf" --sentinel
}

"$role"
