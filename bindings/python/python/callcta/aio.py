"""The client for asyncio. It has the same names as `callcta.Client`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Self, Unpack

from callcta import _native
from callcta._aio_bridge import Bridge, Bridges, many, send
from callcta._aio_calling import Calling
from callcta._aio_outboxes import Outbox, Outboxes
from callcta._aio_wait import wait
from callcta._base import ClientBase
from callcta._native import Message, Receipt, Recipient
from callcta._outcome import Outcome
from callcta._sends import Item, OwnOutbox
from callcta.doctor import Diagnosis, diagnosis_of
from callcta.options import DoctorOptions, SendOptions

__all__ = ["Client", "Outbox", "Outboxes"]

# How many seconds until `drain` looks again.
_POLL = 0.01


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
        self._bridges = Bridges.of(self)

    async def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer; see `callcta.Client.send`."""
        self._sends.check_open()
        return await send(self._bridge(), (self._sends, self._awaited, to, message, options))

    def send_many(
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
        sends = self._sends

        def way() -> OwnOutbox:
            return OwnOutbox(self._sends, pace, options)

        return many(sends, self._bridges, messages, way, lookahead)

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
        await self._bridges.end()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the client."""
        await self.close()

    def _bridge(self) -> Bridge:
        return self._bridges.here()
