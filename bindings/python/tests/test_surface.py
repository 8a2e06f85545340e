"""What the package shows: names, signatures, annotations, help."""

from __future__ import annotations

import inspect
import json
import pickle
import pydoc
import typing
from collections.abc import Callable, Iterator
from typing import Any

import callcta
import pytest
from callcta import (
    Failed,
    Outcome,
    Receipt,
    Sent,
    aio,
    calling,
    doctor,
    errors,
    options,
    testing,
    webhook,
)
from conftest import CALL, PSID, Server, graph_error

MODULES = [callcta, aio, calling, doctor, errors, options, testing, webhook]


def public() -> Iterator[tuple[str, Any]]:
    """All public classes and functions, and the methods of the classes."""
    for module in MODULES:
        for name, value in vars(module).items():
            if name.startswith("_") or not getattr(value, "__module__", "").startswith("callcta"):
                continue
            if inspect.isclass(value):
                yield f"{module.__name__}.{name}", value
                for method, raw in vars(value).items():
                    if callable(raw) or isinstance(raw, classmethod | staticmethod):
                        yield f"{module.__name__}.{name}.{method}", getattr(value, method)
            elif callable(value):
                yield f"{module.__name__}.{name}", value


PUBLIC = dict(public())


def test_annotations_can_be_evaluated() -> None:
    for value in PUBLIC.values():
        typing.get_type_hints(value)


def test_signatures_name_their_defaults() -> None:
    for name, value in PUBLIC.items():
        try:
            parameters = inspect.signature(value).parameters.values()
        except ValueError:
            # Of classes that inherit Python's own constructor.
            assert issubclass(value, Exception | dict)
        else:
            assert all(parameter.default is not ... for parameter in parameters), name


def test_classes_say_what_their_attributes_are() -> None:
    for cls in Sent, Failed, callcta.RetryEvent, options.SendOptions, testing.CapturedMessage:
        assert typing.get_type_hints(cls)
    assert typing.get_type_hints(Sent)["receipt"] is Receipt
    assert typing.get_type_hints(Failed)["error"] is callcta.CallCtaError
    assert typing.get_type_hints(callcta.Client.send)["return"] is Receipt
    assert typing.get_type_hints(callcta.RetryEvent)["error"] is callcta.CallCtaError


def test_all_is_everything_and_nothing_else() -> None:
    names = {name for name in vars(callcta) if not name.startswith("_")}
    modules = {name for name in names if inspect.ismodule(getattr(callcta, name))}
    assert sorted(callcta.__all__) == sorted(names - modules)
    for module in aio, calling, doctor, testing, webhook:
        assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("cls", [callcta.Client, aio.Client])
def test_help_lists_the_settings(cls: type) -> None:
    text = pydoc.plain(pydoc.render_doc(cls))
    for name in inspect.signature(cls).parameters:
        assert f" {name}: " in text.replace(f" {name}: '", "")


def test_an_outcome_is_one_of_two() -> None:
    receipt, error = Receipt("m_1", PSID), callcta.OutsideWindowError("too late")
    sent, failed = Sent(0, PSID, CALL, receipt), Failed(1, PSID, CALL, error=error)
    assert (sent.ok, sent.result(), sent.error) == (True, receipt, None)
    assert (failed.ok, failed.receipt, failed.error) == (False, None, error)
    with pytest.raises(callcta.OutsideWindowError) as caught:
        failed.result()
    assert caught.value is error
    make: Callable[..., Any] = Outcome  # type: ignore[assignment]  # pyright: ignore
    assert type(make(0, PSID, CALL, receipt, None)) is Sent
    assert type(make(1, PSID, CALL, None, error)) is Failed
    assert isinstance(sent, Outcome)
    wrong: list[tuple[Callable[..., Any], Any, Any]] = [
        (make, None, None),
        (make, receipt, error),
        (Sent, None, error),
        (Failed, receipt, None),
    ]
    for cls, *both in wrong:
        with pytest.raises(TypeError, match="either"):
            cls(0, PSID, CALL, *both)


def test_outcomes_are_values() -> None:
    def make(text: str = "too late", **more: Any) -> list[Outcome]:
        error = callcta.OutsideWindowError(text, **more)
        return [Sent(0, PSID, CALL, Receipt("m_1")), Failed(1, PSID, CALL, error=error)]

    for same, again in zip(make(), make(), strict=True):
        assert same == again
        assert hash(same) == hash(again)
        assert pickle.loads(pickle.dumps(same)) == same
    assert make()[0] != make()[1]
    assert make()[0] != "something else"
    assert make()[1] != make("another")[1]
    assert make()[1] != make(delivery="unknown")[1]


def test_what_came_of_a_send_can_be_carried_as_json(server: Server) -> None:
    usage = '{"1":[{"type":"messenger","call_count":90,"total_time":1,"total_cputime":1}]}'
    answer = graph_error(10, 2018278, error_user_title="Title")
    answer.headers = {"x-business-use-case-usage": usage}
    server.answer = lambda _: answer
    [failed] = server.client().send_many([(callcta.Recipient(user_ref="7"), CALL)])
    told = json.loads(json.dumps(failed.to_dict()))
    assert (told["ok"], told["index"], told["receipt"]) == (False, 0, None)
    assert (told["to"], told["message"]) == ({"user_ref": "7"}, CALL.to_dict())
    error = told["error"]
    assert (error["kind"], error["delivery"], error["code"]) == (
        "outside_window",
        "rejected",
        10,
    )
    assert error["text"] == str(failed.error)
    assert error["graph"]["user_title"] == "Title"
    assert error["usage"]["business"][0]["call_count"] == 90
    assert set(error) >= set(vars(failed.error)) | {"text", "cause"}

    invalid = callcta.validate_request("x", callcta.ButtonTemplate("", []))
    told = json.loads(
        json.dumps(callcta.InvalidMessageError("no", violations=tuple(invalid)).to_dict())
    )
    assert told["violations"][0] == invalid[0].to_dict()
    receipt = Receipt("m_1", PSID, callcta.Usage(callcta.AppUsage(1, 2, 3)))
    told = json.loads(json.dumps(receipt.to_dict()))
    assert (told["message_id"], told["recipient_id"], told["attempts"]) == ("m_1", PSID, 1)
    assert told["usage"] == {
        "app": {"call_count": 1, "total_time": 2, "total_cputime": 3},
        "business": [],
        "highest": 0,
    }
