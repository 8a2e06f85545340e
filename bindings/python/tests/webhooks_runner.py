"""Runs the shared webhooks: see tests/vectors/webhooks/README.md at the top of the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from callcta.webhook import Secrets, WebhookError, verify_and_parse

SIGNER = Secrets("test-secret")


def run(case: dict[str, Any]) -> dict[str, Any]:
    """What comes of one case."""
    body = case["body"].encode()
    header = case.get("header", SIGNER.sign(body))
    try:
        webhook = verify_and_parse(body, header, case.get("secrets", SIGNER))
    except WebhookError as error:
        return {"refusal": error.kind}
    events = [event.to_dict() for event in webhook.events]
    return {"webhook": {"object": webhook.object, "secret": webhook.secret, "events": events}}


def main() -> None:
    """Runs every case of every file."""
    for path in sorted(Path(os.environ["CALLCTA_VECTORS_DIR"]).glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            print(json.dumps({"file": path.stem, "name": case["name"], **run(case)}))


if __name__ == "__main__":
    main()
