"""What `on_retry` is told, where it runs, and what it may be."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import sys
import threading
from typing import Any

import callcta
import pytest
from callcta import RetryEvent
from conftest import CALL, PSID, Server, graph_error, ok

REQUEST = contextvars.ContextVar[str]("request")


def limited_once(server: Server) -> None:
    """Refuses the first request to each person."""

    def answer(request: Any) -> Any:
        psid = request.json["recipient"]["id"]
        sent = sum(each.json["recipient"]["id"] == psid for each in server.requests)
        return graph_error(613) if sent == 1 else ok(request)

    server.answer = answer


class Events(list[tuple[RetryEvent, str, bool]]):
    """Events, with what the context says, and whether on the main thread."""

    def note(self, event: RetryEvent) -> None:
        main = threading.current_thread() is threading.main_thread()
        self.append((event, REQUEST.get("none"), main))


def test_a_blocking_send_tells_on_its_thread_in_its_context(server: Server) -> None:
    limited_once(server)
    events = Events()
    REQUEST.set("mine")
    server.client(base_delay=0, on_retry=events.note).send(PSID, CALL)
    [(event, request, main)] = events
    assert (event.to, event.message, event.index) == (PSID, CALL, None)
    assert event.message is CALL
    assert isinstance(event.error, callcta.RateLimitedError)
    assert (event.attempt, request, main) == (1, "mine", True)
    assert repr(event) == f"RetryEvent({event.error!r}, attempt=1, wait=0.0)"


def test_many_tell_which_one(server: Server) -> None:
    limited_once(server)
    events = Events()
    REQUEST.set("mine")
    people: list[str | callcta.Recipient] = ["1", callcta.Recipient(id="2"), "3"]
    client = server.client(base_delay=0, on_retry=events.note)
    outcomes = list(client.send_many([(to, CALL) for to in people], pace=None))
    assert all(outcome.ok for outcome in outcomes)
    told = {event.index: (event.to, request, main) for event, request, main in events}
    assert told == {index: (to, "mine", False) for index, to in enumerate(people)}
    assert "1254" not in repr(events[0][0])
    assert "index=" in repr(events[0][0])


def test_awaits_tell_in_the_context_of_their_task(server: Server) -> None:
    limited_once(server)
    events = Events()

    async def one(client: Any, psid: str) -> None:
        REQUEST.set(f"request of {psid}")
        await client.send(psid, CALL)

    async def main() -> None:
        async with server.aio_client(base_delay=0, on_retry=events.note) as client:
            await asyncio.gather(*(one(client, str(n)) for n in range(1, 100)))
            REQUEST.set("many")
            many = client.send_many([(str(n), CALL) for n in range(100, 110)], pace=None)
            async for outcome in many:
                assert outcome.ok
            retries: Any = client._sends._retries  # pyright: ignore[reportPrivateUsage]
            assert not retries._sends

    asyncio.run(main())
    told = {event.to: (request, event.index) for event, request, _ in events}
    expected: dict[Any, Any] = {str(n): (f"request of {n}", None) for n in range(1, 100)}
    assert told == expected | {str(100 + n): ("many", n) for n in range(10)}


class Asynchronous:
    async def __call__(self, event: RetryEvent) -> None:
        pass

    async def method(self, event: RetryEvent) -> None:
        pass


async def function(event: RetryEvent, more: int = 0) -> None:
    pass


@pytest.mark.parametrize(
    "on_retry",
    [function, functools.partial(function, more=1), Asynchronous(), Asynchronous().method],
)
def test_what_is_async_is_refused(on_retry: Any) -> None:
    with pytest.raises(callcta.InvalidArgumentError, match="on_retry must be callable without"):
        callcta.Client("1", "t", on_retry=on_retry)


def test_what_only_turns_out_to_be_async_is_reported(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited_once(server)
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    def call(event: RetryEvent) -> object:
        return function(event)

    client = server.client(base_delay=0, on_retry=call)
    assert client.send(PSID, CALL).attempts == 2
    assert "await" in str(seen[0].exc_value)


@pytest.mark.parametrize("on_retry", [print, Events().note, functools.partial(print, 1), Events])
def test_what_can_be_called_is_taken(on_retry: Any) -> None:
    callcta.Client("1", "t", on_retry=on_retry)
