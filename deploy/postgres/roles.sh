#!/bin/sh
# Make the roles and databases of ours and of Temporal, once, in a new cluster. No role is more than it has to be:
# each owns its databases and nothing else.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v ours="$FULFILLMENT_DB_PASSWORD" -v theirs="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE fulfillment LOGIN PASSWORD :'ours';
CREATE ROLE temporal LOGIN PASSWORD :'theirs';
CREATE DATABASE fulfillment OWNER fulfillment;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE fulfillment, temporal, temporal_visibility FROM PUBLIC;
SQL
