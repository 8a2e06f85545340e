"""The client for asyncio. It has the same names as `callcta.Client`."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any, Self, TypeAlias, Unpack

from callcta import _native
from callcta._base import ClientBase
from callcta._native import Message, Receipt, Recipient
from callcta._outcome import Outcome, outcome
from callcta.errors import CallCtaError
from callcta.options import SendOptions

__all__ = ["Client"]

_Pair: TypeAlias = tuple[str | Recipient, Message]
_Future: TypeAlias = asyncio.Future[Receipt]
_Outbox: TypeAlias = _native._Outbox
_Sending: TypeAlias = tuple[int, _Future, _Outbox, str | Recipient, Message, SendOptions]

# Most sends that start, and most outcomes that are told, in one turn of an event loop.
_TURN = 32


class _Bridge:
    """Brings outcomes into one event loop, however many with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.completions = _native._Completions()
        self.keys = itertools.count()
        # Whether the next send may start at once: the first one since outcomes were told.
        self.calm = True
        self.backlog: collections.deque[_Sending] = collections.deque()
        self.waiting: dict[int, tuple[_Future, _native._Ticket]] = {}
        loop.add_reader(self.completions.fileno(), self.tell)

    def queue(
        self, outbox: _Outbox, to: str | Recipient, message: Message, options: SendOptions
    ) -> _Sending:
        """Starts a send at once or soon, in order."""
        sending = next(self.keys), self.loop.create_future(), outbox, to, message, options
        if self.calm and not self.backlog:
            self.calm = False
            self.submit(sending)
        else:
            if not self.backlog:
                self.loop.call_soon(self.start)
            self.backlog.append(sending)
        return sending

    def submit(self, sending: _Sending) -> None:
        key, future, outbox, to, message, options = sending
        try:
            ticket = outbox.submit(self.completions, key, to, message, options)
        except Exception as error:
            future.set_exception(error)
        else:
            self.waiting[key] = future, ticket

    def start(self) -> None:
        for _ in range(min(_TURN, len(self.backlog))):
            sending = self.backlog.popleft()
            if not sending[1].done():
                self.submit(sending)
        if self.backlog:
            self.loop.call_soon(self.start)

    def cancel(self, key: int) -> None:
        """Nobody waits for this send any more."""
        if key in self.waiting:
            self.waiting[key][1].cancel()

    def tell(self) -> None:
        self.calm = True
        for key, receipt, error in self.completions.take(_TURN):
            future, _ = self.waiting.pop(key)
            if future.done():
                continue  # nobody waits any more
            if receipt is not None:
                future.set_result(receipt)
            else:
                future.set_exception(error)

    def stop(self) -> None:
        self.loop.remove_reader(self.completions.fileno())


def _stop_all(bridges: dict[asyncio.AbstractEventLoop, _Bridge]) -> None:
    """Takes a client that is gone out of its event loops; may run in any thread."""
    for loop, bridge in list(bridges.items()):
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(bridge.stop)


class Client(ClientBase):
    """Sends messages for one Page without blocking the event loop.

    However many sends are awaited at once, at most `workers` threads work on them; messages to one
    recipient go out in the order of the calls.

    A cancelled `await` cancels a message that still waits for its turn. One that is already on its
    way may arrive all the same. The client can be used from several event loops, which must have
    `add_reader` (all do but the one that is Windows's default).
    """

    def _prepare(self) -> None:
        self._awaited = self._start(None, {})
        self._bridges: dict[asyncio.AbstractEventLoop, _Bridge] = {}
        weakref.finalize(self, _stop_all, self._bridges).atexit = False

    async def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer; see `callcta.Client.send`."""
        self._check_open()
        bridge = self._bridge()
        sending = bridge.queue(self._awaited, to, message, options)
        try:
            return await sending[1]
        except asyncio.CancelledError:
            bridge.cancel(sending[0])
            raise

    async def send_many(
        self,
        messages: Iterable[_Pair] | AsyncIterable[_Pair],
        *,
        pace: float | None = _native.PACE,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncGenerator[Outcome, None]:
        """Sends many messages at once; see `callcta.Client.send_many`.

        Args:
            messages: Pairs of recipient and message, also from an asynchronous iterator.
            pace: How many messages may start per second, None for no bound. Defaults to
                `callcta.PACE` (40).
            lookahead: How many messages may be under way at most, up to `capacity`. Defaults to
                twice `workers`.
            **options: For every message; see `SendOptions`.

        Yields:
            One outcome for each message, in the order in which they become known.

        Raises:
            InvalidArgumentError: The pace is less than one message a day or no finite
                number, or an option can't be used.
            CancelledError: The client is closed.
        """
        outbox, bridge = self._start(pace, options), self._bridge()
        slots = asyncio.Semaphore(self._limit(lookahead))
        done: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        pending: dict[asyncio.Future[Any], tuple[int, str | Recipient, Message]] = {}

        async def start(index: int, to: str | Recipient, message: Message) -> None:
            await slots.acquire()
            if index % _TURN == 0:
                await asyncio.sleep(0)
            self._check_open()
            _, future, *_ = bridge.queue(outbox, to, message, options)
            pending[future] = index, to, message
            future.add_done_callback(done.put_nowait)

        async def start_all() -> None:
            self._check_open()
            indexes = itertools.count()
            if isinstance(messages, AsyncIterable):
                async for to, message in messages:
                    await start(next(indexes), to, message)
            else:
                for to, message in messages:
                    await start(next(indexes), to, message)

        starting = asyncio.ensure_future(start_all())
        starting.add_done_callback(done.put_nowait)
        end: BaseException | None = None
        try:
            while pending or not starting.done():
                future = await done.get()
                error = None if future.cancelled() else future.exception()
                if future is not starting:
                    slots.release()
                    index, to, message = pending.pop(future)
                    if error is None or isinstance(error, CallCtaError):
                        receipt = None if error else future.result()
                        yield outcome(index, to, message, receipt, error)
                        continue
                if error is not None:
                    end = end or error
                    starting.cancel()
                    outbox.close()
            if end is not None:
                raise end
            starting.result()
        finally:
            for future in (starting, *pending):
                if not future.cancel() and not future.cancelled():
                    future.exception()  # nobody has to be told any more
            self._end(outbox)

    async def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._close()
        bridge = self._bridge()
        futures = [future for _, future, *_ in bridge.backlog]
        futures += [future for future, _ in bridge.waiting.values()]
        if futures:
            await asyncio.wait(futures)
        bridge.stop()
        self._bridges.pop(bridge.loop, None)

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the client."""
        await self.close()

    def _bridge(self) -> _Bridge:
        """The way into the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._bridges:
            # Loops of other threads come and go meanwhile.
            for old in list(self._bridges):
                if old.is_closed():
                    self._bridges.pop(old, None)
            self._bridges[loop] = _Bridge(loop)
        return self._bridges[loop]
