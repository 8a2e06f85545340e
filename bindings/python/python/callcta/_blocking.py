"""The client that waits."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Self, Unpack

from callcta import _native
from callcta._base import ClientBase
from callcta._native import PACE, Message, Receipt, Recipient
from callcta._outcome import Outcome, outcome
from callcta.options import SendOptions


class Client(ClientBase):
    """Sends messages for one Page and waits for the answers.

    Several threads can use a client at once and really run in parallel; so can the child of a fork.
    Ctrl-C takes effect when the send in progress ends, all its tries and the waits between them
    included.
    """

    def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer.

        Args:
            to: A PSID, or another form of recipient.
            message: What to say.
            **options: See `callcta.options.SendOptions`; none is sent unless given.

        Returns:
            The message's id and the Page's usage figures.

        Raises:
            InvalidMessageError: A documented rule is broken; nothing was sent.
            CallCtaError: Any other failure. `error.delivery` tells whether the message may have
                arrived.
        """
        return self._native.send(to, message, options)

    def send_many(
        self,
        messages: Iterable[tuple[str | Recipient, Message]],
        *,
        pace: float | None = PACE,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Generator[Outcome, None, None]:
        """Sends many messages over several threads, in order for each recipient.

        Nothing is sent before the first outcome is asked for. Leaving the loop early cancels what
        still waits. So does an exception of `messages`, an item that isn't such a pair, or closing
        the client; it is raised when the outcomes of all that was read before it have come.

        Args:
            messages: Pairs of recipient and message; read as the sends go on.
            pace: How many messages may start per second; all `send_many` of a client keep it
                together, a plain `send` doesn't count. Fewer start when the platform's answers say
                that much of a limit is used up. Defaults to `PACE` (40): above it a Page's inbox
                stops showing messages until there are fewer. None for no bound; 300 is the most
                that the platform documents.
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
        from select import POLLIN, poll

        self._check_open()
        limit = self._limit(lookahead)
        outbox, completions = self._start(pace, options), _native._Completions()
        waiting = poll()
        waiting.register(completions.fileno(), POLLIN)
        pending: dict[int, tuple[str | Recipient, Message]] = {}

        def known(timeout: int | None) -> Iterator[Outcome]:
            if waiting.poll(timeout):
                for index, receipt, error in completions.take(limit):
                    yield outcome(index, *pending.pop(index), receipt, error)

        end: Exception | None = None
        try:
            items = enumerate(messages)
            while True:
                yield from known(None if len(pending) >= limit else 0)
                try:
                    index, (to, message) = next(items)
                    self._check_open()
                    outbox.submit(completions, index, to, message, options)
                except Exception as error:
                    end = error
                    break
                pending[index] = to, message
            if not isinstance(end, StopIteration):
                outbox.close()
            while pending:
                yield from known(None)
            if not isinstance(end, StopIteration):
                raise end
        finally:
            end = None  # it refers to this frame, and so to itself
            self._end(outbox)

    def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the client."""
        self.close()
