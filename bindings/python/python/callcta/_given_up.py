"""What became of messages whose send was given up, told with the exception that did it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from callcta._native import Receipt
from callcta._outcome import Outcome
from callcta.errors import CallCtaError

_KNOWN = {
    "not_sent": "the message was not sent",
    "rejected": "the message was refused",
    "unknown": "the message may have been delivered",
}


def tell(raised: BaseException, receipt: Receipt | None, error: CallCtaError | None) -> None:
    """Adds what is known about the one message.

    The exception gets a note, and as attributes the `receipt` or the `error` and the `delivery`:
    that of the error, or `sent`.
    """
    if error is None:
        delivery, note = "sent", "the message was sent"
    else:
        delivery, note = error.delivery, f"{_KNOWN[error.delivery]}: {error}"
        _chain(raised, error)
    _add(raised, note, receipt=receipt, error=error, delivery=delivery)


def tell_request(raised: BaseException, error: CallCtaError | None) -> None:
    """Adds what is known about a request that carries no message.

    The exception gets a note, and as attributes the `error`, if there is one, and the `delivery`:
    that of the error, or `done`.
    """
    if error is None:
        delivery, note = "done", "the request was answered"
    else:
        delivery, note = error.delivery, f"the request is given up: {error}"
        _chain(raised, error)
    _add(raised, note, error=error, delivery=delivery)


def tell_many(raised: BaseException, outcomes: Sequence[Outcome]) -> None:
    """Adds what is known about messages whose outcomes nobody will ask for any more."""
    unknown = sum(
        1 for outcome in outcomes if outcome.error and outcome.error.delivery == "unknown"
    )
    note = f"{len(outcomes)} messages were under way, {unknown} of which may have been delivered"
    if outcomes:
        _add(raised, f"{note}: see the attribute outcomes", outcomes=list(outcomes))


def _add(raised: BaseException, note: str, **attributes: object) -> None:
    raised.add_note(f"callcta: {note}")
    for name, value in attributes.items():
        with contextlib.suppress(AttributeError):  # not every class lets more be added
            setattr(raised, name, value)


def _chain(raised: BaseException, error: CallCtaError) -> None:
    """Lets tracebacks show the error before what was raised."""
    last, seen = raised, {id(raised)}
    while (context := last.__context__) is not None and id(context) not in seen:
        seen.add(id(context))
        last = context
    if id(error) not in seen:
        last.__context__ = error
