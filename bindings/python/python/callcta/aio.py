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
from callcta._aio_calling import Calling
from callcta._aio_wait import wait
from callcta._base import ClientBase
from callcta._given_up import tell, tell_many
from callcta._native import Message, Receipt, Recipient
from callcta._outcome import Outcome, outcome
from callcta._sends import Item, Sends, parts
from callcta.doctor import Diagnosis, diagnosis_of
from callcta.errors import CallCtaError, CancelledError
from callcta.options import DoctorOptions, SendOptions

__all__ = ["Client"]

_Future: TypeAlias = asyncio.Future[Receipt]
_Outbox: TypeAlias = _native._Outbox
_Known: TypeAlias = tuple[int, Receipt | None, CallCtaError | None, str | None]
# Key, future, outbox, request.
_Sending: TypeAlias = tuple[int, _Future, _Outbox, str | Recipient, Message, SendOptions]

# How many seconds a closed client waits for messages to say that they are at their end anyway.
_GRACE = 0.1
# How many seconds until `drain` looks again.
_POLL = 0.01
# Most sends that start, and most outcomes that are told, in one turn of an event loop.
_TURN = 32


class _Bridge:
    """Brings outcomes into one event loop, however many with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sends: Sends) -> None:
        self.loop = loop
        self.sends = sends
        self.completions = _native._Completions()
        # Whether the next send may start at once: the first one since outcomes were told.
        self.calm = True
        self.backlog: collections.deque[_Sending] = collections.deque()
        self.waiting: dict[int, tuple[_Future, _native._Ticket]] = {}
        loop.add_reader(self.completions.fileno(), self.tell)

    def queue(
        self,
        outbox: _Outbox,
        to: str | Recipient,
        message: Message,
        options: SendOptions,
        index: int | None = None,
    ) -> _Sending:
        """Starts a send at once or soon, in order."""
        key, future = self.sends.begin(to, message, index), self.loop.create_future()
        sending = key, future, outbox, to, message, options
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
            self.sends.ended(key)
            future.set_exception(error)
        else:
            self.waiting[key] = future, ticket

    def start(self) -> None:
        for _ in range(min(_TURN, len(self.backlog))):
            sending = self.backlog.popleft()
            if sending[1].done():
                self.sends.ended(sending[0])
            else:
                self.submit(sending)
        if self.backlog:
            self.loop.call_soon(self.start)

    def give_up(self, sending: _Sending) -> tuple[Receipt | None, CallCtaError | None]:
        """Nobody waits for this send any more; tells what is known about it."""
        key, future, *_ = sending
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
        del self.waiting[key]
        return self.told(known)

    def tell(self, limit: int = _TURN) -> None:
        self.calm = True
        for known in self.completions.take(limit):
            future, _ = self.waiting.pop(known[0])
            receipt, error = self.told(known)
            if future.done():
                continue  # nobody waits any more
            if receipt is not None:
                future.set_result(receipt)
            elif error is not None:
                future.set_exception(error)

    def told(self, known: _Known) -> tuple[Receipt | None, CallCtaError | None]:
        key, receipt, error, line = known
        self.sends.ended(key)
        if line is not None:
            _native._log(line)
        return receipt, error

    def stop(self) -> None:
        self.loop.remove_reader(self.completions.fileno())


def _outcome(
    index: int, sending: _Sending, receipt: Receipt | None, error: CallCtaError | None
) -> Outcome:
    return outcome(index, sending[3], sending[4], receipt, error)


def _unsent() -> CancelledError:
    return CancelledError("cancelled before it was sent", delivery="not_sent", reason="aborted")


def _stop_all(bridges: dict[asyncio.AbstractEventLoop, _Bridge]) -> None:
    """Takes a client that is gone out of its event loops; may run in any thread."""
    for loop, bridge in list(bridges.items()):
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(bridge.stop)


class Client(ClientBase):
    """Sends messages for one Page without blocking the event loop.

    However many sends are awaited at once, at most `workers` threads work on them; messages to one
    recipient go out in the order of the calls.

    A cancelled `await` gives its message up: one that waits for its turn isn't sent, one that is on
    its way is broken off and may arrive all the same. The `asyncio.CancelledError` tells which: it
    has a note, and the attributes `delivery` (`not_sent` or `unknown`, or else what was known
    already, also `sent`), `error` and `receipt`, for `send_many` `outcomes`.

    The client can be used from several event loops, which must have `add_reader` (all do but the
    one that is Windows's default).
    """

    def _prepare(self) -> None:
        self._awaited = self._sends.outbox(None, {})
        self._bridges: dict[asyncio.AbstractEventLoop, _Bridge] = {}
        weakref.finalize(self, _stop_all, self._bridges).atexit = False

    async def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer; see `callcta.Client.send`."""
        self._sends.check_open()
        bridge = self._bridge()
        sending = bridge.queue(self._awaited, to, message, options)
        try:
            return await sending[1]
        except asyncio.CancelledError as cancelled:
            tell(cancelled, *bridge.give_up(sending))
            raise

    async def send_many(
        self,
        messages: Iterable[Item] | AsyncIterable[Item],
        *,
        pace: float | None = _native.PACE,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncGenerator[Outcome, None]:
        """Sends many messages at once; see `callcta.Client.send_many`.

        Args:
            messages: Pairs of recipient and message, or triples with options of its own. An
                asynchronous iterable may take its time; a plain one is read by the event loop and
                must not block.
            pace: How many messages may start per second, None for no bound. Defaults to
                `callcta.PACE` (40).
            lookahead: How many messages may be under way at most, up to `capacity`. Defaults to
                twice `workers`.
            **options: For every message; see `SendOptions`. Those of an item win.

        Yields:
            One outcome for each message, in the order in which they become known.

        Raises:
            InvalidArgumentError: The pace is less than one message a day or more than 300 a
                second, or an option can't be used.
            CancelledError: The client is closed.
        """
        sends, bridge = self._sends, self._bridge()
        outbox = sends.outbox(pace, options)
        slots = asyncio.Semaphore(sends.limit(lookahead))
        done: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        pending: dict[asyncio.Future[Any], tuple[int, _Sending]] = {}

        async def start(index: int, item: Item) -> None:
            to, message, own = parts(item, options)
            await slots.acquire()
            if index % _TURN == 0:
                await asyncio.sleep(0)
            sends.check_open()
            sending = bridge.queue(outbox, to, message, own, index)
            pending[sending[1]] = index, sending
            sending[1].add_done_callback(done.put_nowait)

        async def start_all() -> None:
            sends.check_open()
            indexes = itertools.count()
            if isinstance(messages, AsyncIterable):
                async for item in messages:
                    await start(next(indexes), item)
            else:
                for item in messages:
                    await start(next(indexes), item)

        starting = asyncio.ensure_future(start_all())
        starting.add_done_callback(done.put_nowait)

        def closed() -> None:
            """Waits no longer for messages, unless they are at their end anyway."""
            with contextlib.suppress(RuntimeError):  # the loop is closed
                bridge.loop.call_soon_threadsafe(
                    lambda: bridge.loop.call_later(_GRACE, starting.cancel)
                )

        sends.on_close.add(closed)
        end: BaseException | None = None
        try:
            while pending or not starting.done():
                future = await done.get()
                error = None if future.cancelled() else future.exception()
                if future is not starting:
                    slots.release()
                    if error is None or isinstance(error, CallCtaError):
                        yield _outcome(
                            *pending.pop(future), None if error else future.result(), error
                        )
                        continue
                    pending.pop(future)
                if error is not None:
                    end = end or error
                    starting.cancel()
                    outbox.close()
            if end is not None:
                raise end  # noqa: TRY301
            if starting.cancelled():
                sends.check_open()
        except GeneratorExit:
            raise
        except BaseException as raised:
            sends.end(outbox)  # first: what waits must not take the place of what is given up
            bridge.tell(len(bridge.waiting))
            given_up = [(*sent, *bridge.give_up(sent[1])) for sent in pending.values()]
            tell_many(raised, [_outcome(*known) for known in given_up])
            raise
        finally:
            end = None  # it may refer to this frame, and so to itself
            sends.on_close.discard(closed)
            for future in (starting, *pending):
                if not future.cancel() and not future.cancelled():
                    future.exception()  # nobody has to be told any more
            sends.end(outbox)

    @property
    def calling(self) -> Calling:
        """What there is to ask and to say about the Page's calls: `callcta.calling`."""
        return Calling(self._sends, self.send)

    async def doctor(self, **options: Unpack[DoctorOptions]) -> Diagnosis:
        """Looks for what keeps this Page's call button from working: `callcta.doctor`.

        It waits in the event loop's default executor; a cancelled `await` gives it up.
        """
        self._sends.check_open()
        return diagnosis_of(await wait(_native._examine, self._sends.native, options))

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet: those that wait and those that are being sent."""
        bridges = list(self._bridges.values())
        return sum(len(bridge.backlog) + len(bridge.waiting) for bridge in bridges)

    async def drain(self) -> None:
        """Ends gracefully: takes no more messages, waits for what is pending, then closes."""
        self._sends.refuse()
        while self.pending:  # noqa: ASYNC110 (in several loops perhaps)
            await asyncio.sleep(_POLL)
        await self.close()

    async def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._sends.close()
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
            self._bridges[loop] = _Bridge(loop, self._sends)
        return self._bridges[loop]
