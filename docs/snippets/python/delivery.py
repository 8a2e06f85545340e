import os

from callcta import AudioCallButton, ButtonTemplate, CallCtaError, Client

message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])
with Client.from_env() as client:
    # [begin three]
    try:
        client.send(os.environ["CALLCTA_PSID"], message)
    except CallCtaError as error:
        match error.delivery:
            case "not_sent":
                print("mend the cause, then send it again")
            case "rejected":
                print("refused:", error.kind)
            case "unknown":
                print("it may have arrived: look before you send it again")
    # [end]
