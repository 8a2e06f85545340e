"""Runs the examples of the top README beside `callcta emulate`, without TLS and with it.

    python3 tests/e2e/readme.py PROGRAM RUST-EXAMPLE PYTHON

PROGRAM is the built `callcta`, RUST-EXAMPLE the built example `send`, PYTHON an
interpreter with the package installed. Node runs with the package in
bindings/node.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def block(language, page="README.md"):
    """The one block of code in this language on a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return code


def main(program, rust_example, python):
    source = (ROOT / "crates/callcta/examples/send.rs").read_text(encoding="utf-8")
    assert source.endswith(block("rust")), "examples/send.rs is not the README's example"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder, "node_modules")
        modules.mkdir()
        Path(modules, "callcta").symlink_to(ROOT / "bindings/node")
        Path(folder, "send.mjs").write_text(block("js"), encoding="utf-8")
        Path(folder, "send.py").write_text(block("python"), encoding="utf-8")
        for flags in ([], ["--tls"]):
            for language, command in {
                "Rust": [rust_example],
                "Python": [python, "send.py"],
                "Node": ["node", "send.mjs"],
            }.items():
                done = subprocess.run(
                    [program, "emulate", *flags, "--", *command],
                    cwd=folder,
                    stdout=subprocess.PIPE,
                    text=True,
                    timeout=60,
                )
                sent = done.returncode == 0 and done.stdout.startswith("m_")
                passed, failed = passed + sent, failed + (not sent)
                print(f"{language} {' '.join(flags)}: {done.stdout.strip() if sent else 'FAILED'}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
