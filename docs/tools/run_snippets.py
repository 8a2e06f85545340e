"""Runs every snippet against `callcta emulate`.

    run_snippets.py PROGRAM RUST NODE-FOLDER C-FOLDER [TOPIC…]

PROGRAM is the built `callcta`, RUST the built program of the Rust snippets; the other two
are folders with what was compiled. Python is the one that runs this. Each snippet runs in a
folder of its own that has what its page shows: `psids.txt`, `card.json`, and the like.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import company
import sources
from sources import DOCS, FOLDERS

SECONDS = 60


class Emulator:
    """`callcta emulate` in a process of its own."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen(
            [program, "emulate", "--quiet", "--exit-on-stdin-close", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ready = json.loads(self.process.stdout.readline())

    def ask(self, method, path, body=None):
        """What the control API answers to a request."""
        data = json.dumps(body).encode() if body is not None else None
        url = f"{self.ready['url']}/_emulator/{path}"
        request = urllib.request.Request(url, data, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)

    def environment(self):
        """What a client finds it by."""
        return {
            "CALLCTA_BASE_URL": self.ready["url"],
            "CALLCTA_PAGE_ID": self.ready["page_id"],
            "CALLCTA_ACCESS_TOKEN": self.ready["access_token"],
            "CALLCTA_PSID": self.ready["psids"][0],
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Runner:
    """Runs snippets one after another."""

    def __init__(self, program, rust, node, c):
        program, rust, node, c = (Path(each).resolve() for each in (program, rust, node, c))
        self.program = program
        self.commands = {
            "rust": lambda topic: [rust, topic],
            "python": lambda topic: [sys.executable, DOCS / f"snippets/python/{topic}.py"],
            "node": lambda topic: ["node", node / f"{topic}.js"],
            "c": lambda topic: [c / topic],
            "shell": lambda topic: ["sh", DOCS / f"snippets/shell/{topic}.sh"],
        }
        self.c = c

    def topic(self, emulator, topic, told, language, folder):
        """What is wrong with a topic in a language, or None."""
        emulator.ask("POST", "reset")
        for arranged in told.get("arrange", []):
            emulator.ask(*arranged)
        path = os.pathsep.join([str(self.program.parent), os.environ["PATH"]])
        environment = emulator.environment() | {"PATH": path} | told.get("env", {})
        (folder / "psids.txt").write_text("".join(f"{psid}\n" for psid in emulator.ready["psids"]))
        for path in (*DOCS.glob("snippets/*.json"), *DOCS.glob("snippets/*.csv")):
            shutil.copy(path, folder)
        if topic == "testing":
            return self.test(language, folder)
        if language in told.get("serve", []):
            return self.serve(topic, language, folder, environment, emulator)
        if told.get("receives"):
            return self.receive(topic, language, folder, environment)
        if told.get("through") == "proxy":
            with company.Company(folder, emulator.ready["url"]) as around:
                environment |= {"CALLCTA_BASE_URL": around.url, "EXAMPLE_PROXY": around.proxy}
                wrong = self.run(topic, told, language, folder, environment)
                return wrong or (None if around.tunnels else "nothing went through the proxy")
        if "taps" in told:
            return self.tap(topic, told, language, folder, environment, emulator)
        return self.run(topic, told, language, folder, environment)

    def in_real_time(self, _, *task):
        """A topic, with an emulator whose clock is this machine's."""
        with Emulator(self.program, "--clock", "now", "--run-clock") as emulator:
            return self.topic(emulator, *task)

    def tap(self, topic, told, language, folder, environment, emulator):
        """Runs a program that sends cards, taps the last one's button as the person, and gives
        the program the webhook: the signature's header is a line, and the rest is the body."""
        environment |= {"CALLCTA_APP_SECRET": emulator.ready["app_secret"]}

        def webhook():
            wait = f"messages/wait?count={told['taps']}&timeout_ms={SECONDS * 500}"
            try:
                last = emulator.ask("GET", wait)["messages"][-1]
                made = emulator.ask("POST", "tap", {"message_id": last["message_id"]})["webhook"]
            except urllib.error.HTTPError:
                return ""  # it sent too few, or they can't be tapped
            return f"{made['signature']}\n{made['body']}"

        return self.run(topic, told, language, folder, environment, webhook)

    def run(self, topic, told, language, folder, environment, given=None):
        """Runs a program to its end and compares what it prints."""
        given = given or told.get("stdin", {}).get(language, "")
        done = execute(self.commands[language](topic), folder, environment, given)
        if done.returncode != told.get("exit", 0):
            return f"ended with {done.returncode}\n{done.stdout}{done.stderr}"
        expected = sources.expected(topic)
        printed = done.stdout.replace(f":{urlsplit(environment['CALLCTA_BASE_URL']).port}", ":PORT")
        if expected is not None and printed != expected:
            return f"printed\n{printed}{done.stderr}instead of\n{expected}"
        if told.get("contains", "") not in done.stdout + done.stderr:
            return f"printed\n{done.stdout}{done.stderr}"
        return None

    def test(self, language, folder):
        """Runs the tests of the topic testing, which start emulators of their own."""
        shutil.copy(self.c / "start", folder)
        command = {
            "rust": ["cargo", "test", "--locked", "--quiet", "-p", "callcta-docs"],
            "python": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                       DOCS / "snippets/python/testing.py"],
            "node": ["node", "--test", self.commands["node"]("testing")[1]],
            "c": ["bash", DOCS / "snippets/c/testing.sh"],
        }[language]  # fmt: skip
        where = DOCS if language == "rust" else folder
        path = os.pathsep.join([str(self.program.parent), os.environ["PATH"]])
        done = execute(command, where, {"PATH": path}, seconds=600)
        return f"{done.stdout}{done.stderr}" if done.returncode else None

    def server(self, topic, language, folder, environment):
        """A server that runs, and its address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = self.commands[language](topic)
        if language == "c":  # a CGI program
            command = [sys.executable, DOCS / "tools/cgi_host.py", port, *command]
        elif language == "python":
            folder_of_it = DOCS / "snippets/python"
            command = [sys.executable, "-m", "uvicorn", "--app-dir", folder_of_it, "--port", port,
                       "--log-level", "warning", f"{topic}:app"]  # fmt: skip
        environment = {**os.environ, **environment, "PORT": str(port)}
        command = [str(part) for part in command]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, cwd=folder, env=environment, **quiet)
        return server, f"http://127.0.0.1:{port}"

    def serve(self, topic, language, folder, environment, emulator):
        """Runs a server, and asks it twice: for somebody who can be written to, and not."""
        server, url = self.server(topic, language, folder, environment)
        try:
            people = emulator.ready["psids"][0], "200000000000002"
            answers = [ask("POST", f"{url}/offer/{psid}", server) for psid in people]
        finally:
            server.terminate()
            server.wait()
        wanted = [(200, "m_"), (409, "outside_window")]
        fits = all(
            s == w and t.startswith(b) for (s, t), (w, b) in zip(answers, wanted, strict=True)
        )
        return None if fits else f"answered {answers}"

    def receive(self, topic, language, folder, environment):
        """Runs a receiver of webhooks: it answers Meta's challenge and takes each sample, but
        nothing that is signed by somebody else or by nobody."""
        environment |= {"CALLCTA_APP_SECRET": "a secret", "CALLCTA_VERIFY_TOKEN": "a token"}
        server, url = self.server(topic, language, folder, environment)
        wrong = []
        try:
            query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
            for token, wanted in ("a+token", (200, "1158201444")), ("another", (403, None)):
                status, text = ask("GET", f"{url}/webhook{query}{token}", server)
                if (status, text if wanted[1] else None) != wanted:
                    wrong.append(f"the challenge with {token} was answered {status} {text!r}")
            for signature, statuses in ("valid", {200}), ("wrong", {401}), ("missing", {401}):
                command = [self.program, "webhook", "send", "--json", "--url", f"{url}/webhook"]
                done = execute([*command, "--signature", signature], folder, environment)
                found = [json.loads(line) for line in done.stdout.splitlines()]
                if not found or {one.get("http_status") for one in found} != statuses:
                    wrong.append(f"{signature} signatures: {done.stdout}{done.stderr}")
        finally:
            server.terminate()
            server.wait()
        return "\n".join(wrong) or None

    def error(self, emulator, kind, arranged, language, folder):
        """What is wrong with the example of a kind of error, or None."""
        emulator.ask("POST", "reset")
        for request in arranged:
            emulator.ask(*request)
        command = [*self.commands[language]("errors"), kind]
        done = execute(command, folder, emulator.environment())
        told = sources.kinds()[kind]["delivery"]
        name, _, delivery = done.stdout.strip().partition(" ")
        if name != kind or (told and delivery != told) or done.returncode:
            return f"said {done.stdout!r} and not {kind} {told or ''}\n{done.stderr}"
        return None


def execute(command, folder, environment, given="", seconds=SECONDS):
    """A program that has come to its end. What it is given may be a function that is called
    while it runs."""
    command = [str(part) for part in command]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    environment = {**os.environ, **environment}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as process:
        try:
            given = given() if callable(given) else given
            printed = process.communicate(given, timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, *printed)


def ask(method, url, server):
    """Status and text of the answer, as soon as the server listens."""
    until = time.monotonic() + SECONDS
    body = b"" if method == "POST" else None
    while True:
        try:
            request = urllib.request.Request(url, body, method=method)
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > until:
                return 0, "no answer"
            threading.Event().wait(0.05)


def main(program, rust, node, c, *chosen):
    """Runs all topics, or those that are chosen. Returns how many failed."""
    runner = Runner(program, rust, node, c)
    topics = sources.topics()
    counts, failed = dict.fromkeys(FOLDERS, 0), 0
    with Emulator(program) as emulator:
        tasks = []
        for topic, told in topics.items():
            if chosen and topic not in chosen:
                continue
            for language in sources.languages_of(topic):
                if topic != "errors":
                    run = runner.in_real_time if "taps" in told else runner.topic
                    tasks.append((topic, language, run, (topic, told, language)))
                    continue
                for kind in sources.kinds():
                    if kind in told["not_provoked"] or kind in told["without"].get(language, {}):
                        continue
                    arranged = told["arranged"].get(kind, [])
                    tasks.append(
                        (f"errors/{kind}", language, runner.error, (kind, arranged, language))
                    )
        for name, language, run, given in tasks:
            with tempfile.TemporaryDirectory() as folder:
                wrong = run(emulator, *given, Path(folder))
            counts[language] += 1
            failed += wrong is not None
            if wrong is not None:
                print(f"{name} in {FOLDERS[language][0]}: {wrong}", file=sys.stderr)
    print(", ".join(f"{FOLDERS[language][0]} {count}" for language, count in counts.items()),
          f"snippets run, {failed} failed")  # fmt: skip
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
