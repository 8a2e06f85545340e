"""Messages, buttons and recipients: Python's manners and the wire form."""

from __future__ import annotations

import copy
import json
import pickle
from functools import partial
from typing import Any

import callcta
import callcta.calling
import pytest
from callcta import (
    AccountLinkButton,
    AccountUnlinkButton,
    AudioCallButton,
    Button,
    ButtonTemplate,
    CallPrompt,
    Element,
    GamePlayButton,
    GenericTemplate,
    Message,
    PhoneNumberButton,
    PostbackButton,
    RawButton,
    RawMessage,
    Recipient,
    WebUrlButton,
)

BUTTONS: list[tuple[Button, dict[str, Any]]] = [
    (
        AudioCallButton("Call Now", expires_in_days=5),
        {"type": "audio_call", "title": "Call Now", "expires_in_days": 5},
    ),
    (
        WebUrlButton(
            "Site",
            "https://example.com",
            webview_height_ratio="tall",
            messenger_extensions=True,
            fallback_url="https://example.com/old",
            webview_share_button="hide",
        ),
        {
            "type": "web_url",
            "title": "Site",
            "url": "https://example.com",
            "webview_height_ratio": "tall",
            "messenger_extensions": True,
            "fallback_url": "https://example.com/old",
            "webview_share_button": "hide",
        },
    ),
    (PostbackButton("More", "MORE"), {"type": "postback", "title": "More", "payload": "MORE"}),
    (
        PhoneNumberButton("Dial", "+15105551234"),
        {"type": "phone_number", "title": "Dial", "payload": "+15105551234"},
    ),
    (
        AccountLinkButton("https://example.com/link"),
        {"type": "account_link", "url": "https://example.com/link"},
    ),
    (AccountUnlinkButton(), {"type": "account_unlink"}),
    (
        GamePlayButton("Play", payload="p", game_metadata={"player_id": "1"}),
        {
            "type": "game_play",
            "title": "Play",
            "payload": "p",
            "game_metadata": {"player_id": "1"},
        },
    ),
    (RawButton({"type": "new", "x": [1, None]}), {"type": "new", "x": [1, None]}),
]
ELEMENT = Element(
    "Title",
    subtitle="Sub",
    image_url="https://example.com/a.png",
    default_action=WebUrlButton(None, "https://example.com"),
    buttons=[BUTTONS[0][0], BUTTONS[1][0]],
    fields={"new": {"a": 1}},
)
MESSAGES: list[Message] = [
    GenericTemplate(
        [ELEMENT], sharable=True, metadata="m", fields={"f": 1}, message_fields={"g": 2}
    ),
    ButtonTemplate("Text", [button for button, _ in BUTTONS[:3]], metadata="m"),
    CallPrompt(ttl_days=3),
    RawMessage({"text": "Hello"}),
]
RECIPIENTS = [
    Recipient(id="1"),
    Recipient(user_ref="2"),
    Recipient(comment_id="3"),
    Recipient(post_id="4"),
    Recipient.from_dict({"one_time_notif_token": "5"}),
]
MODELS = [*(button for button, _ in BUTTONS), ELEMENT, *MESSAGES, *RECIPIENTS]


@pytest.mark.parametrize(("button", "wire"), BUTTONS)
def test_each_button_has_its_wire_form(button: Button, wire: dict[str, Any]) -> None:
    assert button.to_dict() == wire
    again = Button.from_dict(wire)
    assert type(again) is type(button)
    assert again == button


def test_the_page_s_sample() -> None:
    message = GenericTemplate(
        [Element("Contact Support!", buttons=[AudioCallButton("Call Now", expires_in_days=5)])]
    )
    button = {"type": "audio_call", "title": "Call Now", "expires_in_days": 5}
    elements = [{"title": "Contact Support!", "buttons": [button]}]
    payload = {"template_type": "generic", "elements": elements}
    assert json.loads(message.to_json()) == {"attachment": {"type": "template", "payload": payload}}
    assert message.validate() == []


@pytest.mark.parametrize("model", MODELS)
def test_models_copy_pickle_compare_and_hash(model: Any) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(model, protocol))
        assert type(again) is type(model)
        assert again == model
        assert hash(again) == hash(model)
    assert copy.deepcopy(model) == copy.copy(model) == model
    assert sum(other == model for other in MODELS) == 1
    assert model != "something else"
    assert len({model, copy.copy(model)}) == 1


@pytest.mark.parametrize("model", MODELS)
def test_models_are_immutable(model: Any) -> None:
    with pytest.raises(AttributeError):
        model.title = "other"
    with pytest.raises(AttributeError):
        model.anything = 1


def test_repr_is_what_one_would_write() -> None:
    message = ButtonTemplate("Hi", [AudioCallButton("Call", expires_in_days=5, fields={"a": 1})])
    names = {name: getattr(callcta, name) for name in dir(callcta)}
    assert eval(repr(message), names) == message
    assert repr(AudioCallButton("Call")) == "AudioCallButton(title='Call')"


def test_recipients_do_not_show_who() -> None:
    assert repr(Recipient(user_ref="abc")) == "Recipient(user_ref=...)"
    assert repr(Recipient.from_dict({"x": "abc"})) == "Recipient.from_dict(...)"
    assert Recipient(comment_id="7").comment_id == "7"
    with pytest.raises(TypeError, match="exactly one"):
        Recipient(id="1", post_id="2")
    with pytest.raises(TypeError, match="exactly one"):
        Recipient()


def test_match_takes_models_apart() -> None:
    match MESSAGES[0]:
        case GenericTemplate((Element(title, buttons=(AudioCallButton(call, days), *_)),)):
            assert (title, call, days) == ("Title", "Call Now", 5)
        case _:
            pytest.fail("it is a generic template")
    match RECIPIENTS[1]:
        case Recipient(user_ref=str(ref)):
            assert ref == "2"
        case _:
            pytest.fail("it has a user_ref")


def test_attributes_read_what_was_given() -> None:
    generic = MESSAGES[0]
    assert isinstance(generic, GenericTemplate)
    assert generic.elements == (ELEMENT,)
    assert (generic.sharable, generic.metadata) == (True, "m")
    assert (generic.fields, generic.message_fields) == ({"f": 1}, {"g": 2})
    assert ELEMENT.default_action == WebUrlButton(None, "https://example.com")
    assert (ELEMENT.subtitle, ELEMENT.image_url) == ("Sub", "https://example.com/a.png")
    assert ELEMENT.fields == {"new": {"a": 1}}
    assert Element("x").buttons is None
    phone, game = BUTTONS[3][0], BUTTONS[6][0]
    assert isinstance(phone, PhoneNumberButton)
    assert (phone.title, phone.number, phone.fields) == ("Dial", "+15105551234", None)
    assert isinstance(game, GamePlayButton)
    assert game.game_metadata == {"player_id": "1"}
    assert AudioCallButton("x").clickable_days == 7
    assert AudioCallButton("x").expires_in_days is None
    assert phone.clickable_days is None


@pytest.mark.parametrize(
    ("template", "cls"),
    [
        ({"template_type": "generic", "elements": []}, GenericTemplate),
        ({"template_type": "button", "text": "t", "buttons": []}, ButtonTemplate),
        ({"template_type": "button", "buttons": []}, RawMessage),
        ({"template_type": "call_prompt", "new": 1}, CallPrompt),
        ({"template_type": "receipt", "a": [1.5]}, RawMessage),
    ],
)
def test_json_becomes_the_class_that_fits(template: dict[str, Any], cls: type) -> None:
    wire = {"attachment": {"type": "template", "payload": template, "also": True}, "more": 1}
    message = Message.from_json(json.dumps(wire))
    assert type(message) is cls
    assert message.to_dict() == wire
    whole = Message.from_dict({"recipient": {"id": "1"}, "message": wire})
    assert whole == message


@pytest.mark.parametrize(
    "wire",
    [{"type": "audio_call"}, {"type": "postback", "title": "x"}, {"title": "x"}, "text", None, [1]],
)
def test_buttons_without_what_their_class_promises_stay_raw(wire: Any) -> None:
    button = Button.from_dict(wire)
    assert type(button) is RawButton
    assert button.wire == button.to_dict() == wire


def test_a_mistyped_field_is_kept_and_reported() -> None:
    wire = {"type": "audio_call", "title": "Call", "expires_in_days": "5"}
    button = AudioCallButton.from_dict(wire)
    assert button.expires_in_days is None
    assert button.to_dict() == wire
    [violation] = ButtonTemplate("Hi", [button]).validate()
    assert violation.path.endswith(".buttons[0].expires_in_days")
    assert violation.rule == "wrong_type"


def test_from_dict_refuses_another_class() -> None:
    with pytest.raises(TypeError, match="not the wire form of a PostbackButton"):
        PostbackButton.from_dict({"type": "audio_call", "title": "x"})
    with pytest.raises(TypeError, match="not the wire form of a Model"):
        callcta.Model.from_dict({"id": "1"})


@pytest.mark.parametrize(
    ("make", "fields", "key"),
    [
        (partial(AudioCallButton, "x"), "fields", "expires_in_days"),
        (partial(AudioCallButton, "x"), "fields", "type"),
        (partial(AudioCallButton, "x", expires_in_days=5), "fields", "expires_in_days"),
        (partial(PhoneNumberButton, "x", "+1"), "fields", "payload"),
        (partial(Element, "x"), "fields", "subtitle"),
        (partial(GenericTemplate, [ELEMENT]), "fields", "template_type"),
        (partial(GenericTemplate, [ELEMENT]), "fields", "sharable"),
        (partial(ButtonTemplate, "x", []), "fields", "buttons"),
        (CallPrompt, "message_fields", "metadata"),
        (CallPrompt, "message_fields", "attachment"),
    ],
)
def test_fields_hold_nothing_that_has_an_argument(make: Any, fields: str, key: str) -> None:
    values: dict[str, Any] = {"expires_in_days": 3, "sharable": True, "buttons": []}
    values["attachment"] = {}
    model = make(**{fields: {"new": 1, key: values.get(key, "text")}})
    match model:
        case Button():
            message: Message = ButtonTemplate("x", [model])
        case Element():
            message = GenericTemplate([model])
        case _:
            message = model
    [wrong] = [found for found in message.validate() if found.rule == "not_allowed"]
    assert (wrong.severity, wrong.path.rpartition(".")[2]) == ("error", key)


def test_not_json_is_an_invalid_message() -> None:
    with pytest.raises(callcta.InvalidMessageError) as caught:
        Message.from_json("{")
    assert caught.value.violations[0].rule == "malformed_json"


def test_arguments_of_other_types_are_refused() -> None:
    bad: Any = 5
    with pytest.raises(TypeError, match="title"):
        AudioCallButton(bad)
    with pytest.raises(TypeError):
        AudioCallButton("x", expires_in_days="5")  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(TypeError):
        ButtonTemplate("x", [bad])
    with pytest.raises(TypeError):
        Element("x", fields=bad)


def test_all_violations_come_at_once_with_their_paths() -> None:
    message = GenericTemplate(
        [Element("x" * 81, buttons=[AudioCallButton("Call", expires_in_days=8)] * 4)]
    )
    found = [(violation.path, violation.rule) for violation in message.validate()]
    assert ("message.attachment.payload.elements[0].title", "too_long") in found
    assert ("message.attachment.payload.elements[0].buttons", "too_many") in found
    path = "message.attachment.payload.elements[0].buttons[0].expires_in_days"
    assert (path, "out_of_range") in found


def test_a_whole_request_can_be_checked() -> None:
    message = ButtonTemplate("Hi", [AudioCallButton("Call")])
    assert callcta.validate_request("1", message) == []
    violations = callcta.validate_request("no digits", message, tag="HUMAN_AGENT")
    assert {violation.rule for violation in violations} == {"invalid_id", "tag_mismatch"}


def test_records_are_values_too() -> None:
    violation = callcta.Violation("a", "required", "error", "must be there")
    assert pickle.loads(pickle.dumps(violation)) == violation
    assert repr(violation).startswith("Violation(path='a', rule='required'")
    usage = callcta.Usage(
        callcta.AppUsage(1, 2, 3), [callcta.BusinessUsage("1", "messenger", 1, 2, 3)]
    )
    receipt = callcta.Receipt("m_1", usage=usage)
    assert pickle.loads(pickle.dumps(receipt)) == receipt
    assert hash(receipt) == hash(copy.copy(receipt))
    receipt = callcta.Receipt("m_1", "1254477777772919")
    outcome = callcta.Sent(0, "1254477777772919", MESSAGES[1], receipt, None)
    assert repr(receipt).startswith("Receipt(message_id='m_1'")
    assert "1254477777772919" not in repr(outcome)
    match receipt:
        case callcta.Receipt(message_id, recipient_id, attempts=1):
            assert (message_id, recipient_id) == ("m_1", "1254477777772919")
        case _:
            pytest.fail("it is a receipt")


def test_what_is_told_is_shown_without_what_says_nothing() -> None:
    assert repr(callcta.Receipt("m_1", "1254477777772919")) == "Receipt(message_id='m_1')"
    assert repr(callcta.Usage()) == "Usage()"
    again = callcta.Receipt("m_1", attempts=2, usage=callcta.Usage(callcta.AppUsage(1, 2, 3)))
    assert repr(again) == (
        "Receipt(message_id='m_1', "
        "usage=Usage(app=AppUsage(call_count=1, total_time=2, total_cputime=3)), attempts=2)"
    )
    settings = callcta.calling.CallSettings(audio_enabled=True)
    assert repr(settings) == "CallSettings(audio_enabled=True)"
    assert repr(callcta.calling.CallSettings(audio_enabled=False)).endswith("=False)")
    # What a message says is never left out.
    assert repr(callcta.GenericTemplate([])) == "GenericTemplate(elements=())"
