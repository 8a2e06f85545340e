"""What becomes of the messages of `send_many`."""

from __future__ import annotations

from callcta._native import Message, Receipt, Recipient
from callcta.errors import CallCtaError


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
