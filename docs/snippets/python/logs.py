import logging
import os

from callcta import AudioCallButton, ButtonTemplate, Client

message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])
# [begin lines]
logging.basicConfig()
logging.getLogger("callcta").setLevel(logging.DEBUG)
# [end]
with Client.from_env() as client:
    # [begin trace]
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    receipt = client.send(os.environ["CALLCTA_PSID"], message, headers={"traceparent": trace})
    # [end]
