#!/bin/sh
# Bring the two databases of Temporal to the schema of this release; a repeat finds nothing to do.
# The password is in SQL_PASSWORD.
set -eu

on() {
    database=$1
    shift
    temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database "$database" "$@"
}

bring() {
    on "$1" setup-schema -v 0.0
    on "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

bring temporal temporal
bring temporal_visibility visibility
