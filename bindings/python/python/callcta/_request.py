"""Requests: a message, who it goes to and its options."""

from __future__ import annotations

from typing import Unpack

from callcta import _native
from callcta._native import Message, Recipient, Violation
from callcta.options import SendOptions


def validate_request(
    to: str | Recipient, message: Message, **options: Unpack[SendOptions]
) -> list[Violation]:
    """Checks a message together with who it goes to and its options, as `send` does.

    Returns:
        Violations in the order of the wire form: those of severity `error` keep the message from
        being sent, a `warning` doesn't.
    """
    return _native._validate_request(to, message, dict(options))
