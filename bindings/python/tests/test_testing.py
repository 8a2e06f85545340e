"""The emulator in Python."""

from __future__ import annotations

import json
import pickle
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import MappingProxyType
from typing import Any

import callcta
import pytest
from callcta.testing import Emulator, TapRefusedError
from conftest import CALL


def test_messages_are_captured_as_objects(callcta_emulator: Emulator) -> None:
    psid = callcta_emulator.psids[0]
    with callcta_emulator.client() as client:
        receipt = client.send(psid, CALL, metadata="m")
    [captured] = callcta_emulator.messages()
    assert captured.message_id == receipt.message_id
    assert captured.recipient == psid
    assert isinstance(captured.message, callcta.ButtonTemplate)
    assert captured.message.buttons == (callcta.AudioCallButton("Call Now"),)
    assert captured.message.metadata == "m"
    assert captured.body["recipient"] == {"id": psid}
    [request] = callcta_emulator.requests()
    assert (request.method, request.status) == ("POST", 200)
    assert request.path.endswith(f"/{callcta_emulator.page_id}/messages")
    assert json.loads(request.body)["message"]["metadata"] == "m"
    assert ("content-type", "application/json") in request.headers
    assert callcta_emulator.posts == 1


def test_faults_are_armed_and_cleared(callcta_emulator: Emulator) -> None:
    psid = callcta_emulator.psids[0]
    client = callcta_emulator.client(attempts=1)
    callcta_emulator.arm(
        "graph", status=400, code=10, subcode=2018278, headers={"retry-after": "9"}
    )
    with pytest.raises(callcta.OutsideWindowError) as caught:
        client.send(psid, CALL)
    assert caught.value.retry_after == 9
    client.send(psid, CALL)

    callcta_emulator.arm(
        "drop", apply="after", times=None, match=MappingProxyType({"recipient": psid})
    )
    for _ in range(2):
        with pytest.raises(callcta.NetworkError) as unknown:
            client.send(psid, CALL)
        assert unknown.value.delivery == "unknown"
    assert len(callcta_emulator.messages()) == 3
    callcta_emulator.clear_faults()
    client.send(psid, CALL)

    callcta_emulator.arm(delay=5)
    with pytest.raises(callcta.SendTimeoutError):
        callcta_emulator.client(timeout=0.05).send(psid, CALL)
    callcta_emulator.reset()
    assert (callcta_emulator.messages(), callcta_emulator.posts) == ([], 0)


def test_faults_that_make_no_sense_are_refused(callcta_emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="explode"):
        callcta_emulator.arm("explode")
    with pytest.raises(ValueError, match="status"):
        callcta_emulator.arm("graph", code=1)
    with pytest.raises(ValueError, match="status"):
        callcta_emulator.arm("status", status=9999)


def test_a_tap_rings_and_arrives_at_the_webhook(callcta_emulator: Emulator) -> None:
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((self.headers["x-hub-signature-256"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    receiver = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
    thread.start()
    try:
        callcta_emulator.set_webhook_url(f"http://127.0.0.1:{receiver.server_port}/hook")
        psid = callcta_emulator.psids[0]
        receipt = callcta_emulator.client().send(psid, CALL)
        tap = callcta_emulator.tap(receipt.message_id)
    finally:
        receiver.shutdown()
        thread.join()
        receiver.socket.close()
    assert tap["button"]["title"] == "Call Now"
    assert tap["call"]["psid"] == psid
    # The send was echoed and delivered, before the tap.
    assert [set(body["entry"][0]) & {"messaging", "calls"} for _, body in received] == [
        {"messaging"},
        {"messaging"},
        {"calls"},
    ]
    assert all(signature.startswith("sha256=") for signature, _ in received)
    assert {hook["status"] for hook in callcta_emulator.webhooks()} == {"delivered"}


def test_a_tap_after_the_expiry_is_refused(callcta_emulator: Emulator) -> None:
    receipt = callcta_emulator.client().send(callcta_emulator.psids[0], CALL)
    callcta_emulator.advance(timedelta(days=8))
    with pytest.raises(TapRefusedError) as caught:
        callcta_emulator.tap(receipt.message_id)
    assert caught.value.reason == "expired"
    with pytest.raises(TapRefusedError) as caught:
        callcta_emulator.tap("m_unknown")
    assert caught.value.reason == "message_unknown"
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) == caught.value.args[1]
    assert again.reason == "message_unknown"


def test_the_control_api_is_at_hand(callcta_emulator: Emulator) -> None:
    callcta_emulator.control("PATCH", "state", {"answer_shape": "nested_both"})
    assert callcta_emulator.control("GET", "state")["answer_shape"] == "nested_both"
    receipt = callcta_emulator.client().send(callcta_emulator.psids[0], CALL)
    latest = callcta_emulator.control("GET", "messages?limit=1")["messages"]
    assert [message["message_id"] for message in latest] == [receipt.message_id]
    with pytest.raises(ValueError, match="no such"):
        callcta_emulator.control("GET", "nonsense")


def test_stopping_ends_it_but_keeps_its_records() -> None:
    with Emulator() as emulator:
        emulator.client().send(emulator.psids[0], CALL)
    with pytest.raises(callcta.ConnectError):
        emulator.client(attempts=1).send(emulator.psids[0], CALL)
    assert len(emulator.messages()) == 1
    emulator.stop()
