# [begin short]
import os

from callcta import AudioCallButton, ButtonTemplate, Client

call = AudioCallButton("Call Now", expires_in_days=5)
with Client.from_env() as client:
    receipt = client.send(os.environ["CALLCTA_PSID"], ButtonTemplate("Need help?", [call]))
    print(receipt.message_id)
# [end]
