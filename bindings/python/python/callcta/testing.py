"""A local Graph API for tests. With pytest, ask for the fixture `callcta_emulator`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Self

from callcta import Client, Message, _native, aio

__all__ = ["CapturedMessage", "CapturedRequest", "Emulator", "TapRefusedError"]


@dataclass(frozen=True)
class CapturedMessage:
    """A message that the emulator accepted. `body` is the request without token and proof."""

    message_id: str
    recipient: str
    message: Message
    body: dict[str, Any]


@dataclass(frozen=True)
class CapturedRequest:
    """A request that the emulator received; `status` is None if it was not answered."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int | None
    message_id: str | None


class TapRefusedError(Exception):
    """A tap that does nothing, for instance on an expired button; see `reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        """Made by `Emulator.tap`."""
        super().__init__(reason, detail)
        self.reason = reason

    def __str__(self) -> str:
        """The text alone."""
        return str(self.args[1])


class Emulator(_native._Emulator):
    """A local Graph API with a Page, people and an inbox, in this process; loopback only.

    Attributes:
        url: The base URL for clients, and the inbox page for a browser.
        page_id: The default Page.
        access_token: A token of the default Page that works.
        app_secret: Its app secret.
        psids: Everybody who is in conversation with it; those who can be written to first.
    """

    url: str
    page_id: str
    access_token: str
    app_secret: str
    psids: list[str]

    def __init__(self) -> None:
        """Starts it on a free port."""
        self.__dict__.update(json.loads(self._facts()))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Asks the control API, which `/_emulator/openapi.json` describes.

        Args:
            method: The HTTP method.
            path: What follows `/_emulator/`, for instance `messages?limit=1`.
            body: What goes along, if anything.

        Returns:
            The answer.

        Raises:
            TapRefusedError: A tap that does nothing.
            ValueError: Anything else that is refused.
        """
        status, answer = self._control(method, path, body)
        if status >= 300:
            if "reason" in answer:
                raise TapRefusedError(answer["reason"], answer["error"])
            raise ValueError(answer["error"])
        return answer

    def client(self, **settings: Any) -> Client:
        """A client of the default Page. Settings are those of `ClientBase`."""
        return Client(self.page_id, self.access_token, base_url=self.url, **settings)

    def aio_client(self, **settings: Any) -> aio.Client:
        """A client for asyncio of the default Page."""
        return aio.Client(self.page_id, self.access_token, base_url=self.url, **settings)

    def messages(self) -> list[CapturedMessage]:
        """The newest accepted messages, oldest first."""
        return [
            CapturedMessage(
                m["message_id"], m["recipient"], Message.from_dict(m["body"]), m["body"]
            )
            for m in self.control("GET", "messages")["messages"]
        ]

    def requests(self) -> list[CapturedRequest]:
        """The newest requests, oldest first."""
        return [CapturedRequest(*request) for request in self._requests()]

    def webhooks(self) -> list[dict[str, Any]]:
        """The newest webhooks, oldest first, each with its body, signature and attempts."""
        webhooks: list[dict[str, Any]] = self.control("GET", "webhooks")["webhooks"]
        return webhooks

    def set_webhook_url(self, url: str) -> None:
        """Where webhooks go from now on: plain HTTP on this machine."""
        self.control("PATCH", "state", {"webhook": {"url": url}})

    def advance(self, by: timedelta) -> None:
        """Moves the emulator's clock forward."""
        self.control("POST", "clock", {"advance_ms": round(by / timedelta(milliseconds=1))})

    def clear_faults(self) -> None:
        """Takes all faults away."""
        self.control("DELETE", "faults")

    def reset(self) -> None:
        """Back to the beginning: initial state, clock and counters, empty logs, no faults."""
        self.control("POST", "reset")

    def arm(
        self,
        action: str = "pass",
        *,
        times: int | None = 1,
        apply: Literal["auto", "before", "after"] = "auto",
        delay: float | None = None,
        headers: Mapping[str, str] | None = None,
        match: Mapping[str, str] | None = None,
        **details: object,
    ) -> str:
        """Lets something go wrong with the next requests.

        Args:
            action: What happens: `pass` (nothing but the delay), `status`, `graph`,
                `drop_before_read`, `drop`, `truncated_body`, `content_type`, `html_body`,
                `oversize_body`, `close_after_answer` or `unfinished` (an item of a batch).
            times: How often; None for ever.
            apply: Whether the message is stored first (`after`) or not (`before`).
            delay: Seconds to hold the answer back.
            headers: Further headers of the answer.
            match: Which requests: `method`, end of the `path`, `recipient`.
            **details: What the action needs, for instance `status=400, code=613` for `graph`.

        Returns:
            The fault's id.
        """
        fault: dict[str, Any] = {"action": {"type": action, **details}, "times": times}
        if delay is not None:
            fault["delay"] = {"type": "fixed", "ms": round(delay * 1000)}
        fault |= {"apply": apply, "match": dict(match or {}), "headers": [*(headers or {}).items()]}
        fault_id: str = self.control("POST", "faults", fault)["id"]
        return fault_id

    def tap(self, message_id: str, element: int = 0, button: int | None = None) -> dict[str, Any]:
        """A person taps a button, by default the message's first call button.

        Returns:
            The `button`, the `call` that rings and the `webhook` that was sent, each perhaps None.

        Raises:
            TapRefusedError: Nothing happened, for instance because the button has expired.
        """
        target = {"message_id": message_id, "element": element, "button": button}
        tap: dict[str, Any] = self.control("POST", "tap", target)
        return tap

    def __enter__(self) -> Self:
        """The emulator itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the emulator."""
        self.stop()
