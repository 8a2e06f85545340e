"""The client for asyncio. It has the same names as `callcta.Client`."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import itertools
import weakref
from collections.abc import AsyncIterable

from callcta import CallCtaError, ClientBase, Outcome, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from types import TracebackType
    from typing import Any, Self, TypeAlias, Unpack

    from callcta import Message, Receipt, Recipient
    from callcta.options import SendOptions

    _Pair: TypeAlias = tuple[str | Recipient, Message]
    _Call: TypeAlias = tuple[
        asyncio.Future[Receipt], Callable[..., _native._Ticket], tuple[object, ...]
    ]

__all__ = ["Client"]

# Most sends that start, and most outcomes that are told, in one turn of an event loop.
_TURN = 64


class _Bridge:
    """Brings outcomes into one event loop, however many with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.completions = _native._Completions()
        self.keys = itertools.count()
        self.backlog: collections.deque[_Call] = collections.deque()
        self.waiting: dict[int, asyncio.Future[Receipt]] = {}
        loop.add_reader(self.completions.fileno(), self.tell)

    def queue(
        self, submit: Callable[..., _native._Ticket], *args: object
    ) -> asyncio.Future[Receipt]:
        """Starts a send soon, in order. Cancelling the future cancels the message."""
        future: asyncio.Future[Receipt] = self.loop.create_future()
        if not self.backlog:
            self.loop.call_soon(self.start)
        self.backlog.append((future, submit, args))
        return future

    def start(self) -> None:
        for _ in range(min(_TURN, len(self.backlog))):
            future, submit, args = self.backlog.popleft()
            if future.cancelled():
                continue
            key = next(self.keys)
            try:
                ticket = submit(self.completions, key, *args)
            except Exception as error:
                future.set_exception(error)
            else:
                self.waiting[key] = future
                future.add_done_callback(functools.partial(self.cancel, key, ticket))
        if self.backlog:
            self.loop.call_soon(self.start)

    def cancel(self, key: int, ticket: _native._Ticket, future: asyncio.Future[Receipt]) -> None:
        if future.cancelled():
            self.waiting.pop(key, None)
            ticket.cancel()

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


class Client(ClientBase):
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
        return await self._queue(to, message, options)

    async def send_unchecked(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends without checking the message first: the way out when Meta changes a limit."""
        return await self._queue(to, message, options, checked=False)

    async def send_many(
        self,
        messages: Iterable[_Pair] | AsyncIterable[_Pair],
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
        slots = asyncio.Semaphore(2 * self.workers if lookahead is None else max(lookahead, 1))
        done: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        pending: dict[asyncio.Future[Any], tuple[int, str | Recipient, Message]] = {}

        async def start(index: int, to: str | Recipient, message: Message) -> None:
            await slots.acquire()
            future = self._queue(to, message, options)
            pending[future] = index, to, message
            future.add_done_callback(done.put_nowait)

        async def start_all() -> None:
            indexes = itertools.count()
            if isinstance(messages, AsyncIterable):
                async for to, message in messages:
                    await start(next(indexes), to, message)
            else:
                for to, message in messages:
                    await start(next(indexes), to, message)

        starting = asyncio.ensure_future(start_all())
        starting.add_done_callback(done.put_nowait)
        try:
            while pending or not starting.done():
                future = await done.get()
                if future is starting:
                    starting.result()
                    continue
                slots.release()
                index, to, message = pending.pop(future)
                try:
                    yield Outcome(index, to, message, future.result(), None)
                except CallCtaError as error:
                    yield Outcome(index, to, message, None, error)
        finally:
            for future in (starting, *pending):
                future.cancel()

    async def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._close()
        bridge = self._bridge()
        if bridge.waiting:
            await asyncio.wait(list(bridge.waiting.values()))
        bridge.stop()
        del vars(self)["_bridges"][bridge.loop]

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

    def _bridge(self) -> _Bridge:
        """The way into the running event loop."""
        bridges: dict[asyncio.AbstractEventLoop, _Bridge] | None = vars(self).get("_bridges")
        if bridges is None:
            bridges = vars(self)["_bridges"] = {}
            weakref.finalize(self, _stop_all, bridges).atexit = False
        loop = asyncio.get_running_loop()
        if loop not in bridges:
            for old in [old for old in bridges if old.is_closed()]:
                del bridges[old]
            bridges[loop] = _Bridge(loop)
        return bridges[loop]

    def _queue(
        self, to: str | Recipient, message: Message, options: SendOptions, checked: bool = True
    ) -> asyncio.Future[Receipt]:
        return self._bridge().queue(self._submit, to, message, options, checked)
