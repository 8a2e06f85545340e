import os
from datetime import UTC, datetime, timedelta

from callcta import AudioCallButton, ButtonTemplate, Client, RetryEvent

message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])


# [begin settings]
def tell(event: RetryEvent) -> None:
    print("try", event.attempt, "failed:", event.error.kind)


with Client.from_env(attempts=5, base_delay=0.2, max_delay=10, on_retry=tell) as client:
    until = datetime.now(UTC) + timedelta(minutes=2)
    receipt = client.send(os.environ["CALLCTA_PSID"], message, deadline=until)
    print("requests:", receipt.attempts)
# [end]
