"""Webhooks: what is taken and refused, the classes of events, their values."""

from __future__ import annotations

import doctest
import json
import pickle
import threading
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import callcta
import pytest
from callcta import _native, webhook
from callcta.webhook import (
    CallEvent,
    Deduplicator,
    EchoEvent,
    Event,
    MessageEvent,
    Secrets,
    UnknownEvent,
    WebhookError,
    verify_and_parse,
)

TOP = Path(__file__).resolve().parents[3]
PSID = "1254477777772919"
SECRETS = Secrets("test secret")
CALL = {
    "id": "c_1",
    "to": "1",
    "from": PSID,
    "event": "connect",
    "timestamp": 1671644824,
    "call_direction": "user_initiated",
}
BODY = json.dumps({"object": "page", "entry": [{"id": "1", "calls": [CALL]}]}).encode()
HEADER = SECRETS.sign(BODY)


def kind(run: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(WebhookError) as caught:
        run()
    return caught.value.kind, caught.value.http_status


def parse(*messaging: Any, **entry: Any) -> tuple[Event, ...]:
    body = {"object": "page", "entry": [{"id": "1", "messaging": list(messaging), **entry}]}
    return webhook.parse_unverified(json.dumps(body)).events


def test_what_was_signed_is_read() -> None:
    received = verify_and_parse(BODY, HEADER, SECRETS)
    assert (received.object, received.secret) == ("page", 0)
    [event] = received.events
    assert received.events[0] is event
    assert isinstance(event, CallEvent)
    assert (event.type, event.page_id, event.psid) == ("call", "1", PSID)
    assert (event.time, event.standby) == (1671644824000, False)
    assert (event.id, event.event, event.direction) == ("c_1", "connect", "user_initiated")
    assert (event.status, event.version, event.offer, event.end) == (None, None, None, None)
    assert event.raw == CALL
    assert event.identity == "call:c_1:connect"


MAKERS: list[Callable[[bytes], Any]] = [bytes, bytearray, memoryview, bytes.decode]


@pytest.mark.parametrize("make", MAKERS)
def test_a_body_is_bytes_or_a_text(make: Callable[[bytes], Any]) -> None:
    body = BODY.replace(b"page", "pägé 😀".encode())
    received = verify_and_parse(make(body), SECRETS.sign(make(body)).encode(), "test secret")
    assert received.object == "pägé 😀"


@pytest.mark.parametrize("parsed", [json.loads(BODY), [1], None, 5, SECRETS])
def test_what_was_parsed_is_refused_with_the_cure(parsed: Any) -> None:
    for run in (
        lambda: verify_and_parse(parsed, HEADER, SECRETS),
        lambda: webhook.parse_unverified(parsed),
        lambda: webhook.likely_cause(parsed, HEADER, SECRETS),
        lambda: SECRETS.sign(parsed),
    ):
        with pytest.raises(TypeError, match=r"not a .*get_data\(\) in Flask.*FastAPI") as caught:
            run()
        assert "c_1" not in str(caught.value)


def test_a_forgotten_await_is_named() -> None:
    async def body() -> bytes:
        return BODY

    forgotten: Any = body()
    with pytest.raises(TypeError, match="await it"):
        verify_and_parse(forgotten, HEADER, SECRETS)
    forgotten.close()


def test_a_half_character_is_no_signed_body() -> None:
    assert kind(lambda: verify_and_parse("\ud800", HEADER, SECRETS)) == ("wrong_signature", 401)
    assert kind(lambda: verify_and_parse(BODY, "\ud800", SECRETS)) == ("malformed_signature", 401)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "missing_signature"),
        ("", "missing_signature"),
        ([], "missing_signature"),
        ([HEADER, HEADER], "malformed_signature"),
        (f"{HEADER}, {HEADER}", "malformed_signature"),
        (HEADER[7:], "malformed_signature"),
        ("sha1=" + "0" * 40, "malformed_signature"),
        (HEADER[:-1], "malformed_signature"),
        ("sha256=" + "ü" * 64, "malformed_signature"),
        (b"sha256=\xff", "malformed_signature"),
        ("sha256=" + "0" * 64, "wrong_signature"),
    ],
)
def test_other_headers_are_refused(header: Any, expected: str) -> None:
    assert kind(lambda: verify_and_parse(BODY, header, SECRETS)) == (expected, 401)
    assert kind(lambda: SECRETS.verify(BODY, header)) == (expected, 401)


def test_a_list_of_one_header_is_that_header() -> None:
    assert verify_and_parse(BODY, [HEADER], SECRETS).secret == 0
    assert verify_and_parse(BODY, (HEADER.encode(),), SECRETS).secret == 0
    headers: Any = {"X-Hub-Signature-256": HEADER}
    wrong: list[Any] = [headers, 5, [5]]
    for other in wrong:
        with pytest.raises(TypeError, match="X-Hub-Signature-256"):
            verify_and_parse(BODY, other, SECRETS)


def test_nothing_is_verified_without_a_secret() -> None:
    for none in "", [], ["", "x"], ["x", ""]:
        with pytest.raises(callcta.InvalidArgumentError):
            verify_and_parse(BODY, HEADER, none)
        with pytest.raises(callcta.InvalidArgumentError):
            Secrets(none)
    wrong: list[Any] = [None, 5, {"app": "test secret"}, [None], b"test secret"]
    for other in wrong:
        with pytest.raises(TypeError, match="app secret"):
            verify_and_parse(BODY, HEADER, other)


def test_the_secret_that_matched_is_told() -> None:
    assert verify_and_parse(BODY, HEADER, ["old", "test secret"]).secret == 1
    assert Secrets(secret for secret in ("old", "test secret")).verify(BODY, HEADER) == 1
    assert webhook.parse_unverified(BODY).secret is None
    assert kind(lambda: verify_and_parse(BODY, HEADER, "old")) == ("wrong_signature", 401)


def test_the_old_header_counts_only_when_asked_for() -> None:
    old = "sha1=a18991ff7e4513a1c2d2ee51e3a8e99ca891d9cd"  # of `body` with the key `secret`
    assert Secrets("secret", accept_sha1=True).verify("body", old) == 0
    assert kind(lambda: Secrets("secret").verify("body", old)) == ("malformed_signature", 401)


def test_bodies_that_can_t_be_read() -> None:
    def signed(body: bytes) -> Callable[[], object]:
        return lambda: verify_and_parse(body, SECRETS.sign(body), SECRETS)

    assert kind(signed(b"[]")) == ("invalid_body", 400)
    assert kind(signed(b'{"a":1,"a":2}')) == ("invalid_body", 400)
    assert kind(signed(b"[" * 100_000)) == ("invalid_body", 400)
    assert kind(signed(b" " * (webhook.BODY_MAX + 1))) == ("too_large", 413)
    large = BODY + b" " * (webhook.BODY_MAX - len(BODY))
    assert verify_and_parse(large, SECRETS.sign(large), SECRETS).object == "page"


def test_every_kind_is_known() -> None:
    hints = typing.get_type_hints(WebhookError)
    assert list(typing.get_args(hints["kind"])) == _native._refusal_kinds()
    assert not issubclass(WebhookError, callcta.CallCtaError)


def test_errors_tell_nothing_and_can_be_pickled() -> None:
    expected = SECRETS.sign(BODY + b"\n")
    with pytest.raises(WebhookError) as caught:
        verify_and_parse(BODY + b"\n", HEADER, SECRETS)
    error = caught.value
    shown = f"{error} {error!r} {SECRETS!r}"
    for hidden in "test secret", expected[7:], HEADER[7:], "c_1", PSID:
        assert hidden not in shown
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.kind, copy.http_status) == (str(error), error.kind, error.http_status)


def all_events() -> list[Event]:
    events: list[Event] = []
    for path in (TOP / "tests/vectors/webhooks").glob("*.json"):
        for case in json.loads(path.read_text(encoding="utf-8")):
            if "webhook" in case:
                events += webhook.parse_unverified(case["body"]).events
    return events


def test_every_kind_of_event_has_its_class() -> None:
    classes = {type(event): event.type for event in all_events()}
    assert Event not in classes
    names = [name for name in webhook.__all__ if name.endswith("Event") and name != "Event"]
    assert {cls.__name__ for cls in classes} == set(names)
    assert len(set(classes.values())) == len(classes)


def test_every_attribute_is_what_the_dictionary_has() -> None:
    for event in all_events():
        told = event.to_dict()
        json.dumps(told)
        for name in dir(event):
            value: Any = getattr(event, name)
            if name.startswith("_") or callable(value) or name == "order":
                continue
            if isinstance(value, list):
                value = [getattr(item, "to_dict", lambda item=item: item)() for item in value]  # pyright: ignore
            elif hasattr(value, "to_dict"):
                value = value.to_dict()
            assert value == told.pop(name), name
        # Of a message these are only an echo's, and the other way round.
        assert set(told) <= {"metadata", "app_id", "quick_reply"}
        assert not any(told.values())


def test_events_are_values() -> None:
    for event in all_events():
        for same in Event.from_dict(event.to_dict()), pickle.loads(pickle.dumps(event)):
            assert type(same) is type(event)
            assert same == event
            assert hash(same) == hash(event)
        assert event != "something else"
    [event, other] = parse({"message": {"mid": "m_1"}}, {"message": {"mid": "m_2"}})
    assert event != other
    with pytest.raises(TypeError, match="such an event"):
        CallEvent.from_dict(event.to_dict())
    with pytest.raises(TypeError, match="such an event"):
        Event.from_dict({"type": "call"})
    with pytest.raises(AttributeError):
        event.type = "call"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_who_and_what_stay_out_of_reprs() -> None:
    referral = {"ref": "hidden", "source": "ADS"}
    messaging = [
        {"sender": {"id": PSID}, "message": {"mid": "m_1", "text": "hidden"}},
        {"sender": {"id": PSID}, "postback": {"payload": "hidden", "referral": referral}},
        {"sender": {"id": PSID}, "referral": referral},
        {"sender": {"id": PSID}, "message": {"mid": "m_2", "attachments": [{"type": "hidden"}]}},
        {"sender": {"id": PSID}, "hidden": "hidden"},
    ]
    events = parse(*messaging)
    shown = f"{events!r} {webhook.parse_unverified(BODY)!r}"
    assert "MessageEvent(identity='message:m_1'" in shown
    assert "UnknownEvent" in shown
    assert "hidden" not in shown
    assert PSID not in shown


def test_match_takes_events_apart() -> None:
    found: list[object] = []
    message = {"sender": {"id": PSID}, "message": {"mid": "m_1", "text": "Hi"}}
    echo = {"sender": {"id": "1"}, "message": {"mid": "m_2", "is_echo": True, "metadata": "x"}}
    for event in parse(message, echo, 5, calls=CALL):
        match event:
            case CallEvent(event="connect", id=call, psid=psid):
                found.append((call, psid))
            case MessageEvent(text=text):
                found.append(text)
            case EchoEvent(metadata=metadata):
                found.append(metadata)
            case UnknownEvent(reason=reason, raw=raw):
                found.append((reason, raw))
            case _:
                found.append("another")
    assert found == ["Hi", "x", ("the event is not an object", 5), ("c_1", PSID)]


def test_a_new_value_is_kept_as_a_text() -> None:
    [event] = parse(calls={**CALL, "event": "Hold", "call_direction": "sideways"})
    assert isinstance(event, CallEvent)
    assert (event.event, event.direction) == ("Hold", "sideways")


def test_repeats_are_told_once_to_all_threads() -> None:
    [event, other] = parse({"message": {"mid": "m_1"}}, {"message": {"mid": "m_2"}})
    seen = Deduplicator(100)
    found: list[bool] = []

    def ask() -> None:
        found.extend(seen.is_new(str(number)) for number in range(50))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 50
    assert [seen.is_new(each) for each in (event, event, other)] == [True, False, True]
    assert not seen.is_new(event.identity)
    seen.forget(event)
    assert seen.is_new(event.identity)
    small = Deduplicator(1)
    assert [small.is_new(each) for each in "aba"] == [True, True, True]
    wrong: list[Any] = [0, -1, 1.5, None, "5"]
    for count in wrong:
        with pytest.raises(callcta.InvalidArgumentError, match="capacity"):
            Deduplicator(count)
    raw: Any = event.raw
    with pytest.raises(TypeError, match="identity"):
        seen.is_new(raw)


def test_order_is_the_platform_s() -> None:
    names = "terminate", "connect", "media_update", "call_status"
    events = parse(calls=[{**CALL, "event": name} for name in names])
    ordered = webhook.sort(iter(events))
    assert [event.raw["event"] for event in ordered] == [
        "connect",
        "call_status",
        "media_update",
        "terminate",
    ]
    assert ordered == sorted(events, key=lambda event: event.order)
    wrong: Any = [CALL]
    with pytest.raises(TypeError):
        webhook.sort(wrong)


def test_challenges() -> None:
    query = "hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=1%2B1"
    for form in query, query.encode(), f"?{query}":
        assert webhook.answer_challenge(form, "my token") == "1+1"
    assert kind(lambda: webhook.answer_challenge(query, "other")) == ("wrong_verify_token", 403)
    assert kind(lambda: webhook.answer_challenge("", "t")) == ("no_challenge", 400)
    assert webhook.challenge("subscribe", "t", "1", "t") == "1"
    assert kind(lambda: webhook.challenge(None, None, None, "t")) == ("no_challenge", 400)
    wrong: Any = {"hub.mode": "subscribe"}
    with pytest.raises(TypeError, match=r"challenge\(\)"):
        webhook.answer_challenge(wrong, "t")
    unset: Any = None
    with pytest.raises(TypeError, match="verify_token"):
        webhook.answer_challenge(query, unset)


def test_a_gateway_s_base64_is_decoded() -> None:
    assert webhook.decode_body("e30=", is_base64=True) == b"{}"
    assert webhook.decode_body("ä", is_base64=False) == "ä".encode()
    assert kind(lambda: webhook.decode_body("{}", is_base64=True)) == ("invalid_body", 400)


def test_the_likely_cause_is_named() -> None:
    dumped = json.dumps(json.loads(BODY), separators=(",", ":"))
    header = SECRETS.sign(dumped)
    assert webhook.likely_cause(BODY, header, SECRETS).kind == "reserialized"
    assert webhook.likely_cause(BODY + b"\n", HEADER, SECRETS).kind == "line_end"
    cause = webhook.likely_cause(BODY, HEADER, ["mine", "test secret"])
    assert (cause.kind, cause.secret) == ("other_secret", 1)
    assert "app's secret" in cause.advice
    assert webhook.likely_cause(BODY, HEADER, SECRETS).kind == "none"


def test_the_example_in_the_documentation_is_right() -> None:
    assert doctest.testmod(webhook).attempted > 3
    assert doctest.testmod(webhook).failed == 0
