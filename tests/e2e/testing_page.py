"""Runs the examples of the emulator's page "Testing your own bot" but Rust's, which
is a documentation test of the core crate.

    python3 tests/e2e/testing_page.py PROGRAM PYTHON C-EXAMPLES

PROGRAM is the built `callcta`, PYTHON an interpreter with callcta and pytest
installed, C-EXAMPLES the folder of the C library's built examples. Node runs with
the package in bindings/node.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from readme import ROOT, block

PAGE = "crates/callcta-emulator/TESTING.md"


def main(program, python, c_examples):
    failures = 0
    path = os.pathsep.join([str(Path(program).parent), c_examples, os.environ["PATH"]])
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder, "node_modules")
        modules.mkdir()
        Path(modules, "callcta").symlink_to(ROOT / "bindings/node")
        tests = {
            "Python": ("python", "test_bot.py", [python, "-m", "pytest", "-q", "test_bot.py"]),
            "Node": ("js", "bot.test.mjs", ["node", "--test", "bot.test.mjs"]),
            "C": ("sh", "bot.sh", [program, "emulate", "--", "sh", "bot.sh"]),
        }
        for language, (marker, name, command) in tests.items():
            Path(folder, name).write_text(block(marker, PAGE), encoding="utf-8")
            print(f"--- {language}", flush=True)
            env = {**os.environ, "PATH": path}
            failures += subprocess.run(command, cwd=folder, env=env, timeout=120).returncode != 0
    print(f"{len(tests) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
