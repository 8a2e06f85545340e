"""A webhook in FastAPI: `uvicorn in_fastapi:app`.

The trap is a parameter with a model or a `dict`, for which FastAPI parses the body: take the
`Request` and its `body()`.
"""

import os
from typing import Annotated

from callcta import webhook
from fastapi import BackgroundTasks, Body, FastAPI, Request, Response

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
VERIFY_TOKEN = os.environ["CALLCTA_VERIFY_TOKEN"]
SEEN = webhook.Deduplicator(10_000)

app = FastAPI()


def handle(event: webhook.Event) -> None:
    """The work, after the answer."""
    # One text, since other threads print, too.
    print(f"{event.identity} {event.type}\n", end="", flush=True)


@app.get("/webhook")
def challenge(request: Request) -> Response:
    """Meta checks the address."""
    text = webhook.answer_challenge(request.url.query, VERIFY_TOKEN)
    return Response(text, media_type="text/plain")


@app.post("/webhook")
async def receive(request: Request, background: BackgroundTasks) -> Response:
    """Something happened on the Page."""
    header = request.headers.getlist("X-Hub-Signature-256")
    received = webhook.verify_and_parse(await request.body(), header, SECRETS)
    for event in received.events:
        if SEEN.is_new(event):
            background.add_task(handle, event)
    return Response(status_code=200)


@app.exception_handler(webhook.WebhookError)
def refuse(_: Request, error: webhook.WebhookError) -> Response:
    """Says no, and not why."""
    return Response(status_code=error.http_status)


@app.post("/orders")
def order(item: Annotated[str, Body(embed=True)]) -> dict[str, str]:
    """Any other route, whose body is parsed as usual."""
    return {"item": item}
