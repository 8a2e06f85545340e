"""The shared vectors, as far as Python is concerned."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]


def test_the_vectors_come_out_as_expected() -> None:
    runner = shlex.join([sys.executable, str(TOP / "bindings/python/tests/vectors_runner.py")])
    done = subprocess.run(
        [sys.executable, str(TOP / "tests/conformance/run.py"), f"python={runner}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differences" in done.stdout
