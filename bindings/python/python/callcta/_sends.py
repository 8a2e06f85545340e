"""What a client has under way, and what many sends have in common."""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, TypeVar

from callcta import _native
from callcta._native import Message, Receipt, Recipient
from callcta._outcome import Outcome
from callcta._retry import Retries
from callcta.errors import CancelledError
from callcta.options import SendOptions

Item: TypeAlias = (
    tuple[str | Recipient, Message] | tuple[str | Recipient, Message, SendOptions | None]
)


# Of all sends, whoever they belong to.
_keys = itertools.count()


def parts(item: Item, options: SendOptions) -> tuple[str | Recipient, Message, SendOptions]:
    """Recipient, message and options of an item, of which the latter win over those of all."""
    to, message, *own = item
    if len(own) > 1:
        raise ValueError("an item has a recipient, a message and perhaps options")
    return to, message, {**options, **own[0]} if own and own[0] else options


class Scope:
    """What takes messages until it is closed."""

    def __init__(self, name: str, workers: int, capacity: int) -> None:
        """Open, by a name for people."""
        self._name, self._workers, self._capacity = name, workers, capacity
        self.closed = False
        # Called when it takes no more.
        self.on_close = set[Callable[[], None]]()

    def check_open(self) -> None:
        """Raises if it is closed."""
        if self.closed:
            raise CancelledError(f"{self._name} closed", delivery="not_sent", reason="closed")

    def limit(self, lookahead: int | None) -> int:
        """How many messages may be under way: never more than an outbox takes."""
        limit = 2 * self._workers if lookahead is None else max(lookahead, 1)
        return min(limit, self._capacity)

    def refuse(self) -> None:
        """Takes no more messages."""
        self.closed = True
        for tell in list(self.on_close):
            tell()


class Sends(Scope):
    """Passes messages to the native client, and knows what is to be ended with it."""

    def __init__(self, native: _native._Client, retries: Retries | None) -> None:
        """Nothing is under way yet."""
        super().__init__("the client is", native.workers, native.capacity)
        self._native, self._retries = native, retries
        self._outboxes = set[_native._Outbox]()

    @property
    def native(self) -> _native._Client:
        """The native client."""
        return self._native

    def set_access_token(self, access_token: str) -> None:
        """Makes requests with another token."""
        self._native.set_access_token(access_token)

    def outbox(self, pace: float | None, options: SendOptions) -> _native._Outbox:
        """An outbox that is closed with the client, until it goes to `end`."""
        outbox = _native._Outbox(self._native, pace, options)
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
        key = next(_keys)
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
        key = next(_keys)
        self._retries.add(key, to, message)
        try:
            return self._native.send(key, to, message, options)
        finally:
            self._retries.remove(key)

    def close(self) -> None:
        """Ends everything."""
        self.refuse()  # first: whoever comes too late for the loop sees it
        for outbox in list(self._outboxes):
            outbox.close()
        self._native.close()


# Where a message goes.
Routed: TypeAlias = tuple[Sends, _native._Outbox, str | Recipient, Message, SendOptions]
ItemT = TypeVar("ItemT", contravariant=True)
ToldT = TypeVar("ToldT", covariant=True)


class Route(Protocol[ItemT, ToldT]):
    """The way of many messages, and that of their outcomes."""

    def route(self, item: ItemT, /) -> tuple[Any, Routed]:
        """Where an item goes, and what else `told` has to know."""
        ...

    def told(self, origin: Any, outcome: Outcome, /) -> ToldT:
        """What is made of an outcome."""
        ...

    def cancel(self, tickets: Iterable[_native._Ticket], /) -> None:
        """Cancels what still waits."""

    def end(self, tickets: Iterable[_native._Ticket], /) -> None:
        """The same, and nothing more comes."""


class OwnOutbox:
    """The way through an outbox that is there for this alone."""

    def __init__(self, sends: Sends, pace: float | None, options: SendOptions) -> None:
        """Checks the options."""
        sends.check_open()
        self._sends, self._options = sends, options
        self._outbox = sends.outbox(pace, options)

    def route(self, item: Item) -> tuple[None, Routed]:
        """Where an item goes; nothing else has to be known."""
        return None, (self._sends, self._outbox, *parts(item, self._options))

    def told(self, _origin: None, outcome: Outcome) -> Outcome:
        """The outcome as it is."""
        return outcome

    def cancel(self, _tickets: Iterable[_native._Ticket]) -> None:
        """Cancels what still waits."""
        self._outbox.close()

    def end(self, _tickets: Iterable[_native._Ticket]) -> None:
        """Cancels what still waits; the client needn't know of the outbox any more."""
        self._sends.end(self._outbox)
