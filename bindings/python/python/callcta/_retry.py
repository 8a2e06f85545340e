"""What is told about retries."""

from __future__ import annotations

from callcta.errors import CallCtaError


class RetryEvent:
    """What `on_retry` is told.

    Attributes:
        error: Why there will be another try.
        attempt: Which try failed, from 1.
        wait: Seconds until the next one.
    """

    __slots__ = __match_args__ = ("error", "attempt", "wait")

    error: CallCtaError
    attempt: int
    wait: float

    def __init__(self, error: CallCtaError, attempt: int, wait: float) -> None:
        """Made before each retry."""
        self.error, self.attempt, self.wait = error, attempt, wait

    def __repr__(self) -> str:
        """What one would write."""
        return f"RetryEvent({self.error!r}, attempt={self.attempt}, wait={self.wait})"
