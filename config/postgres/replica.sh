#!/bin/sh
# Starts the streaming replica: copies the primary when it has no folder yet, and
# follows it from then on. After a promotion (pg_ctl promote) it is a primary and
# stays one, since its folder is there.
#
# POSTGRES_PRIMARY_HOST, POSTGRES_PRIMARY_PORT  the primary; port 5432
# POSTGRES_PASSWORD                             of the role replicator
# PGDATA                                        folder of the replica
set -eu
umask 077

if [ ! -d "$PGDATA" ]; then
  # Copied aside and renamed: a copy that was interrupted is not taken for a whole one.
  rm -rf "$PGDATA.copy"
  PGPASSWORD=${POSTGRES_PASSWORD:?} pg_basebackup --pgdata "$PGDATA.copy" --wal-method stream --checkpoint fast --write-recovery-conf \
    --dbname "host=${POSTGRES_PRIMARY_HOST:?} port=${POSTGRES_PRIMARY_PORT:-5432} user=replicator application_name=replica connect_timeout=5"
  mv "$PGDATA.copy" "$PGDATA"
fi

exec postgres "$@"
