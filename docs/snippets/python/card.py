from callcta import AudioCallButton, ButtonTemplate, Element, GenericTemplate, PostbackButton

# [begin generic]
card = GenericTemplate(
    [
        Element(
            "Your order is ready",
            subtitle="We are there from 9 to 5.",
            image_url="https://example.com/order.png",
            buttons=[
                AudioCallButton("Call Now", expires_in_days=3),
                PostbackButton("Not Now", "LATER"),
            ],
        )
    ]
)
# [end]
# [begin button]
question = ButtonTemplate("Shall we talk about it?", [AudioCallButton("Call Now")])
# [end]
# [begin check]
wrong = ButtonTemplate("", [AudioCallButton("Call Now", expires_in_days=8)])
for message in card, question, wrong:
    for violation in message.validate():
        print(violation.path, violation.message)
# [end]
