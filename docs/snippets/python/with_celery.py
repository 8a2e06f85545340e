# tasks.py
import os

from callcta import AudioCallButton, ButtonTemplate, CallCtaError, Client
from celery import Celery, Task

app = Celery("tasks", broker=os.environ.get("BROKER", "memory://"))
client = Client.from_env()


# Not `autoretry_for`: only callcta knows whether the message may have arrived. And not
# `acks_late`: a worker that dies after the send would send again.
@app.task(bind=True, max_retries=5)
def offer_call(self: Task, psid: str) -> str:
    message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])
    try:
        return client.send(psid, message).message_id
    except CallCtaError as error:
        if error.may_retry:
            raise self.retry(exc=error, countdown=error.retry_after or 60) from error
        return f"{error.delivery}: {error.kind}"


# [begin try]
if __name__ == "__main__":
    app.conf.task_always_eager = True
    for person in os.environ["CALLCTA_PSID"], "200000000000002":
        print(offer_call.delay(person).get())
# [end]
