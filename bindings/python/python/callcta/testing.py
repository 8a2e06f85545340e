"""A local Graph API for tests. With pytest, ask for the fixture `callcta_emulator`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import quote

from callcta import Client, Message, _native, aio

__all__ = ["AnswerShape", "CapturedMessage", "CapturedRequest", "Emulator", "TapRefusedError"]


@dataclass(frozen=True)
class CapturedMessage:
    """A message that the emulator accepted. `body` is the request without token and proof.

    Its `repr` doesn't show who it is for.
    """

    message_id: str
    recipient: str = field(repr=False)
    message: Message
    body: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class CapturedRequest:
    """A request that the emulator received; `status` is None if it was not answered.

    Its `repr` shows nothing that may hold a token or a PSID.
    """

    method: str
    path: str
    query: str = field(repr=False)
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None
    message_id: str | None


AnswerShape = Literal["flat", "nested_both", "nested_id", "message_id_only"]
"""The documented forms of the answer to a send."""


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
    """A local Graph API with a Page, people and an inbox, in this process.

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

    def __new__(
        cls,
        *,
        port: int = 0,
        state: Mapping[str, Any] | None = None,
        seed_file: str | os.PathLike[str] | None = None,
        clock: datetime | None = None,
        run_clock: bool = False,
        seed: int | None = None,
        answer_shape: AnswerShape | None = None,
        keep_messages: int | None = None,
        keep_requests: int | None = None,
        keep_bytes: int | None = None,
        threads: int | None = None,
        listen: str | None = None,
        allow_host: Sequence[str] = (),
        allow_origin: Sequence[str] = (),
        prefix: str | None = None,
        head_timeout: timedelta | None = None,
    ) -> Self:
        """Starts it.

        Args:
            port: The port; 0 is any free one.
            state: The Pages, tokens and people to start with and to come back to, as
                `control("GET", "state")` shows them; what is left out has its default.
            seed_file: A JSON file with the same.
            clock: Where the clock starts; 2026-10-01T12:00:00Z by default.
            run_clock: Whether the clock follows real time; otherwise it stands until advanced.
            seed: Of whatever is random, such as faults with a probability.
            answer_shape: The form of the answer to a send; as the state says by default, flat.
            keep_messages: How many of the newest messages are kept, 500 by default.
            keep_requests: How many of the newest requests.
            keep_bytes: How large all that is kept may be.
            threads: How many serve requests, 1 by default.
            listen: The address to listen on, 127.0.0.1 by default. On another one whoever reaches
                it can send.
            allow_host: Further names of the control API and the page.
            allow_origin: Origins whose pages may use and read everything.
            prefix: A path below which everything is.
            head_timeout: How long a client may take to send a request's head.

        Raises:
            ValueError: A setting that makes no sense.
            OSError: The port is taken, or the file can't be read.
        """
        if clock is not None and clock.tzinfo is None:
            raise ValueError("clock needs a time zone, for instance datetime.UTC")
        settings = {
            "port": port,
            "state": state,
            "seed_file": None if seed_file is None else os.fsdecode(seed_file),
            "clock": None if clock is None else _millis(clock - _EPOCH),
            "run_clock": run_clock,
            "seed": seed,
            "answer_shape": answer_shape,
            "keep_messages": keep_messages,
            "keep_requests": keep_requests,
            "keep_bytes": keep_bytes,
            "threads": threads,
            "listen": listen,
            "allow_host": list(allow_host),
            "allow_origin": list(allow_origin),
            "prefix": prefix,
            "head_timeout_ms": None if head_timeout is None else _millis(head_timeout),
        }
        self = super().__new__(cls, settings)
        self.__dict__.update(json.loads(self._facts()))
        return self

    def __repr__(self) -> str:
        """Shows no token, no secret and no PSID."""
        return f"{type(self).__name__}({self.url!r})"

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
        return _good(*self._control(method, path, body))

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

    def wait_for_messages(
        self, count: int = 1, timeout: timedelta = timedelta(seconds=5)
    ) -> list[CapturedMessage]:
        """Waits until so many messages are kept, for at most a minute of real time.

        Raises:
            TimeoutError: There are fewer.
        """
        self._wait("messages", count, timeout)
        return self.messages()

    def wait_for_webhooks(
        self, count: int = 1, timeout: timedelta = timedelta(seconds=5)
    ) -> list[dict[str, Any]]:
        """Waits until so many webhooks have been delivered, for at most a minute of real time.

        Returns:
            Those that have been delivered.

        Raises:
            TimeoutError: There are fewer.
        """
        webhooks: list[dict[str, Any]] = self._wait("webhooks", count, timeout)["webhooks"]
        return webhooks

    def _wait(self, what: str, count: int, timeout: timedelta) -> Any:
        path = f"{what}/wait?count={count}&timeout_ms={_millis(timeout)}"
        status, answer = self._control("GET", path, None)
        if status == 408:
            raise TimeoutError(answer["error"])
        return _good(status, answer)

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

    def hold_webhooks(self) -> None:
        """Keeps webhooks back until they are released."""
        self.control("POST", "webhooks/hold")

    def release_webhooks(self, order: Literal["made", "reverse"] | Sequence[int] = "made") -> int:
        """Lets held webhooks go, all or only those with these numbers, and holds no more.

        Returns:
            How many went.
        """
        order = order if isinstance(order, str) else list(order)
        released: int = self.control("POST", "webhooks/release", {"order": order})["released"]
        return released

    def redeliver_webhook(
        self, webhook_id: int, signature: Literal["valid", "wrong", "missing"] = "valid"
    ) -> dict[str, Any]:
        """Sends a webhook once more, as a new one that is returned; does not wait."""
        path = f"webhooks/{webhook_id}/redeliver"
        webhook: dict[str, Any] = self.control("POST", path, {"signature": signature})
        return webhook

    def state(self) -> dict[str, Any]:
        """The Pages, people and whatever else the platform knows."""
        state: dict[str, Any] = self.control("GET", "state")
        return state

    def change_state(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Changes what is named, until `reset`; None removes a Page, a person and the like.

        Returns:
            The new state.
        """
        state: dict[str, Any] = self.control("PATCH", "state", dict(change))
        return state

    def set_answer_shape(self, shape: AnswerShape) -> None:
        """The form of the answer to a send from now on."""
        self.change_state({"answer_shape": shape})

    def now(self) -> datetime:
        """What the emulator's clock shows."""
        return _EPOCH + timedelta(milliseconds=self.control("GET", "clock")["now"])

    def run_clock(self, run: bool = True) -> None:
        """Lets the clock follow real time, or stops it."""
        self.control("POST", "clock", {"run": run})

    def advance(self, by: timedelta) -> None:
        """Moves the emulator's clock forward."""
        self.control("POST", "clock", {"advance_ms": round(by / timedelta(milliseconds=1))})

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still armed."""
        faults: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return faults

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

    def act(self, psid: str, action: str, **details: object) -> dict[str, Any]:
        """A person does something else.

        Args:
            psid: Who.
            action: What: `message`, `postback`, `quick_reply`, `attachment`, `sticker`, `reaction`,
                `referral` and whatever else the control API describes.
            **details: What the action needs, for instance `text="Hello"` for `message`.

        Returns:
            The `action`, and the `webhook` that was sent, None if `no_webhook` says why not.
        """
        path = f"people/{quote(psid, safe='')}/actions"
        done: dict[str, Any] = self.control("POST", path, {"type": action, **details})
        return done

    def calls(self) -> list[dict[str, Any]]:
        """All calls, oldest first."""
        calls: list[dict[str, Any]] = self.control("GET", "calls")["calls"]
        return calls

    def accept_call(self, call_id: str) -> dict[str, Any]:
        """Whoever is rung takes the call."""
        call: dict[str, Any] = self.control("POST", f"calls/{quote(call_id, safe='')}/accept")
        return call

    def end_call(self, call_id: str) -> dict[str, Any]:
        """Whoever is rung declines, or either side hangs up."""
        call: dict[str, Any] = self.control("POST", f"calls/{quote(call_id, safe='')}/end")
        return call

    def close_connections(self) -> None:
        """Closes all open connections at once, as a server that crashes would."""
        self.control("POST", "close-connections")

    def __enter__(self) -> Self:
        """The emulator itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the emulator."""
        self.stop()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _millis(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)


def _good(status: int, answer: Any) -> Any:
    if status >= 300:
        if "reason" in answer:
            raise TapRefusedError(answer["reason"], answer["error"])
        raise ValueError(answer["error"])
    return answer
