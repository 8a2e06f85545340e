"""What keeps the button from working, with the emulator."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import callcta
import pytest
from callcta.doctor import Diagnosis
from callcta.testing import Emulator
from callcta.webhook import WebhookError, answer_challenge, verify_and_parse
from conftest import TOKEN, Answer, Request, Server

VERIFY = "a-verify-token"


@pytest.fixture
def emulator(callcta_emulator: Emulator) -> Emulator:
    """Its clock is this machine's."""
    behind = int(time.time() * 1000) - callcta_emulator.control("GET", "clock")["now"]
    callcta_emulator.control("POST", "clock", {"advance_ms": behind})
    return callcta_emulator


def receiver(secret: str) -> Callable[[Request], Answer]:
    """A good one, without https."""

    def answer(request: Request) -> Answer:
        try:
            if not request.body:
                return Answer(answer_challenge(urlsplit(request.path).query, VERIFY).encode())
            verify_and_parse(request.body, request.headers.get("x-hub-signature-256"), secret)
        except WebhookError as error:
            return Answer(status=error.http_status)
        return Answer()

    return answer


def silent(diagnosis: Diagnosis, *words: str) -> None:
    told = f"{diagnosis} {diagnosis!r} {json.dumps(diagnosis.to_dict())}"
    assert not [word for word in words if word in told]


def test_a_healthy_page(emulator: Emulator, server: Server) -> None:
    server.answer = receiver(emulator.app_secret)
    psid = emulator.psids[0]
    emulator.control("POST", f"people/{psid}/actions", {"type": "message", "text": "Hi"})
    with emulator.client(app_secret=emulator.app_secret) as client:
        diagnosis = client.doctor()
        assert (diagnosis.status, diagnosis.cause) == ("ok", None), str(diagnosis)
        assert {check.status for check in diagnosis.checks} == {"ok"}
        assert emulator.messages() == []
        diagnosis = client.doctor(
            person=psid,
            last_action=datetime.now(UTC) - timedelta(hours=1),
            webhook=server.url,
            verify_token=VERIFY,
            send_test=True,
            timeout=30,
        )
    assert [check.id for check in diagnosis.checks if check.status != "ok"] == ["challenge"]
    challenge = diagnosis.check("challenge")
    assert challenge is not None
    assert (challenge.status, "https" in challenge.result) == ("warn", True)
    assert len(emulator.messages()) == 1
    silent(diagnosis, psid, emulator.access_token, emulator.app_secret, VERIFY)


def test_audio_off_is_named_first(emulator: Emulator) -> None:
    page = {emulator.page_id: {"audio_enabled": False}}
    emulator.control("PATCH", "state", {"pages": page})
    diagnosis = emulator.client().doctor()
    cause = diagnosis.cause
    assert cause is not None
    assert (cause.id, diagnosis.status) == ("audio", "fail")
    assert cause.fix
    assert [check.because for check in diagnosis.checks if check.status == "skipped"]
    lines = str(diagnosis).splitlines()
    assert lines[-1].split(maxsplit=1) == ["fail", diagnosis.verdict]
    assert f"fail     {cause.title}: {cause.result}" in lines
    silent(diagnosis, emulator.access_token)


def test_the_token_is_not_shown(emulator: Emulator) -> None:
    psid = emulator.psids[0]
    with callcta.Client(emulator.page_id, TOKEN, base_url=emulator.url) as client:
        diagnosis = client.doctor(person=psid, verify_token=VERIFY)
    assert (diagnosis.cause and diagnosis.cause.id) == "token"
    silent(diagnosis, TOKEN, psid, VERIFY)


def test_the_last_action_is_a_moment(emulator: Emulator) -> None:
    client, psid = emulator.client(), emulator.psids[0]

    def window(last_action: Any) -> str | None:
        check = client.doctor(person=psid, last_action=last_action).check("window")
        return check and check.status

    hour, day = timedelta(hours=1), timedelta(days=1)
    for ago, status in (hour, "ok"), (day + hour, "fail"):
        at = datetime.now(UTC) - ago
        assert window(at) == window(at.timestamp()) == window(int(at.timestamp())) == status
    assert window(None) == window(int(time.time() * 1000)) == "unknown"
    for wrong in datetime(2026, 1, 1), "yesterday", object(), -1:
        with pytest.raises(callcta.InvalidArgumentError, match="last_action"):
            window(wrong)


def test_an_unknown_option_is_refused(emulator: Emulator) -> None:
    with pytest.raises(callcta.InvalidArgumentError, match=r"did you mean person\?"):
        emulator.client().doctor(persn="1")  # type: ignore[call-arg]  # pyright: ignore
    wrong: Any = "soon"
    with pytest.raises(callcta.InvalidArgumentError, match="timeout"):
        emulator.client().doctor(timeout=wrong)
    client = emulator.client()
    client.close()
    with pytest.raises(callcta.CancelledError):
        client.doctor()


def test_a_diagnosis_is_a_value(emulator: Emulator) -> None:
    diagnosis = emulator.client().doctor()
    field: Any = "status"
    with pytest.raises(AttributeError):
        setattr(diagnosis, field, "fail")
    assert not hasattr(diagnosis, "__dict__")
    assert not hasattr(diagnosis.checks[0], "__dict__")
    for same in pickle.loads(pickle.dumps(diagnosis)), copy.deepcopy(diagnosis):
        assert (same, str(same), hash(same)) == (diagnosis, str(diagnosis), hash(diagnosis))
    told = json.loads(json.dumps(diagnosis.to_dict()))
    assert list(told) == ["status", "verdict", "checks"]
    assert told["checks"][0] == diagnosis.checks[0].to_dict()
    assert diagnosis.check("fever") is None


def test_the_event_loop_goes_on(emulator: Emulator, server: Server) -> None:
    good, turned, calm = receiver(""), threading.Event(), list[bool]()

    def answer(request: Request) -> Answer:
        calm.append(turned.wait(30))
        return good(request)

    server.answer = answer

    async def main() -> Diagnosis:
        async with emulator.aio_client() as client:
            task = asyncio.ensure_future(client.doctor(webhook=server.url, verify_token=VERIFY))
            await asyncio.to_thread(server.wait_for, 1)
            turned.set()
            return await task

    diagnosis = asyncio.run(main())
    assert calm
    assert all(calm)
    assert diagnosis.cause is None, str(diagnosis)


def test_other_threads_go_on(emulator: Emulator, server: Server) -> None:
    good, answered = receiver(""), list[threading.Thread]()

    def answer(request: Request) -> Answer:
        answered.append(threading.current_thread())  # which takes the GIL
        return good(request)

    server.answer = answer
    emulator.client().doctor(webhook=server.url, verify_token=VERIFY)
    assert answered


def test_it_can_be_given_up(server: Server) -> None:
    hang = threading.Event()

    def answer(_: Any) -> Answer:
        hang.wait(60)
        return Answer({})

    def interrupting(request: Any) -> Answer:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return answer(request)

    async def main() -> None:
        task = asyncio.ensure_future(server.aio_client().doctor(timeout=60))
        await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        raised: Any = caught.value
        assert (raised.delivery, raised.error.kind) == ("not_sent", "cancelled")

    started = time.monotonic()
    server.answer = answer
    asyncio.run(main())
    server.answer = interrupting
    with pytest.raises(KeyboardInterrupt):
        server.client().doctor(timeout=60)
    assert time.monotonic() - started < 40
    hang.set()
