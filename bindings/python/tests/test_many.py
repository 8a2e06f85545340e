"""`send_many`: what becomes of messages when something ends it. Both clients agree."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import gc
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import callcta
import pytest
from conftest import CALL, Answer, Server, ok

Result = tuple[list[callcta.Outcome], Exception | None]
Many = Callable[..., Result]
Settings = dict[str, int]


@pytest.fixture(params=["blocking", "asyncio"])
def many(request: pytest.FixtureRequest, server: Server) -> Many:
    """Collects outcomes, and what ended them."""

    def blocking(messages: Any, close_after: int, settings: Settings, options: Any) -> Result:
        outcomes: list[callcta.Outcome] = []
        with server.client(**settings) as client:
            if close_after == 0:
                client.close()
            try:
                for outcome in client.send_many(messages, pace=None, **options):
                    outcomes.append(outcome)
                    if len(outcomes) == close_after:
                        client.close()
            except Exception as error:
                return outcomes, error
        return outcomes, None

    async def asynchronous(
        messages: Any, close_after: int, settings: Settings, options: Any
    ) -> Result:
        outcomes: list[callcta.Outcome] = []
        async with server.aio_client(**settings) as client:
            if close_after == 0:
                await client.close()
            try:
                async for outcome in client.send_many(messages, pace=None, **options):
                    outcomes.append(outcome)
                    if len(outcomes) == close_after:
                        await client.close()
            except Exception as error:
                return outcomes, error
        return outcomes, None

    def run(
        messages: Any, *, close_after: int = -1, settings: Settings | None = None, **options: Any
    ) -> Result:
        if request.param == "blocking":
            return blocking(messages, close_after, settings or {}, options)
        return asyncio.run(asynchronous(messages, close_after, settings or {}, options))

    return run


def check(outcomes: list[callcta.Outcome], count: int, server: Server) -> None:
    """The first messages, or more, have their outcome, which tells whether it was sent."""
    assert {outcome.index for outcome in outcomes} >= set(range(count))
    told: collections.Counter[Any] = collections.Counter()
    for outcome in outcomes:
        assert outcome.receipt or isinstance(outcome.error, callcta.CancelledError)
        told[outcome.to] += bool(outcome.receipt or (outcome.error and outcome.error.attempts))
    sent = collections.Counter(request.json["recipient"]["id"] for request in server.requests)
    assert sent <= told


@pytest.mark.parametrize("workers", [1, 8])
def test_an_exception_of_the_iterable_comes_after_all_outcomes(
    many: Many, server: Server, workers: int
) -> None:
    def broken() -> Iterator[Any]:
        for number in range(1, 9):
            yield str(number), CALL
        raise KeyError("row")

    outcomes, error = many(broken(), settings={"workers": workers}, lookahead=20)
    assert isinstance(error, KeyError)
    check(outcomes, 8, server)


def test_also_one_that_is_an_error_of_callcta(many: Many, server: Server) -> None:
    def broken() -> Iterator[Any]:
        yield "1", CALL
        raise callcta.RateLimitedError("of another client")

    outcomes, error = many(broken())
    assert str(error) == "of another client"
    check(outcomes, 1, server)


def test_an_item_may_have_options_of_its_own(many: Many, server: Server) -> None:
    messages: list[Any] = [
        ("1", CALL),
        ("2", CALL, {"metadata": "own", "tag": None}),
        ("3", CALL, None),
        ("4", CALL, {}),
    ]
    outcomes, error = many(messages, metadata="all", persona_id="7")
    assert error is None
    assert [outcome.ok for outcome in outcomes] == [True] * 4
    told = {body["recipient"]["id"]: body for body in (it.json for it in server.requests)}
    metadata = {psid: body["message"]["metadata"] for psid, body in told.items()}
    assert metadata == {"1": "all", "2": "own", "3": "all", "4": "all"}
    assert {body["persona_id"] for body in told.values()} == {"7"}


def test_options_of_an_item_that_cant_be_used_fail_it_alone(many: Many, server: Server) -> None:
    messages: list[Any] = [
        ("1", CALL),
        ("2", CALL, {"metadata": 7}),
        ("3", CALL, {"metadta": "m"}),
        ("4", CALL),
    ]
    outcomes, error = many(messages)
    assert error is None
    failed = {outcome.to: outcome.error for outcome in outcomes if not outcome.ok}
    assert set(failed) == {"2", "3"}
    for refused in failed.values():
        assert isinstance(refused, callcta.InvalidArgumentError)
        assert refused.delivery == "not_sent"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "bad", [(5, CALL), ("5", "text"), ("5",), None, ("5", CALL, {}, {}), ("5", CALL, 7)]
)
def test_a_bad_item_is_raised_after_all_outcomes(many: Many, server: Server, bad: Any) -> None:
    messages = iter([("1", CALL), ("2", CALL), bad, *[("3", CALL)] * 100])
    outcomes, error = many(messages, lookahead=5)
    assert isinstance(error, TypeError | ValueError)
    check(outcomes, 2, server)
    assert len(list(messages)) > 90


def test_closing_ends_an_endless_iterable(many: Many, server: Server) -> None:
    numbers = itertools.count(1)
    messages = ((str(number), CALL) for number in numbers)
    outcomes, error = many(messages, close_after=3, settings={"workers": 4})
    assert isinstance(error, callcta.CancelledError)
    assert (str(error), error.reason) == ("the client is closed", "closed")
    read = next(numbers) - 1
    assert read - 1 <= len(outcomes) <= read
    check(outcomes, len(outcomes), server)


def test_closing_after_the_last_outcome_ends_nothing(many: Many) -> None:
    outcomes, error = many([("1", CALL)], close_after=1, lookahead=1)
    assert error is None
    assert [bool(outcome.receipt) for outcome in outcomes] == [True]


def pipes() -> set[str]:
    """The pipes that this process has; connections come and go by themselves."""
    ends: set[str] = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            ends.add(os.readlink(f"/proc/self/fd/{name}"))
    return {end for end in ends if end.startswith("pipe:")}


def test_nothing_is_left_for_the_garbage_collector(server: Server) -> None:
    def broken() -> Iterator[Any]:
        yield "1", CALL
        raise KeyError("row")

    with server.client() as client:
        list(client.send_many([("1", CALL)], pace=None))
        gc.disable()
        try:
            before = pipes()
            for _ in range(5):
                list(client.send_many([("1", CALL)], pace=None))
                with pytest.raises(KeyError):
                    list(client.send_many(broken(), pace=None))
            # A worker lets go of its end a moment after it has told the last outcome.
            until = time.monotonic() + 30
            while pipes() - before and time.monotonic() < until:
                time.sleep(0.001)
            assert not pipes() - before
        finally:
            gc.enable()


def test_a_closed_client_reads_and_sends_nothing(many: Many, server: Server) -> None:
    numbers = itertools.count(1)
    outcomes, error = many(((str(n), CALL) for n in numbers), close_after=0)
    assert isinstance(error, callcta.CancelledError)
    assert (outcomes, next(numbers), server.requests) == ([], 1, [])


@pytest.mark.parametrize("options", [{"messagingtype": "RESPONSE"}, {"metadata": 5}])
def test_options_are_checked_before_anything_is_sent(
    many: Many, server: Server, options: dict[str, Any]
) -> None:
    numbers = itertools.count(1)
    outcomes, error = many(((str(n), CALL) for n in numbers), **options)
    assert isinstance(error, callcta.InvalidArgumentError)
    assert (outcomes, next(numbers), server.requests) == ([], 1, [])


@pytest.mark.parametrize("capacity", [0, 3])
def test_no_more_is_under_way_than_an_outbox_takes(many: Many, capacity: int) -> None:
    settings = {"capacity": capacity, "workers": 8}
    outcomes, error = many([("1", CALL)] * 20, settings=settings)
    assert error is None
    assert [outcome.index for outcome in outcomes if outcome.receipt] == list(range(20))


def test_what_is_thrown_in_becomes_no_outcome(server: Server) -> None:
    thrown = callcta.RateLimitedError("mine")

    async def main() -> None:
        async with server.aio_client() as client:
            outcomes = client.send_many([("1", CALL)] * 3)
            await anext(outcomes)
            with pytest.raises(callcta.RateLimitedError, match="mine"):
                await outcomes.athrow(thrown)

    asyncio.run(main())


def test_other_work_of_the_loop_comes_in_between(server: Server) -> None:
    turn = 0
    read: list[int] = []

    async def main() -> None:
        async def count() -> None:
            nonlocal turn
            while True:
                turn += 1
                await asyncio.sleep(0)

        def messages() -> Iterator[Any]:
            for number in range(1, 501):
                read.append(turn)
                yield str(number), CALL

        counting = asyncio.ensure_future(count())
        async with server.aio_client() as client:
            many = client.send_many(messages(), pace=None, lookahead=1000)
            assert len([outcome async for outcome in many]) == 500
        counting.cancel()

    asyncio.run(main())
    assert max(read.count(turn) for turn in set(read)) <= 32


def test_draining_ends_what_is_pending_and_takes_no_more(server: Server) -> None:
    go = threading.Event()
    server.answer = lambda request: ok(request) if go.wait(60) else Answer(drop=True)
    client = server.client(workers=1)
    assert client.pending == 0
    outcomes = client.send_many((str(number), CALL) for number in itertools.count(1))
    told: list[callcta.Outcome] = []

    def collect() -> None:
        with pytest.raises(callcta.CancelledError, match="the client is closed"):
            told.extend(outcomes)

    collecting = threading.Thread(target=collect)
    sending = threading.Thread(target=client.send, args=("9", CALL))
    for thread in collecting, sending:
        thread.start()
    server.wait_for(2)
    assert client.pending >= 2
    draining = threading.Thread(target=client.drain)
    draining.start()
    while not client._sends.closed:  # pyright: ignore[reportPrivateUsage]
        time.sleep(0.001)
    with pytest.raises(callcta.CancelledError) as caught:
        client.send("10", CALL)
    assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")
    go.set()
    for thread in draining, collecting, sending:
        thread.join()
    assert client.pending == 0
    assert len(server.requests) >= 2


def test_draining_with_asyncio(server: Server) -> None:
    async def main() -> None:
        client = server.aio_client(workers=2)
        sends = [asyncio.ensure_future(client.send(str(n), CALL)) for n in range(1, 51)]
        await asyncio.sleep(0)
        assert client.pending == 50
        await client.drain()
        assert client.pending == 0
        assert all(send.done() and send.result().message_id for send in sends)
        with pytest.raises(callcta.CancelledError) as caught:
            await client.send("51", CALL)
        assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")

    asyncio.run(main())
    assert len(server.requests) == 50
