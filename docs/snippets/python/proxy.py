import os
from pathlib import Path

from callcta import AudioCallButton, ButtonTemplate, Client

message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])
# [begin settings]
client = Client.from_env(
    proxy=os.environ["EXAMPLE_PROXY"],  # such as http://user:password@proxy.example:3128
    extra_ca_pem=Path("company-ca.pem").read_text(),
)
# [end]
print("sent", client.send(os.environ["CALLCTA_PSID"], message).message_id)
client.close()
