import os

import callcta
from callcta import AudioCallButton, ButtonTemplate, Client

message = ButtonTemplate("Shall we talk about it?", [AudioCallButton("Call Now")])
with Client.from_env() as client:
    # [begin catch]
    try:
        client.send(os.environ["CALLCTA_PSID"], message)
        print("sent")
    except callcta.OutsideWindowError:
        print("kept until the person writes again")
    # [end]
