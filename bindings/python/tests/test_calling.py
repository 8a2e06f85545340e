"""Settings, permissions and calls, with the emulator."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from datetime import UTC, datetime
from typing import Any

import callcta
import pytest
from callcta import aio
from callcta import calling as module
from callcta.calling import (
    CallHours,
    CallSession,
    CallSettings,
    MediaTrack,
    OpenHours,
    calling_optin,
)
from callcta.testing import Emulator
from callcta.webhook import CallEvent, parse_unverified
from conftest import CALL, PSID, TOKEN, Answer, Server, graph_error

OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


def now() -> int:
    return int(time.time() * 1000)


def ring(emulator: Emulator) -> CallEvent:
    """Somebody gets a button and taps it, now."""
    behind = now() - emulator.control("GET", "clock")["now"]
    emulator.control("POST", "clock", {"advance_ms": behind})
    psid = emulator.psids[0]
    emulator.control("POST", f"people/{psid}/actions", {"type": "message", "text": "Hi"})
    emulator.client().send(psid, CALL)
    emulator.control("POST", "tap", {"message_id": emulator.messages()[-1].message_id})
    body = emulator.control("GET", "webhooks")["webhooks"][-1]["body"]
    [event] = parse_unverified(body.encode()).events
    assert isinstance(event, CallEvent)
    return event


def test_settings_are_read_and_changed(callcta_emulator: Emulator) -> None:
    calling = callcta_emulator.client().calling
    settings = CallSettings(
        audio_enabled=True,
        video_enabled=True,
        icon_enabled=False,
        call_routing="META",
        call_hours=CallHours("Africa/Lagos", (OpenHours("MONDAY", "0900", "1700"),)),
    )
    assert settings.validate() == []
    calling.set_settings(settings)
    assert calling.settings() == settings
    calling.set_settings(CallSettings(icon_enabled=True))
    read = calling.settings()
    assert (read.icon_enabled, read.call_hours) == (True, settings.call_hours)
    wrong = CallSettings(call_hours=CallHours("UTC", [OpenHours("Someday", "9", "10")]))
    with pytest.raises(callcta.InvalidMessageError) as caught:
        calling.set_settings(wrong)
    assert list(caught.value.violations) == wrong.validate()
    assert [violation.rule for violation in wrong.validate()] == [
        "unknown_name",
        "invalid_time",
        "invalid_time",
    ]


def test_settings_lose_nothing() -> None:
    wire: dict[str, Any] = {
        "audio_enabled": "perhaps",
        "call_routing": {"ring_target": "META", "since": 7},
        "call_hours": {
            "timezone_id": 5,
            "weekly_operating_hours": [{"day_of_week": "MONDAY", "open": [1]}],
            "note": None,
        },
        "new": {"a": [1, None]},
    }
    settings = CallSettings.from_dict(wire)
    assert settings.to_dict() == wire
    assert settings.audio_enabled is None
    for odd in {"call_hours": {"weekly_operating_hours": [7]}}, {"call_routing": "META"}:
        assert CallSettings.from_dict(odd).to_dict() == odd
    assert CallSettings.from_json('{"audio_enabled": true}') == CallSettings(audio_enabled=True)
    with pytest.raises(callcta.InvalidMessageError):
        CallSettings.from_json("[]")


def test_a_call_is_accepted_and_ended(callcta_emulator: Emulator) -> None:
    calling = callcta_emulator.client().calling
    event = ring(callcta_emulator)
    assert event.time is not None
    with pytest.raises(callcta.DeadlinePassedError):
        calling.accept(event.id, OFFER, rang_at=event.time - 61_000)
    session = calling.accept(event.id, OFFER, rang_at=event.time)
    assert session.call_id == event.id
    assert (session.answer or "").startswith("v=0\r\n")
    assert "v=0" not in repr(session)
    calling.update_media(event.id, tracks=[MediaTrack("a", "default_audio", enabled=False)])
    calling.terminate(event.id)
    with pytest.raises(callcta.ApiError) as caught:
        calling.terminate(event.id)
    assert caught.value.graph is not None
    assert caught.value.graph.code == 2018396
    assert "over" in caught.value.advice
    metrics: dict[str, Any] = {
        "call_id": event.id,
        "end_call_reason": "Hangup_Call",
        "call_ended_time": 2,
        "first_audio_packet_received_time": 1,
        "audio_stats": {},
    }
    calling.report_metrics(metrics)
    calling.reject(ring(callcta_emulator).id)


def test_permissions_and_subscriptions(callcta_emulator: Emulator) -> None:
    calling, psid = callcta_emulator.client().calling, callcta_emulator.psids[0]
    assert calling.feature_status().is_enabled
    before = calling.permissions(psid)
    assert (before.has_permission, before.can("start_call"), before.can("fly")) == (
        False,
        False,
        None,
    )
    with pytest.raises(callcta.PermissionDeniedError):
        calling.connect(psid, OFFER)
    receipt = calling.request_permission(psid)
    [captured] = callcta_emulator.messages()
    assert (captured.message_id, captured.message) == (receipt.message_id, calling_optin())
    grant = {"type": "call_permission", "approve": True}
    callcta_emulator.control("POST", f"people/{psid}/actions", grant)
    assert calling.permissions(psid).has_permission
    assert isinstance(calling.connect(psid, OFFER), CallSession)
    calling.subscribe(["calls", "messages"])
    [app] = calling.subscriptions()
    assert app.fields == ("calls", "messages")


def test_calling_switched_off(callcta_emulator: Emulator) -> None:
    calling = callcta_emulator.client().calling
    calling.set_settings(CallSettings(audio_enabled=False))
    with pytest.raises(callcta.CallingNotEnabledError) as caught:
        calling.permissions(callcta_emulator.psids[0])
    assert caught.value.graph is not None
    assert caught.value.graph.subcode == 1893056


def test_asyncio_has_the_same_names(callcta_emulator: Emulator) -> None:
    async def main() -> None:
        event = ring(callcta_emulator)
        async with callcta_emulator.aio_client() as client:
            calling, psid = client.calling, callcta_emulator.psids[0]
            assert (await calling.feature_status()).is_enabled
            assert not (await calling.permissions(psid)).has_permission
            await calling.set_settings(CallSettings(icon_enabled=False))
            assert (await calling.settings()).icon_enabled is False
            session = await calling.accept(event.id, OFFER, rang_at=event.time)
            assert (session.answer or "").startswith("v=0")
            await calling.update_media(event.id, offer=OFFER)
            await calling.terminate(event.id)
            assert (await calling.request_permission(psid)).recipient_id == psid
            await calling.subscribe(["calls"])
            assert (await calling.subscriptions())[0].fields == ("calls",)
            with pytest.raises(callcta.ApiError):
                await calling.reject(event.id)
            with pytest.raises(callcta.InvalidMessageError):
                await calling.connect("someone", OFFER)
            with pytest.raises(callcta.InvalidMessageError):
                await calling.report_metrics({})
        with pytest.raises(callcta.CancelledError) as closed:
            await calling.settings()
        assert closed.value.delivery == "not_sent"

    asyncio.run(main())
    names = [name for name in vars(module.Calling) if not name.startswith("_")]
    assert names == [
        name for name in vars(type(aio.Client("1", "t").calling)) if not name.startswith("_")
    ]


def test_options_are_those_of_requests(server: Server) -> None:
    server.answer = lambda _: Answer({"success": True})
    calling = server.client(headers={"a": "1"}).calling
    calling.terminate("c_1", headers={"traceparent": "00-1"}, timeout=5)
    assert server.requests[0].headers["traceparent"] == "00-1"
    assert server.requests[0].headers["a"] == "1"
    with pytest.raises(callcta.DeadlinePassedError):
        calling.terminate("c_1", deadline=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(callcta.InvalidArgumentError, match="timeout"):
        calling.terminate("c_1", timeuot=5)  # type: ignore[call-arg]  # pyright: ignore
    calling.reject("", unchecked=True)
    wrong: Any = 5
    with pytest.raises(callcta.InvalidArgumentError, match="call_id"):
        calling.terminate(wrong)


def test_accepting_is_tried_once_and_ending_again(server: Server) -> None:
    answers = [Answer(drop=True), Answer({"success": True})]
    server.answer = lambda _: answers[len(server.requests) - 1]
    calling = server.client(base_delay=0).calling
    with pytest.raises(callcta.CallCtaError) as caught:
        calling.accept("c_1", OFFER)
    assert (caught.value.delivery, caught.value.attempts) == ("unknown", 1)
    assert "end the call" in caught.value.advice
    server.requests.clear()
    calling.terminate("c_1")
    assert len(server.requests) == 2


def test_nothing_secret_is_told(server: Server) -> None:
    server.answer = lambda _: graph_error(190, message=f"Malformed access token {TOKEN}")
    calling = server.client().calling
    for ask, whom in (calling.connect, PSID), (calling.accept, "c_1"):
        with pytest.raises(callcta.AuthenticationError) as caught:
            ask(whom, "v=0 secret")
        told = f"{caught.value} {caught.value!r} {caught.value.to_dict()}"
        assert not any(word in told for word in (TOKEN, PSID, "v=0"))


def test_a_signal_ends_a_request(server: Server) -> None:
    hang = threading.Event()

    def answer(_: Any) -> Answer:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        hang.wait(30)
        return Answer({"success": True})

    server.answer = answer
    with pytest.raises(KeyboardInterrupt) as caught:
        server.client().calling.terminate("c_1")
    hang.set()
    raised: Any = caught.value
    assert (raised.delivery, raised.error.kind) == ("unknown", "cancelled")


def test_a_cancelled_await_ends_a_request(server: Server) -> None:
    hang = threading.Event()

    def answer(_: Any) -> Answer:
        hang.wait(30)
        return Answer({"success": True})

    server.answer = answer

    async def main() -> None:
        task = asyncio.ensure_future(server.aio_client().calling.terminate("c_1"))
        await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        raised: Any = caught.value
        assert (raised.delivery, raised.error.kind) == ("unknown", "cancelled")

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < 20
    hang.set()
