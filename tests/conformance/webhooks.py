"""Runs the shared webhooks in every language and compares what was read.

Each runner named on the command line as LANGUAGE=COMMAND prints one report per
line; a report is right if it is what its case says.
tests/vectors/webhooks/README.md describes cases and reports.

    python3 tests/conformance/webhooks.py rust='target/debug/examples/webhooks_runner' …
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent / "vectors/webhooks"


def read_cases():
    cases = {}
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            expected = {key: case[key] for key in ("refusal", "webhook") if key in case}
            cases[path.stem, case["name"]] = expected
    return cases


def run(command):
    env = {**os.environ, "CALLCTA_VECTORS_DIR": str(VECTORS)}
    done = subprocess.run(
        shlex.split(command), env=env, stdout=subprocess.PIPE, text=True, timeout=600
    )
    if done.returncode != 0:
        sys.exit(f"{command}: ended with {done.returncode}")
    reports = {}
    for line in done.stdout.splitlines():
        report = json.loads(line)
        reports[report.pop("file"), report.pop("name")] = report
    return reports


def text(value):
    """As JSON, in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def main(arguments):
    runners = dict(argument.split("=", 1) for argument in arguments)
    if not runners:
        sys.exit(__doc__)
    cases = read_cases()
    differences = []
    for language, command in runners.items():
        reports = run(command)
        for key in cases.keys() | reports.keys():
            got, want = reports.get(key), cases.get(key)
            if text(got) != text(want):
                differences.append(f"{language} {'/'.join(key)}: {got!r}, expected {want!r}")
    print(f"{len(cases)} webhooks x {len(runners)} languages ({', '.join(runners)})")
    for difference in sorted(differences):
        print(difference)
    print(f"{len(cases) * len(runners)} compared, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
