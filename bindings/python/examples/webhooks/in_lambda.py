"""A webhook as an AWS Lambda function behind a function URL or an API Gateway.

The trap is the body, which may come as base64. An instance is frozen once it has answered and
others run beside it: so the work goes into a queue first, such as SQS, and repeats are told by
`identity` where the work is done, such as by a conditional put into a table.
"""

import os
from typing import Any

from callcta import webhook

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
VERIFY_TOKEN = os.environ["CALLCTA_VERIFY_TOKEN"]
SEEN = webhook.Deduplicator(10_000)  # of this instance; stands for the table


def enqueue(event: webhook.Event) -> None:
    """Stands for the queue; `event.to_dict()` is what its message would hold."""
    if SEEN.is_new(event):
        print(event.identity, event.type, flush=True)


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Is called by Lambda."""
    # A function URL and an HTTP API have it in `http`, a REST API beside.
    method = event["requestContext"].get("http", {}).get("method") or event["httpMethod"]
    headers = {name.lower(): value for name, value in event["headers"].items()}
    try:
        match method:
            case "GET":
                query = event.get("queryStringParameters") or {}
                names = "hub.mode", "hub.verify_token", "hub.challenge"
                text = webhook.challenge(*(query.get(name) for name in names), VERIFY_TOKEN)
                return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": text}
            case "POST":
                body = webhook.decode_body(event.get("body") or "", event["isBase64Encoded"])
                header = headers.get("x-hub-signature-256")
                for found in webhook.verify_and_parse(body, header, SECRETS).events:
                    enqueue(found)
                return {"statusCode": 200}
            case _:
                return {"statusCode": 405}
    except webhook.WebhookError as error:
        return {"statusCode": error.http_status}
