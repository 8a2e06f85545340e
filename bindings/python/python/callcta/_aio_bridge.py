"""The way of messages and outcomes between event loops and outboxes."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from callcta import _native
from callcta._given_up import tell, tell_many
from callcta._native import Receipt
from callcta._outcome import Outcome, outcome
from callcta._sends import Route, Routed, Scope
from callcta.errors import CallCtaError, CancelledError

ItemT = TypeVar("ItemT")
ToldT = TypeVar("ToldT")
_Future: TypeAlias = asyncio.Future[Receipt]
_Known: TypeAlias = tuple[int, Receipt | None, CallCtaError | None, str | None]
# Key, future, request.
_Sending: TypeAlias = tuple[int, _Future, Routed]

# How many seconds what is closed waits for messages to say that they are at their end anyway.
_GRACE = 0.1
# Most sends that start, and most outcomes that are told, in one turn of an event loop.
_TURN = 32


class Bridge:
    """Brings outcomes into one event loop, however many with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.completions = _native._Completions()
        # Whether the next send may start at once: the first one since outcomes were told.
        self.calm = True
        self.backlog: collections.deque[_Sending] = collections.deque()
        self.waiting: dict[int, tuple[_Sending, _native._Ticket]] = {}
        loop.add_reader(self.completions.fileno(), self.tell)

    def queue(self, routed: Routed, index: int | None = None) -> _Sending:
        """Starts a send at once or soon, in order."""
        sends, _, to, message, _ = routed
        sending = sends.begin(to, message, index), self.loop.create_future(), routed
        if self.calm and not self.backlog:
            self.calm = False
            self.submit(sending)
        else:
            if not self.backlog:
                self.loop.call_soon(self.start)
            self.backlog.append(sending)
        return sending

    def submit(self, sending: _Sending) -> None:
        key, future, (sends, outbox, to, message, options) = sending
        try:
            ticket = outbox.submit(self.completions, key, to, message, options)
        except Exception as error:
            sends.ended(key)
            future.set_exception(error)
        else:
            self.waiting[key] = sending, ticket

    def start(self) -> None:
        for _ in range(min(_TURN, len(self.backlog))):
            sending = self.backlog.popleft()
            key, future, (sends, *_) = sending
            if future.done():
                sends.ended(key)
            else:
                self.submit(sending)
        if self.backlog:
            self.loop.call_soon(self.start)

    def give_up(self, sending: _Sending) -> tuple[Receipt | None, CallCtaError | None]:
        """Nobody waits for this send any more; tells what is known about it."""
        key, future, _ = sending
        if future.done() and not future.cancelled():
            error = future.exception()
            if error is None:
                return future.result(), None
            return None, error if isinstance(error, CallCtaError) else _unsent()
        future.cancel()
        if key not in self.waiting:
            return None, _unsent()
        self.waiting[key][1].cancel()
        known = self.completions.find(key)
        if known is None:
            return None, CancelledError("given up while it was being sent", reason="aborted")
        return self.told(known)[1:]

    def tell(self, limit: int = _TURN) -> None:
        self.calm = True
        for known in self.completions.take(limit):
            future, receipt, error = self.told(known)
            if future.done():
                continue  # nobody waits any more
            if receipt is not None:
                future.set_result(receipt)
            elif error is not None:
                future.set_exception(error)

    def told(self, known: _Known) -> tuple[_Future, Receipt | None, CallCtaError | None]:
        key, receipt, error, line = known
        (_, future, (sends, *_)), _ = self.waiting.pop(key)
        sends.ended(key)
        if line is not None:
            _native._log(line)
        return future, receipt, error

    def stop(self) -> None:
        self.loop.remove_reader(self.completions.fileno())


def _outcome(
    index: int, sending: _Sending, receipt: Receipt | None, error: CallCtaError | None
) -> Outcome:
    _, _, (_, _, to, message, _) = sending
    return outcome(index, to, message, receipt, error)


def _unsent() -> CancelledError:
    return CancelledError("cancelled before it was sent", delivery="not_sent", reason="aborted")


def _stop_all(bridges: dict[asyncio.AbstractEventLoop, Bridge]) -> None:
    """Takes a client that is gone out of its event loops; may run in any thread."""
    for loop, bridge in list(bridges.items()):
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(bridge.stop)


class Bridges(dict[asyncio.AbstractEventLoop, Bridge]):
    """One for each event loop."""

    @classmethod
    def of(cls, owner: object) -> Bridges:
        """Those of somebody, with whom they end."""
        bridges = cls()
        weakref.finalize(owner, _stop_all, bridges).atexit = False
        return bridges

    def here(self) -> Bridge:
        """The way into the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self:
            # Loops of other threads come and go meanwhile.
            for old in list(self):
                if old.is_closed():
                    self.pop(old, None)
            self[loop] = Bridge(loop)
        return self[loop]

    async def end(self) -> None:
        """Waits for the outcomes of what has been ended."""
        bridge = self.here()
        futures = [future for _, future, _ in bridge.backlog]
        futures += [sending[1] for sending, _ in bridge.waiting.values()]
        if futures:
            await asyncio.wait(futures)
        bridge.stop()
        self.pop(bridge.loop, None)


async def send(bridge: Bridge, routed: Routed) -> Receipt:
    """Sends one message and waits for the platform's answer."""
    sending = bridge.queue(routed)
    try:
        return await sending[1]
    except asyncio.CancelledError as cancelled:
        tell(cancelled, *bridge.give_up(sending))
        raise


async def many(
    scope: Scope,
    bridges: Bridges,
    messages: Iterable[ItemT] | AsyncIterable[ItemT],
    make_way: Callable[[], Route[ItemT, ToldT]],
    lookahead: int | None,
) -> AsyncGenerator[ToldT, None]:
    """Reads and starts messages, and tells what became of them.

    It keeps `make_way`, which must keep whoever the bridges end with.
    """
    way, bridge = make_way(), bridges.here()
    slots = asyncio.Semaphore(scope.limit(lookahead))
    done: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
    pending: dict[asyncio.Future[Any], tuple[Any, int, _Sending]] = {}

    async def start(index: int, item: ItemT) -> None:
        origin, routed = way.route(item)
        await slots.acquire()
        if index % _TURN == 0:
            await asyncio.sleep(0)
        scope.check_open()
        sending = bridge.queue(routed, index)
        pending[sending[1]] = origin, index, sending
        sending[1].add_done_callback(done.put_nowait)

    async def start_all() -> None:
        scope.check_open()
        indexes = itertools.count()
        if isinstance(messages, AsyncIterable):
            async for item in messages:
                await start(next(indexes), item)
        else:
            for item in messages:
                await start(next(indexes), item)

    def tickets() -> list[_native._Ticket]:
        """Of what was submitted and isn't told yet; nothing else is submitted any more."""
        for _, _, (key, future, _) in pending.values():
            if key not in bridge.waiting and not future.done():
                future.set_exception(_unsent())
        keys = [sending[0] for _, _, sending in pending.values()]
        return [bridge.waiting[key][1] for key in keys if key in bridge.waiting]

    starting = asyncio.ensure_future(start_all())
    starting.add_done_callback(done.put_nowait)

    def closed() -> None:
        """Waits no longer for messages, unless they are at their end anyway."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            bridge.loop.call_soon_threadsafe(
                lambda: bridge.loop.call_later(_GRACE, starting.cancel)
            )

    scope.on_close.add(closed)
    end: BaseException | None = None
    try:
        while pending or not starting.done():
            future = await done.get()
            error = None if future.cancelled() else future.exception()
            if future is not starting:
                slots.release()
                if error is None or isinstance(error, CallCtaError):
                    origin, index, sending = pending.pop(future)
                    receipt = None if error else future.result()
                    yield way.told(origin, _outcome(index, sending, receipt, error))
                    continue
                pending.pop(future)
            if error is not None:
                end = end or error
                starting.cancel()
                way.cancel(tickets())
        if end is not None:
            raise end  # noqa: TRY301
        if starting.cancelled():
            scope.check_open()
    except GeneratorExit:
        raise
    except BaseException as raised:
        way.end(tickets())  # first: what waits must not take the place of what is given up
        bridge.tell(len(bridge.waiting))
        given_up = [
            _outcome(index, sending, *bridge.give_up(sending))
            for _, index, sending in pending.values()
        ]
        tell_many(raised, given_up)
        raise
    finally:
        end = None  # it may refer to this frame, and so to itself
        scope.on_close.discard(closed)
        for future in (starting, *pending):
            if not future.cancel() and not future.cancelled():
                future.exception()  # nobody has to be told any more
        way.end(tickets())
