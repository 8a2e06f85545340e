"""What a client has under way."""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import Callable
from typing import TypeAlias

from callcta import _native
from callcta._native import Message, Receipt, Recipient
from callcta._retry import Retries
from callcta.errors import CancelledError
from callcta.options import SendOptions

Item: TypeAlias = (
    tuple[str | Recipient, Message] | tuple[str | Recipient, Message, SendOptions | None]
)


def parts(item: Item, options: SendOptions) -> tuple[str | Recipient, Message, SendOptions]:
    """Recipient, message and options of an item, of which the latter win over those of all."""
    to, message, *own = item
    if len(own) > 1:
        raise ValueError("an item has a recipient, a message and perhaps options")
    return to, message, {**options, **own[0]} if own and own[0] else options


class Sends:
    """Passes messages to the native client, and knows what is to be ended with it."""

    def __init__(self, native: _native._Client, retries: Retries | None) -> None:
        """Nothing is under way yet."""
        self._native, self._retries = native, retries
        self._keys = itertools.count()
        self._outboxes = set[_native._Outbox]()
        self.closed = False
        # Called when the client is closed.
        self.on_close = set[Callable[[], None]]()

    @property
    def native(self) -> _native._Client:
        """The native client."""
        return self._native

    def set_access_token(self, access_token: str) -> None:
        """Makes requests with another token."""
        self._native.set_access_token(access_token)

    def check_open(self) -> None:
        """Raises if the client is closed."""
        if self.closed:
            raise CancelledError("the client is closed", delivery="not_sent", reason="closed")

    def limit(self, lookahead: int | None) -> int:
        """How many messages may be under way: never more than an outbox takes."""
        limit = 2 * self._native.workers if lookahead is None else max(lookahead, 1)
        return min(limit, self._native.capacity)

    def outbox(self, pace: float | None, options: SendOptions) -> _native._Outbox:
        """An outbox that is closed with the client, until it goes to `end`."""
        outbox = self._native.outbox(pace, options)
        self._outboxes.add(outbox)
        return outbox

    def end(self, outbox: _native._Outbox) -> None:
        """Cancels what still waits in an outbox."""
        outbox.close()
        self._outboxes.discard(outbox)

    def begin(self, to: str | Recipient, message: Message, index: int | None = None) -> int:
        """The key of a send, by which its outcome and its retries are told, in this context.

        When nothing more can be told of it, `ended` must be called.
        """
        key = next(self._keys)
        if self._retries is not None:
            self._retries.add(key, to, message, index, contextvars.copy_context())
        return key

    def ended(self, key: int) -> None:
        """Nothing more will be told of a send."""
        if self._retries is not None:
            self._retries.remove(key)

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet."""
        outboxes = list(self._outboxes)
        return self._native.sending + sum(outbox.pending for outbox in outboxes)

    def send(self, to: str | Recipient, message: Message, options: SendOptions) -> Receipt:
        """Sends one message and waits."""
        self.check_open()
        if self._retries is None:
            return self._native.send(None, to, message, options)
        key = next(self._keys)
        self._retries.add(key, to, message)
        try:
            return self._native.send(key, to, message, options)
        finally:
            self._retries.remove(key)

    def refuse(self) -> None:
        """Takes no more messages."""
        self.closed = True
        for tell in list(self.on_close):
            tell()

    def close(self) -> None:
        """Ends everything."""
        self.refuse()  # first: whoever comes too late for the loop sees it
        for outbox in list(self._outboxes):
            outbox.close()
        self._native.close()
