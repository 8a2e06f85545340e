"""`send_many` and where its messages come from: slow ones, blocked ones, patched modules."""

from __future__ import annotations

import asyncio
import contextvars
import select
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import callcta
import pytest
from conftest import CALL, Server


def test_outcomes_come_while_the_source_blocks(server: Server) -> None:
    """One that gives the second message only when the outcome of the first was seen."""
    seen = threading.Event()

    def source() -> Iterator[Any]:
        yield "1", CALL
        assert seen.wait(30)
        yield "2", CALL

    people: list[Any] = []
    for outcome in server.client().send_many(source(), pace=None):
        people.append(outcome.to)
        seen.set()
    assert people == ["1", "2"]


def test_also_with_asyncio(server: Server) -> None:
    async def main() -> list[Any]:
        seen = asyncio.Event()

        async def source() -> AsyncIterator[Any]:
            yield "1", CALL
            await asyncio.wait_for(seen.wait(), 30)
            yield "2", CALL

        people: list[Any] = []
        async with server.aio_client() as client:
            async for outcome in client.send_many(source(), pace=None):
                people.append(outcome.to)
                seen.set()
        return people

    assert asyncio.run(main()) == ["1", "2"]


def test_leaving_does_not_wait_for_a_blocked_source(server: Server) -> None:
    go, ended = threading.Event(), threading.Event()
    read: list[int] = []

    def source() -> Iterator[Any]:
        try:
            yield "1", CALL
            go.wait(60)
            for number in range(2, 100):
                read.append(number)
                yield str(number), CALL
        finally:
            ended.set()

    for outcome in server.client().send_many(source(), pace=None):
        assert outcome.ok
        break
    assert not go.is_set()
    go.set()
    assert ended.wait(30)
    assert len(read) <= 1
    assert len(server.requests) == 1


def test_closing_does_not_wait_for_a_blocked_source(server: Server) -> None:
    go = threading.Event()

    def source() -> Iterator[Any]:
        yield "1", CALL
        go.wait(60)

    client = server.client()
    try:
        with pytest.raises(callcta.CancelledError) as caught:  # noqa: PT012
            for outcome in client.send_many(source(), pace=None):
                assert outcome.ok
                client.close()
    finally:
        go.set()
    assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")


def test_closing_does_not_wait_for_an_asynchronous_one(server: Server) -> None:
    async def source() -> AsyncIterator[Any]:
        yield "1", CALL
        await asyncio.sleep(60)

    async def main() -> None:
        client = server.aio_client()
        async for outcome in client.send_many(source(), pace=None):
            assert outcome.ok
            await client.close()

    with pytest.raises(callcta.CancelledError) as caught:
        asyncio.run(main())
    assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")


def test_the_source_runs_in_the_context_of_the_loop(server: Server) -> None:
    variable = contextvars.ContextVar[str]("variable")
    variable.set("mine")

    def source() -> Iterator[Any]:
        yield variable.get(), CALL

    [outcome] = server.client().send_many(source(), unchecked=True)
    assert outcome.to == "mine"


def test_patched_modules_may_lack_poll(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under eventlet."""
    monkeypatch.delattr(select, "poll")
    messages = ((str(number), CALL) for number in range(1, 200))
    outcomes = list(server.client().send_many(messages, pace=None))
    assert sorted(outcome.index for outcome in outcomes) == list(range(199))
    assert all(outcome.ok for outcome in outcomes)


@pytest.mark.parametrize("lookahead", [1, 2, 3, 7, 100])
def test_everything_is_sent_whatever_the_lookahead(server: Server, lookahead: int) -> None:
    messages = ((str(number), CALL) for number in range(1, 100))
    outcomes = server.client(workers=4).send_many(messages, pace=None, lookahead=lookahead)
    assert sorted(outcome.index for outcome in outcomes) == list(range(99))


def test_without_a_thread_left_it_says_so(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    client = server.client()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(callcta.OutOfResourcesError, match="can't start new thread") as caught:
            list(client.send_many([("1", CALL)]))
    assert caught.value.delivery == "not_sent"
    assert caught.value.advice in str(caught.value)
    assert not server.requests
    assert next(client.send_many([("1", CALL)])).ok


def test_what_is_no_iterable_is_refused(server: Server) -> None:
    nothing: Any = None
    with pytest.raises(TypeError, match="NoneType"):
        list(server.client().send_many(nothing))
