#!/usr/bin/env bash
# What Spark needs beside Python: installs it if root may, or says what is missing.
set -euo pipefail

fail() { echo "tests/spark: $*" >&2; exit 1; }

java_version() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'; }

missing=()
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v ss >/dev/null || missing+=(iproute2)
command -v ps >/dev/null || missing+=(procps)
if [ ${#missing[@]} != 0 ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "these are missing: ${missing[*]}; install them (apt-get install ${missing[*]})"
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; }
    install || { apt-get update -qq && install; } || fail "${missing[*]} can't be installed"
fi
[ "$(java_version)" -ge 17 ] || fail "Java 17 or newer is needed, and java is $(java_version)"
