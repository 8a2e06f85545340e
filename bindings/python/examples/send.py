"""Sends both messages of Meta's page on the call button to one person.

Set CALLCTA_PAGE_ID, CALLCTA_ACCESS_TOKEN and CALLCTA_PSID, and CALLCTA_BASE_URL for an emulator.
"""

import os

from callcta import AudioCallButton, ButtonTemplate, Client, Element, GenericTemplate

call = AudioCallButton("Call Now", expires_in_days=5)
messages = [
    GenericTemplate([Element("Contact Support!", buttons=[call])]),
    ButtonTemplate("Contact Support!", [call]),
]

with Client.from_env() as client:
    for message in messages:
        print(client.send(os.environ["CALLCTA_PSID"], message).message_id)
