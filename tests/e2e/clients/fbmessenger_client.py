"""Sends with fbmessenger, unchanged, to the emulator named in the environment."""

import collections
import collections.abc

from common import CALL, PSID, READY, check

# fbmessenger 6.0.0 still looks here, where Python 3.10 no longer has it.
collections.Iterable = collections.abc.Iterable

from fbmessenger import MessengerClient
from fbmessenger.elements import Button, Element
from fbmessenger.templates import ButtonTemplate, GenericTemplate


def client(token=READY["access_token"], **settings):
    made = MessengerClient(token, **settings)
    made.graph_url = f"{READY['url']}/v{made.api_version}"
    return made


url = Button(button_type="web_url", title="View Website", url="https://example.com")
postback = Button(button_type="postback", title="Call me back", payload="CALL_BACK")
generic = GenericTemplate(
    [Element(title="Contact Support!", subtitle="We are open", buttons=[url])]
)
button = ButtonTemplate("Contact Support!", [url, postback])

sent = {"recipient_id": PSID}
check("generic template", client().send(generic.to_dict(), PSID), sent)
check("button template", client().send(button.to_dict(), PSID), sent)
check("with a proof", client(app_secret=READY["app_secret"]).send(button.to_dict(), PSID), sent)
# It has no class for the call button; a plain dictionary passes through it.
call = button.to_dict()
call["attachment"]["payload"]["buttons"] = [dict(CALL)]
check("call button", client().send(call, PSID), sent)

call["attachment"]["payload"]["buttons"][0]["expires_in_days"] = 8
check("8 days", client().send(call, PSID), {"code": 100})
check("nobody", client().send(generic.to_dict(), "999"), {"code": 100, "error_subcode": 2018001})
check("no token", client("nonsense").send(generic.to_dict(), PSID), {"code": 190})
wrong = client(app_secret="another")
check("wrong proof", wrong.send(generic.to_dict(), PSID), {"code": 100})
check("typing", client().send_action("typing_on", PSID), {"recipient_id": PSID})
