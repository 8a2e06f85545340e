import os

from callcta import webhook
from flask import Flask, Response, request

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
app = Flask(__name__)


@app.get("/webhook")
def challenge() -> Response:
    token = os.environ["CALLCTA_VERIFY_TOKEN"]
    try:
        return Response(
            webhook.answer_challenge(request.query_string, token), mimetype="text/plain"
        )
    except webhook.WebhookError as error:
        return Response(status=error.http_status)


@app.post("/webhook")
def receive() -> Response:
    try:
        # Not `request.get_json()`: the bytes as they came in.
        received = webhook.verify_and_parse(
            request.get_data(), request.headers.get("X-Hub-Signature-256"), SECRETS
        )
    except webhook.WebhookError as error:
        return Response(status=error.http_status)
    for event in received.events:  # put them into a queue: Meta waits 5 seconds
        print(event.identity)
    return Response(status=200)
