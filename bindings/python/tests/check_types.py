"""What type checkers make of the package; they read this file, nothing runs it."""

from typing import Any, Literal, assert_type

import callcta
from callcta import aio, webhook
from callcta.calling import CallSettings
from callcta.doctor import Check, Diagnosis
from callcta.options import SendOptions
from callcta.testing import Emulator

call = callcta.AudioCallButton("Call", expires_in_days=5)
assert_type(call.title, str)
assert_type(call.expires_in_days, int | None)
assert_type(call.fields, dict[str, Any] | None)
assert_type(callcta.AudioCallButton.from_dict({}), callcta.AudioCallButton)
assert_type(callcta.Message.from_json("{}"), callcta.Message)
assert_type(callcta.Element("x", buttons=(call,)).buttons, tuple[callcta.Button, ...] | None)

assert_type(
    callcta.WebUrlButton("x", "https://example.com", webview_height_ratio="tall").title, str | None
)

client = callcta.Client("1", "t", timeout=5, calling_not_enabled_codes=[(1, None)])
assert_type(client, callcta.Client)
assert_type(client.send("1", callcta.CallPrompt(), tag="HUMAN_AGENT"), callcta.Receipt)
options: SendOptions = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
assert_type(client.send("1", callcta.CallPrompt(), **options), callcta.Receipt)
with client as entered:
    assert_type(entered, callcta.Client)
for outcome in client.send_many([("1", callcta.CallPrompt(), {"metadata": "m"})]):
    assert_type(outcome.error, callcta.CallCtaError | None)


def patterns(message: callcta.Message) -> None:
    """Classes and attributes are known inside `match`."""
    match message:
        case callcta.GenericTemplate((callcta.Element(title), *_), sharable=sharable):
            assert_type(title, str | None)
            assert_type(sharable, bool | None)
        case callcta.ButtonTemplate(text, (callcta.PhoneNumberButton(_, number),)):
            assert_type((text, number), tuple[str, str])
        case _:
            pass


def narrow(outcome: callcta.Outcome) -> None:
    """What an outcome holds is known after a look at `ok`."""
    assert_type(outcome.receipt, callcta.Receipt | None)
    if outcome.ok is True:
        assert_type(outcome, callcta.Sent)
        assert_type(outcome.receipt.message_id, str)
        assert_type(outcome.result(), callcta.Receipt)
    else:
        assert_type(outcome.error, callcta.CallCtaError)
    if outcome.error is None:
        assert_type(outcome, callcta.Sent)
    if isinstance(outcome, callcta.Failed):
        assert_type(outcome.error.delivery, Literal["not_sent", "rejected", "unknown"])
    match outcome:
        case callcta.Sent(receipt=receipt):
            assert_type(receipt, callcta.Receipt)
        case callcta.Failed(error=error):
            assert_type(error, callcta.CallCtaError)


async def asynchronous() -> None:
    """The same for asyncio."""
    async with aio.Client("1", "t") as client:
        assert_type(client, aio.Client)
        assert_type(await client.send("1", callcta.CallPrompt()), callcta.Receipt)
        async for outcome in client.send_many([("1", callcta.CallPrompt())]):
            assert_type(outcome, callcta.Outcome)
            narrow(outcome)
    assert_type(Emulator().client(), callcta.Client)


def events(event: webhook.Event) -> None:
    """Events and what they hold are known inside `match`."""
    match event:
        case webhook.CallEvent(id=call, end=webhook.CallEnd(duration=duration)):
            assert_type((call, duration), tuple[str, int | None])
        case webhook.MessageEvent(attachments=[webhook.Attachment(type=kind), *_]):
            assert_type(kind, str)
        case _:
            assert_type(event.raw, Any)


received = webhook.verify_and_parse(b"", None, webhook.Secrets(["old", "new"]))
assert_type(received.events, tuple[webhook.Event, ...])
assert_type(webhook.sort(received.events), list[webhook.Event])
assert_type(webhook.CallEvent.from_dict({}), webhook.CallEvent)

calling = client.calling
assert_type(calling.settings().audio_enabled, bool | None)
assert_type(calling.accept("c", "v=0", rang_at=None, timeout=5).answer, str | None)
assert_type(calling.permissions("1").can("start_call"), bool | None)
assert_type(calling.request_permission("1"), callcta.Receipt)


diagnosis = client.doctor(person="1", last_action=5.0, send_test=None)
assert_type(diagnosis, Diagnosis)
assert_type(diagnosis.cause, Check | None)
if diagnosis.status == "warn":
    assert_type([check.fix for check in diagnosis.checks], list[str | None])


async def asynchronous_calling(client: aio.Client) -> None:
    """The same for asyncio."""
    assert_type(await client.doctor(webhook="https://example.com"), Diagnosis)
    assert_type(await client.calling.settings(), CallSettings)
    assert_type((await client.calling.subscriptions())[0].fields, tuple[str, ...])


# What must not pass.
calling.set_settings({"audio_enabled": True})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.doctor(persn="1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
calling.terminate("c", timeuot=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
callcta.AudioCallButton("x", expires_in_days="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.AudioCallButton(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.ButtonTemplate("x", [callcta.Element("x")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
webhook.verify_and_parse({}, None, "secret")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
webhook.verify_and_parse(b"", None, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send(5, callcta.CallPrompt())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), metadata=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), nonsense=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
callcta.WebUrlButton("x", "https://example.com", webview_height_ratio="huge")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.WebUrlButton("x", "https://example.com", webview_share_button="show")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), messaging_type="RESPONS")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), tag="ACCOUNT_UPDATE")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), notification_type="LOUD")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), messagingtype="RESPONSE")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
callcta.AudioCallButton("x", expires_in_day=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
callcta.Client("1", "t", token_placement="cookie")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.Client("1", "t", on_retry=lambda: None)  # type: ignore[misc, arg-type]  # pyright: ignore[reportArgumentType]

# The ways around, for what callcta doesn't know.
callcta.RawButton({"type": "web_url", "webview_height_ratio": "huge"})
callcta.AudioCallButton("x", fields={"new": 1})
client.send("1", callcta.RawMessage({"new": 1}), fields={"new": 1}, unchecked=True)
