#!/usr/bin/env bash
# A PostgreSQL server of its own for the tests: on a free port of the loopback and a socket
# below the folder that is given, as a user other than root, which initdb refuses to be.
#
#   server.sh start FOLDER    makes a new server and prints how to reach it
#   server.sh stop FOLDER     stops it and removes the folder
#   server.sh restart FOLDER [MODE]   stops it by MODE (fast, immediate, kill) and starts it
#   server.sh need            installs PostgreSQL if root may, or says what is missing
set -euo pipefail

fail() { echo "server.sh: $*" >&2; exit 1; }

bin() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "${found:-/none}/initdb" ] && echo "$found"
}

need() {
    bin >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "PostgreSQL's server is missing; install it (Debian: apt-get install postgresql)"
    # Without a cluster that would run on the usual port.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/callcta.conf
    apt-get install -qq -y postgresql >/dev/null || {
        apt-get update -qq && apt-get install -qq -y postgresql >/dev/null
    } || fail "PostgreSQL's server can't be installed (apt-get install postgresql)"
    bin >/dev/null || fail "there is no initdb below /usr/lib/postgresql"
}

# Runs a command as whoever may run a server.
as() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$owner" -- env LC_ALL=C "$@"
    else
        LC_ALL=C "$@"
    fi
}

[ $# -ge 1 ] || fail "start, stop, restart or need is expected"
command=$1
if [ "$command" = need ]; then
    need
    exit
fi
folder=$(realpath -m "$2")
owner=$(id -un)
[ "$owner" = root ] && owner=$(id -un postgres 2>/dev/null || echo nobody)

start() {
    as "$(bin)/pg_ctl" start -D "$folder/data" -l "$folder/log" -w -t 60 -s >/dev/null ||
        { tail -n 20 "$folder/log" >&2; fail "the server doesn't start"; }
}

case $command in
start)
    need
    mkdir -p "$folder"
    # Below a checkout that its user may not read there is no place for a server.
    if [ "$(id -u)" = 0 ]; then
        chown "$owner" "$folder"
        runuser -u "$owner" -- test -w "$folder" || fail "$owner can't reach $folder"
    fi
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # The path of a socket is short; a folder of the checkout may not be.
    sockets=$(as mktemp -d /tmp/callcta-pg-XXXXXX)
    as "$(bin)/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
    as tee -a "$folder/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$sockets'
log_min_messages = warning
max_connections = 50
$(cat "${CALLCTA_PG_CONF:-/dev/null}")
CONF
    printf '%s\n' "$sockets" >"$folder/sockets"
    start
    echo "postgresql://postgres@127.0.0.1:$port/postgres"
    ;;
restart)
    case ${3:-fast} in
    kill)
        pid=$(head -n 1 "$folder/data/postmaster.pid")
        kill -9 "$pid"
        # Its children go by themselves, and hold the shared memory until they are gone.
        while pgrep -P "$pid" >/dev/null || kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        for _ in $(seq 200); do
            as "$(bin)/pg_ctl" start -D "$folder/data" -l "$folder/log" -w -t 60 -s >/dev/null 2>&1 && exit 0
            sleep 0.1
        done
        fail "the server doesn't start again"
        ;;
    *)
        as "$(bin)/pg_ctl" stop -D "$folder/data" -m "${3:-fast}" -w -s
        start
        ;;
    esac
    ;;
stop)
    [ -d "$folder/data" ] || exit 0
    as "$(bin)/pg_ctl" stop -D "$folder/data" -m immediate -w -s >/dev/null 2>&1 || true
    rm -rf "$(cat "$folder/sockets" 2>/dev/null || echo "$folder/none")" "$folder"
    ;;
*) fail "start, stop, restart or need is expected" ;;
esac
