"""The client for asyncio. It has the same names as `callcta.Client`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import weakref
from collections.abc import AsyncIterable

from callcta import CallCtaError, Outcome, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from types import TracebackType
    from typing import Any, Self, TypeVar, Unpack

    from callcta import Message, Receipt, Recipient
    from callcta.options import SendOptions

    _T = TypeVar("_T")

__all__ = ["Client"]

# Most outcomes that are told in one turn of an event loop, so that its other work comes in between.
_TURN = 64


class _Bridge:
    """Brings outcomes into one event loop, however many with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.completions = _native._Completions()
        self.waiting: dict[int, asyncio.Future[Receipt]] = {}
        self.keys = itertools.count()
        loop.add_reader(self.completions.fileno(), self.tell)

    def tell(self) -> None:
        for key, receipt, error in self.completions.take(_TURN):
            future = self.waiting.pop(key, None)
            if future is None or future.done():
                continue  # nobody waits any more
            if receipt is not None:
                future.set_result(receipt)
            elif error is not None:
                future.set_exception(error)

    def stop(self) -> None:
        self.loop.remove_reader(self.completions.fileno())


def _stop_all(bridges: dict[asyncio.AbstractEventLoop, _Bridge]) -> None:
    """Takes a client that is gone out of its event loops; may run in any thread."""
    for loop, bridge in bridges.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(bridge.stop)


class Client(_native.ClientBase):
    """Sends messages for one Page without blocking the event loop.

    The arguments are those of `ClientBase`. However many sends are awaited at once, at most
    `workers` threads work on them; messages to one recipient go out in the order of the calls.

    A cancelled `await` cancels a message that still waits for its turn. One that is already on its
    way may arrive all the same. The client can be used from several event loops, which must have
    `add_reader` (all do but the one that is Windows's default).
    """

    async def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer; see `callcta.Client.send`."""
        return await self._start(to, message, options, checked=True)

    async def send_unchecked(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends without checking the message first: the way out when Meta changes a limit."""
        return await self._start(to, message, options, checked=False)

    def _start(
        self, to: str | Recipient, message: Message, options: SendOptions, *, checked: bool
    ) -> asyncio.Future[Receipt]:
        """Queues a message. Cancelling the future cancels the message."""
        bridge = self._bridge()
        key = next(bridge.keys)
        ticket = self._submit(bridge.completions, key, to, message, options, checked=checked)
        # The outcome can't be told before this function ends.
        future = bridge.waiting[key] = bridge.loop.create_future()

        def cancel(future: asyncio.Future[Receipt]) -> None:
            if future.cancelled():
                bridge.waiting.pop(key, None)
                ticket.cancel()

        future.add_done_callback(cancel)
        return future

    def _bridge(self) -> _Bridge:
        loop = asyncio.get_running_loop()
        bridges: dict[asyncio.AbstractEventLoop, _Bridge] | None = self.__dict__.get("_bridges")
        if bridges is None:
            bridges = self.__dict__["_bridges"] = {}
            weakref.finalize(self, _stop_all, bridges).atexit = False
        if loop not in bridges:
            for old in [old for old in bridges if old.is_closed()]:
                del bridges[old]
            bridges[loop] = _Bridge(loop)
        return bridges[loop]

    async def send_many(
        self,
        messages: Iterable[tuple[str | Recipient, Message]]
        | AsyncIterable[tuple[str | Recipient, Message]],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncIterator[Outcome]:
        """Sends many messages at once; see `callcta.Client.send_many`.

        Args:
            messages: Pairs of recipient and message, also from an asynchronous iterator.
            lookahead: How many messages may be under way at most. Defaults to twice `workers`.
            **options: For every message; see `SendOptions`.

        Yields:
            One outcome for each message, in the order in which they become known.
        """
        slots = asyncio.Semaphore(lookahead or 2 * self.workers)
        done: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        pending: dict[asyncio.Future[Any], tuple[int, str | Recipient, Message]] = {}

        async def feed() -> None:
            index = 0
            async for to, message in _each(messages):
                await slots.acquire()
                future = self._start(to, message, options, checked=True)
                pending[future] = index, to, message
                future.add_done_callback(done.put_nowait)
                index += 1

        feeder = asyncio.ensure_future(feed())
        feeder.add_done_callback(done.put_nowait)
        try:
            while pending or not feeder.done():
                future = await done.get()
                if future is feeder:
                    feeder.result()
                    continue
                slots.release()
                index, to, message = pending.pop(future)
                try:
                    yield Outcome(index, to, message, future.result(), None)
                except CallCtaError as error:
                    yield Outcome(index, to, message, None, error)
        finally:
            for future in (feeder, *pending):
                future.cancel()

    async def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        bridge = self._bridge()
        self._close()
        if bridge.waiting:
            await asyncio.wait(list(bridge.waiting.values()))

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Closes the client."""
        await self.close()


async def _each(items: Iterable[_T] | AsyncIterable[_T]) -> AsyncIterator[_T]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
