"""What is told about retries, and in which context."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Coroutine
from typing import TypeAlias

from callcta._native import Message, Recipient
from callcta.errors import CallCtaError, InvalidArgumentError

_Send: TypeAlias = tuple[str | Recipient, Message, int | None, contextvars.Context | None]


class RetryEvent:
    """What `on_retry` is told.

    Attributes:
        error: Why there will be another try.
        attempt: Which try failed, from 1.
        wait: Seconds until the next one.
        to: Who the message is for.
        message: The message.
        index: For `send_many`, the place of the message in what was given, from 0; otherwise None.
    """

    __slots__ = __match_args__ = ("error", "attempt", "wait", "to", "message", "index")

    error: CallCtaError
    attempt: int
    wait: float
    to: str | Recipient
    message: Message
    index: int | None

    def __init__(
        self,
        error: CallCtaError,
        attempt: int,
        wait: float,
        to: str | Recipient,
        message: Message,
        index: int | None = None,
    ) -> None:
        """Made before each retry."""
        self.error, self.attempt, self.wait = error, attempt, wait
        self.to, self.message, self.index = to, message, index

    def __repr__(self) -> str:
        """Leaves out who is written to and what is said."""
        place = "" if self.index is None else f", index={self.index}"
        return f"RetryEvent({self.error!r}, attempt={self.attempt}, wait={self.wait}{place})"


class Retries:
    """Calls `on_retry` with what belongs to the send."""

    def __init__(self, on_retry: Callable[[RetryEvent], object]) -> None:
        """Refuses what can't be called, or would do nothing then.

        Raises:
            InvalidArgumentError: It can't be called, or is an `async def`.
        """
        # Not needed without a callback, and large.
        import inspect

        if not callable(on_retry):
            raise InvalidArgumentError("on_retry must be callable")
        inner = getattr(on_retry, "__call__", None)  # noqa: B004 (of an object)
        if inspect.iscoroutinefunction(on_retry) or inspect.iscoroutinefunction(inner):
            raise InvalidArgumentError("on_retry must be callable without await, not async")
        self._on_retry = on_retry
        self._is_awaitable = inspect.isawaitable
        self._sends: dict[int, _Send] = {}

    def add(
        self,
        key: int,
        to: str | Recipient,
        message: Message,
        index: int | None = None,
        context: contextvars.Context | None = None,
    ) -> None:
        """A send begins; its callback runs in the context, or as it is."""
        self._sends[key] = to, message, index, context

    def remove(self, key: int) -> None:
        """A send has ended."""
        self._sends.pop(key, None)

    def tell(self, key: int, error: CallCtaError, attempt: int, wait: float) -> None:
        """A send is about to be tried again; called by the thread that sends."""
        send = self._sends.get(key)
        if send is None:
            return  # given up meanwhile
        to, message, index, context = send
        event = RetryEvent(error, attempt, wait, to, message, index)
        returned = context.run(self._on_retry, event) if context else self._on_retry(event)
        if self._is_awaitable(returned):
            if isinstance(returned, Coroutine):
                returned.close()  # or Python would tell again that nobody awaits it
            raise TypeError("on_retry must not return something to await")
