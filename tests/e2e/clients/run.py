"""Runs the clients of other makers against `callcta emulate`.

    python3 tests/e2e/clients/run.py PROGRAM PYTHON

PROGRAM is the built `callcta`, PYTHON an interpreter with requirements.txt
installed; Node finds its clients beside this file.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(program, python):
    failures = 0
    clients = sorted([*HERE.glob("*_client.py"), *HERE.glob("*_client.mjs")])
    for client in clients:
        command = [python if client.suffix == ".py" else "node", client.name]
        with subprocess.Popen(
            [program, "emulate", "--quiet"], stdout=subprocess.PIPE, text=True
        ) as emulator:
            try:
                env = {**os.environ, "EMULATOR": emulator.stdout.readline()}
                print(f"--- {client.name}", flush=True)
                failures += subprocess.run(command, cwd=HERE, env=env, timeout=60).returncode != 0
            finally:
                emulator.terminate()
    print(f"{len(clients) - failures} passed, {failures} failed")
    return 1 if failures or not clients else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
