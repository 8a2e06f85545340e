"""Sends that somebody gives up: they end at once, and what became of the message isn't lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from typing import Any

import callcta
import pytest
from callcta import aio
from conftest import CALL, PSID, Answer, Request, Server, graph_error, ok


class TooLateError(Exception):
    """What a signal handler raises."""


@pytest.fixture
def hanging(server: Server) -> Iterator[Server]:
    """Keeps recipients of fewer than three digits waiting, and all others too until told."""
    go = threading.Event()

    def hang(request: Request) -> Answer:
        if len(request.json["recipient"]["id"]) < 3:
            go.wait(60)
        return ok(request)

    server.answer = hang
    yield server
    go.set()


@contextlib.contextmanager
def handling(handler: Callable[[], object]) -> Generator[None]:
    """Installs a signal handler."""

    def run(number: int, frame: object) -> None:
        handler()

    before = signal.signal(signal.SIGALRM, run)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def signal_soon() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)


def signal_on_arrival(server: Server, number: int = signal.SIGALRM) -> None:
    answer = server.answer

    def interrupt(request: Request) -> Answer:
        os.kill(os.getpid(), number)
        return answer(request)

    server.answer = interrupt


def too_late() -> None:
    raise TooLateError


def told(raised: Any) -> tuple[str, str, str | None]:
    """What is added to an exception, and that its note says the same."""
    assert raised.delivery == raised.error.delivery
    [note] = raised.__notes__
    assert note.startswith("callcta: the message ")
    assert str(raised.error) in note
    assert PSID not in "".join(traceback.format_exception(raised))
    return raised.delivery, raised.error.kind, raised.error.reason


def test_a_handler_runs_during_a_send_which_goes_on(server: Server) -> None:
    ran = threading.Event()

    def when_it_ran(request: Request) -> Answer:
        assert ran.wait(30)
        return ok(request)

    server.answer = when_it_ran
    signal_on_arrival(server)
    with handling(ran.set):
        assert server.client(timeout=60).send(PSID, CALL).message_id == "m_1"
    assert len(server.requests) == 1


def test_a_handler_may_itself_send(server: Server) -> None:
    client, ran = server.client(timeout=60), threading.Event()

    def first_waits(request: Request) -> Answer:
        if request.json["recipient"]["id"] == PSID:
            assert ran.wait(30)
        return ok(request)

    def handler() -> None:
        client.send("2", CALL)
        ran.set()

    server.answer = first_waits
    with handling(handler):
        signal_soon()
        assert client.send(PSID, CALL).recipient_id == PSID


def test_a_handler_that_raises_ends_the_send(hanging: Server) -> None:
    client, answer = hanging.client(), hanging.answer
    signal_on_arrival(hanging)
    with handling(too_late), pytest.raises(TooLateError) as caught:
        client.send("1", CALL)
    assert told(caught.value) == ("unknown", "cancelled", "aborted")
    assert caught.value.__context__ is caught.value.error  # type: ignore[attr-defined]  # pyright: ignore
    hanging.answer = answer
    assert client.send("1000", CALL).message_id == "m_1"


def test_so_does_ctrl_c(hanging: Server) -> None:
    signal_on_arrival(hanging, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        hanging.client().send("1", CALL)
    assert told(caught.value) == ("unknown", "cancelled", "aborted")


def test_so_does_one_during_the_wait_for_the_next_try(server: Server) -> None:
    answer = graph_error(613)
    answer.headers = {"retry-after": "29"}
    server.answer = lambda _: answer

    def tell(event: callcta.RetryEvent) -> None:
        signal_soon()

    client = server.client(on_retry=tell)
    with handling(too_late), pytest.raises(TooLateError) as caught:
        client.send(PSID, CALL)
    assert told(caught.value) == ("rejected", "cancelled", "aborted")
    raised: Any = caught.value
    assert "too many requests" in str(raised.error.__cause__)
    assert len(server.requests) == 1


def test_one_that_comes_with_the_answer_keeps_the_receipt(server: Server) -> None:
    signal_on_arrival(server, signal.SIGINT)
    for _ in range(20):
        with pytest.raises(KeyboardInterrupt) as caught:
            server.client().send(PSID, CALL)
        raised: Any = caught.value
        if raised.delivery == "sent":
            assert raised.receipt.message_id == "m_1"
            assert raised.__notes__ == ["callcta: the message was sent"]
        else:
            assert told(raised) == ("unknown", "cancelled", "aborted")


def test_the_context_of_what_is_raised_is_kept(hanging: Server) -> None:
    def handler() -> None:
        try:
            raise LookupError  # noqa: TRY301
        except LookupError:
            raise TooLateError from None

    signal_on_arrival(hanging)
    with handling(handler), pytest.raises(TooLateError) as caught:
        hanging.client().send("1", CALL)
    context = caught.value.__context__
    assert isinstance(context, LookupError)
    assert isinstance(context.__context__, callcta.CancelledError)


def test_a_handler_that_raises_ends_send_many(hanging: Server) -> None:
    client = hanging.client(workers=2)
    known: list[callcta.Outcome] = []
    people = ["100", "1", "2", "3", "4"]
    with handling(too_late), pytest.raises(TooLateError) as caught:  # noqa: PT012
        for outcome in client.send_many([(psid, CALL) for psid in people], pace=None):
            known.append(outcome)
            hanging.wait_for(3)
            signal_soon()
    raised: Any = caught.value
    assert [outcome.index for outcome in known] == [0]
    deliveries = {outcome.to: outcome.error.delivery for outcome in raised.outcomes}
    assert deliveries == {"1": "unknown", "2": "unknown", "3": "not_sent", "4": "not_sent"}
    [note] = raised.__notes__
    assert "4 messages" in note
    assert "2 of which may have been delivered" in note
    assert client.send("1000", CALL).message_id == "m_1"


# asyncio

Given = Callable[[aio.Client, Server], Any]


async def cancelled(client: aio.Client, server: Server) -> BaseException:
    sending = asyncio.ensure_future(client.send("1", CALL))
    await asyncio.to_thread(server.wait_for, 1)
    sending.cancel("because")
    with pytest.raises(asyncio.CancelledError) as caught:
        await sending
    assert caught.value.args == ("because",)
    return caught.value


async def timed_out(client: aio.Client, server: Server) -> BaseException | None:
    async def end() -> None:
        await asyncio.to_thread(server.wait_for, 1)
        timeout.reschedule(asyncio.get_running_loop().time())

    ending = asyncio.ensure_future(end())
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(None) as timeout:
            await client.send("1", CALL)
    await ending
    return caught.value.__cause__


async def not_waited_for(client: aio.Client, server: Server) -> BaseException | None:
    seconds = 0.1
    while True:
        with pytest.raises(TimeoutError) as caught:
            await asyncio.wait_for(client.send("1", CALL), seconds)
        if server.requests:
            return caught.value.__cause__
        seconds *= 2  # it didn't even get there


async def of_a_group(client: aio.Client, server: Server) -> BaseException | None:
    sending: asyncio.Task[callcta.Receipt] | None = None
    with pytest.raises(ExceptionGroup):  # noqa: PT012
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(client.send("1", CALL))
            await asyncio.to_thread(server.wait_for, 1)
            raise LookupError
    assert sending
    with pytest.raises(asyncio.CancelledError) as caught:
        sending.result()
    return caught.value


async def gathered(client: aio.Client, server: Server) -> BaseException:
    sending = asyncio.ensure_future(client.send("1", CALL))
    together = asyncio.gather(sending, asyncio.sleep(0), return_exceptions=True)
    await asyncio.to_thread(server.wait_for, 1)
    sending.cancel()
    await together  # which makes an exception of its own
    with pytest.raises(asyncio.CancelledError) as caught:
        sending.result()
    return caught.value


@pytest.mark.parametrize("give_up", [cancelled, timed_out, not_waited_for, of_a_group, gathered])
def test_a_given_up_await_says_what_is_known(hanging: Server, give_up: Given) -> None:
    async def main() -> tuple[str, str, str | None]:
        async with hanging.aio_client() as client:
            raised = await give_up(client, hanging)
            assert isinstance(raised, asyncio.CancelledError)
            return told(raised)

    assert asyncio.run(main()) == ("unknown", "cancelled", "aborted")


def test_one_that_still_waits_is_not_sent(hanging: Server) -> None:
    async def main() -> None:
        async with hanging.aio_client(workers=1) as client:
            sends = [asyncio.ensure_future(client.send(str(n), CALL)) for n in range(1, 6)]
            await asyncio.to_thread(hanging.wait_for, 1)
            # The last one never even came to the outbox.
            sends.append(asyncio.ensure_future(client.send("6", CALL)))
            for sending in sends[1:]:
                await asyncio.sleep(0)
                sending.cancel()
                with pytest.raises(asyncio.CancelledError) as caught:
                    await sending
                assert told(caught.value) == ("not_sent", "cancelled", "aborted")
            sends[0].cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await sends[0]
            assert told(caught.value)[0] == "unknown"

    asyncio.run(main())
    assert len(hanging.requests) == 1


def test_one_that_is_done_keeps_its_outcome(server: Server) -> None:
    async def main() -> None:
        async with server.aio_client() as client:
            sending = asyncio.ensure_future(client.send(PSID, CALL))
            await asyncio.sleep(0)
            [bridge] = client._bridges.values()  # pyright: ignore[reportPrivateUsage]
            asyncio.get_running_loop().remove_reader(bridge.completions.fileno())
            while bridge.waiting:  # until it is told, but not yet to the task
                bridge.tell()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await sending
            raised: Any = caught.value
            assert (raised.delivery, raised.receipt.message_id) == ("sent", "m_1")

    asyncio.run(main())


def test_given_up_awaits_free_their_workers_and_recipients(hanging: Server) -> None:
    async def main() -> None:
        async with hanging.aio_client(timeout=60) as client:
            sends = [asyncio.ensure_future(client.send(str(n), CALL)) for n in range(1, 65)]
            await asyncio.to_thread(hanging.wait_for, 64)
            for sending in sends:
                sending.cancel()
            async with asyncio.timeout(20):
                # Without a free worker these would wait for an answer that takes a minute.
                await client.send("1000", CALL)
                hanging.answer = ok
                await client.send("1", CALL)
            for sending in sends:
                with pytest.raises(asyncio.CancelledError) as caught:
                    await sending
                assert told(caught.value) == ("unknown", "cancelled", "aborted")
            [bridge] = client._bridges.values()  # pyright: ignore[reportPrivateUsage]
            async with asyncio.timeout(20):
                while bridge.waiting:  # noqa: ASYNC110
                    await asyncio.sleep(0)

    asyncio.run(main())


def test_a_given_up_send_many_says_what_is_known(hanging: Server) -> None:
    people = ["100", "1", "2", "3", "4"]
    known: list[callcta.Outcome] = []

    async def collect(client: aio.Client) -> None:
        async for outcome in client.send_many([(psid, CALL) for psid in people], pace=None):
            known.append(outcome)

    async def main() -> Any:
        async with hanging.aio_client(workers=2) as client:
            collecting = asyncio.ensure_future(collect(client))
            await asyncio.to_thread(hanging.wait_for, 3)
            while not known:  # noqa: ASYNC110
                await asyncio.sleep(0)
            collecting.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await collecting
            async with asyncio.timeout(20):
                await client.send("1000", CALL)
            return caught.value

    raised = asyncio.run(main())
    assert [outcome.index for outcome in known] == [0]
    deliveries = {outcome.to: outcome.error.delivery for outcome in raised.outcomes}
    assert deliveries == {"1": "unknown", "2": "unknown", "3": "not_sent", "4": "not_sent"}
