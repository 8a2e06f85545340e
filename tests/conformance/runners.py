"""What the comparisons share: the cases, the platform that answers as they say, the runners."""

import json
import os
import shlex
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def read_cases(folder=VECTORS):
    """The cases of a folder's files, by file and name."""
    cases = {}
    for path in sorted(folder.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            cases[path.stem, case["name"]] = case
    return cases


class Platform(ThreadingHTTPServer):
    """Answers a request below /FILE/NAME as that case says, and keeps it."""

    daemon_threads = True

    def __init__(self, cases, standard):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cases = cases
        self.standard = standard
        self.requests = {}
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take_requests(self):
        """What arrived since the last time, by case."""
        with self.lock:
            requests, self.requests = self.requests, {}
        return requests


@contextmanager
def platform(cases, standard):
    """A platform that runs; its answer is `standard` where a case says none."""
    server = Platform(cases, standard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()


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
            self.server.requests.setdefault((file, name), []).append(request)
        answer = self.server.cases[file, name].get("answer", {})
        content = answer.get("body", self.server.standard)
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


def languages(arguments, usage):
    """The runners' commands by language, from LANGUAGE=COMMAND."""
    commands = dict(argument.split("=", 1) for argument in arguments)
    if not commands:
        sys.exit(usage)
    return commands


def run(command, folder=VECTORS, url=""):
    """A runner's reports on the cases of a folder."""
    env = {**os.environ, "CALLCTA_VECTORS_DIR": str(folder), "CALLCTA_VECTORS_URL": url}
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
    return reports


def text(value):
    """As JSON, in which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def conclude(what, cases, languages, problems):
    """Prints what came of a comparison; the exit code."""
    print(f"{len(cases)} {what} x {len(languages)} languages ({', '.join(languages)})")
    for problem in problems:
        print(problem)
    print(f"{len(cases) * len(languages)} compared, {len(problems)} differences")
    return 1 if problems else 0
