"""Puts a Call Now button into a Messenger conversation and tells what became of it.

>>> from callcta import AudioCallButton, ButtonTemplate, Client
>>> client = Client("1234567890", "a Page access token")
>>> message = ButtonTemplate("Need help?", [AudioCallButton("Call Now", expires_in_days=5)])
>>> message.validate()
[]
"""

import atexit

from callcta import _native
from callcta._base import ClientBase
from callcta._blocking import Client
from callcta._blocking_outboxes import Outbox, Outboxes
from callcta._native import (
    PACE,
    AccountLinkButton,
    AccountUnlinkButton,
    AppUsage,
    AudioCallButton,
    BusinessUsage,
    Button,
    ButtonTemplate,
    CallPrompt,
    Counts,
    Element,
    GamePlayButton,
    GenericTemplate,
    GraphError,
    Message,
    Model,
    PhoneNumberButton,
    PostbackButton,
    RawButton,
    RawMessage,
    Receipt,
    Recipient,
    Usage,
    Violation,
    WebUrlButton,
)
from callcta._outcome import Failed, Outcome, Sent
from callcta._request import validate_request
from callcta._retry import RetryEvent
from callcta.errors import (
    ApiError,
    AuthenticationError,
    CallCtaError,
    CallingNotEnabledError,
    CancelledError,
    ConnectError,
    DeadlinePassedError,
    InternalError,
    InvalidArgumentError,
    InvalidMessageError,
    InvalidPageError,
    InvalidRecipientError,
    InvalidRequestError,
    InvalidResponseError,
    NetworkError,
    OutOfResourcesError,
    OutsideWindowError,
    PermissionDeniedError,
    QueueFullError,
    RateLimitedError,
    RecipientUnavailableError,
    SendTimeoutError,
    ServiceError,
    TransportError,
)

__all__ = [
    "PACE",
    "AccountLinkButton",
    "AccountUnlinkButton",
    "ApiError",
    "AppUsage",
    "AudioCallButton",
    "AuthenticationError",
    "BusinessUsage",
    "Button",
    "ButtonTemplate",
    "CallCtaError",
    "CallPrompt",
    "CallingNotEnabledError",
    "CancelledError",
    "Client",
    "ClientBase",
    "ConnectError",
    "Counts",
    "DeadlinePassedError",
    "Element",
    "Failed",
    "GamePlayButton",
    "GenericTemplate",
    "GraphError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidMessageError",
    "InvalidPageError",
    "InvalidRecipientError",
    "InvalidRequestError",
    "InvalidResponseError",
    "Message",
    "Model",
    "NetworkError",
    "OutOfResourcesError",
    "Outbox",
    "Outboxes",
    "Outcome",
    "OutsideWindowError",
    "PermissionDeniedError",
    "PhoneNumberButton",
    "PostbackButton",
    "QueueFullError",
    "RateLimitedError",
    "RawButton",
    "RawMessage",
    "Receipt",
    "Recipient",
    "RecipientUnavailableError",
    "RetryEvent",
    "SendTimeoutError",
    "Sent",
    "ServiceError",
    "TransportError",
    "Usage",
    "Violation",
    "WebUrlButton",
    "validate_request",
]
__version__ = _native.VERSION
atexit.register(_native._end)
