"""What to do about each outcome of a send, in the order of how bad it is.

Set CALLCTA_PAGE_ID, CALLCTA_ACCESS_TOKEN and CALLCTA_PSID, and CALLCTA_BASE_URL for an emulator.
"""

import os

import callcta
from callcta import AudioCallButton, ButtonTemplate, Client, Message


def send(client: Client, psid: str, message: Message) -> str:
    """One word on what became of the message."""
    try:
        client.send(psid, message)
    except callcta.InvalidMessageError as error:
        for violation in error.violations:
            print(violation.path, violation.message)
        return "wrong"
    except (callcta.OutsideWindowError, callcta.RecipientUnavailableError) as error:
        print(error.advice)
        return "not now"
    except callcta.CallCtaError as error:
        print(error, error.trace_id)
        # Sending again may deliver a message of unknown delivery twice.
        return "look first" if error.delivery == "unknown" else "failed"
    return "sent"


with Client.from_env() as client:
    for days in 5, 8:
        message = ButtonTemplate("Hello", [AudioCallButton("Call Now", expires_in_days=days)])
        print(send(client, os.environ["CALLCTA_PSID"], message))
    print(send(client, "1234", ButtonTemplate("Hello", [AudioCallButton("Call Now")])))
