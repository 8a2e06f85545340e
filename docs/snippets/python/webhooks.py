import os

from callcta import webhook
from fastapi import BackgroundTasks, FastAPI, Request, Response

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
VERIFY_TOKEN = os.environ["CALLCTA_VERIFY_TOKEN"]
SEEN = webhook.Deduplicator(10_000)

app = FastAPI()


@app.get("/webhook")
def challenge(request: Request) -> Response:
    """Meta checks the address, once."""
    try:
        answer = webhook.answer_challenge(request.url.query, VERIFY_TOKEN)
    except webhook.WebhookError as error:
        return Response(status_code=error.http_status)
    return Response(answer, media_type="text/plain")


@app.post("/webhook")
async def receive(request: Request, later: BackgroundTasks) -> Response:
    # The body as it came in; a parameter with a model would be too late.
    body = await request.body()
    signatures = request.headers.getlist("x-hub-signature-256")
    try:
        received = webhook.verify_and_parse(
            body, signatures[0] if len(signatures) == 1 else None, SECRETS
        )
    except webhook.WebhookError as error:
        return Response(status_code=error.http_status)
    later.add_task(work, received.events)  # Meta waits 5 seconds
    return Response(status_code=200)


def work(events: tuple[webhook.Event, ...]) -> None:
    for event in events:
        match event:
            case _ if not SEEN.is_new(event):
                pass  # sent again
            case webhook.CallEvent(id=call, event=step):
                print(f"call {call}: {step}")
            case _:
                print(event.type)
