"""Outboxes of many Pages, for those who wait."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from typing import Self, Unpack

from callcta._many import Many, run_many
from callcta._outboxes import POLL, OfMany, OfOne, OutboxBase, OutboxesBase, PageItem, Queue
from callcta._outcome import Outcome
from callcta._sends import Item
from callcta.options import SendOptions


class _Waiting(Queue):
    """How they are waited for. Signal handlers run meanwhile."""

    def wait(self) -> None:
        """Waits until nothing waits or is being sent."""
        while self.pending:
            time.sleep(POLL)

    def settle(self) -> None:
        """Waits until nothing is being sent: for after a `pause`."""
        while self.counts().in_flight:
            time.sleep(POLL)

    def drain(self) -> None:
        """Ends gracefully: takes no more messages, waits for what is pending, then closes."""
        self._refuse()
        self.wait()
        self.close()

    def close(self) -> None:
        """Ends abruptly: cancels what waits, and takes no more. What is being sent goes on."""
        self._end()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()


class Outbox(_Waiting, OutboxBase):
    """The outbox of one Page among `Outboxes`, with a queue, a pace and counters of its own.

    Messages to one person go out one after another, in order; those to different people in
    parallel. `close` closes no client.
    """

    def send_many(
        self,
        messages: Iterable[Item],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Generator[Outcome, None, None]:
        """Sends many messages, as `Client.send_many` does, at the outbox's pace.

        Each has a thread of its own that reads the messages: for many Pages at once, `send_many` of
        the `Outboxes` needs one.
        """
        way = OfOne(self, options)
        yield from run_many(Many(self._scope, messages, way, lookahead))


class Outboxes(_Waiting, OutboxesBase[Outbox]):
    """Outboxes of many Pages that share their threads.

    Each Page has a queue, a pace and counters of its own: what slows one down, its pace, a limit of
    the platform's or a pause, slows no other one. Clients that share connections (see
    `Client(share_connections=…)`) make the most of it.

    >>> with Outboxes(workers=200) as outboxes:
    ...     pass  # outbox = outboxes.outbox(client)
    """

    _outbox_class = Outbox

    def send_many(
        self,
        messages: Iterable[PageItem[Outbox]],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Generator[tuple[Outbox, Outcome], None, None]:
        """Sends many messages of many Pages, each through its outbox and at its pace.

        It is as `Client.send_many`, but that what belongs to one Page ends nothing: if its client
        or its outbox is closed, its messages fail.

        Args:
            messages: Outbox, recipient and message, or with options of its own behind. Mix the
                Pages: at most `lookahead` messages are under way, be they of one Page or of all.
            lookahead: How many messages may be under way at most, up to `capacity`. Defaults to
                twice `workers`.
            **options: For every message; see `SendOptions`. Those of an item win.

        Yields:
            An outbox and an outcome for each message, in the order in which they become known.

        Raises:
            InvalidArgumentError: An option can't be used.
            CancelledError: The outboxes are closed.
        """
        way = OfMany[Outbox](self, options)
        yield from run_many(Many(self._scope, messages, way, lookahead))
