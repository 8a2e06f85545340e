#!/bin/sh
# Prints version and path of the CPython interpreters to test on: what there is of 3.11, 3.12 and
# 3.13 on the PATH or under ~/.pyenv/versions. Fails if there is none.
for version in 3.11 3.12 3.13; do
    for python in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python3; do
        if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            echo "$version $(command -v "$python")"
            break
        fi
    done
done | grep . || { echo "no CPython 3.11, 3.12 or 3.13 found" >&2; exit 1; }
