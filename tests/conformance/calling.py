"""Runs the shared vectors of calling in every language and compares what came of them.

Plays the platform on a loopback server, as run.py does: a request below /FILE/NAME is
answered as that case says, and what arrived is kept. Each runner named on the command
line as LANGUAGE=COMMAND prints one report per line; it is right if it and what arrived
are what its case says. tests/vectors/calling/README.md describes cases and reports.

    python3 tests/conformance/calling.py rust='target/debug/examples/calling_runner' …
"""

import sys

from runners import VECTORS, conclude, languages, platform, read_cases, run, text

FOLDER = VECTORS / "calling"


def problems_of(case, report, arrived):
    expected = {"error": case["error"]} if "error" in case else {"result": case.get("result")}
    checks = [("report", report, expected)]
    if "request" in case:
        request = case["request"]
        checks.append(("requests", arrived, [] if request is None else [request]))
    return [
        f"{what}: {got!r}, expected {want!r}"
        for what, got, want in checks
        if text(got) != text(want)
    ]


def main(arguments):
    commands = languages(arguments, __doc__)
    cases = read_cases(FOLDER)
    problems = []
    with platform(cases, {"success": True}) as server:
        for language, command in commands.items():
            reports = run(command, FOLDER, url=server.url)
            arrived = server.take_requests()
            for key in cases.keys() | reports.keys():
                if key not in cases or key not in reports:
                    problems.append(f"{language} {'/'.join(key)}: a case or its report is missing")
                    continue
                found = problems_of(cases[key], reports[key], arrived.get(key, []))
                problems += [f"{language} {'/'.join(key)}: {problem}" for problem in found]
    return conclude("vectors of calling", cases, commands, problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
