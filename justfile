# Everything the project does with itself. `just` alone lists the recipes; without
# just installed, `npx --yes rust-just <recipe>` runs them.

target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
just := quote(just_executable())

export RUST_BACKTRACE := "0"

# List the recipes.
default:
    @{{just}} --list

# Pass every test in every language.
test: test-rust test-postgres test-python (spark) test-node test-c conformance test-docs test-e2e test-dist

# The Rust crates: unit, integration and documentation tests, examples.
[group('rust')]
test-rust: strace
    cargo test --locked --workspace --exclude callcta-python --exclude callcta-node --exclude callcta-c

# Campaigns whose journal is in PostgreSQL, on servers of their own; --long takes some minutes.
[group('rust')]
test-postgres *flags: program
    #!/usr/bin/env bash
    set -euo pipefail
    server() { tests/postgres/server.sh "$@" {{quote(target / "postgres-tests")}}; }
    server stop
    CALLCTA_TEST_POSTGRES=$(server start)
    trap 'server stop' EXIT
    export CALLCTA_TEST_POSTGRES CALLCTA_TEST_POSTGRES_FOLDER={{quote(target / "postgres-tests")}}
    # The packages of test-rust, so that nothing is built anew.
    cargo test --locked --workspace --exclude callcta-python --exclude callcta-node \
        --exclude callcta-c --test postgres -- --ignored
    python3 tests/postgres/run.py {{quote(target / "debug/callcta")}} \
        {{quote(target / "postgres-run")}} {{flags}}

# The Python package, on each Python that is there.
[group('bindings')]
test-python: program
    {{just}} -f bindings/python/justfile test install-test

# Campaigns by Spark, on a cluster whose processes are killed; takes some minutes.
[group('bindings')]
test-spark: (spark "--long")

# The same in short. Its virtual environment is quick when it is there.
[private]
spark *flags: program
    #!/usr/bin/env bash
    set -euo pipefail
    tests/postgres/server.sh need
    tests/spark/need.sh
    venv={{quote(target / "spark-venv")}}
    stamp=$(sha256sum < tests/spark/requirements.txt)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/spark/requirements.txt
        echo "$stamp" > "$venv/stamp"
    fi
    {{just}} -f bindings/python/justfile wheel
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall \
        {{quote(target / "python-wheels")}}/*.whl
    # With Spark's own types.
    (cd bindings/python && "$venv/bin/mypy" python/callcta/spark.py)
    "$venv/bin/python" tests/spark/scenarios.py {{quote(target / "debug/callcta")}} \
        {{quote(target / "spark-run")}} {{flags}}

# The Node package.
[group('bindings')]
test-node: program
    {{just}} -f bindings/node/justfile test install-test

# The C library.
[group('bindings')]
test-c: program
    {{just}} -f bindings/c/justfile test

# Run the shared vectors in all four languages and compare.
conformance: && conformance-run
    cargo build --locked -p callcta --example vectors_runner --example webhooks_runner \
        --example calling_runner
    cargo build --locked -p callcta-cli
    {{just}} -f bindings/python/justfile build
    {{just}} -f bindings/node/justfile build
    {{just}} -f bindings/c/justfile build

[private]
conformance-run:
    python3 tests/conformance/run.py \
        rust={{quote(target / "debug/examples/vectors_runner")}} \
        python="bindings/python/.venv-tools/bin/python bindings/python/tests/vectors_runner.py" \
        node="node bindings/node/test/vectors_runner.mjs" \
        c=bindings/c/build/vectors_runner
    python3 tests/conformance/webhooks.py \
        rust={{quote(target / "debug/examples/webhooks_runner")}} \
        python="bindings/python/.venv-tools/bin/python bindings/python/tests/webhooks_runner.py" \
        node="node bindings/node/test/webhooks_runner.mjs" \
        c=bindings/c/build/webhooks_runner
    python3 tests/conformance/calling.py \
        rust={{quote(target / "debug/examples/calling_runner")}} \
        python="bindings/python/.venv-tools/bin/python bindings/python/tests/calling_runner.py" \
        node="node bindings/node/test/calling_runner.mjs" \
        c=bindings/c/build/calling_runner
    python3 tests/conformance/code.py {{quote(target / "debug/callcta")}} {{quote(target / "code")}} \
        rust={{quote(target / "debug/examples/vectors_runner")}} \
        python=bindings/python/.venv-tools/bin/python \
        node=bindings/node \
        c=bindings/c/build/debug

# Clients of other makers, the inbox page in a browser.
test-e2e:
    {{just}} -f tests/e2e/justfile test

# Every snippet of the documents, in all four languages, and the site with all references.
test-docs:
    {{just}} -f docs/justfile snippets reference

# Tells what a program writes, syncs and sends, from which a power cut is played.
[private]
strace:
    #!/usr/bin/env sh
    set -eu
    if [ "$(uname)" = Linux ] && ! command -v strace >/dev/null; then
        [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "strace is missing" >&2; exit 1; }
        apt-get update -qq
        apt-get install -qq -y --no-install-recommends strace >/dev/null
    fi

# What a release holds, unoptimized, installed without Rust.
test-dist:
    {{just}} -f dist/justfile test

# The program, which the bindings' tests use to emulate the platform.
[private]
program:
    cargo build --locked -p callcta-cli

# Formatting, lints, documentation, generated files, licences.
check: fmt-check lint doc docs gen-check deny

# Format everything.
fmt:
    cargo fmt --all

# Check the formatting.
fmt-check:
    cargo fmt --all --check

# Lint everything.
lint: version-check
    cargo clippy --locked --workspace --all-targets -- -D warnings
    {{just}} -f bindings/python/justfile lint
    {{just}} -f bindings/node/justfile lint
    {{just}} -f bindings/c/justfile lint
    {{just}} -f docs/justfile lint
    {{just}} -f dist/justfile lint
    {{quote(target / "docs/site-venv/bin/ruff")}} format --no-cache --check --quiet tests bindings/c/tests
    {{quote(target / "docs/site-venv/bin/ruff")}} check --no-cache --quiet tests bindings/c/tests

# Build the site of the documents into target/docs/site, and check it.
docs:
    {{just}} -f docs/justfile site

# Build the documentation of the crates; a warning is an error.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --exclude callcta-c

# Write into the pages of the documents what their directives stand for.
docs-gen:
    {{just}} -f docs/justfile gen

# Write the generated files: C header, Python stub, Node types, pages of the documents.
gen: docs-gen
    {{just}} -f bindings/python/justfile gen
    {{just}} -f bindings/node/justfile gen
    {{just}} -f bindings/c/justfile gen

# Check that the generated files are what would be generated.
gen-check:
    {{just}} -f bindings/python/justfile gen-check
    {{just}} -f bindings/node/justfile gen-check
    {{just}} -f bindings/c/justfile gen-check

deny-version := "0.20.2"

# Check licences, bans and sources of the dependencies.
deny:
    #!/usr/bin/env sh
    set -eu
    tools={{quote(target / "tools")}}
    if ! "$tools/bin/cargo-deny" --version 2>/dev/null | grep -qF {{deny-version}}; then
        # Unoptimized: it takes longer to build than it ever runs.
        cargo install cargo-deny --version {{deny-version}} --debug --locked --no-default-features --quiet --root "$tools"
    fi
    "$tools/bin/cargo-deny" --offline --all-features check licenses bans sources

# Install the C library, header, pkg-config file and CMake module below a prefix.
[group('bindings')]
install-c prefix:
    {{just}} -f bindings/c/justfile install {{quote(join(invocation_directory(), prefix))}}

# Make what a release holds into target/dist.
[group('release')]
dist:
    {{just}} -f dist/justfile all

# Set the version everywhere, and give the changelog's unreleased lines to it.
[group('release')]
version new:
    python3 dist/version.py {{quote(new)}}
    {{just}} -f bindings/c/justfile gen

# Check that the version is the same everywhere.
[group('release')]
version-check:
    python3 dist/version.py check

# What a row of a campaign costs in PostgreSQL and in SQLite.
bench-journal *flags:
    cargo build --locked --release -p callcta-cli -p callcta-campaign --bins --examples
    tests/postgres/server.sh need
    python3 tests/postgres/bench.py {{quote(target / "release/callcta")}} \
        {{quote(target / "release/examples/journal_cost")}} \
        {{quote(target / "postgres-bench")}} {{flags}}

# Compare the speed with that of others, side by side.
bench *arguments:
    {{just}} -f tests/bench/justfile bench {{arguments}}

# Send to everybody in a file: with a journal, without, and as people do by hand.
bench-campaign *arguments:
    {{just}} -f tests/bench/justfile campaign {{arguments}}
