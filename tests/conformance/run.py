"""Runs the shared vectors in every language and compares what came of them.

Plays the platform on a loopback server: a request below /FILE/NAME is answered
as that case says, and its body is kept. Each runner named on the command line as
LANGUAGE=COMMAND gets the server's address, prints one report per line, and is
held against the expectations in the vectors and against the other languages.
tests/vectors/README.md describes cases and reports.

    python3 tests/conformance/run.py rust='target/debug/examples/vectors_runner' …
"""

import json
import os
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
STANDARD = {"recipient_id": "1254477777772919", "message_id": "m_1"}


def read_cases():
    cases = {}
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            cases[path.stem, case["name"]] = case
    return cases


class Platform(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, cases):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cases = cases
        self.bodies = {}
        self.lock = threading.Lock()

    def take_bodies(self):
        with self.lock:
            bodies, self.bodies = self.bodies, {}
        return bodies


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = tuple(self.path.split("/")[1:3])
        with self.server.lock:
            self.server.bodies.setdefault(key, []).append(json.loads(body))
        answer = self.server.cases[key].get("answer", {})
        content = answer.get("body", STANDARD)
        text = content if isinstance(content, str) else json.dumps(content)
        payload = text.encode()
        self.send_response(answer.get("status", 200))
        headers = {"Content-Type": "application/json", **answer.get("headers", {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


def run(command, platform):
    """Reports by case, and the bodies that arrived by case."""
    url = f"http://127.0.0.1:{platform.server_address[1]}"
    env = {**os.environ, "CALLCTA_VECTORS_DIR": str(VECTORS), "CALLCTA_VECTORS_URL": url}
    done = subprocess.run(
        shlex.split(command), env=env, stdout=subprocess.PIPE, text=True, timeout=600
    )
    if done.returncode != 0:
        sys.exit(f"{command}: ended with {done.returncode}")
    reports = {}
    for line in done.stdout.splitlines():
        report = json.loads(line)
        reports[report.pop("file"), report.pop("name")] = report
    return reports, platform.take_bodies()


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
    runners = dict(argument.split("=", 1) for argument in arguments)
    if not runners:
        sys.exit(__doc__)
    cases = read_cases()
    platform = Platform(cases)
    threading.Thread(target=platform.serve_forever, daemon=True).start()
    problems, results = [], {}
    for language, command in runners.items():
        reports, bodies = results[language] = run(command, platform)
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
    platform.shutdown()
    print(f"{len(cases)} vectors x {len(runners)} languages ({', '.join(runners)})")
    for problem in problems:
        print(problem)
    print(f"{len(cases) * len(runners)} compared, {len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
