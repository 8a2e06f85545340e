"""A webhook in Flask: `flask --app in_flask run`.

The trap is a body that was parsed: `request.json` or `request.form` are no bytes any more, and
after `request.form` not even `get_data` has them. So `get_data` comes first.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from callcta import webhook
from flask import Flask, Response, request

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
VERIFY_TOKEN = os.environ["CALLCTA_VERIFY_TOKEN"]
SEEN = webhook.Deduplicator(10_000)
WORK = ThreadPoolExecutor(max_workers=1)  # its thread starts with the first event

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = webhook.BODY_MAX


def handle(event: webhook.Event) -> None:
    """The work, after the answer."""
    print(event.identity, event.type, flush=True)


@app.get("/webhook")
def challenge() -> Response:
    """Meta checks the address."""
    return Response(
        webhook.answer_challenge(request.query_string, VERIFY_TOKEN), mimetype="text/plain"
    )


@app.post("/webhook")
def receive() -> Response:
    """Something happened on the Page."""
    header = request.headers.get("X-Hub-Signature-256")
    received = webhook.verify_and_parse(request.get_data(), header, SECRETS)
    for event in received.events:
        if SEEN.is_new(event):
            WORK.submit(handle, event)
    return Response(status=200)


@app.errorhandler(webhook.WebhookError)
def refuse(error: webhook.WebhookError) -> Response:
    """Says no, and not why."""
    return Response(status=error.http_status)


@app.post("/orders")
def order() -> dict[str, object]:
    """Any other route, whose body is parsed as usual."""
    return {"item": request.get_json()["item"]}
