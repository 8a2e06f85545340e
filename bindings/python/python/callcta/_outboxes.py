"""What outboxes of many Pages have in common, whoever waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeAlias, TypeVar, cast

from callcta import _native
from callcta._base import ClientBase
from callcta._native import PACE, Counts, Message, Recipient
from callcta._outcome import Outcome
from callcta._sends import Item, Routed, Scope, parts
from callcta.options import SendOptions

# How many seconds until it is looked again whether everything is done.
POLL = 0.01


class Queue:
    """What there is to do with one outbox, and with all of them."""

    _native: _native._Outbox | _native._Outboxes
    _scope: Scope

    def pause(self) -> int:
        """Lets nothing start any more until `resume`, and tells how many messages are being sent.

        What waits keeps its place and its deadline, and more may be sent.
        """
        return self._native.pause()

    def resume(self) -> None:
        """Ends a pause. What was missed is not made up for."""
        self._native.resume()

    def cancel(self) -> int:
        """Cancels what waits, and tells how many messages that were. More may be sent."""
        return self._native.cancel()

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet: those that wait and those that are being sent."""
        return self._native.pending

    def counts(self) -> Counts:
        """How many messages are where, and what became of the others."""
        return self._native.counts()

    def _refuse(self) -> None:
        """Takes no more."""
        self._scope.refuse()

    def _end(self) -> None:
        """Ends everything abruptly."""
        self._refuse()
        self._native.close()


class OutboxBase(Queue):
    """An outbox of one Page."""

    def __init__(
        self,
        client: ClientBase,
        scope: Scope,
        native: _native._Outbox,
        outboxes: OutboxesBase[Any],
    ) -> None:
        """Made by `Outboxes.outbox`."""
        self._client, self._scope, self._outboxes = client, scope, outboxes
        self._native = self._queue = native

    @property
    def client(self) -> ClientBase:
        """The client that sends."""
        return self._client

    def set_pace(self, per_second: float | None) -> None:
        """Bounds how many messages may start per second; None for no bound.

        Raises:
            InvalidArgumentError: It is less than one message a day or more than 300 a second.
        """
        self._queue.set_pace(per_second)

    def set_person_pace(self, per_second: float | None) -> None:
        """Bounds the same for each person; None for no bound.

        The next message starts that much later than the one before was answered.

        Raises:
            InvalidArgumentError: It is less than one message a day or more than 300 a second.
        """
        self._queue.set_person_pace(per_second)

    def _routed(self, to: str | Recipient, message: Message, options: SendOptions) -> Routed:
        sends = self._client._sends  # pyright: ignore[reportPrivateUsage]
        return sends, self._queue, to, message, options

    def __repr__(self) -> str:
        """Names the Page."""
        return f"{type(self).__name__}(page_id={self._client.page_id!r})"


OutboxT = TypeVar("OutboxT", bound=OutboxBase)


class OutboxesBase(Queue, Generic[OutboxT]):
    """Outboxes that share their threads."""

    _outbox_class: type[OutboxT]

    def __init__(self, *, workers: int | None = None, capacity: int | None = None) -> None:
        """None at first.

        Args:
            workers: Most threads, for all of them. As many start as there are messages on their way
                at once: for a pace of 40 and answers that take 100 ms, 4 a Page. Defaults to 64.
            capacity: Most messages that wait in each of them; more are refused. Defaults to
                100,000.

        Raises:
            InvalidArgumentError: One of them can't be used.
        """
        import weakref  # not needed by who only sends

        self._queues = self._native = _native._Outboxes(workers, capacity)
        self._scope = self._new_scope("the outboxes are")
        self._scopes = weakref.WeakSet[Scope]()
        self._prepare()

    def outbox(
        self, client: ClientBase, *, pace: float | None = PACE, person_pace: float | None = None
    ) -> OutboxT:
        """An outbox with these threads, for the Page of a client, of whichever kind.

        Outboxes with a pace over one client keep it together, with its `send_many`; an order is
        kept within each. When nobody has it any more, what waits in it is cancelled.

        Args:
            client: It sends, and is closed by nothing here.
            pace: How many messages may start per second; see `Client.send_many`.
            person_pace: The same to each person; see `set_person_pace`.

        Raises:
            InvalidArgumentError: A pace is less than one message a day or more than 300 a second.
            CancelledError: The outboxes are closed.
        """
        self._scope.check_open()
        native = self._queues.outbox(
            client._sends.native,  # pyright: ignore[reportPrivateUsage]
            pace,
            person_pace,
        )
        scope = self._new_scope("the outbox is")
        self._scopes.add(scope)
        return self._outbox_class(client, scope, native, self)

    def _prepare(self) -> None:
        """Makes what only one kind needs."""

    def _new_scope(self, name: str) -> Scope:
        return Scope(name, self._queues.workers, self._queues.capacity)

    def _refuse(self) -> None:
        """Takes no more, in none of them."""
        self._scope.refuse()
        for scope in list(self._scopes):
            scope.refuse()


PageItem: TypeAlias = (
    tuple[OutboxT, str | Recipient, Message]
    | tuple[OutboxT, str | Recipient, Message, SendOptions | None]
)


class _Shared:
    """The way through outboxes that are there for others, too."""

    def __init__(self, outboxes: OutboxesBase[Any], options: SendOptions) -> None:
        """Checks the options."""
        outboxes._queues.check(options)  # pyright: ignore[reportPrivateUsage]
        self._options = options

    def cancel(self, tickets: Iterable[_native._Ticket]) -> None:
        """Cancels what still waits."""
        for ticket in tickets:
            ticket.withdraw()

    end = cancel


class OfOne(_Shared):
    """Through one of them."""

    def __init__(self, outbox: OutboxBase, options: SendOptions) -> None:
        """Checks the options."""
        super().__init__(outbox._outboxes, options)  # pyright: ignore[reportPrivateUsage]
        self._outbox = outbox

    def route(self, item: Any) -> tuple[None, Routed]:
        """Where an item goes; nothing else has to be known."""
        return None, self._outbox._routed(*parts(item, self._options))  # pyright: ignore[reportPrivateUsage]

    def told(self, _origin: None, outcome: Outcome) -> Outcome:
        """The outcome as it is."""
        return outcome


class OfMany(_Shared, Generic[OutboxT]):
    """Through that of each item."""

    def route(self, item: PageItem[OutboxT]) -> tuple[OutboxT, Routed]:
        """Where an item goes."""
        outbox, *message = item
        if not isinstance(outbox, OutboxBase):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("an item has an outbox, a recipient, a message and perhaps options")
        return outbox, outbox._routed(*parts(cast("Item", message), self._options))  # pyright: ignore[reportPrivateUsage]

    def told(self, origin: OutboxT, outcome: Outcome) -> tuple[OutboxT, Outcome]:
        """The outcome with its outbox."""
        return origin, outcome
