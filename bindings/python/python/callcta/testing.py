"""A local Graph API for tests. With pytest, ask for the fixture `callcta_emulator`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from callcta import Client, Message, _native, aio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

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


class Emulator(_native._Emulator):
    """A local Graph API with a Page, people and an inbox, in this process; loopback only."""

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
            for m in self._messages()
        ]

    def requests(self) -> list[CapturedRequest]:
        """The newest requests, oldest first."""
        return [CapturedRequest(**request) for request in self._requests()]

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
                `oversize_body` or `close_after_answer`.
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
        pairs = list((headers or {}).items())
        return self._arm({**fault, "apply": apply, "match": match or {}, "headers": pairs})

    def tap(self, message_id: str, element: int = 0, button: int | None = None) -> dict[str, Any]:
        """A person taps a button, by default the message's first call button.

        Returns:
            The `button`, the `call` that rings and the `webhook` that was sent, each perhaps None.

        Raises:
            TapRefusedError: Nothing happened, for instance because the button has expired.
        """
        done, result = self._tap({"message_id": message_id, "element": element, "button": button})
        if not done:
            raise TapRefusedError(result["reason"], result["detail"])
        return result

    def __enter__(self) -> Self:
        """The emulator itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stops the emulator."""
        self.stop()
