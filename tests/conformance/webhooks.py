"""Runs the shared webhooks in every language and compares what was read.

Each runner named on the command line as LANGUAGE=COMMAND prints one report per
line; a report is right if it is what its case says.
tests/vectors/webhooks/README.md describes cases and reports.

    python3 tests/conformance/webhooks.py rust='target/debug/examples/webhooks_runner' …
"""

import sys

from runners import VECTORS, conclude, languages, read_cases, run, text

FOLDER = VECTORS / "webhooks"


def main(arguments):
    commands = languages(arguments, __doc__)
    cases = read_cases(FOLDER)
    expected = {
        key: {name: case[name] for name in ("refusal", "webhook") if name in case}
        for key, case in cases.items()
    }
    differences = []
    for language, command in commands.items():
        reports = run(command, FOLDER)
        for key in expected.keys() | reports.keys():
            got, want = reports.get(key), expected.get(key)
            if text(got) != text(want):
                differences.append(f"{language} {'/'.join(key)}: {got!r}, expected {want!r}")
    return conclude("webhooks", cases, commands, sorted(differences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
