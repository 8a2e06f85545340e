"""Values on their way into the core: they arrive as they are, or are refused in clear words."""

from __future__ import annotations

import enum
import json
import math
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from types import MappingProxyType
from typing import Any

import callcta
import pytest
from callcta import (
    AccountLinkButton,
    AudioCallButton,
    ButtonTemplate,
    CallPrompt,
    Element,
    GamePlayButton,
    Message,
    PhoneNumberButton,
    PostbackButton,
    RawButton,
    RawMessage,
    Recipient,
    WebUrlButton,
)
from conftest import CALL, PSID, Server

SECRET = "private \ud800"  # half of a character, as a careless cut leaves it
HALF = "half a character"


def refused(call: Callable[[], object], match: str) -> None:
    """Also shows nothing of the value, not even in what led to it."""
    with pytest.raises(callcta.InvalidArgumentError, match=match) as caught:
        call()
    shown = "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        shown += repr(error) + repr(vars(error)) + repr(getattr(error, "object", ""))
        error = error.__cause__ or error.__context__
    assert "private" not in shown
    assert PSID not in shown.replace("PSID", "")
    assert (caught.value.kind, caught.value.delivery) == ("invalid_argument", "not_sent")


TEXTS: list[tuple[Callable[[str], object], str]] = [
    (AudioCallButton, "title"),
    (lambda text: WebUrlButton(text, "https://example.com"), "title"),
    (lambda text: WebUrlButton("x", text), "url"),
    (lambda text: WebUrlButton("x", "https://example.com", fallback_url=text), "fallback_url"),
    (lambda text: PostbackButton("x", text), "payload"),
    (lambda text: PhoneNumberButton("x", text), "number"),
    (AccountLinkButton, "url"),
    (lambda text: GamePlayButton("x", payload=text), "payload"),
    (Element, "title"),
    (lambda text: Element("x", subtitle=text), "subtitle"),
    (lambda text: ButtonTemplate(text, []), "text"),
    (lambda text: CallPrompt(metadata=text), "metadata"),
    (lambda text: Recipient(id=text), "id"),
    (lambda text: callcta.validate_request(text, CALL), "PSID"),
    (lambda text: callcta.validate_request(PSID, CALL, metadata=text), "metadata"),
    (lambda text: callcta.validate_request(PSID, CALL, **{text: 1}), "option"),  # type: ignore[arg-type]  # pyright: ignore
    (lambda text: callcta.Client(PSID, text), "access_token"),
    (lambda text: callcta.Client(PSID, "t", user_agent=text), "user_agent"),
    (Message.from_json, "json"),
    (lambda text: callcta.Receipt("m_1", text), "recipient_id"),
    (lambda text: callcta.GraphError(1, message=text), "message"),
    (lambda text: callcta.Violation(text, "a", "error", "b"), "path"),
]


@pytest.mark.parametrize(("make", "name"), TEXTS)
def test_half_a_character_in_a_text_is_refused(make: Callable[[str], object], name: str) -> None:
    refused(lambda: make(SECRET), f"{name}.*{HALF}")


NESTED: list[Callable[[Any], object]] = [
    lambda value: RawButton({"x": [value]}),
    lambda value: RawMessage({"x": {"y": value}}),
    lambda value: AudioCallButton("x", fields={"x": value}),
    lambda value: GamePlayButton("x", game_metadata={"x": value}),
    lambda value: Element("x", fields={"x": (value,)}),
    lambda value: CallPrompt(message_fields={"x": value}),
    lambda value: Message.from_dict({"text": value}),
    lambda value: callcta.Button.from_dict([value]),
    lambda value: Element.from_dict({"x": value}),
    lambda value: Recipient.from_dict({"id": value}),
    lambda value: callcta.validate_request(PSID, CALL, fields={"x": value}),
]


@pytest.mark.parametrize("make", NESTED)
def test_what_json_cannot_hold_is_refused(make: Callable[[Any], object]) -> None:
    refused(lambda: make(SECRET), HALF)
    refused(lambda: make({SECRET: 1}), HALF)
    for number in math.nan, math.inf, -math.inf:
        refused(lambda: make(number), "not JSON: it holds nan or inf")  # noqa: B023
    for number in 2**64, -(2**63) - 1, 10**400:
        refused(lambda: make(number), "64 bits")  # noqa: B023
    holds_itself: list[Any] = ["private"]
    holds_itself.append(holds_itself)
    refused(lambda: make(holds_itself), "nested too deeply")


@pytest.mark.parametrize("make", NESTED[:-1])
def test_what_json_does_not_have_is_a_type_error(make: Callable[[Any], object]) -> None:
    for value in object(), {1, 2}, b"x", datetime.now(UTC), {5: "x"}, {None: 1}:
        with pytest.raises(TypeError, match="JSON"):
            make(value)


def test_everything_else_arrives_as_it_is() -> None:
    class Color(enum.StrEnum):
        RED = "red"

    class Number(enum.IntEnum):
        ONE = 1

    wire: dict[str, Any] = {
        "small": -(2**63),
        "large": 2**64 - 1,
        "float": 5e-324,
        "whole": 5.0,
        "yes": True,
        "none": None,
        "text": "\U0001f600 \x00",
        "list": [[], {}, ()],
        "enum": Color.RED,
        "number": Number.ONE,
        "mapping": MappingProxyType({"a": 1}),
    }
    message = RawMessage(wire)
    again = message.to_dict()
    assert again == {**wire, "list": [[], {}, []], "mapping": {"a": 1}}
    assert list(again) == sorted(wire)
    for name, value in again.items():
        assert type(value) in (int, float, bool, type(None), str, list, dict), name
    assert Message.from_json(message.to_json()) == message == Message.from_dict(again)
    assert json.loads(message.to_json()) == again
    assert pickle.loads(pickle.dumps(message)) == message


def test_depth_is_bounded_as_in_json() -> None:
    def nested(depth: int) -> dict[str, Any]:
        wire: dict[str, Any] = {}
        for _ in range(depth - 1):
            wire = {"x": wire}
        return wire

    message = RawMessage(nested(127))
    assert Message.from_json(message.to_json()) == message
    refused(lambda: RawMessage(nested(128)), "nested too deeply")


DAYS = [(partial(AudioCallButton, "x"), "expires_in_days"), (CallPrompt, "ttl_days")]


@pytest.mark.parametrize(("make", "name"), DAYS)
def test_days_are_whole_numbers(make: Callable[..., Any], name: str) -> None:
    assert make(**{name: 5.0}) == make(**{name: 5})
    assert getattr(make(**{name: -0.0}), name) == 0
    assert getattr(make(**{name: 2**63 - 1}), name) == 2**63 - 1
    for number in 5.5, math.nan, math.inf:
        refused(lambda: make(**{name: number}), f"{name} must be a whole number")  # noqa: B023
    for number in 2**63, 1e20, -(2**70):
        refused(lambda: make(**{name: number}), f"{name} .*64 bits")  # noqa: B023
    others: list[Any] = [True, False, "5", [], b"5"]
    for value in others:
        with pytest.raises(TypeError, match=f"{name} must be a whole number"):
            make(**{name: value})


@pytest.mark.parametrize("name", ["timeout", "attempts", "body_limit", "workers", "capacity"])
def test_yes_and_no_are_no_numbers(name: str) -> None:
    with pytest.raises(callcta.InvalidArgumentError, match=f"{name} must be a"):
        callcta.Client("1", "t", **{name: True})  # type: ignore[arg-type]  # pyright: ignore


def test_what_python_raised_is_kept(server: Server) -> None:
    class Broken(tzinfo):
        def utcoffset(self, dt: datetime | None) -> timedelta:
            raise LookupError("no such zone")

        tzname = dst = utcoffset  # type: ignore[assignment]  # pyright: ignore

    with pytest.raises(callcta.InvalidArgumentError, match="deadline must be") as caught:
        server.client().send(PSID, CALL, deadline=datetime(2030, 1, 1, tzinfo=Broken()))
    cause = caught.value.__cause__
    while cause is not None and not isinstance(cause, LookupError):
        cause = cause.__cause__ or cause.__context__
    assert str(cause) == "no such zone"
    assert not server.requests
