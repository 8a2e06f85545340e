"""Puts a Call Now button into a Messenger conversation and tells what became of it.

>>> from callcta import AudioCallButton, ButtonTemplate, Client
>>> client = Client("1234567890", "a Page access token")
>>> message = ButtonTemplate("Need help?", [AudioCallButton("Call Now", expires_in_days=5)])
>>> message.validate()
[]
"""

from __future__ import annotations

from callcta import _native
from callcta._native import *
from callcta.errors import *

TYPE_CHECKING = False  # pyright: ignore[reportConstantRedefinition]
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self, Unpack

    from callcta.options import SendOptions

__version__ = _native.VERSION


def validate_request(
    to: str | Recipient, message: Message, **options: Unpack[SendOptions]
) -> list[Violation]:
    """Checks a message together with who it goes to and its options, as `send` does.

    Returns:
        Violations in the order of the wire form: those of severity `error` keep the message from
        being sent, a `warning` doesn't.
    """
    return _native._validate_request(to, message, dict(options))


class Outcome:
    """What became of one message of `send_many`: a receipt or an error.

    Attributes:
        index: The place of the message in what was given, from 0.
        to: Who it was for.
        message: The message.
        receipt: What the send returned, or None.
        error: Why it failed, or None.
    """

    __slots__ = __match_args__ = ("index", "to", "message", "receipt", "error")

    def __init__(
        self,
        index: int,
        to: str | Recipient,
        message: Message,
        receipt: Receipt | None,
        error: CallCtaError | None,
    ) -> None:
        """Made by `send_many`."""
        self.index, self.to, self.message = index, to, message
        self.receipt, self.error = receipt, error

    def __repr__(self) -> str:
        """Leaves out who is written to and what is said."""
        return f"Outcome(index={self.index}, {self.receipt or self.error!r})"


class Client(ClientBase):
    """Sends messages for one Page and waits for the answers.

    The arguments are those of `ClientBase`. Several threads can use a client at once and really run
    in parallel; so can the child of a fork. Ctrl-C takes effect when the send in progress ends.
    """

    def send(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends a message and waits for the platform's answer.

        Args:
            to: A PSID, or another form of recipient.
            message: What to say.
            **options: See `SendOptions`; none is sent unless given.

        Returns:
            The message's id and the Page's usage figures.

        Raises:
            InvalidMessageError: A documented rule is broken; nothing was sent.
            CallCtaError: Any other failure. `error.delivery` tells whether the message may have
                arrived.
        """
        return self._send(to, message, options, True)

    def send_unchecked(
        self, to: str | Recipient, message: Message, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Sends without checking the message first: the way out when Meta changes a limit."""
        return self._send(to, message, options, False)

    def send_many(
        self,
        messages: Iterable[tuple[str | Recipient, Message]],
        *,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Iterator[Outcome]:
        """Sends many messages over several threads, in order for each recipient.

        Nothing is sent before the first outcome is asked for. Leaving the loop early cancels what
        still waits.

        Args:
            messages: Pairs of recipient and message; read as the sends go on.
            lookahead: How many messages may be under way at most. Defaults to twice `workers`.
            **options: For every message; see `SendOptions`.

        Yields:
            One outcome for each message, in the order in which they become known.
        """
        limit = 2 * self.workers if lookahead is None else max(lookahead, 1)
        completions = _native._Completions()
        pending: dict[int, tuple[str | Recipient, Message, _native._Ticket]] = {}

        def known() -> Iterator[Outcome]:
            for index, receipt, error in completions.take(limit):
                to, message, _ = pending.pop(index)
                yield Outcome(index, to, message, receipt, error)

        try:
            for index, (to, message) in enumerate(messages):
                while len(pending) >= limit:
                    completions.wait()
                    yield from known()
                ticket = self._submit(completions, index, to, message, options, True)
                pending[index] = to, message, ticket
                yield from known()
            while pending:
                completions.wait()
                yield from known()
        finally:
            for _, _, ticket in pending.values():
                ticket.cancel()

    def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Closes the client."""
        self.close()
