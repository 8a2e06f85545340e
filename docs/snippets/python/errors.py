"""Makes each kind of error happen: `errors.py KIND`, with the settings of the environment."""

import asyncio
import sys
from datetime import UTC, datetime

import callcta
from callcta import AudioCallButton, ButtonTemplate, Client, aio

PSID = "200000000000001"
CARD = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])


# [begin invalid_message]
def invalid_message() -> None:
    card = ButtonTemplate("Need help?", [AudioCallButton("Call Now", expires_in_days=8)])
    with Client.from_env() as client:
        client.send(PSID, card)


# [end]


# [begin invalid_argument]
def invalid_argument() -> None:
    Client.from_env(page_id="my page")


# [end]


# [begin authentication]
def authentication() -> None:
    with Client.from_env(access_token="EMULATED-EXPIRED-TOKEN") as client:
        client.send(PSID, CARD)


# [end]


# [begin permission_denied]
def permission_denied() -> None:
    with Client.from_env(access_token="EMULATED-TOKEN-WITHOUT-PERMISSION") as client:
        client.send(PSID, CARD)


# [end]


# [begin calling_not_enabled]
def calling_not_enabled() -> None:
    token = "EMULATED-PAGE-TOKEN-WITHOUT-CALLING"
    with Client.from_env(page_id="100000000000002", access_token=token) as client:
        client.send("200000000000011", CARD)


# [end]


# [begin outside_window]
def outside_window() -> None:
    with Client.from_env() as client:
        client.send("200000000000002", CARD)  # whose window has closed


# [end]


# [begin invalid_recipient]
def invalid_recipient() -> None:
    with Client.from_env() as client:
        client.send("999999999999999", CARD)


# [end]


# [begin recipient_unavailable]
def recipient_unavailable() -> None:
    with Client.from_env() as client:
        client.send("200000000000003", CARD)  # who blocked the Page


# [end]


# [begin invalid_page]
def invalid_page() -> None:
    with Client.from_env(page_id="999") as client:
        client.send(PSID, CARD)


# [end]


# [begin invalid_request]
def invalid_request() -> None:
    card = ButtonTemplate("Need help?", [AudioCallButton("Call Now", expires_in_days=8)])
    with Client.from_env() as client:
        client.send(PSID, card, unchecked=True)


# [end]


# [begin rate_limited]
def rate_limited() -> None:
    with Client.from_env(attempts=1) as client:
        client.send(PSID, CARD)


# [end]


# [begin service]
def service() -> None:
    with Client.from_env() as client:
        client.send(PSID, CARD)


# [end]


# [begin api]
def api() -> None:
    with Client.from_env() as client:
        client.send(PSID, CARD)


# [end]


# [begin connect]
def connect() -> None:
    # Nobody listens on port 1.
    with Client.from_env(base_url="http://127.0.0.1:1", attempts=1) as client:
        client.send(PSID, CARD)


# [end]


# [begin timeout]
def timeout() -> None:
    with Client.from_env(timeout=0.2) as client:
        client.send(PSID, CARD)


# [end]


# [begin network]
def network() -> None:
    with Client.from_env() as client:
        client.send(PSID, CARD)


# [end]


# [begin invalid_response]
def invalid_response() -> None:
    with Client.from_env() as client:
        client.send(PSID, CARD)


# [end]


# [begin cancelled]
def cancelled() -> None:
    client = Client.from_env()
    client.close()
    client.send(PSID, CARD)


# [end]


# [begin deadline_passed]
def deadline_passed() -> None:
    with Client.from_env() as client:
        client.send(PSID, CARD, deadline=datetime(2026, 1, 1, tzinfo=UTC))


# [end]


# [begin queue_full]
async def send_at_once() -> None:
    # One thread, and room for one message that waits for it.
    async with aio.Client.from_env(workers=1, capacity=1) as client:
        await asyncio.gather(*(client.send(PSID, CARD) for _ in range(4)))


def queue_full() -> None:
    asyncio.run(send_at_once())


# [end]


try:
    globals()[sys.argv[1]]()
except callcta.CallCtaError as error:
    print(error.kind, error.delivery)
