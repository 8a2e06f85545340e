"""Sends with pymessenger, unchanged: some of its parameters are JSON in a string."""

from common import CALL, PSID, TOKEN, URL, check
from pymessenger import Button, Element
from pymessenger.bot import Bot

bot = Bot(TOKEN)
bot.graph_url = f"{URL}/v2.6"
sent = {"recipient_id": PSID}
web = Button(title="Open", type="web_url", url="https://example.com")
element = Element(
    title="Contact Support!",
    subtitle="We are open",
    item_url="https://example.com",
    image_url="https://example.com/a.png",
    buttons=[web],
)
check("text", bot.send_text_message(PSID, "Hello"), sent)
check("generic template", bot.send_generic_message(PSID, [element]), sent)
check("button template", bot.send_button_message(PSID, "Contact Support!", [web, CALL]), sent)
check("image", bot.send_image_url(PSID, "https://example.com/a.png"), sent)
check("seen", bot.send_action(PSID, "mark_seen"), sent)
check("nobody", bot.send_text_message("999", "Hello"), {"code": 100, "error_subcode": 2018001})
