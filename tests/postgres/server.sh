#!/usr/bin/env bash
# A PostgreSQL server of its own for the tests: on a free port of the loopback and a socket
# below the folder that is given, as a user other than root, which initdb refuses to be.
#
#   server.sh start FOLDER    makes a new server and prints how to reach it
#   server.sh stop FOLDER     stops it and removes everything
#   server.sh restart FOLDER HOW   stops it (fast, immediate, or kill-server: by SIGKILL) and
#                                  starts it; stop and start do half of it
#   server.sh standby FOLDER  makes a replica of it, which ends with it, and prints the same
#   server.sh need            installs PostgreSQL if root may, or says what is missing
set -euo pipefail

fail() { echo "server.sh: $*" >&2; exit 1; }

bin() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "${found:-/none}/initdb" ] && echo "$found"
}

need() {
    local missing=()
    bin >/dev/null || missing+=(postgresql)
    command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
    [ ${#missing[@]} = 0 ] && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "these are missing: ${missing[*]}; install them (apt-get install ${missing[*]})"
    # Nothing that they install is to be started, as it would be on the usual ports.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/callcta.conf
    export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
    install() { apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; }
    install || { apt-get update -qq && install; } || fail "${missing[*]} can't be installed"
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

# Where its files are: below the folder, unless its user can't get there.
base=$folder
[ -f "$folder/base" ] && base=$(cat "$folder/base")

start() {
    as "$(bin)/pg_ctl" start -D "$base/data" -l "$base/log" -w -t 60 -s >/dev/null ||
        { tail -n 20 "$base/log" >&2; fail "the server doesn't start"; }
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A certificate of the server for 127.0.0.1, the authority that it is from, and another one.
certificates() {
    local new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    for name in ca other; do
        as $new -x509 -subj "/CN=callcta-$name" -keyout "$base/$name.key" -out "$base/$name.crt" 2>/dev/null
    done
    as $new -subj /CN=callcta-server -keyout "$base/data/server.key" -out "$base/server.csr" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\n' | as tee "$base/extensions" >/dev/null
    as openssl x509 -req -in "$base/server.csr" -CA "$base/ca.crt" -CAkey "$base/ca.key" -CAcreateserial \
        -days 2 -extfile "$base/extensions" -out "$base/data/server.crt" 2>/dev/null
    as cp "$base/data/server.crt" "$base/server.crt"
    for name in ca other server; do cat "$base/$name.crt" >"$folder/$name.crt"; done
}

case $command in
start)
    need
    mkdir -p "$folder/own"
    base=$folder/own
    if [ "$(id -u)" = 0 ]; then
        chown "$owner" "$base"
        runuser -u "$owner" -- test -w "$base" || base=$(as mktemp -d /tmp/callcta-pg-XXXXXX)
    fi
    printf '%s\n' "$base" >"$folder/base"
    port=$(free_port)
    # The path of a socket is short; a folder of the checkout may not be.
    sockets=$(as mktemp -d /tmp/callcta-pg-XXXXXX)
    as "$(bin)/initdb" -D "$base/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
    certificates
    # One role that has a password, for the tests of those.
    as sed -i '1i host all secret 127.0.0.1/32 scram-sha-256' "$base/data/pg_hba.conf"
    as tee -a "$base/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$sockets'
log_min_messages = warning
ssl = on
max_connections = 50
$(cat "${CALLCTA_PG_CONF:-/dev/null}")
CONF
    printf '%s\n' "$sockets" >"$folder/sockets"
    start
    echo "postgresql://postgres@127.0.0.1:$port/postgres"
    ;;
standby)
    sockets=$(cat "$folder/sockets")
    primary=$(sed -n 4p "$base/data/postmaster.pid")
    port=$(free_port)
    as "$(bin)/pg_basebackup" -h "$sockets" -p "$primary" -U postgres -D "$base/standby" -R -c fast --no-sync
    as "$(bin)/pg_ctl" start -D "$base/standby" -l "$base/standby-log" -w -t 60 -s -o "-p $port" >/dev/null ||
        { tail -n 20 "$base/standby-log" >&2; fail "the replica doesn't start"; }
    echo "postgresql://postgres@127.0.0.1:$port/postgres"
    ;;
restart)
    case ${3:-fast} in
    stop) as "$(bin)/pg_ctl" stop -D "$base/data" -m fast -w -s ;;
    start) start ;;
    kill-server)
        kill -9 "$(head -n 1 "$base/data/postmaster.pid")"
        # Its children end by themselves, and hold its shared memory until then.
        for _ in $(seq 300); do
            as "$(bin)/pg_ctl" start -D "$base/data" -l "$base/log" -w -t 60 -s >/dev/null 2>&1 && exit 0
            sleep 0.1
        done
        fail "the server doesn't start again"
        ;;
    *)
        as "$(bin)/pg_ctl" stop -D "$base/data" -m "${3:-fast}" -w -s
        start
        ;;
    esac
    ;;
stop)
    for data in "$base/standby" "$base/data"; do
        [ -d "$data" ] && as "$(bin)/pg_ctl" stop -D "$data" -m immediate -w -s >/dev/null 2>&1 || true
    done
    [ -f "$folder/sockets" ] && rm -rf "$(cat "$folder/sockets")"
    rm -rf "$base" "$folder"
    ;;
*) fail "start, stop, restart or need is expected" ;;
esac
