"""Runs the examples of the top README against `callcta emulate`.

    python3 tests/e2e/readme.py PROGRAM RUST-EXAMPLE PYTHON

PROGRAM is the built `callcta`, RUST-EXAMPLE the built example `send`, PYTHON an
interpreter with the package installed. Node runs with the package in
bindings/node.
"""

import json
import os
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
    emulator = subprocess.Popen(
        [program, "emulate", "--quiet"], stdout=subprocess.PIPE, text=True
    )
    failures = 0
    with emulator, tempfile.TemporaryDirectory() as folder:
        try:
            ready = json.loads(emulator.stdout.readline())
            env = {
                **os.environ,
                "CALLCTA_PAGE_ID": ready["page_id"],
                "CALLCTA_ACCESS_TOKEN": ready["access_token"],
                "CALLCTA_BASE_URL": ready["url"],
                "CALLCTA_PSID": ready["psids"][0],
            }
            modules = Path(folder, "node_modules")
            modules.mkdir()
            Path(modules, "callcta").symlink_to(ROOT / "bindings/node")
            Path(folder, "send.mjs").write_text(block("js"), encoding="utf-8")
            Path(folder, "send.py").write_text(block("python"), encoding="utf-8")
            for language, command in {
                "Rust": [rust_example],
                "Python": [python, "send.py"],
                "Node": ["node", "send.mjs"],
            }.items():
                done = subprocess.run(
                    command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, timeout=60
                )
                sent = done.returncode == 0 and done.stdout.strip() != ""
                failures += not sent
                print(f"{language}: {done.stdout.strip() if sent else 'FAILED'}")
        finally:
            emulator.terminate()
    print(f"{3 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
