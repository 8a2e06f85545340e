"""Outboxes of many Pages, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Self, Unpack, cast

from callcta._aio_bridge import Bridges, many, send
from callcta._native import Message, Receipt, Recipient
from callcta._outboxes import POLL, OfMany, OfOne, OutboxBase, OutboxesBase, PageItem, Queue
from callcta._outcome import Outcome
from callcta._sends import Item
from callcta.options import SendOptions


class _Awaited(Queue):
    """How they are waited for."""

    async def wait(self) -> None:
        """Waits until nothing waits or is being sent."""
        while self.pending:  # noqa: ASYNC110 (in several loops perhaps)
            await asyncio.sleep(POLL)

    async def settle(self) -> None:
        """Waits until nothing is being sent: for after a `pause`."""
        while self.counts().in_flight:  # noqa: ASYNC110
            await asyncio.sleep(POLL)

    async def drain(self) -> None:
        """Ends gracefully: takes no more messages, waits for what is pending, then closes."""
        self._refuse()
        await self.wait()
        await self.close()

    async def close(self) -> None:
        """Ends abruptly: cancels what waits, and takes no more. What is being sent goes on."""
        self._end()

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes it."""
        await self.close()


class Outbox(_Awaited, OutboxBase):
    """The outbox of one Page among `Outboxes`; see `callcta.Outbox`."""

    @property
    def _bridges(self) -> Bridges:
        outboxes = cast("Outboxes", self._outboxes)
        return outboxes._bridges  # pyright: ignore[reportPrivateUsage]

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet: those that wait and those that are being sent."""
        backlogs = [list(bridge.backlog) for bridge in list(self._bridges.values())]
        unsent = sum(it[2][1] is self._queue for backlog in backlogs for it in backlog)
        return unsent + self._native.pending

    async def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message in its turn, and waits for the platform's answer.

        A cancelled `await` gives it up, as with `Client.send`.
        """
        self._scope.check_open()
        return await send(self._bridges.here(), self._routed(to, message, options))

    def send_many(
        self,
        messages: Iterable[Item] | AsyncIterable[Item],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncGenerator[Outcome, None]:
        """Sends many messages, as `Client.send_many` does, at the outbox's pace."""

        def way() -> OfOne:
            return OfOne(self, options)

        return many(self._scope, self._bridges, messages, way, lookahead)


class Outboxes(_Awaited, OutboxesBase[Outbox]):
    """Outboxes of many Pages that share their threads; see `callcta.Outboxes`."""

    _outbox_class = Outbox

    def _prepare(self) -> None:
        self._bridges = Bridges.of(self)

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet: those that wait and those that are being sent."""
        bridges = list(self._bridges.values())
        return sum(len(bridge.backlog) for bridge in bridges) + self._native.pending

    def send_many(
        self,
        messages: Iterable[PageItem[Outbox]] | AsyncIterable[PageItem[Outbox]],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncGenerator[tuple[Outbox, Outcome], None]:
        """Sends many messages of many Pages; see `callcta.Outboxes.send_many`."""

        def way() -> OfMany[Outbox]:
            return OfMany(self, options)

        return many(self._scope, self._bridges, messages, way, lookahead)

    async def close(self) -> None:
        """Ends abruptly: cancels what waits, and takes no more. What is being sent goes on."""
        self._end()
        await self._bridges.end()
