"""The shared vectors, as far as Python is concerned."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("compare", "runner"), [("run.py", "vectors_runner.py"), ("webhooks.py", "webhooks_runner.py")]
)
def test_the_vectors_come_out_as_expected(compare: str, runner: str) -> None:
    command = shlex.join([sys.executable, str(TOP / "bindings/python/tests" / runner)])
    done = subprocess.run(
        [sys.executable, str(TOP / "tests/conformance" / compare), f"python={command}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differences" in done.stdout
