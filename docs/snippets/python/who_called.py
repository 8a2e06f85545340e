import os
import sys
import time
from typing import NamedTuple

from callcta import AudioCallButton, ButtonTemplate, Client, webhook
from callcta.calling import CallSettings

# Stands for what your WebRTC stack offers.
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


class Sent(NamedTuple):
    """A card that was sent: a row of your database. `at` is in Unix seconds."""

    psid: str
    at: int
    title: str
    message_id: str


with Client.from_env() as client:
    # All fields that you want: what isn't named is not told any more.
    client.calling.subscribe(["calls", "messages"])
    client.calling.set_settings(CallSettings(audio_enabled=True, call_routing="PARTNERS"))
    print("calls come to the app")

    psid = os.environ["CALLCTA_PSID"]
    sent: list[Sent] = []
    for title in "Call Now", "Talk to Sales":
        at = int(time.time())
        card = ButtonTemplate("Need help?", [AudioCallButton(title)])
        message_id = client.send(psid, card).message_id
        print(f'sent {message_id}: "{title}"')
        sent.append(Sent(psid, at, title, message_id))

    # What a webhook brings. Here the header is a line, and the rest is the body.
    header, _, body = sys.stdin.buffer.read().partition(b"\n")
    secrets = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
    for event in webhook.verify_and_parse(body, header.decode(), secrets).events:
        if not isinstance(event, webhook.CallEvent) or event.event != "connect":
            continue
        if event.direction != "user_initiated" or event.time is None:
            continue
        seconds = event.time // 1000
        before = [card for card in sent if card.psid == event.psid and card.at <= seconds]
        if before:
            last = before[-1]
            print(f'{event.psid} called after "{last.title}" of {last.message_id}')
        else:
            print(f"{event.psid} called, and was sent no card before")
        client.calling.accept(event.id, OFFER, rang_at=event.time)
        print("accepted")
        client.calling.terminate(event.id)
        print("ended")
