"""What can go wrong, and what is known about the message then.

Every error is a `CallCtaError`. Its class says what went wrong, `delivery` whether the message may
have arrived, `may_retry` whether the same message can be sent again without sending it twice.
"""

from __future__ import annotations

from callcta._native import GraphError, Usage, Violation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Literal

    Delivery = Literal["not_sent", "rejected", "unknown"]


class CallCtaError(Exception):
    """Base of all errors. `str(error)` is one line without token, PSID or message text.

    Attributes:
        kind: What went wrong, a stable name that is the same in all languages.
        delivery: `not_sent` (nothing left this machine), `rejected` (the platform refused the
            message) or `unknown` (it may or may not have been delivered).
        violations: The broken rules of an invalid message, warnings included.
        graph: The Graph API's error object, if the platform answered with one.
        http_status: The HTTP status, if an answer came.
        retry_after: Seconds to wait before the next try, if the platform said.
        may_retry: Whether sending the same message again can help and can't deliver it twice.
        attempts: How many requests were made, retries included.
        usage: The usage figures that came with the answer.
        advice: What a person can do about it, in one sentence.
    """

    kind: ClassVar[str] = ""

    def __init__(
        self,
        text: str = "",
        *,
        delivery: Delivery = "unknown",
        violations: tuple[Violation, ...] = (),
        graph: GraphError | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
        may_retry: bool = False,
        attempts: int = 0,
        usage: Usage | None = None,
        advice: str = "",
    ) -> None:
        """Makes an error; callcta does that itself, but tests may want to."""
        super().__init__(text)
        self.delivery = delivery
        self.violations = violations
        self.graph = graph
        self.http_status = http_status
        self.retry_after = retry_after
        self.may_retry = may_retry
        self.attempts = attempts
        self.usage = usage or Usage()
        self.advice = advice

    @property
    def code(self) -> int | None:
        """The Graph API's error code, if there is one."""
        return self.graph and self.graph.code

    @property
    def subcode(self) -> int | None:
        """The Graph API's error subcode, if there is one."""
        return self.graph and self.graph.subcode

    @property
    def trace_id(self) -> str | None:
        """The Graph API's trace id (fbtrace_id), for Meta's support."""
        return self.graph and self.graph.trace_id

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the attributes and the cause, which exceptions usually lose."""
        return type(self), self.args, {**self.__dict__, "__cause__": self.__cause__}


class TransportError(Exception):
    """What a connection said: the `__cause__` of errors that come from one."""


class InvalidMessageError(CallCtaError, ValueError):
    """The message breaks a documented rule (see `violations`); nothing was sent."""

    kind = "invalid_message"


class InvalidArgumentError(CallCtaError, ValueError):
    """A setting or an argument can't be used; nothing was sent."""

    kind = "invalid_argument"


class AuthenticationError(CallCtaError):
    """The access token or the app secret proof is not accepted."""

    kind = "authentication"


class PermissionDeniedError(CallCtaError):
    """The app or the Page may not do this."""

    kind = "permission_denied"


class CallingNotEnabledError(CallCtaError):
    """The Page has not enabled audio calling."""

    kind = "calling_not_enabled"


class OutsideWindowError(CallCtaError):
    """The message came outside of the window in which the Page may write."""

    kind = "outside_window"


class InvalidRecipientError(CallCtaError):
    """There is no such person for this Page."""

    kind = "invalid_recipient"


class RecipientUnavailableError(CallCtaError):
    """The person exists but can't be reached."""

    kind = "recipient_unavailable"


class InvalidPageError(CallCtaError):
    """There is no such Page for this token."""

    kind = "invalid_page"


class InvalidRequestError(CallCtaError):
    """The platform refused the request as wrong."""

    kind = "invalid_request"


class RateLimitedError(CallCtaError):
    """Too many requests; see `retry_after`."""

    kind = "rate_limited"


class ServiceError(CallCtaError):
    """The platform failed; the message may have been delivered all the same."""

    kind = "service"


class ApiError(CallCtaError):
    """Another error of the Graph API, with its numbers in `graph`."""

    kind = "api"


class ConnectError(CallCtaError):
    """Resolving, connecting or TLS failed; nothing was sent."""

    kind = "connect"


class SendTimeoutError(CallCtaError, TimeoutError):
    """A time limit ran out."""

    kind = "timeout"


class NetworkError(CallCtaError):
    """The connection broke after the request, or part of it, was sent."""

    kind = "network"


class InvalidResponseError(CallCtaError):
    """The answer can't be read."""

    kind = "invalid_response"


class CancelledError(CallCtaError):
    """The call was cancelled, the client closed, or the deadline passed."""

    kind = "cancelled"


class InternalError(CallCtaError):
    """A defect in callcta."""

    kind = "internal"


_CLASSES = {cls.kind: cls for cls in CallCtaError.__subclasses__()}


def from_native(kind: str, text: str, attributes: dict[str, Any], causes: list[str]) -> CallCtaError:
    """Makes the exception for an error of the core; for the native module."""
    error = _CLASSES[kind](text, **attributes)
    chain: BaseException = error
    for cause in causes:
        chain.__cause__ = TransportError(cause)
        chain = chain.__cause__
    return error
