import os

from callcta import AudioCallButton, Client, Element, GenericTemplate, WebUrlButton

card = GenericTemplate(
    [
        Element(
            "Contact Support!",
            buttons=[
                WebUrlButton("View Website", "https://example.com"),
                AudioCallButton("Call Now", expires_in_days=5),
            ],
        )
    ]
)
with Client.from_env() as client:
    receipt = client.send(os.environ["CALLCTA_PSID"], card)
print("sent", receipt.message_id)
