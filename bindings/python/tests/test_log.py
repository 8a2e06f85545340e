"""The line that each send leaves in Python's log."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import threading
from typing import Any

import callcta
import pytest
from conftest import CALL, PSID, TOKEN, Server, graph_error, ok

SENT = r"send: ok, attempts 1, \d+ ms, message id m_1"
REFUSED = (
    r"send: recipient_unavailable, delivery rejected, status 400, attempts 1, \d+ ms, .*Atrace"
)


def send(server: Server) -> None:
    server.client().send(PSID, CALL)


def send_many(server: Server) -> None:
    list(server.client().send_many([(PSID, CALL)]))


def send_awaited(server: Server) -> None:
    async def main() -> None:
        async with server.aio_client() as client:
            await client.send(PSID, CALL)

    asyncio.run(main())


def send_many_awaited(server: Server) -> None:
    async def main() -> None:
        async with server.aio_client() as client:
            _ = [outcome async for outcome in client.send_many([(PSID, CALL)])]

    asyncio.run(main())


WAYS = [send, send_many, send_awaited, send_many_awaited]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("works", [True, False])
def test_each_way_of_sending_logs_a_line(
    server: Server, caplog: pytest.LogCaptureFixture, way: Any, works: bool
) -> None:
    caplog.set_level(logging.DEBUG, "callcta")
    server.answer = ok if works else lambda _: graph_error(551)
    try:
        way(server)
    except callcta.RecipientUnavailableError:
        assert not works
    [record] = [record for record in caplog.records if record.name == "callcta"]
    assert (record.levelname, record.threadName) == ("DEBUG", "MainThread")
    assert re.fullmatch(SENT if works else REFUSED, record.getMessage())
    for secret in PSID, TOKEN, "Contact us":
        assert secret not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_logged_above_the_level(
    server: Server, caplog: pytest.LogCaptureFixture, way: Any
) -> None:
    caplog.set_level(logging.INFO, "callcta")
    way(server)
    assert not [record for record in caplog.records if record.name == "callcta"]


def test_what_was_not_sent_leaves_no_line(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "callcta")
    with pytest.raises(callcta.InvalidMessageError):
        server.client().send(PSID, callcta.ButtonTemplate("", []))
    assert not [record for record in caplog.records if record.name == "callcta"]


def test_a_handler_may_send(server: Server) -> None:
    """Also while it holds its lock; of what it sends nothing is told."""
    client = server.client()
    lines: list[str] = []

    class Sender(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())
            client.send("2", CALL)
            list(client.send_many([("3", CALL)]))

    logger, handler = logging.getLogger("callcta"), Sender()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        client.send("1", CALL)
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
    assert len(lines) == 1
    assert len(server.requests) == 3


def test_a_broken_filter_costs_no_receipt(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "callcta")
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    def broken(record: logging.LogRecord) -> bool:
        raise LookupError

    logger = logging.getLogger("callcta")
    logger.addFilter(broken)
    try:
        assert server.client().send(PSID, CALL).message_id == "m_1"
        [outcome] = server.client().send_many([(PSID, CALL)])
    finally:
        logger.removeFilter(broken)
    assert outcome.ok
    assert [type(each.exc_value) for each in seen] == [LookupError] * 2


def test_what_ends_a_program_there_keeps_the_receipt(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "callcta")

    def end(record: logging.LogRecord) -> bool:
        raise KeyboardInterrupt

    logger = logging.getLogger("callcta")
    logger.addFilter(end)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            server.client().send(PSID, CALL)
    finally:
        logger.removeFilter(end)
    assert caught.value.receipt.message_id == "m_1"  # type: ignore[attr-defined]  # pyright: ignore


def test_many_threads_log_through_one_slow_handler(server: Server) -> None:
    """Whose lock is held while others send, and while callbacks are called."""
    server.answer = lambda _: graph_error(613)
    lines: list[str] = []

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))
            threading.Event().wait(0.001)

    own, logger, handler = logging.getLogger("own"), logging.getLogger("callcta"), Slow()

    def tell(event: callcta.RetryEvent) -> None:
        own.debug("retry")

    client = server.client(base_delay=0, on_retry=tell)
    for each in own, logger:
        each.addHandler(handler)
        each.setLevel(logging.DEBUG)
    try:
        threads = [
            threading.Thread(
                target=lambda: list(client.send_many((str(n), CALL) for n in range(1, 20)))
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for each in own, logger:
            each.setLevel(logging.NOTSET)
            each.removeHandler(handler)
    assert sum(line.startswith("send: rate_limited") for line in lines) == 4 * 19
    assert lines.count("retry")


@pytest.mark.parametrize("imported", ["", "import logging; logging.basicConfig()"])
def test_without_a_wish_there_is_no_logging(server: Server, imported: str) -> None:
    script = f"""
import sys, callcta
{imported}
callcta.Client("1", "t", base_url=sys.argv[1]).send("1", callcta.CallPrompt())
print("logging" in sys.modules)
"""
    command = [sys.executable, "-c", script, server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"{bool(imported)}\n", "")
