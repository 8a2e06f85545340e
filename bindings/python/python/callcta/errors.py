"""What can go wrong, and what is known about the message then.

Every error is a `CallCtaError`. Its class says what went wrong, `delivery` whether the message may
have arrived, `may_retry` whether the same message can be sent again without sending it twice.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from callcta import _native
from callcta._native import GraphError, Usage, Violation

_CLASSES: dict[str, type[CallCtaError]] = {}
_KINDS: dict[str, tuple[str, Literal["not_sent", "rejected", "unknown"]]] = {
    name: (advice, delivery) for name, advice, delivery in _native._error_kinds()
}


class CallCtaError(Exception):
    """Base of all errors. `str(error)` is one line without token, PSID or message text.

    One made by hand has what its class says about the kind, the delivery (`unknown` where that
    depends) and the advice.

    Attributes:
        kind: What went wrong, a stable name that is the same in all languages.
        delivery: `not_sent` (nothing left this machine), `rejected` (the platform refused the
            message) or `unknown` (it may or may not have been delivered).
        reason: Of a `CancelledError`: `closed` (the client) or `aborted` (this one send).
        violations: The broken rules of an invalid message, warnings included.
        code: The Graph API's error code, if it answered with an error.
        subcode: Its subcode, if any.
        trace_id: Its trace id (fbtrace_id), for Meta's support.
        graph: The whole error object.
        http_status: The HTTP status, if an answer came.
        retry_after: Seconds to wait before the next try, if the platform said.
        may_retry: Whether sending the same message again can help and can't deliver it twice.
        attempts: How many requests were made, retries included.
        usage: The usage figures that came with the answer.
        advice: What a person can do about it, in one sentence.
    """

    kind: ClassVar[str] = ""
    delivery: Literal["not_sent", "rejected", "unknown"] = "unknown"
    reason: Literal["closed", "aborted"] | None = None
    violations: tuple[Violation, ...] = ()
    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None
    graph: GraphError | None = None
    http_status: int | None = None
    retry_after: float | None = None
    may_retry: bool = False
    attempts: int = 0
    usage: Usage = Usage()
    advice: str = ""

    def __init_subclass__(cls, kind: str = "") -> None:
        """Notes the class of a kind of error; further subclasses keep their base's."""
        if kind:
            cls.kind = kind
            cls.advice, cls.delivery = _KINDS[kind]
            _CLASSES[kind] = cls

    def __init__(self, text: str = "", **attributes: Any) -> None:
        """Makes an error with a text and any of the attributes."""
        super().__init__(text)
        self.__dict__.update(attributes)

    def to_dict(self) -> dict[str, Any]:
        """The attributes, the text and the connection's own words as what JSON can hold.

        Holds no token and no message. `graph` and `violations` hold what `str` leaves out: the
        platform's own texts, which may name ids.
        """
        names = CallCtaError.__annotations__
        cause = str(self.__cause__) if isinstance(self.__cause__, TransportError) else None
        own = {name: _plain(getattr(self, name)) for name in names}
        return {"text": str(self), **own, "cause": cause}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the attributes and the cause, which exceptions usually lose."""
        state = {**self.__dict__, "__cause__": self.__cause__}
        return type(self), self.args, {**state, "__suppress_context__": self.__suppress_context__}


class TransportError(Exception):
    """What a connection said: the `__cause__` of errors that come from one."""


class InvalidMessageError(CallCtaError, ValueError, kind="invalid_message"):
    """The message breaks a documented rule (see `violations`); nothing was sent."""


class InvalidArgumentError(CallCtaError, ValueError, kind="invalid_argument"):
    """A setting or an argument can't be used; nothing was sent."""


class AuthenticationError(CallCtaError, kind="authentication"):
    """The access token or the app secret proof is not accepted."""


class PermissionDeniedError(CallCtaError, kind="permission_denied"):
    """The app or the Page may not do this."""


class CallingNotEnabledError(CallCtaError, kind="calling_not_enabled"):
    """The Page has not enabled audio calling."""


class OutsideWindowError(CallCtaError, kind="outside_window"):
    """The message came outside of the window in which the Page may write."""


class InvalidRecipientError(CallCtaError, kind="invalid_recipient"):
    """There is no such person for this Page."""


class RecipientUnavailableError(CallCtaError, kind="recipient_unavailable"):
    """The person exists but can't be reached."""


class InvalidPageError(CallCtaError, kind="invalid_page"):
    """There is no such Page for this token."""


class InvalidRequestError(CallCtaError, kind="invalid_request"):
    """The platform refused the request as wrong."""


class RateLimitedError(CallCtaError, kind="rate_limited"):
    """Too many requests; see `retry_after`."""


class ServiceError(CallCtaError, kind="service"):
    """The platform failed; the message may have been delivered all the same."""


class ApiError(CallCtaError, kind="api"):
    """Another error of the Graph API, with its numbers in `graph`."""


class ConnectError(CallCtaError, kind="connect"):
    """Resolving, connecting or TLS failed; nothing was sent."""


class SendTimeoutError(CallCtaError, TimeoutError, kind="timeout"):
    """A time limit ran out."""


class NetworkError(CallCtaError, kind="network"):
    """The connection broke after the request, or part of it, was sent."""


class InvalidResponseError(CallCtaError, kind="invalid_response"):
    """The answer can't be read."""


class CancelledError(CallCtaError, kind="cancelled"):
    """The send was given up, or the client closed; see `reason`."""


class DeadlinePassedError(CallCtaError, kind="deadline_passed"):
    """The message's deadline passed before it was sent."""


class QueueFullError(CallCtaError, kind="queue_full"):
    """There is no room for one more message; nothing was sent, and trying again is right."""


class OutOfResourcesError(CallCtaError, kind="out_of_resources"):
    """This process has no more files, threads or memory; nothing was sent."""


class InternalError(CallCtaError, kind="internal"):
    """A defect in callcta."""


def _plain(value: Any) -> Any:
    """Something as JSON can hold it."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value.to_dict() if hasattr(value, "to_dict") else value


def _from_native(  # pyright: ignore[reportUnusedFunction]
    kind: str, text: str, attributes: dict[str, Any], cause: str | None
) -> CallCtaError:
    """Makes the exception for an error of the core; for the native module."""
    if graph := attributes.get("graph"):
        attributes |= {"code": graph.code, "subcode": graph.subcode, "trace_id": graph.trace_id}
    error = _CLASSES[kind](text, **attributes)
    if cause is not None:
        error.__cause__ = TransportError(cause)
    return error
