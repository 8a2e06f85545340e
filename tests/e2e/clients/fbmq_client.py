"""Sends with fbmq, unchanged: each of its requests is full of nulls."""

import sys
import types

# It imports flask for its webhook, which this does not use.
sys.modules["flask"] = types.ModuleType("flask")

from common import PSID, TOKEN, check, first_name, redirect, state
from fbmq import Attachment, Page, QuickReply, Template

redirect()
page = Page(TOKEN)
sent = {"recipient_id": PSID}
web = Template.ButtonWeb("Open", "https://example.com")
back = Template.ButtonPostBack("Call me back", "CALL_BACK")
element = Template.GenericElement(
    "Contact Support!",
    subtitle="We are open",
    item_url="https://example.com",
    image_url="https://example.com/a.png",
    buttons=[web, back],
)
for what, message, more in [
    ("text", "Hello", {}),
    ("quick reply", "Hello", {"quick_replies": [QuickReply("Yes", "YES")], "metadata": "M"}),
    ("button template", Template.Buttons("Contact Support!", [web, back]), {}),
    ("generic template", Template.Generic([element]), {}),
    ("image", Attachment.Image("https://example.com/a.png"), {}),
]:
    check(what, page.send(PSID, message, **more).json(), sent)
check("nobody", page.send("999", "Hello").json(), {"code": 100, "error_subcode": 2018001})
profile = page.get_user_profile(PSID)
check("profile", profile, {"id": PSID, "first_name": first_name()})
page.greeting("Hello {{user_first_name}}!")
page.show_starting_button("START")
page.show_persistent_menu([back, web])
[profile] = [
    p["messenger_profile"] for p in state()["pages"].values() if p["messenger_profile"]["greeting"]
]
assert profile["get_started"] == {"payload": "START"}
assert [item["title"] for item in profile["persistent_menu"][0]["call_to_actions"]] == [
    "Call me back",
    "Open",
]
