"""Runs the shared vectors of calling in every language and compares what came of them.

Plays the platform on a loopback server, as run.py does: a request below /FILE/NAME is
answered as that case says, and what arrived is kept. Each runner named on the command
line as LANGUAGE=COMMAND prints one report per line; it is right if it and what arrived
are what its case says. tests/vectors/calling/README.md describes cases and reports.

    python3 tests/conformance/calling.py rust='target/debug/examples/calling_runner' …
"""

import json
import os
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

VECTORS = Path(__file__).resolve().parent.parent / "vectors/calling"


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
        self.arrived = {}
        self.lock = threading.Lock()

    def take_arrived(self):
        with self.lock:
            arrived, self.arrived = self.arrived, {}
        return arrived


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"body": json.loads(body)})

    def answer(self, request):
        url = urlsplit(self.path)
        _, file, name, _, *rest = url.path.split("/")
        request |= {
            "method": self.command,
            "path": "/" + "/".join(rest),
            "query": dict(parse_qsl(url.query)),
        }
        with self.server.lock:
            self.server.arrived.setdefault((file, name), []).append(request)
        answer = self.server.cases[file, name].get("answer", {})
        content = answer.get("body", {"success": True})
        text = content if isinstance(content, str) else json.dumps(content)
        payload = text.encode()
        self.send_response(answer.get("status", 200))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


def run(command, platform):
    """Reports by case, and what arrived by case."""
    url = f"http://127.0.0.1:{platform.server_address[1]}"
    env = {**os.environ, "CALLCTA_VECTORS_DIR": str(VECTORS), "CALLCTA_VECTORS_URL": url}
    done = subprocess.run(
        shlex.split(command), env=env, stdout=subprocess.PIPE, text=True, timeout=600
    )
    if done.returncode != 0:
        sys.exit(f"{command}: ended with {done.returncode}")
    reports = {}
    # Not splitlines, which also splits at U+2028.
    for line in done.stdout.strip().split("\n"):
        report = json.loads(line)
        reports[report.pop("file"), report.pop("name")] = report
    return reports, platform.take_arrived()


def text(value):
    """As JSON, in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


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
    runners = dict(argument.split("=", 1) for argument in arguments)
    if not runners:
        sys.exit(__doc__)
    cases = read_cases()
    platform = Platform(cases)
    threading.Thread(target=platform.serve_forever, daemon=True).start()
    problems = []
    for language, command in runners.items():
        reports, arrived = run(command, platform)
        for key in cases.keys() | reports.keys():
            if key not in cases or key not in reports:
                problems.append(f"{language} {'/'.join(key)}: a case or its report is missing")
                continue
            found = problems_of(cases[key], reports[key], arrived.get(key, []))
            problems += [f"{language} {'/'.join(key)}: {problem}" for problem in found]
    platform.shutdown()
    print(f"{len(cases)} vectors of calling x {len(runners)} languages ({', '.join(runners)})")
    for problem in problems:
        print(problem)
    print(f"{len(cases) * len(runners)} compared, {len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
