"""Outboxes of many Pages, which share threads. Both kinds agree."""

from __future__ import annotations

import asyncio
import collections
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import callcta
import pytest
from callcta import aio
from conftest import CALL, TOKEN, Answer, Server, graph_error, ok

PAGES = 500


def page(request: Any) -> str:
    """The Page that a request is for."""
    name: str = request.path.split("/")[2]
    return name


def clients(server: Server, count: int, **settings: Any) -> list[callcta.Client]:
    first = callcta.Client("1", TOKEN, base_url=server.url, **settings)
    others = [
        callcta.Client(str(n), TOKEN, base_url=server.url, share_connections=first, **settings)
        for n in range(2, count + 1)
    ]
    return [first, *others]


def threads() -> int:
    """Threads of outboxes in this process, by their name."""
    import glob

    names: list[str] = []
    for path in glob.glob("/proc/self/task/*/comm"):
        try:
            with open(path) as file:
                names.append(file.read().strip())
        except OSError:
            continue
    return sum(name.startswith("callcta") for name in names)


@pytest.fixture(params=["blocking", "asyncio"])
def collect(request: pytest.FixtureRequest) -> Callable[..., list[tuple[Any, callcta.Outcome]]]:
    """Makes outboxes, sends what `messages` makes of them, and collects what is told.

    `during` is told the outboxes after each outcome, `after` at the end.
    """

    def nothing(_: Any) -> None: ...

    def blocking(
        clients: Any, messages: Any, during: Any = nothing, after: Any = nothing, **more: Any
    ) -> Any:
        settings, paces = more.pop("settings", {}), more.pop("paces", {"pace": None})
        with callcta.Outboxes(**settings) as outboxes:
            made = [outboxes.outbox(client, **paces) for client in clients]
            told: list[Any] = []
            for pair in outboxes.send_many(messages(made), **more):
                told.append(pair)
                during(outboxes)
            outboxes.settle()
            after(outboxes)
            return told

    async def asynchronous(
        clients: Any, messages: Any, during: Any = nothing, after: Any = nothing, **more: Any
    ) -> Any:
        settings, paces = more.pop("settings", {}), more.pop("paces", {"pace": None})
        async with aio.Outboxes(**settings) as outboxes:
            made = [outboxes.outbox(client, **paces) for client in clients]
            told: list[Any] = []
            async for pair in outboxes.send_many(messages(made), **more):
                told.append(pair)
                during(outboxes)
            await outboxes.settle()
            after(outboxes)
            return told

    def run(*arguments: Any, **more: Any) -> Any:
        if request.param == "blocking":
            return blocking(*arguments, **more)
        return asyncio.run(asynchronous(*arguments, **more))

    return run


def test_hundreds_of_pages_share_a_few_threads(collect: Any, server: Server) -> None:
    before = threads()
    most = 0

    def during(_: Any) -> None:
        nonlocal most
        most = max(most, threads() - before)

    def messages(outboxes: Any) -> Iterator[Any]:
        for person, outbox in itertools.product(range(1, 3), outboxes):
            yield outbox, str(person), CALL

    counts: list[callcta.Counts] = []

    def after(outboxes: Any) -> None:
        counts.append(outboxes.counts())

    told = collect(clients(server, PAGES), messages, during, after, settings={"workers": 8})
    assert len(told) == 2 * PAGES
    assert all(outcome.receipt for _, outcome in told)
    sent = collections.Counter(page(request) for request in server.requests)
    assert sent == {str(n): 2 for n in range(1, PAGES + 1)}
    own = collections.Counter(outbox.client.page_id for outbox, _ in told)
    assert own == sent
    [whole] = counts
    assert (whole.sent, whole.queued, whole.in_flight, whole.unknown) == (2 * PAGES, 0, 0, 0)
    assert 1 <= most <= 8 + 2  # and those that look after connections
    assert len(server.connections) <= 8 + 2


def test_each_page_keeps_its_pace(collect: Any, server: Server) -> None:
    def messages(outboxes: Any) -> Iterator[Any]:
        slow, quick = outboxes
        slow.set_pace(0.001)
        quick.set_pace(None)
        yield slow, "1", CALL
        yield slow, "2", CALL
        for person in range(1, 41):
            yield quick, str(person), CALL

    cancelled: list[int] = []
    outcomes = itertools.count(1)

    def during(outboxes: Any) -> None:
        if next(outcomes) == 41:
            cancelled.append(outboxes.cancel())

    told = collect(clients(server, 2), messages, during, settings={"workers": 2}, lookahead=50)
    sent = collections.Counter(page(request) for request in server.requests)
    assert sent == {"1": 1, "2": 40}
    failed = [outcome.error for _, outcome in told if outcome.error]
    assert [(error.kind, error.delivery) for error in failed] == [("cancelled", "not_sent")]
    assert cancelled == [1]


def test_messages_to_a_person_keep_their_order(collect: Any, server: Server) -> None:
    def messages(outboxes: Any) -> Iterator[Any]:
        for number in range(20):
            for outbox in outboxes:
                yield outbox, "7", CALL, {"metadata": str(number)}

    told = collect(clients(server, 3), messages, settings={"workers": 16}, lookahead=100)
    assert len(told) == 60
    orders: dict[str, list[str]] = collections.defaultdict(list)
    for request in server.requests:
        orders[page(request)].append(request.json["message"]["metadata"])
    assert list(orders.values()) == [[str(number) for number in range(20)]] * 3


def test_options_belong_to_a_message(collect: Any, server: Server) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)

    def messages(outboxes: Any) -> Iterator[Any]:
        [outbox] = outboxes
        yield outbox, "1", CALL
        yield outbox, "2", CALL, {"metadata": "own"}
        yield outbox, "3", CALL, {"deadline": past}
        yield outbox, "4", CALL, {"metadta": "m"}

    told = collect(clients(server, 1), messages, metadata="all")
    kinds = {outcome.to: outcome.error and outcome.error.kind for _, outcome in told}
    assert kinds == {"1": None, "2": None, "3": "deadline_passed", "4": "invalid_argument"}
    sent = {it.json["recipient"]["id"]: it.json["message"]["metadata"] for it in server.requests}
    assert sent == {"1": "all", "2": "own"}


def test_counts_tell_what_became_of_messages(collect: Any, server: Server) -> None:
    def answer(request: Any) -> Answer:
        psid = request.json["recipient"]["id"]
        return {"2": graph_error(551), "3": Answer(drop=True)}.get(psid) or ok(request)

    server.answer = answer
    counts: list[callcta.Counts] = []

    def messages(outboxes: Any) -> Iterator[Any]:
        return ((outboxes[0], psid, CALL) for psid in ["1", "2", "3", "4"])

    def after(outboxes: Any) -> None:
        counts.append(outboxes.counts())

    one = clients(server, 1, attempts=1)
    told = collect(one, messages, after=after, settings={"workers": 1})
    assert len(told) == 4
    [whole] = counts
    assert (whole.sent, whole.rejected, whole.unknown, whole.not_sent) == (2, 1, 1, 0)
    assert sorted(whole.kinds) == [
        ("network", "unknown", 1),
        ("recipient_unavailable", "rejected", 1),
    ]
    assert callcta.Counts(**whole.to_dict()) == whole


def test_what_is_no_item_ends_it_after_all_outcomes(collect: Any, server: Server) -> None:
    def messages(outboxes: Any) -> Iterator[Any]:
        yield outboxes[0], "1", CALL
        yield "1", CALL

    with pytest.raises(TypeError, match="an outbox, a recipient"):
        collect(clients(server, 1), messages)
    assert len(server.requests) <= 1


@pytest.mark.parametrize("options", [{"messagingtype": "RESPONSE"}, {"metadata": 5}])
def test_options_are_checked_before_anything_is_read(
    collect: Any, server: Server, options: dict[str, Any]
) -> None:
    numbers = itertools.count(1)

    def messages(outboxes: Any) -> Iterator[Any]:
        return ((outboxes[0], str(n), CALL) for n in numbers)

    with pytest.raises(callcta.InvalidArgumentError):
        collect(clients(server, 1), messages, **options)
    assert next(numbers) == 1


@pytest.mark.parametrize("settings", [{"workers": -1}, {"capacity": "5"}, {"workers": 1.5}])
def test_settings_that_cant_be_used(settings: Any, server: Server) -> None:
    for kind in callcta.Outboxes, aio.Outboxes:
        with pytest.raises(callcta.InvalidArgumentError, match=next(iter(settings))):
            kind(**settings)
    outboxes = callcta.Outboxes()
    for pace in 0, -1, float("nan"):
        with pytest.raises(callcta.InvalidArgumentError, match="pace"):
            outboxes.outbox(server.client(), pace=pace)
    with pytest.raises(callcta.InvalidArgumentError, match="share_connections"):
        server.client(share_connections=5)


def hold(server: Server) -> tuple[threading.Event, threading.Event]:
    """Keeps answers back until the second event; the first one tells that a request came."""
    arrived, go = threading.Event(), threading.Event()

    def answer(request: Any) -> Answer:
        arrived.set()
        go.wait(60)
        return ok(request)

    server.answer = answer
    return arrived, go


def test_a_pause_holds_one_page_or_all(server: Server) -> None:
    arrived, go = hold(server)
    outboxes = callcta.Outboxes(workers=4)
    one, other = (outboxes.outbox(client, pace=None) for client in clients(server, 2))
    told: list[Any] = []

    def send() -> None:
        items = [(one, "1", CALL), (one, "1", CALL), (other, "1", CALL), (other, "1", CALL)]
        told.extend(outboxes.send_many(items))

    assert one.pause() == 0
    sending = threading.Thread(target=send)
    sending.start()
    assert arrived.wait(60)
    while outboxes.pending < 4:
        time.sleep(0.001)
    assert outboxes.pause() == 1
    go.set()
    outboxes.settle()
    assert (one.counts().queued, other.counts().queued, other.counts().sent) == (2, 1, 1)
    outboxes.resume()
    other.wait()
    assert (one.counts().queued, other.counts().sent) == (2, 2)
    assert one.cancel() == 2
    sending.join(60)
    assert (one.pending, one.counts().not_sent) == (0, 2)
    assert len(told) == 4
    outboxes.close()


@pytest.mark.parametrize("kind", ["one", "all"])
def test_draining_sends_what_is_there_and_takes_no_more(server: Server, kind: str) -> None:
    arrived, go = hold(server)
    outboxes = callcta.Outboxes(workers=2)
    outbox = outboxes.outbox(server.client(), pace=None)
    ended: list[BaseException] = []
    told: list[callcta.Outcome] = []

    def send() -> None:
        try:
            messages = ((str(n), CALL) for n in itertools.count(1))
            told.extend(outbox.send_many(messages, lookahead=4))
        except callcta.CancelledError as error:
            ended.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    assert arrived.wait(60)
    draining = threading.Thread(target=outbox.drain if kind == "one" else outboxes.drain)
    draining.start()
    while True:
        try:
            next(outbox.send_many([]))
        except callcta.CancelledError:
            break
        except StopIteration:
            time.sleep(0.001)
    go.set()
    draining.join(60)
    sending.join(60)
    assert "closed" in str(ended[0])
    assert outbox.pending == 0
    counts = outbox.counts()
    assert counts.sent == len(server.requests) > 0
    outboxes.close()


def test_leaving_the_loop_ends_only_what_is_its_own(server: Server) -> None:
    go = threading.Event()
    server.answer = lambda request: (
        ok(request) if request.json["recipient"]["id"] == "1" or go.wait(60) else Answer(drop=True)
    )
    with callcta.Outboxes(workers=1) as outboxes:
        outbox = outboxes.outbox(server.client(), pace=None)
        told: list[callcta.Outcome] = []
        other = threading.Thread(target=lambda: told.extend(outbox.send_many([("9", CALL)])))
        many = outbox.send_many([(str(n), CALL) for n in range(1, 50)], lookahead=20)
        assert next(many).receipt
        other.start()
        server.wait_for(2)
        while outbox.pending < 2:
            time.sleep(0.001)
        many.close()
        go.set()
        other.join(60)
        assert [bool(outcome.receipt) for outcome in told] == [True]
        sent = [request.json["recipient"]["id"] for request in server.requests]
        assert len(sent) <= 3
        assert sent[-1] == "9"


def test_what_is_closed_takes_nothing(server: Server) -> None:
    outboxes = callcta.Outboxes()
    outbox = outboxes.outbox(server.client())
    outboxes.close()
    for refused in (
        lambda: next(outbox.send_many([("1", CALL)])),
        lambda: next(outboxes.send_many([(outbox, "1", CALL)])),
        lambda: outboxes.outbox(server.client()),
    ):
        with pytest.raises(callcta.CancelledError) as caught:
            refused()
        assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")
    assert not server.requests


def test_retries_are_told_to_the_client_they_belong_to(server: Server) -> None:
    first = threading.Event()

    def answer(request: Any) -> Answer:
        if page(request) == "2" and not first.is_set():
            first.set()
            return graph_error(4)
        return ok(request)

    server.answer = answer
    events: list[callcta.RetryEvent] = []
    told_of = clients(server, 2, base_delay=0, on_retry=events.append)
    with callcta.Outboxes() as outboxes:
        items = [(outboxes.outbox(client), "7", CALL) for client in told_of]
        assert all(outcome.ok for _, outcome in outboxes.send_many(items))
        outboxes.wait()
        assert outboxes.counts().retried == 1
    assert [(event.to, event.index) for event in events] == [("7", 1)]


def test_sends_that_are_awaited_share_the_threads_too(server: Server) -> None:
    async def main() -> None:
        outboxes = aio.Outboxes(workers=4)
        made = [outboxes.outbox(client, pace=None) for client in clients(server, 50)]
        sends = [outbox.send("7", CALL, metadata="m") for outbox in made for _ in range(4)]
        receipts = await asyncio.gather(*sends)
        assert len(receipts) == 200
        await outboxes.drain()
        assert outboxes.counts().sent == 200
        with pytest.raises(callcta.CancelledError):
            await made[0].send("7", CALL)

    asyncio.run(main())
    assert len(server.requests) == 200


def test_an_await_that_is_cancelled_gives_its_message_up(server: Server) -> None:
    async def main() -> None:
        async with aio.Outboxes() as outboxes:
            outbox = outboxes.outbox(server.aio_client())
            outbox.pause()
            sending = asyncio.ensure_future(outbox.send("7", CALL))
            await asyncio.sleep(0)
            assert outbox.pending == 1
            sending.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await sending
            assert getattr(caught.value, "delivery", None) == "not_sent"
            outbox.resume()
            await outbox.wait()
            assert (await outbox.send("8", CALL)).message_id

    asyncio.run(main())
    assert [request.json["recipient"]["id"] for request in server.requests] == ["8"]
