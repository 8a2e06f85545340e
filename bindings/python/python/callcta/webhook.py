"""What comes back: verifying and reading webhooks.

Meta posts what happens on a Page to the app's webhook: somebody tapped the button and calls,
answered a request, wrote, read. `verify_and_parse` is the one function that a receiver needs; it
takes the body **as the bytes that came in**, since a body that was parsed and written again has
another signature.

>>> from callcta.webhook import CallEvent, Secrets, verify_and_parse
>>> secrets = Secrets("the app secret")
>>> body = b'{"entry": [{"id": "1", "calls": [{"id": "c_1", "event": "connect"}]}]}'
>>> verify_and_parse(body, secrets.sign(body), secrets).events
(CallEvent(identity='call:c_1:connect'),)

Answer with 200 within 5 seconds and do the work later: Meta sends again what isn't answered in
time, and in the end takes the subscription away. What comes twice has the same `Event.identity`;
`Deduplicator` remembers those. Order isn't promised either: `sort` puts events into the platform's
own.
"""

from __future__ import annotations

from typing import Any, Literal

from callcta._native import (
    BODY_MAX,
    Attachment,
    CallEnd,
    CallEvent,
    CallPermissionReplyEvent,
    CallSettingsUpdateEvent,
    Cause,
    Deduplicator,
    DeliveryEvent,
    Description,
    EchoEvent,
    Event,
    MessageEvent,
    PostbackEvent,
    ReactionEvent,
    ReadEvent,
    Referral,
    ReferralEvent,
    Secrets,
    UnknownEvent,
    Webhook,
    answer_challenge,
    challenge,
    decode_body,
    likely_cause,
    parse_unverified,
    sort,
    verify_and_parse,
)

__all__ = [
    "BODY_MAX",
    "Attachment",
    "CallEnd",
    "CallEvent",
    "CallPermissionReplyEvent",
    "CallSettingsUpdateEvent",
    "Cause",
    "Deduplicator",
    "DeliveryEvent",
    "Description",
    "EchoEvent",
    "Event",
    "MessageEvent",
    "PostbackEvent",
    "ReactionEvent",
    "ReadEvent",
    "Referral",
    "ReferralEvent",
    "Secrets",
    "UnknownEvent",
    "Webhook",
    "WebhookError",
    "answer_challenge",
    "challenge",
    "decode_body",
    "likely_cause",
    "parse_unverified",
    "sort",
    "verify_and_parse",
]


class WebhookError(Exception):
    """A webhook, or a challenge, that can't be accepted.

    It is no `CallCtaError`: nothing was to be sent. Its text quotes nothing of the request and
    nothing of a secret.

    Attributes:
        kind: Which check failed.
        http_status: The status to answer with: 401 for a signature, 403 for a verify token, 413 and
            400 for a body, 400 for a request that is no challenge.
    """

    kind: Literal[
        "missing_signature",
        "malformed_signature",
        "wrong_signature",
        "too_large",
        "invalid_body",
        "no_challenge",
        "wrong_verify_token",
    ]
    http_status: int

    def __init__(self, text: str, kind: Any, http_status: int) -> None:
        """Made by the functions of this module."""
        super().__init__(text)
        self.kind = kind
        self.http_status = http_status

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles it."""
        return type(self), (str(self), self.kind, self.http_status)
