#!/bin/sh
# Runs once, when the postgres image makes its cluster: one role and its
# databases for the product, one for Temporal, one that the replica copies with.
# None is a superuser, since superusers bypass row-level security. The superuser
# itself loses its password and can be reached from inside of the container only.
set -eu

# The replica is made of this cluster, so nothing can wait for it yet.
export PGOPTIONS="--synchronous_commit=local"

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set password="$POSTGRES_PASSWORD" --set superuser="$POSTGRES_USER" <<'SQL'
CREATE ROLE rustassistant LOGIN CREATEROLE PASSWORD :'password';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'password';
CREATE DATABASE rustassistant OWNER rustassistant;
CREATE ROLE temporal LOGIN PASSWORD :'password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE rustassistant, temporal, temporal_visibility FROM PUBLIC;
ALTER ROLE :"superuser" PASSWORD NULL;
SQL
