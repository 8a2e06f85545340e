"""The asyncio client: the loop stays free, awaits can be cancelled, nothing is left behind."""

from __future__ import annotations

import asyncio
import itertools
import math
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import callcta
import pytest
from callcta import aio
from conftest import CALL, PSID, Answer, Request, Server, graph_error, ok


def test_a_send_returns_its_receipt(server: Server) -> None:
    async def main() -> callcta.Receipt:
        async with server.aio_client() as client:
            return await client.send(PSID, CALL, metadata="x")

    assert asyncio.run(main()).message_id == "m_1"
    assert server.requests[0].json["message"]["metadata"] == "x"


def test_errors_are_raised_where_they_are_awaited(server: Server) -> None:
    server.answer = lambda _: graph_error(551)
    invalid = callcta.ButtonTemplate("", [])

    async def main() -> None:
        async with server.aio_client() as client:
            with pytest.raises(callcta.RecipientUnavailableError):
                await client.send(PSID, CALL)
            with pytest.raises(callcta.InvalidMessageError):
                await client.send(PSID, invalid)
            with pytest.raises(callcta.RecipientUnavailableError):
                await client.send(PSID, invalid, unchecked=True)
            with pytest.raises(callcta.InvalidArgumentError, match="nonsense"):
                await client.send(PSID, CALL, nonsense=1)  # type: ignore[call-arg]  # pyright: ignore

    asyncio.run(main())


def test_the_loop_runs_while_a_send_waits(server: Server) -> None:
    go = threading.Event()

    def wait_for_loop(request: Request) -> Answer:
        assert go.wait(30)
        return ok(request)

    server.answer = wait_for_loop

    async def main() -> None:
        async with server.aio_client(timeout=60) as client:
            sending = asyncio.ensure_future(client.send(PSID, CALL))
            await asyncio.sleep(0)
            go.set()
            assert (await sending).message_id == "m_1"

    asyncio.run(main())


def test_a_thousand_at_once_take_few_threads(server: Server) -> None:
    async def main() -> list[callcta.Receipt]:
        async with server.aio_client(workers=8) as client:
            sends = (client.send(str(number), CALL) for number in range(1, 1001))
            return await asyncio.gather(*sends)

    receipts = asyncio.run(main())
    assert [receipt.recipient_id for receipt in receipts] == [str(n) for n in range(1, 1001)]
    assert len(server.connections) <= 8


def test_cancelling_before_it_is_sent_sends_nothing(server: Server) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        arrived.set()
        assert go.wait(30)
        return ok(request)

    server.answer = hang

    async def main() -> None:
        async with server.aio_client(workers=1) as client:
            first = asyncio.ensure_future(client.send("1", CALL))
            second = asyncio.ensure_future(client.send("2", CALL))
            third = asyncio.ensure_future(client.send("3", CALL))
            await asyncio.to_thread(arrived.wait)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            go.set()
            await asyncio.gather(first, third)

    asyncio.run(main())
    assert [request.json["recipient"]["id"] for request in server.requests] == ["1", "3"]


def test_cancelling_in_flight_ends_the_wait_at_once(server: Server) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        arrived.set()
        assert go.wait(30)
        return ok(request)

    server.answer = hang

    async def main() -> None:
        async with server.aio_client() as client:
            sending = asyncio.ensure_future(client.send(PSID, CALL))
            await asyncio.to_thread(arrived.wait)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            go.set()
            # The client goes on.
            assert (await client.send(PSID, CALL)).message_id == "m_1"

    asyncio.run(main())
    assert len(server.requests) == 2


def test_asyncio_timeouts_work(server: Server) -> None:
    go = threading.Event()
    server.answer = lambda request: ok(request) if go.wait(30) else Answer(drop=True)

    async def main() -> None:
        async with server.aio_client() as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.send(PSID, CALL)
            go.set()

    asyncio.run(main())


def test_closing_ends_sends_in_flight(server: Server) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        arrived.set()
        go.wait(30)
        return ok(request)

    server.answer = hang

    async def main() -> list[Any]:
        client = server.aio_client(workers=1)
        sends = asyncio.gather(*(client.send(str(n), CALL) for n in (1, 2)), return_exceptions=True)
        await asyncio.to_thread(arrived.wait)
        await client.close()
        with pytest.raises(callcta.CancelledError):
            await client.send("3", CALL)
        return await sends

    outcomes = asyncio.run(main())
    go.set()
    assert [type(outcome) for outcome in outcomes] == [callcta.CancelledError] * 2
    assert [outcome.delivery for outcome in outcomes] == ["unknown", "not_sent"]


def test_closing_twice_and_with_a_backlog(server: Server) -> None:
    async def main() -> list[Any]:
        client = server.aio_client()
        sends = [asyncio.ensure_future(client.send(str(n), CALL)) for n in range(1, 4)]
        await asyncio.sleep(0)
        await client.close()
        await client.close()
        return await asyncio.gather(*sends, return_exceptions=True)

    first, *waiting = asyncio.run(main())
    # The first one starts at once, so it may even have arrived before the client was closed.
    assert isinstance(first, callcta.CancelledError | callcta.Receipt)
    for outcome in waiting:
        assert isinstance(outcome, callcta.CancelledError)
        assert outcome.delivery == "not_sent"
    assert {request.json["recipient"]["id"] for request in server.requests} <= {"1"}


def test_one_client_serves_several_loops(server: Server) -> None:
    client = server.aio_client()
    for _ in range(3):
        assert asyncio.run(client.send(PSID, CALL)).message_id == "m_1"
    threads = [
        threading.Thread(target=lambda: asyncio.run(client.send(PSID, CALL))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 7


def test_threads_may_share_a_client_from_its_first_use_on(server: Server) -> None:
    """Each thread has an event loop of its own, and they come and go at once."""
    bad = callcta.ButtonTemplate("", [])
    refused: list[object] = []

    def send(client: aio.Client) -> None:
        with pytest.raises(callcta.InvalidMessageError) as caught:
            asyncio.run(client.send(PSID, bad))
        refused.append(caught.value)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            client = server.aio_client()
            threads = [threading.Thread(target=send, args=(client,)) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(refused) == 320


def test_a_client_that_is_gone_leaves_the_loop(server: Server) -> None:
    async def main() -> None:
        client = server.aio_client()
        await client.send(PSID, CALL)
        [bridge] = client._bridges.values()  # pyright: ignore[reportPrivateUsage]
        fd = bridge.completions.fileno()
        del client, bridge
        await asyncio.sleep(0)
        assert not asyncio.get_running_loop().remove_reader(fd)

    asyncio.run(main())


def test_many_from_both_kinds_of_iterables(server: Server) -> None:
    async def numbers() -> AsyncIterator[tuple[str, callcta.Message]]:
        for number in range(1, 51):
            await asyncio.sleep(0)
            yield str(number), CALL

    async def main() -> None:
        async with server.aio_client(workers=4) as client:
            many = client.send_many(numbers(), pace=None, lookahead=10)
            outcomes = [outcome async for outcome in many]
            assert sorted(outcome.index for outcome in outcomes) == list(range(50))
            assert {outcome.to for outcome in outcomes} == {str(n) for n in range(1, 51)}
            bad = callcta.ButtonTemplate("", [])
            outcomes = [outcome async for outcome in client.send_many([("1", CALL), ("2", bad)])]
            assert {type(outcome.error) for outcome in outcomes} == {
                type(None),
                callcta.InvalidMessageError,
            }

    asyncio.run(main())


def test_many_read_no_further_ahead_than_allowed(server: Server) -> None:
    taken = 0

    async def main() -> None:
        def endless() -> Any:
            nonlocal taken
            while True:
                taken += 1
                yield str(taken), CALL

        async with server.aio_client(workers=2) as client:
            count = 0
            async for _ in client.send_many(endless(), pace=None, lookahead=3):
                count += 1
                assert taken <= count + 4
                if count == 20:
                    break

    asyncio.run(main())


def test_many_keep_a_pace_and_leave_awaited_sends_alone(server: Server) -> None:
    async def main() -> None:
        async with server.aio_client() as client:
            slow = client.send_many([(str(number), CALL) for number in range(1, 6)], pace=0.001)
            async for outcome in slow:
                assert outcome.receipt
                break
            await asyncio.gather(client.send("6", CALL), client.send("7", CALL))
            await slow.aclose()
            [bridge] = client._bridges.values()  # pyright: ignore[reportPrivateUsage]
            while bridge.waiting:  # noqa: ASYNC110 (until what was cancelled is told)
                await asyncio.sleep(0)
        assert len(server.requests) == 3

    asyncio.run(main())


@pytest.mark.parametrize("pace", [0, -1.0, math.nan])
def test_a_pace_is_more_than_0(server: Server, pace: float) -> None:
    async def main() -> None:
        async with server.aio_client() as client:
            with pytest.raises(callcta.InvalidArgumentError, match="pace"):
                await anext(client.send_many([("1", CALL)], pace=pace))
        assert not server.requests

    asyncio.run(main())


def test_an_exception_of_the_iterable_comes_through(server: Server) -> None:
    async def main() -> None:
        def broken() -> Any:
            yield "1", CALL
            raise KeyError("row")

        async with server.aio_client() as client:
            with pytest.raises(KeyError, match="row"):
                async for _ in client.send_many(broken()):
                    pass

    asyncio.run(main())


def test_starts_and_outcomes_come_in_turns(server: Server) -> None:
    """However many there are at once, other work of the loop comes in between."""
    started: list[int] = []
    told: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with server.aio_client(workers=4) as client:
            await client.send(PSID, CALL)
            [bridge] = client._bridges.values()  # pyright: ignore[reportPrivateUsage]
            loop.remove_reader(bridge.completions.fileno())  # lets outcomes pile up
            outbox = client._sends.outbox(None, {})  # pyright: ignore[reportPrivateUsage]
            sends = client._sends  # pyright: ignore[reportPrivateUsage]
            futures = [bridge.queue((sends, outbox, str(n), CALL, {}))[1] for n in range(1, 501)]
            while bridge.backlog:
                started.append(len(bridge.backlog))
                await asyncio.sleep(0)
            await asyncio.to_thread(server.wait_for, 501)
            loop.add_reader(bridge.completions.fileno(), bridge.tell)
            while not all(future.done() for future in futures):
                told.append(sum(future.done() for future in futures))
                await asyncio.sleep(0)

    asyncio.run(main())
    for counts in started, told:
        assert len(counts) >= 500 // 32
        assert max(abs(after - before) for before, after in itertools.pairwise(counts)) <= 32


def test_names_are_those_of_the_blocking_client() -> None:
    def public(cls: type) -> set[str]:
        return {name for name in dir(cls) if not name.startswith("_")}

    assert public(aio.Client) == public(callcta.Client)
