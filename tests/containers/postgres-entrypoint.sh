#!/bin/sh
# As far as the Compose file needs it: a cluster made from POSTGRES_USER, _PASSWORD and _DB, then the command.
set -eu
data=${PGDATA:-/var/lib/postgresql/data}
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data" && chown -R postgres: "$data" && chmod 700 "$data"
    exec setpriv --reuid=postgres --regid=postgres --init-groups sh "$0" "$@"
fi
if [ ! -e "$data/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/first
    initdb -D "$data" -U "${POSTGRES_USER:-postgres}" --pwfile=/tmp/first -A scram-sha-256 -E UTF8 --locale=C >/dev/null
    rm /tmp/first
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    echo "CREATE DATABASE \"${POSTGRES_DB:-dify}\"" | postgres --single -D "$data" postgres >/dev/null
fi
exec "$@" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
