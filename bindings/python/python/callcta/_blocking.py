"""The client that waits."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Self, Unpack

from callcta._base import ClientBase
from callcta._many import Many, run_many
from callcta._native import PACE, Message, Receipt, Recipient, _examine
from callcta._outcome import Outcome
from callcta._sends import Item, OwnOutbox
from callcta.doctor import Diagnosis, diagnosis_of
from callcta.options import DoctorOptions, SendOptions

if TYPE_CHECKING:
    from callcta.calling import Calling

# How many seconds until `drain` looks again.
_POLL = 0.01


class Client(ClientBase):
    """Sends messages for one Page and waits for the answers.

    Several threads can use a client at once and really run in parallel; so can the child of a fork.

    Signal handlers run while a send waits. When one raises, as that of Ctrl-C does, the send is
    given up at once; what is known about the message then comes with the exception: a note, and the
    attributes `delivery` (also `sent`), `error` and `receipt`, for `send_many` `outcomes`.
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
        return self._sends.send(to, message, options)

    def send_many(
        self,
        messages: Iterable[Item],
        *,
        pace: float | None = PACE,
        lookahead: int | None = None,
        **options: Unpack[SendOptions],
    ) -> Generator[Outcome, None, None]:
        """Sends many messages over several threads, in order for each recipient.

        Nothing is read or sent before the first outcome is asked for. Leaving the loop early
        cancels what still waits. So does an exception of `messages`, an item of another form, or
        closing the client; it is raised when the outcomes of all that was read before it have come.

        Args:
            messages: Pairs of recipient and message, or triples with options of its own, such as
                `metadata`. They are read as the sends go on, **on a thread of their own**: outcomes
                come while this one waits for the next item. For what belongs to the thread that
                made it, such as a database cursor, give lists of some of them.
            pace: How many messages may start per second; all `send_many` of a client keep it
                together, a plain `send` doesn't count. Fewer start when the platform's answers say
                that much of a limit is used up. Defaults to `PACE` (40): above it a Page's inbox
                stops showing messages until there are fewer. None for no bound; 300 is the most
                that the platform documents.
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
        way = OwnOutbox(self._sends, pace, options)
        yield from run_many(Many(self._sends, messages, way, lookahead))

    @property
    def calling(self) -> Calling:
        """What there is to ask and to say about the Page's calls: `callcta.calling`."""
        from callcta.calling import Calling  # only now, since it loads dataclasses

        return Calling(self._sends)

    def doctor(self, **options: Unpack[DoctorOptions]) -> Diagnosis:
        """Looks for what keeps this Page's call button from working: `callcta.doctor`.

        It only reads, unless `send_test` is set.

        Raises:
            InvalidArgumentError: There is no such option, or it can't be used.
        """
        self._sends.check_open()
        return diagnosis_of(_examine(self._sends.native, options, None))

    @property
    def pending(self) -> int:
        """How many messages have no outcome yet: those that wait and those that are being sent."""
        return self._sends.pending

    def drain(self) -> None:
        """Ends gracefully: takes no more messages, waits for what is pending, then closes.

        Not for a signal handler that interrupts a `send`, for which it would wait.
        """
        self._sends.refuse()
        while self.pending:
            time.sleep(_POLL)
        self.close()

    def close(self) -> None:
        """Closes every connection. Sends in flight end at once, later ones fail."""
        self._sends.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the client."""
        self.close()
