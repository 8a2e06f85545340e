"""Errors: every kind has its class, everything arrives, nothing secret is shown."""

from __future__ import annotations

import logging
import pickle
import traceback

import callcta
import pytest
from callcta import CallCtaError, _native, errors
from conftest import CALL, PSID, TOKEN, Answer, Server, graph_error

CLASSES = CallCtaError.__subclasses__()


def test_every_kind_of_the_core_has_its_class() -> None:
    kinds = {kind: (advice, delivery) for kind, advice, delivery in _native._error_kinds()}
    assert sorted(cls.kind for cls in CLASSES) == sorted(kinds)
    for cls in CLASSES:
        assert (cls.advice, cls.delivery) == kinds[cls.kind]
        assert getattr(callcta, cls.__name__) is getattr(errors, cls.__name__) is cls
        error = errors._from_native(  # pyright: ignore[reportPrivateUsage]
            cls.kind, "text", {"attempts": 2}, None
        )
        assert type(error) is cls
        assert (str(error), error.attempts) == ("text", 2)


def test_classes_are_pythons_where_it_has_the_word() -> None:
    assert issubclass(callcta.InvalidMessageError, ValueError)
    assert issubclass(callcta.InvalidArgumentError, ValueError)
    assert issubclass(callcta.SendTimeoutError, TimeoutError)


def test_a_graph_error_arrives_whole(server: Server) -> None:
    answer = graph_error(
        10,
        2018278,
        message="Outside of window",
        error_user_title="Title",
        error_user_msg="Text",
        is_transient=False,
    )
    answer.headers = {"retry-after": "7", "x-app-usage": '{"call_count":90}'}
    server.answer = lambda _: answer
    with pytest.raises(callcta.OutsideWindowError) as caught:
        server.client().send(PSID, CALL)
    error = caught.value
    assert (error.kind, error.delivery, error.http_status) == ("outside_window", "rejected", 400)
    assert (error.may_retry, error.attempts, error.retry_after) == (False, 1, 7.0)
    assert (error.code, error.subcode, error.trace_id) == (10, 2018278, "Atrace")
    assert error.usage.highest == 90
    assert error.violations == ()
    assert error.advice in str(error)
    assert error.graph == callcta.GraphError(
        10, 2018278, "OAuthException", "Outside of window", "Title", "Text", False, "Atrace"
    )
    assert "Title" not in repr(error.graph)
    match error:
        case CallCtaError(graph=callcta.GraphError(10, 2018278)):
            pass
        case _:
            pytest.fail("it matches")


def test_the_cause_is_chained(server: Server) -> None:
    server.answer = lambda _: Answer(drop=True)
    with pytest.raises(callcta.NetworkError) as caught:
        server.client().send(PSID, CALL)
    assert isinstance(caught.value.__cause__, callcta.TransportError)
    assert "TransportError" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_pickle_whole(cls: type[CallCtaError]) -> None:
    violation = callcta.Violation("message", "required", "error", "must be there")
    error = errors._from_native(  # pyright: ignore[reportPrivateUsage]
        cls.kind,
        "text",
        {
            "delivery": "rejected",
            "violations": (violation,),
            "graph": callcta.GraphError(1, 2),
            "retry_after": 1.5,
            "usage": callcta.Usage(callcta.AppUsage(1, 2, 3)),
        },
        "the connection broke",
    )
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is cls
        assert str(again) == "text"
        assert vars(again) == vars(error)
        assert str(again.__cause__) == "the connection broke"
        assert again.__suppress_context__
        assert not pickle.loads(pickle.dumps(cls("text"), protocol)).__suppress_context__


def test_errors_can_be_made_by_hand() -> None:
    error = callcta.RateLimitedError("slow down", retry_after=3.0)
    assert (error.kind, error.retry_after, error.delivery) == ("rate_limited", 3.0, "rejected")
    expected = {
        "not_sent": [callcta.InvalidMessageError, callcta.ConnectError],
        "rejected": [callcta.OutsideWindowError, callcta.ApiError, callcta.InvalidPageError],
        "unknown": [callcta.ServiceError, callcta.NetworkError, callcta.SendTimeoutError],
    }
    for delivery, classes in expected.items():
        for cls in classes:
            assert cls("text").delivery == cls("text", attempts=1).delivery == delivery
            assert cls("text").advice
    assert callcta.SendTimeoutError("text", delivery="not_sent").delivery == "not_sent"

    class Own(callcta.OutsideWindowError):
        pass

    assert (Own("text").kind, Own("text").delivery) == ("outside_window", "rejected")


def test_nothing_secret_is_shown(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    message = callcta.ButtonTemplate("private text", [callcta.AudioCallButton("Call")])
    answers = [
        graph_error(190, message=f"Malformed access token {TOKEN}"),
        graph_error(100, 2018001),
        Answer(b"<html>", 500),
        Answer(drop=True),
        Answer({"error": TOKEN}, 400),
    ]
    shown: list[str] = []
    for placement in "header", "query", "body":
        client = server.client(token_placement=placement, app_secret="hush-hush", attempts=1)
        shown += [repr(client), str(client)]
        for answer in answers:
            server.answer = lambda _: answer  # noqa: B023  it is called in this round
            with pytest.raises(CallCtaError) as caught:
                client.send(PSID, message)
            error = caught.value
            shown += [str(error), repr(error), repr(vars(error)), repr(error.graph)]
            shown += traceback.format_exception(error)
        client.close()
    shown += [caplog.text, *capfd.readouterr()]
    for text in shown:
        for secret in TOKEN, "hush-hush", PSID, "private text":
            assert secret not in text


def test_a_bad_setting_does_not_show_the_token() -> None:
    with pytest.raises(callcta.InvalidArgumentError) as caught:
        callcta.Client("1", "bad token")
    assert "bad token" not in "".join(traceback.format_exception(caught.value)).replace(
        'callcta.Client("1", "bad token")', ""
    )
