"""What the package does to a process: nothing at import, nothing at exit, and forks work."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from conftest import Answer, Request, Server, ok

PRELUDE = """
import sys, os, threading
url = sys.argv[1] if len(sys.argv) > 1 else ""
import callcta
CALL = callcta.ButtonTemplate("Hi", [callcta.AudioCallButton("Call")])
"""


def run(script: str, *args: str) -> str:
    """Runs a script in a fresh interpreter, which must be silent but for its output."""
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", PRELUDE + script, *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def hanging(server: Server) -> Iterator[Server]:
    """Lets go of its requests only at the end."""
    go = threading.Event()

    def hang(request: Request) -> Answer:
        go.wait(60)
        return ok(request)

    server.answer = hang
    yield server
    go.set()


def test_importing_starts_and_configures_nothing() -> None:
    output = run("""
import logging
print(len(os.listdir("/proc/self/task")), logging.root.handlers, logging.root.level)
print(logging.getLogger("callcta").handlers, "asyncio" in sys.modules)
""")
    assert output == "1 [] 30\n[] False\n"


def test_importing_loads_little() -> None:
    # Beside what nearly every program has.
    script = """
import sys
import collections.abc, contextlib, datetime, typing
before = set(sys.modules)
import callcta
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("callcta")))
print("callcta.aio" in sys.modules, "callcta.testing" in sys.modules)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "__future__ _contextvars atexit contextvars\nFalse False\n"


def test_a_client_starts_threads_with_its_first_need(server: Server) -> None:
    output = run(
        """
count = lambda: len(os.listdir("/proc/self/task"))
client = callcta.Client("1", "t", base_url=url)
print(count())
outcomes = client.send_many([("1", CALL)])
next(outcomes)
print(count() > 1)
""",
        server.url,
    )
    assert output == "1\nTrue\n"


def test_a_process_with_an_idle_client_exits(server: Server) -> None:
    run(
        """
import asyncio
from callcta import aio
client = callcta.Client("1", "t", base_url=url)
client.send("1", CALL)
list(client.send_many([("1", CALL)]))
other = aio.Client("1", "t", base_url=url)
asyncio.run(other.send("1", CALL))
""",
        server.url,
    )
    assert len(server.requests) == 3


@pytest.mark.parametrize("how", ["threads", "send_many", "asyncio"])
def test_a_process_exits_with_sends_in_flight(hanging: Server, how: str) -> None:
    run(
        """
import asyncio
from callcta import aio
how = sys.argv[2]
client = callcta.Client("1", "t", base_url=url)
if how == "threads":
    for n in range(4):
        threading.Thread(target=client.send, args=(str(n), CALL), daemon=True).start()
elif how == "send_many":
    outcomes = client.send_many((str(n), CALL) for n in range(1, 9))
    threading.Thread(target=next, args=(outcomes,), daemon=True).start()
else:
    other = aio.Client("1", "t", base_url=url)
    async def main():
        sends = [asyncio.ensure_future(other.send(str(n), CALL)) for n in range(1, 9)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    asyncio.run(main())
""",
        hanging.url,
        how,
    )


def test_a_process_exits_while_callbacks_are_called(server: Server) -> None:
    """Those of `on_retry` run on threads that Python knows nothing of."""
    server.answer = lambda _: Answer({"error": {"code": 613}}, 400)
    run(
        """
def send(called):
    client = callcta.Client(
        "1", "t", base_url=url, attempts=100, base_delay=0.001, on_retry=lambda _: called.set()
    )
    list(client.send_many((str(n), CALL) for n in range(1, 9)))
# Each of them: one that has not begun could start no thread of its own at exit.
every = [threading.Event() for _ in range(8)]
for called in every:
    threading.Thread(target=send, args=(called,), daemon=True).start()
for called in every:
    called.wait()
""",
        server.url,
    )


def test_a_loop_may_close_with_sends_in_flight(server: Server) -> None:
    output = run(
        """
import asyncio
from callcta import aio
client = aio.Client("1", "t", base_url=url)
loop = asyncio.new_event_loop()
async def start():
    send = lambda n: (client._sends, client._awaited, str(n), CALL, {})
    return [client._bridge().queue(send(n)) for n in range(1, 101)]
futures = loop.run_until_complete(start())
loop.close()
callcta.Client("1", "t", base_url=url).send("1", CALL)
print(asyncio.run(client.send("1", CALL)).message_id)
""",
        server.url,
    )
    assert output == "m_1\n"


def test_a_forked_child_has_its_own_connections(server: Server) -> None:
    """Also while other threads of the parent send, asyncio included."""
    run(
        """
import asyncio, warnings
from callcta import aio
warnings.simplefilter("ignore")  # Python 3.12 warns of forks in processes with threads
client = callcta.Client("1", "t", base_url=url, user_agent="both")
other = aio.Client("1", "t", base_url=url)
asyncio.run(other.send("1", CALL))
list(client.send_many([("1", CALL)] * 3))
stop = threading.Event()
def busy():
    while not stop.is_set():
        client.send("2", CALL)
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads:
    thread.start()
children = []
for _ in range(5):
    client.send("1", CALL)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for n in range(3):
                client.send("100", CALL)
            assert len(list(client.send_many([("100", CALL)] * 3))) == 3
            asyncio.run(other.send("100", CALL))
            status = 0
        finally:
            os._exit(status)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
client.send("1", CALL)
""",
        server.url,
    )
    # A connection is used by parent or child, never by both.
    users: dict[tuple[str, int], set[bool]] = {}
    for request in server.requests:
        child = request.json["recipient"]["id"] == "100"
        users.setdefault(request.connection, set()).add(child)
    assert all(len(who) == 1 for who in users.values())
    assert sum(True in who for who in users.values()) >= 5
    assert sum(request.json["recipient"]["id"] == "100" for request in server.requests) == 35


def test_a_forked_child_ends_normally(server: Server) -> None:
    """Everything is torn down there, emulator included, and nothing is waited for."""
    run(
        """
import warnings
from callcta import testing
warnings.simplefilter("ignore")
with testing.Emulator() as emulator:
    client = emulator.client()
    client.send(emulator.psids[0], CALL)
    list(client.send_many([(emulator.psids[0], CALL)]))
    child = os.fork()
    if child == 0:
        client.send(emulator.psids[0], CALL)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    client.send(emulator.psids[0], CALL)
    assert len(emulator.messages()) == 4
""",
    )


def test_multiprocessing_forks(server: Server) -> None:
    output = run(
        """
import multiprocessing, warnings
warnings.simplefilter("ignore")
client = callcta.Client("1", "t", base_url=url)
client.send("1", CALL)
def send(psid):
    return client.send(psid, CALL)
with multiprocessing.get_context("fork").Pool(2) as pool:
    print([receipt.recipient_id for receipt in pool.map(send, ["7", "8", "9"])])
""",
        server.url,
    )
    assert output == "['7', '8', '9']\n"


def test_errors_cross_processes(server: Server) -> None:
    server.answer = lambda _: Answer({"error": {"code": 551, "fbtrace_id": "A"}}, 400)
    output = run(
        """
import multiprocessing, warnings
warnings.simplefilter("ignore")
def send(psid):
    callcta.Client("1", "t", base_url=url).send(psid, CALL)
with multiprocessing.get_context("fork").Pool(1) as pool:
    try:
        pool.apply(send, ["7"])
    except callcta.RecipientUnavailableError as error:
        print(error.code, error.delivery)
""",
        server.url,
    )
    assert output == "551 rejected\n"


def test_ctrl_c_ends_a_wait_for_many(hanging: Server) -> None:
    script = """
print("ready", flush=True)
for _ in callcta.Client("1", "t", base_url=url).send_many([("1", CALL)]):
    pass
"""
    command = [sys.executable, "-c", PRELUDE + script, hanging.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(2)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors


def test_a_forked_child_waits_for_none_of_its_parents_callbacks(server: Server) -> None:
    server.answer = lambda _: Answer({"error": {"code": 613}}, 400)
    output = run(
        """
import time, warnings
warnings.simplefilter("ignore")
called, go = threading.Event(), threading.Event()
def hold(event):
    called.set()
    go.wait()
client = callcta.Client("1", "t", base_url=url, attempts=2, base_delay=0, on_retry=hold)
def send():
    try:
        client.send("1", CALL)
    except callcta.RateLimitedError:
        pass
sending = threading.Thread(target=send)
sending.start()
called.wait()
child = os.fork()
if child == 0:
    start = time.monotonic()
    callcta._native._end()
    os._exit(time.monotonic() - start > 0.5)
print(os.waitpid(child, 0)[1])
go.set()
sending.join()
""",
        server.url,
    )
    assert output == "0\n"


def test_without_a_file_left_every_way_of_sending_says_so(server: Server) -> None:
    output = run(
        """
import asyncio, resource
from callcta import aio

client = callcta.Client("1", "t", base_url=url, attempts=1)
waiting = aio.Client("1", "t", base_url=url, attempts=1)

def allow(files):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

def told(error):
    print(type(error).__name__, error.delivery, error.may_retry, "ulimit" in str(error))

async def main():
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    allow(free)
    try:
        client.send("1", CALL)
    except callcta.CallCtaError as error:
        told(error)
    try:
        next(client.send_many([("1", CALL)]))
    except callcta.CallCtaError as error:
        told(error)
    try:
        await waiting.send("1", CALL)
    except callcta.CallCtaError as error:
        told(error)
    # Room for the pipe of an event loop, or of send_many, but not for a connection.
    allow(free + 2)
    told(next(client.send_many([("1", CALL)])).error)
    try:
        await waiting.send("1", CALL)
    except callcta.CallCtaError as error:
        told(error)

asyncio.run(main())
""",
        server.url,
    )
    assert output == "OutOfResourcesError not_sent True True\n" * 5
    assert server.requests == []


SECOND = """
try:
    import callcta
    print("imported")
except ImportError as error:
    print(error)
"""
REFUSED = (
    "callcta works in one interpreter of a process, and another one has imported it already: "
    "use threads or processes instead of subinterpreters"
)


def test_a_second_interpreter_is_refused(server: Server) -> None:
    pytest.importorskip("_testcapi")
    output = run(
        f"""
import _testcapi
try:
    import _interpreters as interpreters  # since 3.13
except ImportError:
    import _xxsubinterpreters as interpreters
second = {SECOND!r}
assert _testcapi.run_in_subinterp(second) == 0
legacy = ("legacy",) if sys.version_info >= (3, 13) else ()
options = {{}} if legacy else {{"isolated": False}}
interpreters.run_string(interpreters.create(*legacy, **options), second)
# The first one goes on.
try:
    callcta.Client("1", "t", base_url=url, timeout=-1)
except callcta.InvalidArgumentError:
    print(callcta.Client("1", "t", base_url=url).send("1", CALL).message_id)
""",
        server.url,
    )
    assert output == f"{REFUSED}\n{REFUSED}\nm_1\n"


def test_also_the_main_one_if_it_is_second() -> None:
    pytest.importorskip("_testcapi")
    script = f"import _testcapi\n_testcapi.run_in_subinterp({SECOND!r})\n{SECOND}"
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (f"imported\n{REFUSED}\n", "")


def test_native_code_imports_nothing_that_a_freezer_would_not_see(server: Server) -> None:
    """Such tools read Python code only; what that imports is there, and nothing else."""
    output = run(
        """
import asyncio, datetime, inspect, pickle, select, signal, threading  # as the package does
from callcta import aio

class Refuse:
    def find_spec(self, name, path, target=None):
        raise ImportError(f"{name} is not frozen")

sys.meta_path.insert(0, Refuse())
client = callcta.Client("1", "t", base_url=url, timeout=3, on_retry=print)
later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
receipt = client.send("1", CALL, deadline=later, fields={"x": [1, 2.5, None, "y"]})
print(receipt.to_dict()["message_id"], pickle.loads(pickle.dumps(CALL)) == CALL)
for wrong in ({"timeout": "3"}, {"timeout": -1}):
    try:
        callcta.Client("1", "t", **wrong)
    except callcta.InvalidArgumentError as error:
        print(error)
for options in ({"deadline": 5}, {"fields": {"x": float("nan")}}):
    try:
        client.send("1", CALL, **options)
    except callcta.InvalidArgumentError as error:
        print(error)
try:
    callcta.Client("1", "t", base_url="http://127.0.0.1:1", attempts=1).send("1", CALL)
except callcta.ConnectError as error:
    print(type(error.__cause__).__name__)
print([outcome.ok for outcome in client.send_many([("1", CALL)])])
async def main():
    async with aio.Client("1", "t", base_url=url) as other:
        print((await other.send("1", CALL)).message_id)
asyncio.run(main())
def handler(*_):
    raise LookupError
signal.signal(signal.SIGUSR1, handler)
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
try:
    client.send("100", CALL)
except LookupError as error:
    print(error.delivery)
""",
        slow_for_hundred(server).url,
    )
    assert output.splitlines() == [
        "m_1 True",
        "timeout must be a number of seconds, 0 or more",
        "timeout must be a number of seconds, 0 or more",
        "deadline must be a datetime with a time zone, not before 1970",
        "fields is not JSON: it holds nan or inf",
        "TransportError",
        "[True]",
        "m_1",
        "unknown",
    ]


def slow_for_hundred(server: Server) -> Server:
    def answer(request: Request) -> Answer:
        if request.json["recipient"]["id"] == "100":
            threading.Event().wait(5)
        return ok(request)

    server.answer = answer
    return server
