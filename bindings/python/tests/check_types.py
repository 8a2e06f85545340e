"""What type checkers make of the package; they read this file, nothing runs it."""

from typing import Any, assert_type

import callcta
from callcta import aio
from callcta.testing import Emulator

call = callcta.AudioCallButton("Call", expires_in_days=5)
assert_type(call.title, str)
assert_type(call.expires_in_days, int | None)
assert_type(call.fields, dict[str, Any] | None)
assert_type(callcta.AudioCallButton.from_dict({}), callcta.AudioCallButton)
assert_type(callcta.Message.from_json("{}"), callcta.Message)
assert_type(callcta.Element("x", buttons=(call,)).buttons, tuple[callcta.Button, ...] | None)

client = callcta.Client("1", "t", timeout=5, calling_not_enabled_codes=[(1, None)])
assert_type(client, callcta.Client)
assert_type(client.send("1", callcta.CallPrompt(), tag="HUMAN_AGENT"), callcta.Receipt)
with client as entered:
    assert_type(entered, callcta.Client)
for outcome in client.send_many([("1", callcta.CallPrompt())]):
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


async def asynchronous() -> None:
    """The same for asyncio."""
    async with aio.Client("1", "t") as client:
        assert_type(client, aio.Client)
        assert_type(await client.send("1", callcta.CallPrompt()), callcta.Receipt)
        async for outcome in client.send_many([("1", callcta.CallPrompt())]):
            assert_type(outcome, callcta.Outcome)
    assert_type(Emulator().client(), callcta.Client)


# What must not pass.
callcta.AudioCallButton("x", expires_in_days="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.AudioCallButton(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
callcta.ButtonTemplate("x", [callcta.Element("x")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
client.send(5, callcta.CallPrompt())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), metadata=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
client.send("1", callcta.CallPrompt(), nonsense=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
