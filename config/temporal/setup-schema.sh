#!/bin/sh
# Makes or updates Temporal's tables. Runs in the admin-tools image before every
# start of the server; does nothing when they are current.
set -eu

# SQL_PASSWORD comes from the environment, which the tool reads itself.
sql() { temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_HOST" --port 5432 --user "$POSTGRES_USER" "$@"; }

for database in temporal temporal_visibility; do
  schema=${database#temporal_}
  sql --db "$database" setup-schema --version 0.0
  sql --db "$database" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
