"""Runs the shared vectors in every language and compares what came of them.

Plays the platform on a loopback server: a request below /FILE/NAME is answered
as that case says, and its body is kept. Each runner named on the command line as
LANGUAGE=COMMAND gets the server's address, prints one report per line, and is
held against the expectations in the vectors and against the other languages.
tests/vectors/README.md describes cases and reports.

    python3 tests/conformance/run.py rust='target/debug/examples/vectors_runner' …
"""

import sys

from runners import conclude, languages, platform, read_cases, run

STANDARD = {"recipient_id": "1254477777772919", "message_id": "m_1"}


def problems_of(case, report, bodies):
    """What a report has against the expectations of its case."""
    error = dict(report.get("error", {}))
    text = error.pop("text", None)
    found = error.pop("violations", [])
    expected_error = case.get("error", {})
    checks = [
        ("violations", report.get("violations"), case.get("violations", [])),
        ("receipt", report.get("receipt"), case.get("receipt")),
        ("error", error, expected_error),
        ("requests", len(bodies), int(expected_error.get("delivery") != "not_sent")),
    ]
    if "body" in case and bodies:
        checks.append(("body", bodies[0], case["body"]))
    if expected_error:
        checks.append(("one line of text", bool(text) and "\n" not in text, True))
    if error.get("kind") == "invalid_message":
        checks.append(("violations of the error", found, report.get("violations")))
    return [f"{what}: {got!r}, expected {want!r}" for what, got, want in checks if got != want]


def main(arguments):
    commands = languages(arguments, __doc__)
    cases = read_cases()
    problems, results = [], {}
    with platform(cases, STANDARD) as server:
        for language, command in commands.items():
            reports = run(command, url=server.url)
            requests = server.take_requests()
            bodies = {key: [one.get("body") for one in some] for key, some in requests.items()}
            results[language] = reports, bodies
            for key, case in cases.items():
                where = f"{language} {'/'.join(key)}"
                if key not in reports:
                    problems.append(f"{where}: no report")
                    continue
                found = problems_of(case, reports[key], bodies.get(key, []))
                problems += [f"{where}: {problem}" for problem in found]
            for key in reports.keys() - cases.keys():
                problems.append(f"{language} {'/'.join(key)}: a report without a case")
    first, *others = results
    for language in others:
        for key in cases:
            for what, ours, theirs in (
                ("report", results[first][0].get(key), results[language][0].get(key)),
                ("bodies", results[first][1].get(key), results[language][1].get(key)),
            ):
                if ours != theirs:
                    problems.append(
                        f"{'/'.join(key)}: {what} in {first} {ours!r}, in {language} {theirs!r}"
                    )
    return conclude("vectors", cases, commands, problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
