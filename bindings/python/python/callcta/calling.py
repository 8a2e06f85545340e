"""Around the button: whether the Page may ring, and what is said about its calls.

`client.calling` reads and changes the Page's call settings, says what the Page may do, and carries
the signalling of calls.

>>> from callcta import Client
>>> from callcta.calling import CallHours, CallSettings, OpenHours
>>> settings = CallSettings(
...     audio_enabled=True,
...     call_routing="PARTNERS",
...     call_hours=CallHours("Africa/Lagos", [OpenHours("MONDAY", "0900", "1700")]),
... )
>>> settings.validate()
[]

A tap on the button comes back as a webhook (`callcta.webhook.CallEvent`), whose `id` is the call's
and whose `time` is when it began to ring. It can be accepted for 60 seconds, with the session
description (SDP) of a WebRTC stack: callcta has no media engine, and passes these on unchanged.

What only reads, and the end of a call, is tried again even if an earlier try may have arrived.
Accepting a call and calling somebody is never tried again, whatever happened. All else is tried
again as messages are. An error's `delivery` is about the request: `unknown` means that it may have
been done; what only reads does nothing, so there it means that no answer could be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack, cast

from callcta._calling_models import (
    CallAction,
    CallHours,
    CallLimit,
    CallPermissions,
    CallSession,
    CallSettings,
    FeatureStatus,
    MediaTrack,
    Object,
    OpenHours,
    Subscription,
    permissions_of,
    subscriptions_of,
    update_of,
)
from callcta._native import Message, Receipt, _ask, _calling_optin
from callcta._sends import Sends
from callcta.options import RequestOptions, SendOptions

__all__ = [
    "CallAction",
    "CallHours",
    "CallLimit",
    "CallPermissions",
    "CallSession",
    "CallSettings",
    "Calling",
    "FeatureStatus",
    "MediaTrack",
    "OpenHours",
    "Subscription",
    "calling_optin",
]


def calling_optin() -> Message:
    """A message that asks a person to be allowed to call them, in the platform's own words."""
    return _calling_optin()


class Calling:
    """The calling side of one Page: its settings, its permissions, its calls.

    It comes from `callcta.Client.calling`. Each method raises a `callcta.CallCtaError` for whatever
    an answer or a connection can lead to, and takes the options of
    `callcta.options.RequestOptions`.
    """

    def __init__(self, sends: Sends) -> None:
        """Made by the client."""
        self._sends = sends

    def _ask(self, name: str, arguments: dict[str, Any], options: RequestOptions) -> Any:
        self._sends.check_open()
        return _ask(self._sends.native, name, arguments, options, None)

    def settings(self, **options: Unpack[RequestOptions]) -> CallSettings:
        """Reads the Page's call settings."""
        return CallSettings.from_dict(self._ask("settings", {}, options))

    def set_settings(self, settings: CallSettings, **options: Unpack[RequestOptions]) -> None:
        """Changes the settings that are given; the others stay.

        Raises:
            InvalidMessageError: A documented rule is broken; nothing was sent.
        """
        self._ask("set_settings", {"settings": settings.to_dict()}, options)

    def feature_status(self, **options: Unpack[RequestOptions]) -> FeatureStatus:
        """Whether the Page may use the calling API."""
        return FeatureStatus(**self._ask("feature_status", {}, options))

    def permissions(self, psid: str, **options: Unpack[RequestOptions]) -> CallPermissions:
        """Whether the Page may call a person, and whether it may ask to be allowed to.

        Raises:
            CallingNotEnabledError: The Page has calling switched off.
        """
        return permissions_of(self._ask("permissions", {"psid": psid}, options))

    def request_permission(self, psid: str, **options: Unpack[RequestOptions]) -> Receipt:
        """Asks a person to be allowed to call them, by a message: `calling_optin`.

        At most 2 a day to each person; each permission lasts for 7 days. The answer comes back as a
        webhook.
        """
        return self._sends.send(psid, calling_optin(), cast("SendOptions", options))

    def accept(
        self,
        call_id: str,
        offer: str,
        *,
        rang_at: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> CallSession:
        """Accepts a person's call. There is one request, whatever happens.

        Args:
            call_id: The call, from its webhook.
            offer: The Page's session description (SDP).
            rang_at: When the call began to ring, in Unix milliseconds: the time of its `connect`
                webhook. It isn't accepted later than 60 seconds after that, by this machine's
                clock.
            **options: See `RequestOptions`.

        Raises:
            DeadlinePassedError: It is too late.
        """
        arguments = {"call_id": call_id, "offer": offer, "rang_at": rang_at}
        return CallSession(**self._ask("accept", arguments, options))

    def connect(self, psid: str, offer: str, **options: Unpack[RequestOptions]) -> CallSession:
        """Calls a person, who must have allowed it. There is one request, whatever happens."""
        return CallSession(**self._ask("connect", {"psid": psid, "offer": offer}, options))

    def reject(self, call_id: str, **options: Unpack[RequestOptions]) -> None:
        """Rejects a person's call that rings."""
        self._ask("reject", {"call_id": call_id}, options)

    def terminate(self, call_id: str, **options: Unpack[RequestOptions]) -> None:
        """Ends a call."""
        self._ask("terminate", {"call_id": call_id}, options)

    def update_media(
        self,
        call_id: str,
        *,
        offer: str | None = None,
        tracks: Iterable[MediaTrack] = (),
        from_version: int | None = None,
        to_version: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> None:
        """Changes what is sent in a call."""
        arguments = update_of(call_id, offer, tracks, from_version, to_version)
        self._ask("update_media", arguments, options)

    def report_metrics(self, metrics: Object, **options: Unpack[RequestOptions]) -> None:
        """Tells the platform how a call was: once, within 24 hours of its end.

        Args:
            metrics: In wire form: `call_id`, `end_call_reason`, `call_ended_time`,
                `first_audio_packet_received_time` and `audio_stats` are required.
            **options: See `RequestOptions`.
        """
        self._ask("report_metrics", {"metrics": metrics}, options)

    def subscriptions(self, **options: Unpack[RequestOptions]) -> tuple[Subscription, ...]:
        """The apps that are told what happens on the Page."""
        return subscriptions_of(self._ask("subscriptions", {}, options))

    def subscribe(self, fields: Iterable[str], **options: Unpack[RequestOptions]) -> None:
        """Subscribes the token's app to webhook fields of the Page, such as `calls`.

        What isn't named is not told any more: name all that are wanted.
        """
        self._ask("subscribe", {"fields": list(fields)}, options)
