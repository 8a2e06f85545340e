"""Installs the wheel in an empty virtual environment, and tries it and the program in it.

Takes an interpreter and the wheel. No Rust is in the PATH. Prints the seconds from the file to the
README's first message. With `--whole`, runs tests of the program with the installed one, too.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent.parent
# Those of the program's tests where being in another process matters: signals, streams, exit codes.
PROGRAM = ("check::", "emulate::", "program::", "ready::", "send::", "tls::")
TOOLS = ("sh", "env", "uname", "cat", "ldd")
# Python ends them in the midst of a send when its main thread ends.
DAEMONS = """
import os
import threading

from callcta import CallPrompt, Client

client = Client.from_env()
sent = threading.Semaphore(0)


def forever():
    while True:
        client.send(os.environ["CALLCTA_PSID"], CallPrompt(), unchecked=True)
        sent.release()


for _ in range(4):
    threading.Thread(target=forever, daemon=True).start()
for _ in range(20):
    sent.acquire()
print("ends")
"""


def without_rust(folder: Path) -> dict[str, str]:
    """The environment of a machine that has few tools and no Rust."""
    folder.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    left_out = re.compile("CARGO|RUST|VIRTUAL_ENV|PYTHON")
    variables = {name: value for name, value in os.environ.items() if not left_out.match(name)}
    return variables | {"PATH": str(folder)}


def main(interpreter: str, wheel: str, *flags: str) -> None:
    """Prints what was tried."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = without_rust(folder / "bin")

        def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, cwd=folder, env=environment, text=True, capture_output=True
            )

        def said(*command: str | Path) -> str:
            done = run(*command)
            assert (done.returncode, done.stderr) == (0, ""), done
            return done.stdout.strip()

        subprocess.run([interpreter, "-m", "venv", folder / "venv"], check=True)
        scripts = folder / "venv/bin"
        environment["PATH"] = f"{scripts}:{environment['PATH']}"
        if "--whole" in flags:
            refused = run(scripts / "pip", "install", HERE)
            assert refused.returncode, refused
            assert "needs Rust 1.89 or later" in refused.stderr, refused
            assert "Traceback" not in refused.stderr, refused

        begun = time.monotonic()
        said(scripts / "pip", "install", "--quiet", "--no-index", Path(wheel).resolve())
        blocks = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
        (folder / "sample.py").write_text(blocks[0])
        sent = said("callcta", "emulate", "--", "python", "-W", "error", "sample.py")
        seconds = time.monotonic() - begun
        assert re.fullmatch(r"m_\w+", sent), sent

        (folder / "daemons.py").write_text(DAEMONS)
        assert said("callcta", "emulate", "--", "python", "daemons.py") == "ends"

        package = Path(said("python", "-c", "import callcta; print(callcta.__path__[0])"))
        version = said("python", "-c", "import callcta; print(callcta.__version__)")
        assert said("callcta", "--version") == f"callcta {version}"
        assert said("python", "-m", "callcta", "--version") == f"callcta {version}"
        [notices] = package.parent.glob("callcta-*.dist-info/licenses/THIRD-PARTY.txt")
        assert re.search(r"^rustls \d", notices.read_text("utf-8"), re.MULTILINE), notices
        sizes = [file.stat().st_size for file in package.rglob("*") if file.is_file()]
        print(f"{sent} after {seconds:.1f} s; installed {sum(sizes) / 2**20:.2f} MiB")

        if "--whole" in flags:
            program = {**os.environ, "CALLCTA_PROGRAM": str(scripts / "callcta")}
            tests = ["cargo", "test", "--quiet", "--locked", "-p", "callcta-cli", "--test", "cli"]
            subprocess.run([*tests, "--", *PROGRAM], cwd=HERE, env=program, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
