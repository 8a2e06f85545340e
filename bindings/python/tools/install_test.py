"""Installs the wheel in an empty virtual environment and sends the README's first message.

Takes an interpreter, the wheel and the `callcta` program, which plays the platform.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def main(interpreter: str, wheel: str, program: str) -> None:
    """Prints the message id."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    emulator = subprocess.Popen([program, "emulate"], stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory() as venv, emulator:
        try:
            assert emulator.stdout is not None
            ready = json.loads(emulator.stdout.readline())
            subprocess.run([interpreter, "-m", "venv", venv], check=True)
            python = Path(venv) / "bin/python"
            subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
            settings = {
                "CALLCTA_BASE_URL": ready["url"],
                "CALLCTA_PAGE_ID": ready["page_id"],
                "CALLCTA_ACCESS_TOKEN": ready["access_token"],
                "CALLCTA_PSID": ready["psids"][0],
            }
            command = [python, "-W", "error", "-c", blocks[0]]
            subprocess.run(command, cwd=venv, env={**os.environ, **settings}, check=True)
        finally:
            emulator.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
