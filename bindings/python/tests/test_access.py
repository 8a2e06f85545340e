"""Credentials, headers and time limits: from the environment, changed later, and per send."""

from __future__ import annotations

import asyncio
import threading

import callcta
import pytest
from callcta import aio
from conftest import CALL, PSID, TOKEN, Answer, Request, Server, ok


@pytest.fixture
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("CALLCTA_PAGE_ID", "1234567890")
    monkeypatch.setenv("CALLCTA_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("CALLCTA_BASE_URL", server.url)
    monkeypatch.delenv("CALLCTA_APP_SECRET", raising=False)
    return monkeypatch


def test_both_clients_come_from_the_environment(
    server: Server, environment: pytest.MonkeyPatch
) -> None:
    with callcta.Client.from_env(timeout=5) as client:
        client.send(PSID, CALL)
    environment.setenv("CALLCTA_APP_SECRET", "hush-hush")

    async def main() -> None:
        async with aio.Client.from_env() as client:
            await client.send(PSID, CALL)

    asyncio.run(main())
    first, second = server.requests
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    assert "appsecret_proof" not in first.path
    assert "appsecret_proof" in second.path


def test_what_is_missing_is_named_and_settings_win(environment: pytest.MonkeyPatch) -> None:
    assert callcta.Client.from_env(page_id="7").page_id == "7"
    environment.setenv("CALLCTA_BASE_URL", "")
    with pytest.raises(callcta.InvalidArgumentError, match="CALLCTA_BASE_URL is empty"):
        callcta.Client.from_env()
    environment.delenv("CALLCTA_PAGE_ID")
    environment.setenv("CALLCTA_ACCESS_TOKEN", "")
    with pytest.raises(callcta.InvalidArgumentError) as caught:
        callcta.Client.from_env()
    assert str(caught.value) == "CALLCTA_PAGE_ID and CALLCTA_ACCESS_TOKEN must be set"


def test_another_token_is_used_from_then_on(server: Server) -> None:
    client = server.client()
    client.send(PSID, CALL)
    client.set_access_token("another")
    with pytest.raises(callcta.InvalidArgumentError):
        client.set_access_token("not one")
    client.send(PSID, CALL)
    tokens = [request.headers["authorization"] for request in server.requests]
    assert tokens == [f"Bearer {TOKEN}", "Bearer another"]


def test_headers_go_along_and_own_ones_are_refused(server: Server) -> None:
    client = server.client(headers={"x-app": "one", "traceparent": "client"})
    client.send(PSID, CALL, headers={"traceparent": "send"})
    headers = server.requests[0].headers
    assert (headers["x-app"], headers["traceparent"]) == ("one", "send")
    with pytest.raises(callcta.InvalidArgumentError, match="authorization"):
        client.send(PSID, CALL, headers={"authorization": "secret"})
    with pytest.raises(callcta.InvalidArgumentError) as caught:
        client.send(PSID, CALL, headers={"x": "secret\r\ny: z"})
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_send_has_its_own_time_limit(server: Server) -> None:
    go = threading.Event()

    def hang(request: Request) -> Answer:
        go.wait(60)
        return ok(request)

    server.answer = hang
    try:
        with pytest.raises(callcta.SendTimeoutError) as caught:
            server.client().send(PSID, CALL, timeout=0.2)
    finally:
        go.set()
    assert caught.value.delivery == "unknown"
