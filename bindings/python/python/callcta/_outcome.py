"""What becomes of the messages of `send_many`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeAlias

from callcta._native import Message, Receipt, Recipient
from callcta.errors import CallCtaError


class _Outcome:
    """What became of one message of `send_many`: it is `Sent` or it `Failed`.

    For type checkers this is the union of these two, so that they know what `receipt` and `error`
    are after `isinstance` or `if outcome.ok is True`, and inside `match`.

    Attributes:
        ok: Whether it was sent.
        index: The place of the message in what was given, from 0.
        to: Who it was for.
        message: The message.
        receipt: What the send returned, or None.
        error: Why it failed, or None.
    """

    __slots__ = __match_args__ = ("index", "to", "message", "receipt", "error")

    ok: ClassVar[bool]
    index: int
    to: str | Recipient
    message: Message
    receipt: Receipt | None
    error: CallCtaError | None

    def __new__(
        cls,
        index: int,
        to: str | Recipient,
        message: Message,
        receipt: Receipt | None = None,
        error: CallCtaError | None = None,
    ) -> Any:
        """Makes one of the two classes, whichever it is asked from.

        Raises:
            TypeError: Not exactly one of `receipt` and `error` is given, or not the one that goes
                with the class.
        """
        kind = Sent if error is None else Failed
        if (receipt is None) == (error is None) or not issubclass(kind, cls):
            raise TypeError("an outcome has either a receipt or an error")
        self: _Outcome = super().__new__(kind)
        self.index, self.to, self.message = index, to, message
        self.receipt, self.error = receipt, error
        return self

    def to_dict(self) -> dict[str, Any]:
        """All of it as what JSON can hold. It names the person and holds the message."""
        return {
            "ok": self.ok,
            "index": self.index,
            "to": self.to if isinstance(self.to, str) else self.to.to_dict(),
            "message": self.message.to_dict(),
            "receipt": self.receipt and self.receipt.to_dict(),
            "error": self.error and self.error.to_dict(),
        }

    def __eq__(self, other: object) -> bool:
        """Whether all is the same; of errors, what `to_dict` tells."""
        if not isinstance(other, _Outcome):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        """Goes with the comparison."""
        return hash(self._values()[:-1])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles it."""
        return type(self), (self.index, self.to, self.message, self.receipt, self.error)

    def __repr__(self) -> str:
        """Leaves out who is written to and what is said."""
        return f"{type(self).__name__}(index={self.index}, {self.receipt or self.error!r})"

    def _values(self) -> tuple[object, ...]:
        error = self.error and self.error.to_dict()
        return self.index, self.to, self.message, self.receipt, error


class Sent(_Outcome):
    """A message that was sent: an `Outcome` with a `receipt`."""

    __slots__ = ()

    ok: ClassVar[Literal[True]] = True  # pyright: ignore[reportIncompatibleVariableOverride]
    receipt: Receipt  # pyright: ignore[reportIncompatibleVariableOverride]
    error: None  # pyright: ignore[reportIncompatibleVariableOverride]

    def result(self) -> Receipt:
        """The receipt."""
        return self.receipt


class Failed(_Outcome):
    """A message that was not sent, or perhaps was: an `Outcome` with an `error`."""

    __slots__ = ()

    ok: ClassVar[Literal[False]] = False  # pyright: ignore[reportIncompatibleVariableOverride]
    receipt: None  # pyright: ignore[reportIncompatibleVariableOverride]
    error: CallCtaError  # pyright: ignore[reportIncompatibleVariableOverride]

    def result(self) -> NoReturn:
        """Raises the error."""
        raise self.error


if TYPE_CHECKING:
    Outcome: TypeAlias = Sent | Failed
else:
    Outcome = _Outcome
    Outcome.__name__ = Outcome.__qualname__ = "Outcome"


def outcome(
    index: int,
    to: str | Recipient,
    message: Message,
    receipt: Receipt | None,
    error: CallCtaError | None,
) -> Outcome:
    """The outcome that goes with what is known."""
    made: Outcome = _Outcome(index, to, message, receipt, error)
    return made
