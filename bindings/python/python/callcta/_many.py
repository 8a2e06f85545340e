"""The messages of one blocking `send_many`, on their way.

The iterable is read on a thread of its own, so that outcomes come while it blocks.
"""

from __future__ import annotations

import collections
import contextvars
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeAlias, TypeVar

from callcta import _native
from callcta._given_up import tell_many
from callcta._native import Message, Receipt, Recipient
from callcta._outcome import Outcome, outcome
from callcta._sends import Route, Scope, Sends
from callcta.errors import CallCtaError, CancelledError

_Known: TypeAlias = tuple[int, Receipt | None, CallCtaError | None, str | None]

ItemT = TypeVar("ItemT")
ToldT = TypeVar("ToldT")

# How long what is closed waits for the iterable to say that it is at its end anyway.
_GRACE_MS = 100


class _Sending:
    """A message that was read, and whose outcome nobody has been given yet."""

    __slots__ = ("index", "message", "origin", "sends", "ticket", "to")

    def __init__(
        self, origin: Any, sends: Sends, index: int, to: str | Recipient, message: Message
    ) -> None:
        self.origin, self.sends = origin, sends
        self.index, self.to, self.message = index, to, message
        self.ticket: _native._Ticket | None = None

    def outcome(self, receipt: Receipt | None, error: CallCtaError | None) -> Outcome:
        return outcome(self.index, self.to, self.message, receipt, error)


class Many(Generic[ItemT, ToldT]):
    """Reads and queues messages, and tells what became of them."""

    def __init__(
        self,
        scope: Scope,
        messages: Iterable[ItemT],
        way: Route[ItemT, ToldT],
        lookahead: int | None,
    ) -> None:
        """Reads nothing yet."""
        # Not needed by who only sends, and patched by gevent and eventlet.
        import threading

        scope.check_open()
        self._scope, self._messages, self._way = scope, messages, way
        self._limit = scope.limit(lookahead)
        # Who waits for room is woken for several messages at once.
        self._low = self._limit - max(1, self._limit // 8)
        self._room = threading.Event()
        self._sending: dict[int, _Sending] = {}
        self._known = collections.deque[_Known]()
        self._reading, self._stopped = True, False
        self._failure: BaseException | None = None
        self._completions = _native._Completions()
        scope.on_close.add(self._completions.wake)
        run = contextvars.copy_context().run
        self._reader = threading.Thread(
            target=run, args=(self._read,), name="callcta-messages", daemon=True
        )

    def outcomes(self) -> Iterator[ToldT]:
        """Starts everything, and tells outcomes as they become known.

        Raises:
            OutOfResourcesError: No thread can be started.
            CancelledError: What takes messages was closed.
            BaseException: What the iterable raised, when all outcomes of what came before are told.
        """
        is_readable = _waiter(self._completions.fileno())
        try:
            self._reader.start()
        except RuntimeError as error:
            raise _native._out_of_resources(f"no thread can be started: {error}") from None
        # In this order: what was read before the flag changed is in the dictionary.
        while self._reading or self._sending:
            if not self._known:
                ending = self._scope.closed and not self._sending
                if not is_readable(_GRACE_MS if ending else None):
                    self._scope.check_open()
                self._known.extend(self._completions.take(self._limit))
            while self._known:
                yield self._way.told(*self._next())
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Reads no more, and cancels what waits."""
        self._stopped = True
        self._room.set()
        self._way.end(self._tickets())
        self._scope.on_close.discard(self._completions.wake)
        self._failure = None  # it refers to the frames that raised it, and so to this

    def give_up(self, raised: BaseException) -> None:
        """Breaks off what is being sent too, and adds what is known to what was raised."""
        self.stop()
        for ticket in self._tickets():
            ticket.cancel()
        self._known.extend(self._completions.take(len(self._sending)))
        outcomes = [self._next()[1] for _ in range(len(self._known))]
        for sending in self._sending.values():
            error = CancelledError("given up while it was being sent", reason="aborted")
            outcomes.append(sending.outcome(None, error))
        tell_many(raised, sorted(outcomes, key=lambda outcome: outcome.index))

    def _tickets(self) -> list[_native._Ticket]:
        tickets = [sending.ticket for sending in list(self._sending.values())]
        return [ticket for ticket in tickets if ticket is not None]

    def _next(self) -> tuple[Any, Outcome]:
        """The outcome that has been known for longest."""
        key, receipt, error, line = self._known.popleft()
        sending = self._sending.pop(key)
        sending.sends.ended(key)
        if len(self._sending) <= self._low:
            self._room.set()
        if line is not None:
            _native._log(line)
        return sending.origin, sending.outcome(receipt, error)

    def _read(self) -> None:
        try:
            for index, item in enumerate(self._while_wanted()):
                self._scope.check_open()
                origin, (sends, outbox, to, message, options) = self._way.route(item)
                key = sends.begin(to, message, index)
                # First: its outcome may come at once.
                self._sending[key] = sending = _Sending(origin, sends, index, to, message)
                try:
                    sending.ticket = outbox.submit(self._completions, key, to, message, options)
                except CallCtaError as error:
                    # Its options can't be used; those of all were looked at before.
                    self._known.append((key, None, error, None))
                    self._completions.wake()
                except BaseException:
                    del self._sending[key]
                    sends.ended(key)
                    raise
        except BaseException as error:
            self._failure = error
            self._way.cancel(self._tickets())
        finally:
            self._reading = False
            self._completions.wake()

    def _while_wanted(self) -> Iterator[ItemT]:
        """The messages, each read when there is room for it."""
        items = iter(self._messages)
        while self._has_room():
            try:
                item = next(items)
            except StopIteration:
                return
            if self._stopped:
                return
            yield item

    def _has_room(self) -> bool:
        """Waits for room; False if no more is wanted."""
        while len(self._sending) >= self._limit and not self._stopped:
            self._room.clear()
            if len(self._sending) >= self._limit and not self._stopped:
                self._room.wait()
        return not self._stopped


def _waiter(fd: int) -> Callable[[int | None], bool]:
    """What waits, for some milliseconds or for ever, until `fd` is readable."""
    import select  # patched by gevent and eventlet

    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return lambda ms: bool(poll.poll(ms))

    def wait(ms: int | None) -> bool:
        return bool(select.select([fd], [], [], ms and ms / 1000)[0])

    return wait


def run_many(many: Many[ItemT, ToldT]) -> Generator[ToldT, None, None]:
    """Tells the outcomes, and ends what an exception or a loop that is left gives up."""
    try:
        yield from many.outcomes()
    except GeneratorExit:
        raise
    except BaseException as raised:
        many.give_up(raised)
        raise
    finally:
        many.stop()
