"""The options of sends, of other requests and of the doctor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict


class SendOptions(TypedDict, total=False):
    """What may be said about a send beside its message. What isn't given isn't sent.

    Attributes:
        messaging_type: Why the message is sent.
        tag: What allows it outside of the window; goes with messaging type `MESSAGE_TAG`.
        notification_type: How the person's device announces it.
        persona_id: The persona that it comes from.
        reply_to: The id of the message that it answers.
        metadata: A text that comes back in its echo, fewer than 1000 characters.
        deadline: The moment (with a time zone) after which it must not be sent any more.
        timeout: Seconds for each request and its answer, if that is less than the client's.
        headers: Further headers of its requests, such as those of tracing. They win over the
            client's of the same name.
        unchecked: Whether to send without checking first: the way out when Meta changes a limit.
        fields: Further top-level fields of the request.
    """

    messaging_type: Literal["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"] | None
    tag: Literal["HUMAN_AGENT", "CUSTOMER_FEEDBACK"] | None
    notification_type: Literal["REGULAR", "SILENT_PUSH", "NO_PUSH"] | None
    persona_id: str | None
    reply_to: str | None
    metadata: str | None
    deadline: datetime | None
    timeout: float | None
    headers: Mapping[str, str] | None
    unchecked: bool | None
    fields: dict[str, Any] | None


class RequestOptions(TypedDict, total=False):
    """How a request is made that carries no message. Nothing is set unless given.

    Attributes:
        deadline: The moment (with a time zone) after which it must not be made any more.
        timeout: Seconds for each try and its answer, if that is less than the client's.
        headers: Further headers, such as those of tracing. They win over the client's of the same
            name.
        unchecked: Whether to make it without checking first: the way out when Meta changes a rule.
    """

    deadline: datetime | None
    timeout: float | None
    headers: Mapping[str, str] | None
    unchecked: bool | None


class DoctorOptions(TypedDict, total=False):
    """What the doctor is to look at beside the Page. Nothing is set unless given.

    Attributes:
        person: The person who is to get the button, by PSID.
        last_action: When this person last did something that opens the window, as the webhooks told
            (the API doesn't): a datetime with a time zone, or seconds since 1970.
        webhook: The address to which the app's webhooks go. It is asked the challenge, and is
            posted two bodies without events, one signed with the client's `app_secret` and one with
            another.
        verify_token: The verify token of the webhook's challenge.
        send_test: Whether to send the person a card with a call button, if nothing was found that
            speaks against it. Defaults to False: nothing is sent.
        timeout: Seconds for each question, its tries and waits together. Defaults to 10.
    """

    person: str | None
    last_action: datetime | float | None
    webhook: str | None
    verify_token: str | None
    send_test: bool | None
    timeout: float | None
