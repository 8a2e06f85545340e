"""The emulator in Python."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
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


def test_what_it_shows_holds_no_token_and_no_psid(callcta_emulator: Emulator) -> None:
    psid = callcta_emulator.psids[0]
    with callcta_emulator.client() as client:
        client.send(psid, CALL)
    assert repr(callcta_emulator) == f"Emulator({callcta_emulator.url!r})"
    [message], [request] = callcta_emulator.messages(), callcta_emulator.requests()
    shown = f"message_id={message.message_id!r}, message={message.message!r}"
    assert repr(message) == f"CapturedMessage({shown})"
    for secret in (psid, callcta_emulator.access_token, callcta_emulator.app_secret):
        assert secret not in f"{callcta_emulator!r}{message!r}{request!r}"
    assert repr(request).startswith("CapturedRequest(method='POST', path='/")


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


def test_it_starts_as_it_is_told(tmp_path: Path) -> None:
    state: dict[str, Any] = {
        "pages": {"7": {"tokens": [{"token": "T"}]}},
        "people": {"9": {}},
    }
    clock = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    with Emulator(
        state=MappingProxyType(state),
        clock=clock,
        answer_shape="message_id_only",
        keep_messages=1,
        prefix="/emu",
        allow_host=["emu.example"],
        head_timeout=timedelta(seconds=5),
    ) as emulator:
        assert emulator.url.endswith("/emu")
        assert (emulator.page_id, emulator.psids) == ("7", ["9"])
        assert emulator.now() == clock
        client = emulator.client()
        assert client.send("9", CALL).recipient_id is None
        client.send("9", CALL)
        assert len(emulator.messages()) == 1
    seed_file = tmp_path / "seed.json"
    seed_file.write_text(json.dumps(state), encoding="utf-8")
    with Emulator(seed_file=seed_file, run_clock=True, seed=3) as emulator:
        assert emulator.page_id == "7"
        assert emulator.control("GET", "clock")["running"]
        emulator.run_clock(False)
        assert not emulator.control("GET", "clock")["running"]


def test_settings_that_can_not_be_are_refused(callcta_emulator: Emulator) -> None:
    port = int(callcta_emulator.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=rf"port {port} of 127\.0\.0\.1 is taken"):
        Emulator(port=port)
    with pytest.raises(ValueError, match="origin"):
        Emulator(allow_origin=["x"])
    with pytest.raises(ValueError, match="time zone"):
        Emulator(clock=datetime(2030, 1, 1))
    with pytest.raises(ValueError, match="page"):
        Emulator(state={"page": {}})
    with pytest.raises(FileNotFoundError):
        Emulator(seed_file="/no/such/file")
    unknown: dict[str, Any] = {"ports": 1}
    with pytest.raises(TypeError, match="ports"):
        Emulator(**unknown)


def test_a_program_is_told_where_it_is(callcta_emulator: Emulator) -> None:
    environment = callcta_emulator.environment()
    assert environment["CALLCTA_BASE_URL"] == callcta_emulator.url
    assert environment["CALLCTA_PSID"] == callcta_emulator.psids[0]
    assert environment["CALLCTA_CONTROL_URL"] == f"{callcta_emulator.url}/_emulator"


def test_waiting_for_messages(callcta_emulator: Emulator) -> None:
    psid = callcta_emulator.psids[0]
    sender = threading.Thread(target=callcta_emulator.client().send, args=(psid, CALL))
    sender.start()
    [message] = callcta_emulator.wait_for_messages(timeout=timedelta(seconds=30))
    sender.join()
    assert message.recipient == psid
    with pytest.raises(TimeoutError, match="1 of 2"):
        callcta_emulator.wait_for_messages(2, timedelta(milliseconds=1))
    fault_id = callcta_emulator.arm("drop")
    assert [fault["id"] for fault in callcta_emulator.faults()] == [fault_id]


def test_state_and_answers_can_be_changed(callcta_emulator: Emulator) -> None:
    [first, *_] = callcta_emulator.psids
    callcta_emulator.change_state({"people": {first: {"name": "Somebody"}}})
    assert callcta_emulator.state()["people"][first]["name"] == "Somebody"
    callcta_emulator.set_answer_shape("nested_both")
    assert callcta_emulator.state()["answer_shape"] == "nested_both"
    assert callcta_emulator.client().send(first, CALL).recipient_id == first
    callcta_emulator.close_connections()
    with pytest.raises(ValueError, match="shape"):
        callcta_emulator.change_state({"answer_shape": "round"})


def test_people_write_and_calls_are_taken(callcta_emulator: Emulator) -> None:
    psid = callcta_emulator.psids[0]
    done = callcta_emulator.act(psid, "message", text="Hello")
    assert done["action"]["action"] == {"type": "message", "text": "Hello"}
    with pytest.raises(ValueError, match="no such"):
        callcta_emulator.act("1", "read")
    receipt = callcta_emulator.client().send(psid, CALL)
    call = callcta_emulator.tap(receipt.message_id)["call"]
    assert callcta_emulator.accept_call(call["call_id"])["status"] == "accepted"
    assert callcta_emulator.end_call(call["call_id"])["status"] == "completed"
    assert [call["status"] for call in callcta_emulator.calls()] == ["completed"]


def test_webhooks_are_held_released_and_sent_again(callcta_emulator: Emulator) -> None:
    heard: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            heard.append(self.headers["x-hub-signature-256"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    receiver = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
    thread.start()
    long = timedelta(seconds=30)
    try:
        callcta_emulator.set_webhook_url(f"http://127.0.0.1:{receiver.server_port}/")
        callcta_emulator.hold_webhooks()
        for text in ("one", "two"):
            callcta_emulator.act(callcta_emulator.psids[0], "message", text=text)
        first, second = callcta_emulator.webhooks()
        assert (first["status"], second["status"]) == ("held", "held")
        assert callcta_emulator.release_webhooks([second["id"]]) == 1
        callcta_emulator.wait_for_webhooks(timeout=long)
        again = callcta_emulator.redeliver_webhook(second["id"], "missing")
        assert again["redelivery_of"] == second["id"]
        delivered = callcta_emulator.wait_for_webhooks(2, long)
    finally:
        receiver.shutdown()
        thread.join()
        receiver.socket.close()
    assert [hook["id"] for hook in delivered] == [second["id"], again["id"]]
    assert heard == [second["signature"], None]
    with pytest.raises(TimeoutError, match="2 of 3"):
        callcta_emulator.wait_for_webhooks(3, timedelta(milliseconds=1))


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emptied(shared_emulator: Emulator) -> Emulator:
    shared_emulator.reset()
    return shared_emulator


@pytest.mark.parametrize("_round", range(2))
def test_one_emulator_for_a_whole_session(
    emptied: Emulator, shared_emulator: Emulator, _round: int
) -> None:
    assert emptied is shared_emulator
    assert emptied.posts == 0
    emptied.client().send(emptied.psids[0], CALL)
    assert len(emptied.messages()) == 1
