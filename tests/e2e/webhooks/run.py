"""Runs the examples of webhooks in frameworks, and plays Meta at them.

    python3 run.py PROGRAM PYTHON TARGET [NAME…]

PROGRAM is `callcta`; PYTHON has callcta and the frameworks; TARGET is cargo's folder. With
names only these examples are run.
"""

import hashlib
import hmac
import http.client
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlencode, urlsplit

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
SECRET, TOKEN = "the app secret", "the verify token"
PATIENCE = 60


def commands(python, target):
    """How each example is started, and whether it has a route whose body is parsed."""
    in_python = [python, str(HERE / "serve.py")]
    examples = HERE / "node_modules/.examples"
    return {
        "axum": ([str(target / "debug/examples/webhook_axum")], False),
        "c": ([str(TOP / "bindings/c/build/debug/webhook"), "0"], False),
        "flask": ([*in_python, "flask"], True),
        "fastapi": ([*in_python, "fastapi"], True),
        "django": ([*in_python, "django"], True),
        "lambda": ([*in_python, "lambda"], False),
        "lambda-1.0": ([*in_python, "lambda-1.0"], False),
        "express": (["node", str(examples / "express.mjs")], True),
        "fastify": (["node", str(examples / "fastify.mjs")], True),
        "next": (["node", "serve.mjs", str(examples / "next-route.mjs")], False),
        "lambda-node": (["node", "serve.mjs", str(examples / "lambda.mjs")], False),
    }


def link_node():
    """The Node examples where they find both the frameworks and callcta."""
    modules = HERE / "node_modules"
    shutil.copytree(
        TOP / "bindings/node/examples/webhooks", modules / ".examples", dirs_exist_ok=True
    )
    link = modules / "callcta"
    link.unlink(missing_ok=True)
    link.symlink_to(TOP / "bindings/node")


class Receiver:
    """A running example."""

    def __init__(self, command):
        env = {**os.environ, "CALLCTA_APP_SECRET": SECRET, "CALLCTA_VERIFY_TOKEN": TOKEN}
        self.process = subprocess.Popen(
            command,
            cwd=HERE,
            env={**env, "PORT": "0", "NODE_ENV": "test"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        first = self.line()
        assert first.startswith("listening on "), first
        self.url = urlsplit(first.split()[-1])

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def line(self):
        line = self.lines.get(timeout=PATIENCE)
        assert line is not None, "it ended"
        return line

    def ask(self, method, headers=(), body=None, query="", path=None):
        """The status, the headers and the body of the answer."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=PATIENCE)
        target = (path or self.url.path or "/") + (f"?{query}" if query else "")
        connection.putrequest(method, target)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        try:
            if body is not None:
                connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered already
        answer = connection.getresponse()
        told = answer.status, answer.headers, answer.read()
        connection.close()
        return told

    def post(self, body, *signatures):
        headers = [("Content-Type", "application/json")]
        headers += [("X-Hub-Signature-256", signature) for signature in signatures]
        return self.ask("POST", headers, body)[0]

    def end(self):
        """What it printed that nobody has looked at."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        rest = []
        while (line := self.lines.get()) is not None:
            rest.append(line)
        return rest


def sign(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def message(mid, text='""'):
    """A webhook as bytes, with a text in whatever form of JSON."""
    body = f'{{"object": "page",\n "entry": [{{"id": "1", "messaging": [{{"message": {{"mid": "{mid}", "text": {text}}}}}]}}]}}'
    return body.encode()


def equal(what, got, want):
    assert got == want, f"{what}: {got!r}, expected {want!r}"


def play(program, url, *arguments):
    """Plays every sample event, each of which must be answered as it should be."""
    command = [program, "webhook", "send", "--url", url, "--app-secret", SECRET, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("\n")[:-1]


def check_events(receiver, program):
    url = receiver.url.geturl()
    samples = play(program, url)
    seen = [receiver.line() for _ in samples]
    equal("samples that were handled", len(set(seen)), len(samples))
    assert any(line.startswith("call:c_sample:connect ") for line in seen), seen
    play(program, url, "--signature", "wrong")
    play(program, url, "--signature", "missing")

    texts = ['"\\u00e4 \\ud83d\\ude00"', '"ä 😀"', '"a@b.example"', '"https:\\/\\/e.example"']
    for number, text in enumerate(texts):
        for end in (b"", b"\n"):
            body = message(f"m_{number}{len(end)}", text) + end
            equal(f"a body with {text} {end}", receiver.post(body, sign(body)), 200)
            # Sent again it isn't handled again, as what is printed till the end shows.
            equal("the same again", receiver.post(body, sign(body)), 200)
            equal("its line", receiver.line(), f"message:m_{number}{len(end)} message")


def check_refusals(receiver):
    body = message("m_no")
    good = sign(body)
    for what, *signatures in (
        ("another secret", sign(body, "another")),
        ("another body", sign(body + b"\n")),
        ("no signature",),
        ("half a signature", good[:40]),
        ("no hex", "sha256=" + "x" * 64),
        ("Latin-1", "sha256=" + "\xe9" * 64),
        ("two signatures", sign(body, "another"), good[:40]),
    ):
        equal(what, receiver.post(body, *signatures), 401)
    equal("no JSON", receiver.post(b"[", sign(b"[")), 400)
    large = message("m_large") + b" " * (3 << 19)
    assert receiver.post(large, sign(large)) in (400, 413), "a large body"
    for method in ("PUT", "HEAD"):
        status = receiver.ask(method, body=b"" if method == "PUT" else None)[0]
        assert status == 405 or (status, method) == (400, "HEAD"), f"{method}: {status}"


def check_challenge(receiver):
    def ask(**parameters):
        query = urlencode({f"hub.{name}": value for name, value in parameters.items()})
        return receiver.ask("GET", query=query)

    for text in ("1158201444", '1+1 "<b>ä'):
        status, headers, body = ask(mode="subscribe", verify_token=TOKEN, challenge=text)
        equal("the challenge", (status, body.decode()), (200, text))
        equal("its type", headers.get_content_type(), "text/plain")
    status, _, body = ask(mode="subscribe", verify_token="another", challenge="echo?")
    equal("another token", (status, b"echo?" in body), (403, False))
    equal("a health check", receiver.ask("GET")[0], 400)


def check_parser(receiver):
    """The framework's own JSON parser is on."""
    headers = [("Content-Type", "application/json")]
    status, _, body = receiver.ask("POST", headers, b'{"item": "tea"}', path="/orders")
    equal("another route", (status, json.loads(body)), (200, {"item": "tea"}))


def main(program, python, target, *names):
    link_node()
    program = os.path.abspath(program)
    all_commands = commands(os.path.abspath(python), Path(target).resolve())
    for name in names or all_commands:
        command, parses = all_commands[name]
        receiver = Receiver(command)
        try:
            check_challenge(receiver)
            check_refusals(receiver)
            check_events(receiver, program)
            if parses:
                check_parser(receiver)
        except BaseException:
            print(f"{name}:", file=sys.stderr)
            raise
        finally:
            rest = receiver.end()
        equal(f"{name}: what was handled besides", rest, [])
        print(f"{name}: as expected", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
