"""The program `callcta`, also as `python -m callcta`."""

import signal
import sys

from callcta import _native


def main() -> int:
    """Runs it, and returns its exit code."""
    # Python's own handlers would wait for the program's end; what the shell ignores stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native._run(["callcta", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
