"""Runs the examples, the README's code and an installed library against
`callcta emulate`.

    python3 emulated.py examples PROGRAM BUILD
    python3 emulated.py installed PROGRAM PREFIX LIBDIR CMAKE

PROGRAM is the `callcta` program, BUILD holds the examples, PREFIX and LIBDIR are what
`make install` was given, CMAKE is cmake.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

# When what is measured began.
BEGINNING = time.monotonic()
HERE = Path(__file__).resolve().parent.parent
README = (HERE / "README.md").read_text(encoding="utf-8")


class Emulator:
    """A running emulator; its settings are in `environment`."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "emulate", "--quiet", "--exit-on-stdin-close"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = json.loads(self.process.stdout.readline())
        self.url = ready["url"]
        self.psids = ready["psids"]
        self.environment = {
            "CALLCTA_BASE_URL": ready["url"],
            "CALLCTA_PAGE_ID": ready["page_id"],
            "CALLCTA_ACCESS_TOKEN": ready["access_token"],
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def run(self, *command, code=0, **environment):
        """What a program says, once it has ended with this code."""
        done = subprocess.run(
            [str(part) for part in command],
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
        )
        if done.returncode != code:
            sys.exit(f"{command}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def message_ids(self):
        with urllib.request.urlopen(f"{self.url}/_emulator/messages") as answer:
            return re.findall(r'"(?:message_id|mid)": ?"([^"]+)"', answer.read().decode())

    def check_sent(self, said):
        """The program said the id of the newest message, and nothing else."""
        if said.strip() not in self.message_ids():
            sys.exit(f"{said!r} is no message of {self.message_ids()}")
        print(f"sent {said.strip()} after {time.monotonic() - BEGINNING:.1f} s")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.S | re.M)


def check_has(text, *parts):
    for part in parts:
        if part not in text:
            sys.exit(f"no {part!r} in\n{text}")


def run_examples(program, build):
    examples = [path.read_text(encoding="utf-8") for path in (HERE / "examples").iterdir()]
    for block in blocks("c"):
        if not any(block in example for example in examples):
            sys.exit(f"this code of the README is in no example:\n{block}")
    build = Path(build)
    with Emulator(program) as emulator:
        person, closed = emulator.psids[:2]
        for name in ("send", "raii"):
            emulator.check_sent(emulator.run(build / name, person))
            said = emulator.run(build / name, closed, code=1)
            check_has(said, "outside_window: ")
            said = emulator.run(build / name, person, code=1, CALLCTA_BASE_URL="http://example.com")
            check_has(said, "invalid_argument: ")
        check_has(
            emulator.run(build / "errors", person),
            "a button for too many days: invalid_message\n",
            "  nothing left this machine\n  message.attachment.payload.buttons[0].expires_in_days "
            "[out_of_range] ",
            "a token that doesn't work: authentication\n",
            "  the platform refused it\n  code 190",
            "a person nobody knows: invalid_recipient\n",
            "a recipient that is no PSID: invalid_message\n",
        )
        before = len(set(emulator.message_ids()))
        said = emulator.run(build / "outbox", person, closed, person, code=203)
        check_has(said, f"{closed}: outside_window (rejected)\n", "2 sent, 1 failed\n")
        if len(set(emulator.message_ids())) != before + 2:
            sys.exit("the outbox did not send two messages")
        emulator.run(build / "outbox", person)
        # Over https, with the certificate that the environment names.
        emulator.run(program, "emulate", "--tls", "--", build / "send", person)
        emulator.run(build / "outbox", person, code=101, CALLCTA_BASE_URL="http://example.com")
    print("examples: as expected")


def run_installed(program, prefix, libdir, cmake):
    """Builds the README's program with nothing but the installed library."""
    libdir = f"{prefix}/{libdir}"
    environment = {
        "PKG_CONFIG_PATH": f"{libdir}/pkgconfig",
        "LD_LIBRARY_PATH": libdir,
        "LIBDIR": libdir,
    }
    (source,) = (block for block in blocks("c") if "int main(" in block)
    pc = Path(libdir, "pkgconfig/callcta.pc").read_text(encoding="utf-8")
    (version,) = re.findall("^Version: (.*)$", pc, flags=re.M)
    major, minor, patch = map(int, version.split("."))
    series, next_series = f"{major}.{minor}", f"{major}.{minor + 1}"
    with Emulator(program) as emulator, tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "send.c").write_text(source, encoding="utf-8")

        def shell(command, code=0):
            command = f"cd '{folder}'\n{command}"
            return emulator.run("sh", "-euc", command, code=code, **environment)

        (build,) = (block for block in blocks("sh") if "pkg-config" in block)
        shell(build)
        emulator.check_sent(shell(f"./send {emulator.psids[0]}"))
        shell(
            "cc send.c -o static $(pkg-config --cflags callcta) "
            '"$LIBDIR/libcallcta.a" $(pkg-config --static --libs-only-l callcta | '
            "sed 's/-lcallcta//')"
        )
        emulator.check_sent(shell(f"LD_LIBRARY_PATH= ./static {emulator.psids[0]}"))
        (lists,) = blocks("cmake")

        def configure(name, lists, code=0):
            (folder / name).mkdir()
            (folder / name / "CMakeLists.txt").write_text(lists, encoding="utf-8")
            shell(f"cp send.c '{name}'")
            return shell(
                f"'{cmake}' -S '{name}' -B '{name}/build' -DCMAKE_PREFIX_PATH='{prefix}'", code
            )

        def asking(version):
            return lists.replace(f"Callcta {series}", f"Callcta {version}")

        static = lists.replace("Callcta::callcta", "Callcta::callcta_static")
        static = static.replace("find_package(Callcta", "find_package(callcta")
        for name, library_path, lists_of_one in (
            ("shared", libdir, lists),
            ("static_only", "", static),
            ("range", libdir, asking(f"{series}...<{next_series}")),
        ):
            configure(name, lists_of_one)
            shell(f"'{cmake}' --build {name}/build")
            command = f"LD_LIBRARY_PATH='{library_path}' {name}/build/send {emulator.psids[0]}"
            emulator.check_sent(shell(command))
        for other in (
            "0.0.9",
            f"{series}.{patch + 1}",
            next_series,
            f"{major + 1}",
            f"{next_series}...{major + 1}",
            f"0.0.1...<{version}",
        ):
            said = configure(f"not_{other}", asking(other), code=1)
            check_has(said, f"CallctaConfig.cmake, version: {version}")
    print("installed: as expected")


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    {"examples": run_examples, "installed": run_installed}[what](*arguments)
