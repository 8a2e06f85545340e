"""The calling side for asyncio. It has the same names as `callcta.calling.Calling`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Unpack

from callcta import _native
from callcta._aio_wait import wait
from callcta._calling_models import (
    CallPermissions,
    CallSession,
    CallSettings,
    FeatureStatus,
    MediaTrack,
    Object,
    Subscription,
    permissions_of,
    subscriptions_of,
    update_of,
)
from callcta._native import Receipt
from callcta._sends import Sends
from callcta.calling import calling_optin
from callcta.options import RequestOptions


class Calling:
    """The calling side of one Page: its settings, its permissions, its calls.

    It comes from `callcta.aio.Client.calling`; see `callcta.calling.Calling`. Requests wait in the
    event loop's default executor. A cancelled `await` gives its request up; the
    `asyncio.CancelledError` says what is known about it by a note and the attributes `delivery` and
    `error`.
    """

    def __init__(self, sends: Sends, send: Callable[..., Awaitable[Receipt]]) -> None:
        """Made by the client."""
        self._sends, self._send = sends, send

    async def _ask(self, name: str, arguments: dict[str, Any], options: RequestOptions) -> Any:
        self._sends.check_open()
        return await wait(_native._ask, self._sends.native, name, arguments, options)

    async def settings(self, **options: Unpack[RequestOptions]) -> CallSettings:
        """Reads the Page's call settings."""
        return CallSettings.from_dict(await self._ask("settings", {}, options))

    async def set_settings(self, settings: CallSettings, **options: Unpack[RequestOptions]) -> None:
        """Changes the settings that are given; the others stay."""
        await self._ask("set_settings", {"settings": settings.to_dict()}, options)

    async def feature_status(self, **options: Unpack[RequestOptions]) -> FeatureStatus:
        """Whether the Page may use the calling API."""
        return FeatureStatus(**await self._ask("feature_status", {}, options))

    async def permissions(self, psid: str, **options: Unpack[RequestOptions]) -> CallPermissions:
        """Whether the Page may call a person, and whether it may ask to be allowed to."""
        return permissions_of(await self._ask("permissions", {"psid": psid}, options))

    async def request_permission(self, psid: str, **options: Unpack[RequestOptions]) -> Receipt:
        """Asks a person to be allowed to call them, by a message."""
        return await self._send(psid, calling_optin(), **options)

    async def accept(
        self,
        call_id: str,
        offer: str,
        *,
        rang_at: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> CallSession:
        """Accepts a person's call. There is one request, whatever happens."""
        arguments = {"call_id": call_id, "offer": offer, "rang_at": rang_at}
        return CallSession(**await self._ask("accept", arguments, options))

    async def connect(
        self, psid: str, offer: str, **options: Unpack[RequestOptions]
    ) -> CallSession:
        """Calls a person, who must have allowed it. There is one request, whatever happens."""
        return CallSession(**await self._ask("connect", {"psid": psid, "offer": offer}, options))

    async def reject(self, call_id: str, **options: Unpack[RequestOptions]) -> None:
        """Rejects a person's call that rings."""
        await self._ask("reject", {"call_id": call_id}, options)

    async def terminate(self, call_id: str, **options: Unpack[RequestOptions]) -> None:
        """Ends a call."""
        await self._ask("terminate", {"call_id": call_id}, options)

    async def update_media(
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
        await self._ask("update_media", arguments, options)

    async def report_metrics(self, metrics: Object, **options: Unpack[RequestOptions]) -> None:
        """Tells the platform how a call was: once, within 24 hours of its end."""
        await self._ask("report_metrics", {"metrics": metrics}, options)

    async def subscriptions(self, **options: Unpack[RequestOptions]) -> tuple[Subscription, ...]:
        """The apps that are told what happens on the Page."""
        return subscriptions_of(await self._ask("subscriptions", {}, options))

    async def subscribe(self, fields: Iterable[str], **options: Unpack[RequestOptions]) -> None:
        """Subscribes the token's app to webhook fields of the Page, such as `calls`."""
        await self._ask("subscribe", {"fields": list(fields)}, options)
