"""The blocking client: what it sends, what it returns, how it is set up and closed."""

from __future__ import annotations

import gc
import hashlib
import hmac
import math
import os
import signal
import sys
import threading
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import callcta
import pytest
from callcta import Client, Recipient
from conftest import CALL, PSID, TOKEN, Answer, Request, Server, graph_error, ok


def test_a_send_is_one_post_with_the_token_in_a_header(server: Server) -> None:
    receipt = server.client().send(PSID, CALL)
    assert (receipt.message_id, receipt.recipient_id, receipt.attempts) == ("m_1", PSID, 1)
    [request] = server.requests
    assert request.path == "/v26.0/1234567890/messages"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == f"callcta/{callcta.__version__}"
    assert request.json == {"recipient": {"id": PSID}, "message": CALL.to_dict()}


def test_options_are_sent_and_nothing_else(server: Server) -> None:
    server.client().send(
        Recipient(user_ref="ref"),
        CALL,
        messaging_type="MESSAGE_TAG",
        tag="HUMAN_AGENT",
        notification_type="NO_PUSH",
        persona_id="77",
        reply_to="m_0",
        metadata="order 42",
        deadline=datetime.now(UTC) + timedelta(hours=1),
        fields={"new": [1]},
    )
    assert server.requests[0].json == {
        "recipient": {"user_ref": "ref"},
        "messaging_type": "MESSAGE_TAG",
        "message": {**CALL.to_dict(), "metadata": "order 42"},
        "tag": "HUMAN_AGENT",
        "notification_type": "NO_PUSH",
        "persona_id": "77",
        "reply_to": {"mid": "m_0"},
        "new": [1],
    }
    server.client().send(PSID, CALL, tag=None, metadata=None)
    assert server.requests[1].json == {"recipient": {"id": PSID}, "message": CALL.to_dict()}


def test_options_of_other_names_or_types_are_refused(server: Server) -> None:
    client = server.client()
    bad: dict[str, Any] = {"messagingtype": "RESPONSE"}
    with pytest.raises(callcta.InvalidArgumentError, match="no such option: messagingtype"):
        client.send(PSID, CALL, **bad)
    bad = {"metadata": 5}
    with pytest.raises(callcta.InvalidArgumentError, match="metadata must be a text"):
        client.send(PSID, CALL, **bad)
    bad = {"fields": object()}
    with pytest.raises(callcta.InvalidArgumentError, match="fields"):
        client.send(PSID, CALL, **bad)
    for moment in datetime.now(), datetime(1969, 12, 31, tzinfo=UTC), 5.0, "tomorrow":
        bad = {"deadline": moment}
        with pytest.raises(callcta.InvalidArgumentError, match="deadline must be a datetime with"):
            client.send(PSID, CALL, **bad)
    bad_to: Any = 5
    with pytest.raises(TypeError, match="PSID"):
        client.send(bad_to, CALL)
    with pytest.raises(TypeError, match="message"):
        client.send(PSID, bad_to)
    assert server.requests == []


def test_a_passed_deadline_sends_nothing(server: Server) -> None:
    with pytest.raises(callcta.DeadlinePassedError) as caught:
        server.client().send(PSID, CALL, deadline=datetime.now(UTC) - timedelta(seconds=1))
    assert caught.value.delivery == "not_sent"
    assert server.requests == []


def test_an_invalid_message_is_not_sent_unless_unchecked(server: Server) -> None:
    client = server.client()
    message = callcta.ButtonTemplate("Hi", [callcta.AudioCallButton("Call", expires_in_days=30)])
    with pytest.raises(callcta.InvalidMessageError) as caught:
        client.send(PSID, message)
    assert caught.value.violations == tuple(message.validate())
    assert (caught.value.delivery, caught.value.attempts) == ("not_sent", 0)
    assert server.requests == []
    assert client.send(PSID, message, unchecked=True).message_id == "m_1"


def test_settings_reach_the_wire(server: Server) -> None:
    server.client(
        version="v99.0", use_me=True, token_placement="query", app_secret="shh", user_agent="me/1"
    ).send(PSID, CALL)
    proof = hmac.new(b"shh", TOKEN.encode(), hashlib.sha256).hexdigest()
    [request] = server.requests
    assert request.path == f"/v99.0/me/messages?access_token={TOKEN}&appsecret_proof={proof}"
    assert request.headers["user-agent"] == "me/1"
    assert "authorization" not in request.headers
    server.client(version="", token_placement="body").send(PSID, CALL)
    assert server.requests[1].path == "/1234567890/messages"
    assert server.requests[1].json["access_token"] == TOKEN


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": -1},
        {"connect_timeout": float("nan")},
        {"base_url": "http://example.com"},
        {"version": "26"},
        {"token_placement": "cookie"},
        {"app_secret": ""},
        {"proxy": "nonsense://"},
        {"extra_ca_pem": "no certificate"},
        {"body_limit": "1"},
        {"use_me": 1},
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(callcta.InvalidArgumentError) as caught:
        Client("1", TOKEN, **settings)
    assert isinstance(caught.value, ValueError)
    assert caught.value.delivery == "not_sent"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("timeout", timedelta(seconds=3), "a number of seconds"),
        ("timeout", math.inf, "a number of seconds"),
        ("extra_ca_pem", b"x", "a text"),
        ("app_secret", "\ud800", "a text"),
        ("calling_not_enabled_codes", iter([(1, 2)]), "a list"),
        ("workers", -1, "a whole number"),
        ("workers", "4", "a whole number"),
        ("capacity", 2**64, "a whole number"),
        ("on_retry", 5, "callable"),
        ("page_id", 1, "a text"),
        ("access_token", None, "a text"),
    ],
)
def test_settings_of_other_types_are_refused(name: str, value: Any, what: str) -> None:
    settings: dict[str, Any] = {"page_id": "1", "access_token": TOKEN, name: value}
    with pytest.raises(callcta.InvalidArgumentError, match=f"{name} must be {what}"):
        Client(**settings)


def test_a_client_can_be_made_under_a_debugger() -> None:
    def trace(frame: Any, event: str, arg: Any) -> Any:
        return frame.f_locals and trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        client = Client("1", TOKEN, on_retry=print)
    finally:
        sys.settrace(before)
    assert client.page_id == "1"


def test_half_a_character_does_not_show_the_token() -> None:
    with pytest.raises(callcta.InvalidArgumentError, match="access_token must be a text") as caught:
        Client("1", TOKEN + "\ud800")
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_timeout_is_pythons_too(server: Server) -> None:
    go = threading.Event()

    def slow(request: Request) -> Answer:
        go.wait()
        return ok(request)

    server.answer = slow
    try:
        with pytest.raises(callcta.SendTimeoutError) as caught:
            server.client(timeout=0.5).send(PSID, CALL)
    finally:
        go.set()
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.delivery == "unknown"
    assert len(server.requests) == 1


def test_a_large_answer_is_not_read(server: Server) -> None:
    server.answer = lambda _: Answer({"message_id": "m" * 1000})
    with pytest.raises(callcta.InvalidResponseError) as caught:
        server.client(body_limit=100).send(PSID, CALL)
    assert caught.value.delivery == "unknown"


def test_retries_are_told_and_counted(server: Server) -> None:
    def limited(request: Request) -> Answer:
        if len(server.requests) < 3:
            return Answer({"error": {"code": 613}}, 429, {"retry-after": "0"})
        return ok(request)

    server.answer = limited
    events: list[callcta.RetryEvent] = []
    receipt = server.client(on_retry=events.append).send(PSID, CALL)
    assert receipt.attempts == 3
    assert [event.attempt for event in events] == [1, 2]
    assert all(0 < event.wait <= 0.5 for event in events)
    assert isinstance(events[0].error, callcta.RateLimitedError)
    wait = events[0].wait
    assert repr(events[0]) == f"RetryEvent({events[0].error!r}, attempt=1, wait={wait})"


def test_one_attempt_is_one_request(server: Server) -> None:
    server.answer = lambda _: graph_error(613)
    with pytest.raises(callcta.RateLimitedError):
        server.client(attempts=1).send(PSID, CALL)
    assert len(server.requests) == 1


def test_what_may_have_arrived_is_sent_again_only_if_asked(server: Server) -> None:
    def drop_first(request: Request) -> Answer:
        return Answer(drop=True) if len(server.requests) == 1 else ok(request)

    server.answer = drop_first
    with pytest.raises(callcta.NetworkError) as caught:
        server.client(base_delay=0).send(PSID, CALL)
    assert (caught.value.delivery, caught.value.may_retry) == ("unknown", False)
    server.requests.clear()
    assert server.client(base_delay=0, retry_unknown=True).send(PSID, CALL).attempts == 2


def test_an_exception_in_on_retry_does_not_end_the_send(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda request: graph_error(613) if len(server.requests) == 1 else ok(request)
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    def broken(event: callcta.RetryEvent) -> None:
        raise RuntimeError(event.attempt)

    assert server.client(base_delay=0, on_retry=broken).send(PSID, CALL).attempts == 2
    assert isinstance(seen[0].exc_value, RuntimeError)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_comes_out_of_the_send(
    server: Server, kind: type[BaseException]
) -> None:
    server.answer = lambda _: graph_error(613)

    def interrupted(event: callcta.RetryEvent) -> None:
        raise kind(event.attempt)

    client = server.client(base_delay=0, on_retry=interrupted)
    with pytest.raises(kind) as caught:
        client.send(PSID, CALL)
    assert (caught.value.args, len(server.requests)) == ((1,), 1)
    assert caught.value.error.delivery == "rejected"  # type: ignore[attr-defined]  # pyright: ignore
    server.answer = ok
    assert client.send(PSID, CALL).attempts == 1


def test_ctrl_c_comes_out_of_a_send_that_tells_of_its_retries(server: Server) -> None:
    def limited(request: Request) -> Answer:
        if len(server.requests) > 1:
            return ok(request)
        os.kill(os.getpid(), signal.SIGINT)
        return graph_error(613)

    server.answer = limited
    with pytest.raises(KeyboardInterrupt):
        server.client(base_delay=0, on_retry=print).send(PSID, CALL)


def test_a_client_can_be_subclassed(server: Server) -> None:
    class Bot(Client):
        def __init__(self, *, url: str) -> None:
            super().__init__("7", TOKEN, base_url=url)
            self.name = "bot"

    bot = Bot(url=server.url)
    assert bot.send(PSID, CALL).message_id == "m_1"
    assert (bot.name, bot.page_id, repr(bot)) == ("bot", "7", "Bot(page_id='7')")


def test_a_client_in_a_cycle_is_collected(server: Server) -> None:
    class Bot:
        def __init__(self) -> None:
            self.client = server.client(on_retry=self.tell)

        def tell(self, event: callcta.RetryEvent) -> None:
            pass

    bot = Bot()
    bot.client.send(PSID, CALL)
    gone = weakref.ref(bot.client)
    del bot
    gc.collect()
    assert gone() is None


def test_codes_for_calling_not_enabled_can_be_added(server: Server) -> None:
    server.answer = lambda _: graph_error(100, 4711)
    with pytest.raises(callcta.CallingNotEnabledError):
        server.client(calling_not_enabled_codes=[(100, 4711)]).send(PSID, CALL)
    with pytest.raises(callcta.InvalidRequestError):
        server.client(calling_not_enabled_codes=[(5, None)]).send(PSID, CALL)


def test_usage_comes_with_receipts(server: Server) -> None:
    usage = '{"call_count":28,"total_time":25,"total_cputime":5}'
    server.answer = lambda request: Answer(ok(request).body, headers={"x-app-usage": usage})
    receipt = server.client().send(PSID, CALL)
    assert receipt.usage.app == callcta.AppUsage(28, 25, 5)
    assert receipt.usage.highest == 28


def test_a_connection_is_used_again(server: Server) -> None:
    client = server.client()
    for _ in range(5):
        client.send(PSID, CALL)
    assert len(server.connections) == 1


def test_leaving_the_context_closes(server: Server) -> None:
    with server.client() as client:
        client.send(PSID, CALL)
    with pytest.raises(callcta.CancelledError) as caught:
        client.send(PSID, CALL)
    assert (caught.value.delivery, caught.value.reason) == ("not_sent", "closed")
    client.close()
    assert len(server.requests) == 1


def test_closing_ends_a_send_in_flight(server: Server) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer:
        arrived.set()
        go.wait()
        return ok(request)

    server.answer = hang
    client = server.client()

    def close() -> None:
        arrived.wait()
        client.close()

    closer = threading.Thread(target=close)
    closer.start()
    try:
        with pytest.raises(callcta.CancelledError) as caught:
            client.send(PSID, CALL)
    finally:
        go.set()
        closer.join()
    assert (caught.value.delivery, caught.value.reason) == ("unknown", "closed")


def test_two_threads_really_send_at_once(server: Server) -> None:
    both = threading.Barrier(2)

    def together(request: Request) -> Answer:
        both.wait(30)  # answers neither unless both are in flight
        return ok(request)

    server.answer = together
    client = server.client()
    receipts: list[callcta.Receipt] = []
    threads = [
        threading.Thread(target=lambda: receipts.append(client.send(PSID, CALL))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 2


def test_the_gil_is_free_during_a_send(server: Server) -> None:
    sending, go = threading.Event(), threading.Event()

    def wait_for_python(request: Request) -> Answer:
        sending.set()
        assert go.wait(30)  # set by Python code that runs while `send` waits
        return ok(request)

    server.answer = wait_for_python

    def python_code() -> None:
        sending.wait()
        go.set()

    other = threading.Thread(target=python_code)
    other.start()
    assert server.client(timeout=60).send(PSID, CALL).message_id == "m_1"
    other.join()


def test_many_come_back_as_they_become_known(server: Server) -> None:
    first_may_go = threading.Event()

    def first_is_last(request: Request) -> Answer:
        psid = request.json["recipient"]["id"]
        if psid == "100":
            assert first_may_go.wait(30)
        return Answer({"message_id": f"m_{psid}"})

    server.answer = first_is_last
    outcomes: list[callcta.Outcome] = []
    messages = ((str(100 + index), CALL) for index in range(20))
    for outcome in server.client().send_many(messages, pace=None):
        outcomes.append(outcome)
        if len(outcomes) == 19:
            first_may_go.set()
    assert outcomes[-1].index == 0
    assert sorted(outcome.index for outcome in outcomes) == list(range(20))
    for outcome in outcomes:
        assert outcome.receipt is not None
        assert outcome.error is None
        assert outcome.receipt.message_id == f"m_{outcome.to}"
        assert outcome.message is CALL
        assert str(outcome.to) not in repr(outcome).replace(f"m_{outcome.to}", "")


def test_many_keep_the_order_of_each_recipient(server: Server) -> None:
    client = server.client()
    messages = [callcta.RawMessage({"text": str(number)}) for number in range(30)]
    outcomes = client.send_many(((PSID, text) for text in messages), pace=None)
    assert all(outcome.receipt for outcome in outcomes)
    assert [request.json["message"]["text"] for request in server.requests] == [
        str(number) for number in range(30)
    ]


def test_many_go_on_after_errors_and_tell_them(server: Server) -> None:
    bad = callcta.ButtonTemplate("", [])
    server.answer = lambda request: (
        graph_error(551) if request.json["recipient"]["id"] == "2" else ok(request)
    )
    outcomes = sorted(
        server.client().send_many([("1", CALL), ("2", CALL), ("3", bad)], metadata="x"),
        key=lambda outcome: outcome.index,
    )
    match outcomes:
        case [
            callcta.Sent(receipt=callcta.Receipt("m_1")),
            callcta.Failed(error=callcta.RecipientUnavailableError()),
            callcta.Failed(error=callcta.InvalidMessageError()),
        ]:
            assert server.requests[0].json["message"]["metadata"] == "x"
        case _:
            pytest.fail(str(outcomes))


def test_many_read_no_further_ahead_than_allowed(server: Server) -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield str(taken), CALL

    outcomes = server.client(workers=2).send_many(endless(), pace=None, lookahead=3)
    for _ in range(10):
        next(outcomes)
        assert taken <= 14
    outcomes.close()


def test_leaving_many_early_cancels_what_waits(server: Server) -> None:
    go = threading.Event()

    def hang(request: Request) -> Answer:
        if len(server.requests) > 1:
            go.wait()
        return ok(request)

    server.answer = hang
    client = server.client(workers=1)
    for _ in client.send_many([(str(number), CALL) for number in range(1, 50)], pace=None):
        break
    go.set()
    client.close()
    assert len(server.requests) <= 2


def test_many_keep_a_pace_and_leave_plain_sends_alone(server: Server) -> None:
    client = server.client()
    slow = client.send_many([(str(number), CALL) for number in range(1, 6)], pace=0.001)
    assert next(slow).receipt
    client.send("6", CALL)
    assert len(list(client.send_many([("7", CALL), ("8", CALL)], pace=None))) == 2
    assert [request.json["recipient"]["id"] for request in server.requests][:2] == ["1", "6"]
    slow.close()
    assert len(server.requests) == 4


def test_closing_ends_the_wait_for_the_pace(server: Server) -> None:
    client = server.client()
    assert all(outcome.receipt for outcome in client.send_many([("1", CALL)], pace=0.001))
    slow = client.send_many([("2", CALL), ("3", CALL)], pace=0.001, lookahead=1)
    threading.Timer(0, client.close).start()
    with pytest.raises(callcta.CancelledError):
        list(slow)
    assert len(server.requests) == 1


@pytest.mark.parametrize("pace", [0, -1.0, 1e-320, 301, math.nan, math.inf])
def test_a_pace_is_more_than_0(server: Server, pace: float) -> None:
    with pytest.raises(callcta.InvalidArgumentError, match="pace"):
        next(iter(server.client().send_many([("1", CALL)], pace=pace)))
    assert callcta.PACE == 40
    assert not server.requests


def test_an_exception_of_the_iterable_comes_through(server: Server) -> None:
    def broken() -> Any:
        yield "1", CALL
        raise KeyError("row")

    with pytest.raises(KeyError, match="row"):
        list(server.client().send_many(broken()))
